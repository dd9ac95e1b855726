/* SPDX-License-Identifier: ISC */
/*
 * A Checkout Session's parameters.  The one idea: they depend on the quote and
 * the request alone, so that the same click gives the same text, and with it
 * the same idempotency key and the same session.
 */
#include <ctype.h>
#include <string.h>

#include "format/form.h"
#include "shop/checkout.h"
#include "shop/session.h"

#define STRIPE_MIN_MINUTES 31   /* 30, and a minute's slack */
#define STRIPE_MAX_MINUTES 1439 /* 24 hours, less a minute's slack */
#define REFERENCE_MAX 200

int64_t checkout_expires_at(struct json_object *quote, const struct checkout_policy *policy)
{
	int64_t least = policy->quote_ttl_minutes + STRIPE_MIN_MINUTES;
	int64_t minutes = policy->session_ttl_minutes;

	if (minutes < least)
		minutes = least;
	if (minutes > STRIPE_MAX_MINUTES)
		minutes = STRIPE_MAX_MINUTES;
	return json_int_or(quote, "created", 0) + minutes * 60;
}

static bool is_reference(const char *text)
{
	const char *p;

	for (p = text; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '_' && *p != '-')
			return false;
	return p > text && p - text <= REFERENCE_MAX;
}

/* A session's metadata does not reach its payment, so both get it. */
static void add_metadata(struct buf *form, const char *key, const char *value)
{
	if (!value)
		return;
	form_add(form, value, "metadata[%s]", key);
	form_add(form, value, "payment_intent_data[metadata][%s]", key);
}

static void add_all_metadata(struct buf *form, const struct checkout_request *r,
			     struct json_object *quote)
{
	struct json_walk walk = json_walk_of(r->metadata);

	while (json_walk_next(&walk))
		if (!metadata_is_reserved(walk.key) && *json_object_get_string(walk.value))
			add_metadata(form, walk.key, json_object_get_string(walk.value));
	add_metadata(form, "userId", r->user_id);
	add_metadata(form, "userKind", r->user_kind);
	add_metadata(form, "quoteSignature", r->quote_signature);
	add_metadata(form, "normalizedHash", json_string_or_null(quote, "normalizedHash"));
}

static void add_line(struct buf *form, struct json_object *item, size_t i)
{
	static const char *const keys[] = {"sku", "collectionId", "variantId"};
	size_t k;

	form_add(form, json_string_or_null(item, "stripePriceId"), "line_items[%zu][price]", i);
	form_add_int(form, json_int_or(item, "quantity", 1), "line_items[%zu][quantity]", i);
	for (k = 0; k < sizeof keys / sizeof *keys; k++) {
		const char *value = json_string_or_null(item, keys[k]);

		if (value)
			form_add(form, value, "line_items[%zu][metadata][%s]", i, keys[k]);
	}
}

static void add_lines(struct buf *form, struct json_object *quote)
{
	struct json_object *items = NULL;
	size_t i;

	if (json_get_array(quote, "items", &items) != JSON_FOUND)
		return;
	for (i = 0; i < json_object_array_length(items); i++)
		add_line(form, json_object_array_get_idx(items, i), i);
}

static void add_countries(struct buf *form, struct json_object *countries)
{
	size_t i;

	for (i = 0; countries && i < json_object_array_length(countries); i++)
		form_add(form, json_object_get_string(json_object_array_get_idx(countries, i)),
			 "shipping_address_collection[allowed_countries][%zu]", i);
}

int checkout_form(const struct checkout_request *r, struct json_object *quote,
		  const struct checkout_policy *policy, struct buf *form, struct err *e)
{
	form_add(form, policy->mode, "mode");
	form_add(form, r->success_url, "success_url");
	if (r->cancel_url)
		form_add(form, r->cancel_url, "cancel_url");
	form_add_int(form, checkout_expires_at(quote, policy), "expires_at");
	/* For whoever looks at the payment in Stripe's Dashboard; nobody's name when the
	 * order is made, metadata.userId is. */
	if (r->user_id && is_reference(r->user_id))
		form_add(form, r->user_id, "client_reference_id");
	if (r->email)
		form_add(form, r->email, "customer_email");
	if (r->promotion_codes)
		form_add(form, "true", "allow_promotion_codes");
	if (r->automatic_tax)
		form_add(form, "true", "automatic_tax[enabled]");
	if (r->phone)
		form_add(form, "true", "phone_number_collection[enabled]");
	add_countries(form, r->countries);
	add_all_metadata(form, r, quote);
	add_lines(form, quote);
	return form->failed ? err_set(e, ERR_BAD_REQUEST, "the request is too large") : 0;
}

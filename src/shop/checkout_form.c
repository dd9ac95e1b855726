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
#include "shop/checkout_options.h"
#include "shop/session.h"

/* 30 minutes and 24 hours, by Stripe's clock; ours may be as far from it as webhooks are taken with. */
#define SLACK_MINUTES 5
#define STRIPE_MIN_MINUTES (30 + SLACK_MINUTES)
#define STRIPE_MAX_MINUTES (24 * 60 - SLACK_MINUTES)
#define REFERENCE_MAX 200
#define METADATA_MAX_KEYS 50

/* The session outlives its quote, within what Stripe allows. */
int64_t checkout_expires_at(struct json_object *quote, const struct checkout_policy *policy)
{
	int64_t created = json_time_or(quote, "created", 0);
	int64_t end = created + policy->session_ttl_minutes * 60;
	int64_t least = json_time_or(quote, "validUntil", created) + STRIPE_MIN_MINUTES * 60;
	int64_t most = created + STRIPE_MAX_MINUTES * 60;

	if (end < least)
		end = least;
	return end < most ? end : most;
}

/* The object that is a member, made where there is none. */
static struct json_object *member(struct json_object *object, const char *key)
{
	struct json_object *inner;

	if (json_get_object(object, key, &inner) == JSON_FOUND)
		return inner;
	inner = json_object_new_object();
	json_set(object, key, inner);
	return inner;
}

/* What Stripe takes for a client_reference_id. */
static bool is_reference(const char *text)
{
	const char *p;

	for (p = text; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '_' && *p != '-')
			return false;
	return p > text && p - text <= REFERENCE_MAX;
}

/* What the request asks for, as Stripe's parameters. */
static struct json_object *wished(const struct checkout_request *r, struct json_object *quote,
				  const struct checkout_policy *policy)
{
	struct json_object *params = json_object_new_object();

	json_set_string(params, "mode", policy->mode);
	json_set_string(params, "success_url", r->success_url);
	json_set_string(params, "cancel_url", r->cancel_url);
	json_set_int(params, "expires_at", checkout_expires_at(quote, policy));
	/* For whoever looks at the payment in Stripe's Dashboard; nobody's name when the
	 * order is made, metadata.userId is. */
	if (r->user_id && is_reference(r->user_id))
		json_set_string(params, "client_reference_id", r->user_id);
	json_set_string(params, "customer_email", r->email);
	if (r->promotion_codes && !json_object_object_get_ex(policy->options, "discounts", NULL))
		json_set_bool(params, "allow_promotion_codes", true);
	if (r->automatic_tax)
		json_set_bool(member(params, "automatic_tax"), "enabled", true);
	if (r->phone)
		json_set_bool(member(params, "phone_number_collection"), "enabled", true);
	if (r->countries)
		json_set(member(params, "shipping_address_collection"), "allowed_countries",
			 json_copy(r->countries));
	json_set_string(params, "locale", r->locale);
	return params;
}

/* The owner's decisions over the request's; of his countries and shipping options those
 * that the request asks for. */
static void decide(struct json_object *params, const struct checkout_request *r,
		   struct json_object *options)
{
	struct json_object *owners = checkout_owner_countries(options), *both, *one;
	size_t i;

	json_merge(params, options);
	if (r->countries && owners) {
		both = json_object_new_array();
		for (i = 0; i < json_object_array_length(owners); i++) {
			struct json_object *country = json_object_array_get_idx(owners, i);

			if (checkout_list_has(r->countries, json_object_get_string(country)))
				json_object_array_add(both, json_copy(country));
		}
		json_set(member(params, "shipping_address_collection"), "allowed_countries", both);
	}
	if (r->rate) {
		one = json_object_new_array();
		json_object_array_add(one, json_copy(r->rate));
		json_set(params, "shipping_options", one);
	}
}

/* The request's, the owner's over it, and ordersnap's own.  A session's metadata does
 * not reach its payment, so both get it. */
static int add_metadata(struct json_object *params, const struct checkout_request *r,
			struct json_object *quote, struct err *e)
{
	struct json_object *metadata = json_object_new_object(), *payment;
	struct json_walk walk = json_walk_of(r->metadata);

	while (json_walk_next(&walk))
		if (!metadata_is_reserved(walk.key) && walk.value &&
		    *json_object_get_string(walk.value))
			json_set(metadata, walk.key, json_copy(walk.value));
	json_merge(metadata, member(params, "metadata"));
	json_set_string(metadata, "userId", r->user_id);
	json_set_string(metadata, "userKind", r->user_kind);
	json_set_string(metadata, "quoteSignature", r->quote_signature);
	json_set_string(metadata, "normalizedHash", json_string_or_null(quote, "normalizedHash"));
	json_set(params, "metadata", metadata);

	payment = json_copy(metadata);
	json_merge(payment, member(member(params, "payment_intent_data"), "metadata"));
	json_set(member(params, "payment_intent_data"), "metadata", payment);
	if (json_object_object_length(payment) <= METADATA_MAX_KEYS)
		return 0;
	return err_set(e, ERR_BAD_REQUEST, "metadata has more keys than Stripe takes beside the "
		       "shop's own (%d)", METADATA_MAX_KEYS);
}

/* [{"price": "price_1", "quantity": 2, "metadata": {"sku": "N-RED"}}], as they were quoted. */
static void add_lines(struct json_object *params, struct json_object *quote)
{
	static const char *const keys[] = {"sku", "collectionId", "variantId"};
	struct json_object *items = NULL, *lines = json_object_new_array();
	size_t i, k;

	json_get_array(quote, "items", &items);
	for (i = 0; items && i < json_object_array_length(items); i++) {
		struct json_object *item = json_object_array_get_idx(items, i);
		struct json_object *line = json_object_new_object();
		struct json_object *metadata = json_object_new_object();

		json_set_string(line, "price", json_string_or_null(item, "stripePriceId"));
		json_set_int(line, "quantity", json_int_or(item, "quantity", 1));
		for (k = 0; k < sizeof keys / sizeof *keys; k++)
			json_set_string(metadata, keys[k], json_string_or_null(item, keys[k]));
		json_set(line, "metadata", metadata);
		json_object_array_add(lines, line);
	}
	json_set(params, "line_items", lines);
}

int checkout_form(const struct checkout_request *r, struct json_object *quote,
		  const struct checkout_policy *policy, struct buf *form, struct err *e)
{
	struct json_object *params = wished(r, quote, policy);
	int rc;

	decide(params, r, policy->options);
	rc = add_metadata(params, r, quote, e);
	add_lines(params, quote);
	form_add_members(form, params);
	json_object_put(params);
	if (!rc && form->failed)
		rc = err_set(e, ERR_BAD_REQUEST, "the request is too large");
	return rc;
}

/* SPDX-License-Identifier: ISC */
/*
 * Explaining a refusal.  The one idea: Stripe names the parameter, and a parameter is
 * the request's, the quote's, or the owner's.
 */
#include "checkout/refusal.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "checkout/price_cache.h"

/* --- the owner's -------------------------------------------------------------------- */

/* Whether CHECKOUT_SESSION_FILE has the very parameter, "payment_intent_data[receipt_email]", or
 * the list that it is an element of: what the request says of it does not count. */
static bool is_owners(const char *param, struct json_object *options)
{
	struct span rest = span_of(param), part;
	bool has = options != NULL;

	while (has && json_object_is_type(options, json_type_object) && span_next(&rest, '[', &part)) {
		char *name = span_dup((struct span){part.p, part.n - (part.n && part.p[part.n - 1] == ']')});

		has = json_object_object_get_ex(options, name, &options);
		free(name);
	}
	return has && !json_object_is_type(options, json_type_object);
}

/* --- the request's ------------------------------------------------------------------ */

/* The field of the request that a parameter comes from, NULL where it is not the
 * request's. */
static const char *field_of(const char *param, const struct checkout_ask *ask)
{
	const struct checkout_request *r = ask->request;
	const struct checkout_policy *p = ask->policy;
	const struct {
		const char *param, *field;
		bool given;
	} fields[] = {
		{"customer_email", "customerEmail", r->email},
		{"success_url", "successUrl", r->success_url != p->success_url},
		{"cancel_url", "cancelUrl", r->cancel_url != p->cancel_url},
		{"locale", "locale", r->locale},
		{"shipping_address_collection", "shippingAddressCollection.allowed_countries",
		 r->countries},
		{"metadata", "metadata", r->metadata},
		{"payment_intent_data[metadata]", "metadata", r->metadata},
		{"client_reference_id", "userId", r->user_id},
	};
	size_t i;

	for (i = 0; i < sizeof fields / sizeof *fields; i++)
		if (fields[i].given && str_starts(param, fields[i].param))
			return fields[i].field;
	return NULL;
}

/* The buyer can mend it: the address, the total, or another field that was sent. */
static bool explain_request(const struct stripe_refusal *refusal, const struct checkout_ask *ask,
			    struct err *e)
{
	const char *field = field_of(refusal->param, ask);

	if (strcmp(refusal->code, "email_invalid") == 0)
		err_set(e, ERR_BAD_REQUEST, "customerEmail must be an e-mail address");
	else if (str_starts(refusal->code, "amount_too_"))
		err_set(e, ERR_BAD_REQUEST, "the cart's total can't be paid: %s",
			refusal->message);
	else if (field)
		err_set(e, ERR_BAD_REQUEST, "%s is not taken: %s", field, refusal->message);
	else
		return false;
	return true;
}

/* --- the quote's -------------------------------------------------------------------- */

/* What "line_items[2][price]" says: the line, and what of it.  False where it names no
 * line. */
static bool parse_line(const char *param, size_t *line, struct span *rest)
{
	struct span number;
	int64_t i;

	if (!str_starts(param, "line_items["))
		return false;
	*rest = span_of(param + strlen("line_items["));
	if (!span_next(rest, ']', &number) || span_to_int64(number, &i) || i < 0)
		return false;
	*line = (size_t)i;
	return true;
}

/* The prices of the quote's lines do not hold any more, all of them or one: what is known
 * of them is forgotten, so that the next quote asks anew. */
static bool explain_quote(const struct stripe_refusal *refusal, const struct checkout_ask *ask,
			  struct err *e)
{
	struct json_object *items = NULL, *item;
	const char *name;
	struct span rest;
	size_t i, n;

	if (json_get_array(ask->quote, "items", &items) != JSON_FOUND)
		return false;
	n = json_object_array_length(items);

	/* The list: its prices do not go together any more (another currency), and each of them
	 * may be the one. */
	if (strcmp(refusal->param, "line_items") == 0 ||
	    (!*refusal->param && strcmp(refusal->code, "product_inactive") == 0)) {
		for (i = 0; i < n; i++)
			price_cache_drop(ask->app, json_object_array_get_idx(items, i), ask->deadline);
		err_set(e, ERR_OUTDATED, "the cart's items are no longer sold together at these "
			"prices: quote the cart again");
		return true;
	}
	if (!parse_line(refusal->param, &i, &rest) || i >= n)
		return false;

	/* A line's quantity: Stripe has a bound of its own. */
	if (span_equals(rest, "[quantity]")) {
		err_set(e, ERR_BAD_REQUEST, "items[%zu].quantity is not taken: %s", i,
			refusal->message);
		return true;
	}

	/* A line's price, or the line as a whole: it is no longer sold. */
	if (rest.n && !span_equals(rest, "[price]"))
		return false;
	item = json_object_array_get_idx(items, i);
	name = json_string_or_null(item, "sku");
	price_cache_drop(ask->app, item, ask->deadline);
	err_set(e, ERR_OUTDATED, "items[%zu] (%s) is no longer sold at this price: quote the cart "
		"again", i, name ? name : json_string_or_null(item, "stripePriceId"));
	return true;
}

/* --- all of them -------------------------------------------------------------------- */

void checkout_explain_refusal(const struct checkout_ask *ask, const struct stripe_refusal *refusal,
			      struct err *e)
{
	struct err said = *e;
	char *name;

	if (e->code != ERR_REFUSED)
		return;
	if (!is_owners(refusal->param, ask->policy->options) &&
	    (explain_request(refusal, ask, e) || explain_quote(refusal, ask, e))) {
		log_warning("Stripe refused session", LOG_STR("error", said.text));
		return;
	}
	/* The owner's: the parameter is in CHECKOUT_SESSION_FILE, "shipping_options[0]...". */
	name = span_dup((struct span){refusal->param, strcspn(refusal->param, "[")});
	if (*name && json_object_object_get_ex(ask->policy->options, name, NULL))
		err_put_before(e, "CHECKOUT_SESSION_FILE");
	free(name);
}

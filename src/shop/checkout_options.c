/* SPDX-License-Identifier: ISC */
/*
 * Reading a request's choices.  The one idea: what the owner decided, in a setting or
 * in CHECKOUT_SESSION_FILE, is never undone by a request.
 */
#include "shop/checkout_options.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "shop/session_options.h"

#define COUNTRIES_MAX 250
#define SHOWN 60 /* characters of a name that is not known */

/* --- names ------------------------------------------------------------------------ */

/* A field that nobody knows is an error, unless it is null: a mistyped name must not be passed
 * over. */
static int check_names(struct json_object *object, const char *const *names, const char *of,
		       struct err *e)
{
	struct json_walk walk = json_walk_of(object);

	while (json_walk_next(&walk)) {
		const char *const *name = names;

		while (*name && strcmp(*name, walk.key) != 0)
			name++;
		if (!*name && walk.value)
			return err_set(e, ERR_BAD_REQUEST, "%s%.*s is not a field of this request",
				       of, SHOWN, walk.key);
	}
	return 0;
}

int checkout_check_names(struct json_object *body, struct err *e)
{
	static const char *const names[] = {
		"allowPromotionCodes", "automaticTax", "cancelUrl", "customerEmail", "locale",
		"metadata", "mode", "paymentMethodTypes", "phoneNumberCollection",
		"quoteSignature", "shippingAddressCollection", "shippingRate", "successUrl",
		"userId", "user_id", NULL,
	};
	static const char *const phone[] = {"enabled", NULL};
	static const char *const countries[] = {"allowed_countries", NULL};
	struct json_object *inner = NULL;

	if (check_names(body, names, "", e))
		return -1;
	json_get_object(body, "phoneNumberCollection", &inner);
	if (check_names(inner, phone, "phoneNumberCollection.", e))
		return -1;
	inner = NULL;
	json_get_object(body, "shippingAddressCollection", &inner);
	return check_names(inner, countries, "shippingAddressCollection.", e);
}

static const char *text_or_empty(struct json_object *value)
{
	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

/* --- flags ------------------------------------------------------------------------ */

/* true or false, and what the Lambda functions took for them: "true", "false", 1, 0. */
static enum json_found get_flag(struct json_object *object, const char *key, bool *value)
{
	enum json_found found = json_get_bool(object, key, value);
	const char *text;
	int64_t number;

	if (found != JSON_WRONG)
		return found;
	if (json_get_int(object, key, &number) == JSON_FOUND && (number == 0 || number == 1)) {
		*value = number == 1;
		return JSON_FOUND;
	}
	if (json_get_string(object, key, &text) != JSON_FOUND)
		return JSON_WRONG;
	if (strcasecmp(text, "true") != 0 && strcasecmp(text, "false") != 0)
		return JSON_WRONG;
	*value = strcasecmp(text, "true") == 0;
	return JSON_FOUND;
}

static int read_flag(struct json_object *body, const char *key, enum checkout_choice owner,
		     bool *value, struct err *e)
{
	bool wish = false;

	if (get_flag(body, key, &wish) == JSON_WRONG)
		return err_set(e, ERR_BAD_REQUEST, "%s must be true or false", key);
	*value = owner == CHECKOUT_OPEN ? wish : owner == CHECKOUT_YES;
	return 0;
}

/* --- countries -------------------------------------------------------------------- */

bool checkout_list_has(struct json_object *list, const char *text)
{
	size_t i;

	for (i = 0; list && i < json_object_array_length(list); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(list, i)), text) == 0)
			return true;
	return false;
}

struct json_object *checkout_owner_countries(struct json_object *options)
{
	struct json_object *collection = NULL, *countries = NULL;

	json_get_object(options, "shipping_address_collection", &collection);
	json_get_array(collection, "allowed_countries", &countries);
	return countries;
}

/* Two-letter codes in capitals (ISO 3166-1 alpha-2), as Stripe wants them, of which the
 * owner has to ship to one at least. */
static int read_countries(struct json_object *body, struct json_object *owners,
			  struct json_object **countries, struct err *e)
{
	struct json_object *collection, *list;
	enum json_found found = json_get_object(body, "shippingAddressCollection", &collection);
	size_t i, n, shipped = 0;

	if (found == JSON_ABSENT)
		return 0;
	if (found == JSON_WRONG ||
	    json_get_array(collection, "allowed_countries", &list) != JSON_FOUND)
		goto wrong;
	n = json_object_array_length(list);
	if (n < 1 || n > COUNTRIES_MAX)
		goto wrong;
	for (i = 0; i < n; i++) {
		struct json_object *country = json_object_array_get_idx(list, i);
		const char *code = text_or_empty(country);

		if (json_object_get_string_len(country) != 2 || !isupper((unsigned char)code[0]) ||
		    !isupper((unsigned char)code[1]))
			goto wrong;
		shipped += !owners || checkout_list_has(owners, code);
	}
	if (!shipped)
		return err_set(e, ERR_BAD_REQUEST, "shippingAddressCollection.allowed_countries: "
			       "this shop ships to none of them");
	*countries = list;
	return 0;
wrong:
	return err_set(e, ERR_BAD_REQUEST, "shippingAddressCollection.allowed_countries must be a "
		       "list of two-letter country codes");
}

/* --- payment and shipping -------------------------------------------------------- */

/* Checkout always takes cards; the owner's file may say what else, or instead. */
static int read_payment_methods(struct json_object *body, struct json_object *options,
				struct err *e)
{
	struct json_object *wishes = NULL, *owners = NULL;
	enum json_found found = json_get_array(body, "paymentMethodTypes", &wishes);
	size_t i;

	json_get_array(options, "allowed_payment_method_types", &owners);
	for (i = 0; wishes && i < json_object_array_length(wishes); i++) {
		struct json_object *one = json_object_array_get_idx(wishes, i);
		const char *type = text_or_empty(one);

		if (owners ? !checkout_list_has(owners, type) : strcmp(type, "card") != 0)
			return err_set(e, ERR_BAD_REQUEST, "paymentMethodTypes[%zu]: the shop, not "
				       "the request, decides how to pay (%.*s)", i, SHOWN, type);
	}
	return found == JSON_WRONG
		? err_set(e, ERR_BAD_REQUEST, "paymentMethodTypes must be a list") : 0;
}

/* One of the owner's shipping options, by its rate's id or by the name that Checkout
 * shows. */
static int read_rate(struct json_object *body, struct json_object *options,
		     struct json_object **rate, struct err *e)
{
	struct json_object *rates = NULL;
	const char *name;
	enum json_found found = json_get_string(body, "shippingRate", &name);
	size_t i;

	if (found == JSON_ABSENT)
		return 0;
	json_get_array(options, "shipping_options", &rates);
	for (i = 0; found == JSON_FOUND && rates && i < json_object_array_length(rates); i++) {
		struct json_object *data = NULL;
		const char *id, *shown;

		*rate = json_object_array_get_idx(rates, i);
		json_get_object(*rate, "shipping_rate_data", &data);
		id = json_string_or_null(*rate, "shipping_rate");
		shown = json_string_or_null(data, "display_name");
		if ((id && strcmp(id, name) == 0) || (shown && strcmp(shown, name) == 0))
			return 0;
	}
	*rate = NULL;
	return err_set(e, ERR_BAD_REQUEST, rates ? "shippingRate must be one of the shop's: its id or "
					    "display name" : "shippingRate: this shop has none");
}

int checkout_read_options(struct json_object *body, const struct checkout_policy *policy,
			  struct checkout_request *r, struct err *e)
{
	struct json_object *phone = NULL;
	const char *mode = policy->mode ? policy->mode : "", *wish = mode;
	enum json_found found;

	if (read_flag(body, "allowPromotionCodes", policy->promotion_codes, &r->promotion_codes, e) ||
	    read_flag(body, "automaticTax", policy->automatic_tax, &r->automatic_tax, e))
		return -1;
	if (json_get_object(body, "phoneNumberCollection", &phone) == JSON_WRONG ||
	    get_flag(phone, "enabled", &r->phone) == JSON_WRONG)
		return err_set(e, ERR_BAD_REQUEST,
			       "phoneNumberCollection.enabled must be true or false");
	if (read_countries(body, checkout_owner_countries(policy->options), &r->countries, e))
		return -1;

	/* The functions' pages say these; only what happens anyway may be said. */
	found = json_get_string(body, "mode", &wish);
	if (found == JSON_WRONG || (found == JSON_FOUND && (!policy->mode || strcmp(wish, mode) != 0)))
		return err_set(e, ERR_BAD_REQUEST, "mode can be nothing but \"%s\"",
			       policy->mode ? mode : "payment");
	if (read_payment_methods(body, policy->options, e))
		return -1;

	found = json_get_string(body, "locale", &r->locale);
	if (found == JSON_WRONG || (found == JSON_FOUND &&
				    !session_option_has_word(session_option_locales, r->locale)))
		return err_set(e, ERR_BAD_REQUEST, "locale must be one of: %s", session_option_locales);
	return read_rate(body, policy->options, &r->rate, e);
}

/* SPDX-License-Identifier: ISC */
/*
 * Reading sessions of every API version into one shape.
 */
#include "shop/session.h"

#include <string.h>

#include "base/str.h"

static int read_amount(struct json_object *object, const char *key, struct amount *amount,
		       struct err *e)
{
	enum json_found found = json_get_int(object, key, &amount->value);

	amount->known = found == JSON_FOUND;
	if (found == JSON_WRONG || (amount->known && amount->value < 0))
		return err_set(e, ERR_PAYLOAD, "the session's %s is no amount", key);
	return 0;
}

/*
 * The amounts, in the shop's own currency.
 *
 * Adaptive pricing: since 2025-03-31 amount_total is the shop's own and
 * presentment_details is what the buyer saw.  Before, amount_total was what
 * the buyer saw and currency_conversion had the shop's own; the details of the
 * total then are in the buyer's currency and no part of the shop's record.
 */
static int read_amounts(struct json_object *json, struct session *session, struct err *e)
{
	const struct amount nothing = {false, 0};
	struct json_object *details = NULL, *conversion;

	json_get_object(json, "total_details", &details);
	if (read_amount(json, "amount_total", &session->total, e) ||
	    read_amount(json, "amount_subtotal", &session->subtotal, e) ||
	    read_amount(details, "amount_discount", &session->discount, e) ||
	    read_amount(details, "amount_tax", &session->tax, e) ||
	    read_amount(details, "amount_shipping", &session->shipping, e))
		return -1;
	if (json_get_string(json, "currency", &session->currency) == JSON_WRONG)
		return err_set(e, ERR_PAYLOAD, "the session's currency is no string");

	/* Today: the shop's own stands there, and the buyer's beside it. */
	if (json_get_object(json, "presentment_details", &conversion) == JSON_FOUND) {
		session->presentment_currency = json_string_or_null(conversion,
								    "presentment_currency");
		return read_amount(conversion, "presentment_amount", &session->presentment, e);
	}

	/* Before: the buyer's stands there, and the shop's own beside it. */
	if (json_get_object(json, "currency_conversion", &conversion) != JSON_FOUND)
		return 0;
	session->presentment = session->total;
	session->presentment_currency = session->currency;
	session->discount = session->tax = session->shipping = nothing;
	session->currency = json_string_or_null(conversion, "source_currency");
	if (read_amount(conversion, "amount_total", &session->total, e) ||
	    read_amount(conversion, "amount_subtotal", &session->subtotal, e))
		return -1;
	return 0;
}

static const char *text_or_null(struct json_object *object, const char *key)
{
	const char *text = json_string_or_null(object, key);

	return str_empty(text) ? NULL : text;
}

/* Who bought, and where it goes. */
static void read_customer(struct json_object *json, struct session *session)
{
	struct json_object *details = NULL, *collected = NULL;
	struct json_object **address = &session->address;

	json_get_object(json, "customer_details", &details);
	json_get_object(json, "collected_information", &collected);

	/* Since 2025-03-31 collected_information has it, before shipping_details, before
	 * 2022-08-01 shipping.  Billing addresses are never shipping addresses. */
	if (json_get_object(collected, "shipping_details", address) != JSON_FOUND &&
	    json_get_object(json, "shipping_details", address) != JSON_FOUND)
		json_get_object(json, "shipping", address);

	session->email = text_or_null(details, "email");
	if (!session->email)
		session->email = text_or_null(json, "customer_email");
	session->phone = text_or_null(details, "phone");
	if (!session->phone)
		session->phone = text_or_null(*address, "phone");

	/* Where a session that collects a person's and a firm's name apart has no name of
	 * the buyer, the person's counts, then the firm's; of old sessions the shipping
	 * address says at least who gets it. */
	session->name = text_or_null(details, "name");
	if (!session->name)
		session->name = text_or_null(details, "individual_name");
	if (!session->name)
		session->name = text_or_null(collected, "individual_name");
	if (!session->name)
		session->name = text_or_null(details, "business_name");
	if (!session->name)
		session->name = text_or_null(collected, "business_name");
	if (!session->name)
		session->name = text_or_null(*address, "name");
}

int session_read(struct json_object *json, struct session *session, struct err *e)
{
	const char *object = json_string_or_null(json, "object"), *status;

	/* What it is, and what has to be of the right type. */
	memset(session, 0, sizeof *session);
	if (!object || strcmp(object, "checkout.session") != 0)
		return err_set(e, ERR_PAYLOAD, "data.object is no checkout.session");
	session->json = json;
	session->id = text_or_null(json, "id");
	if (!session->id || strlen(session->id) > 255)
		return err_set(e, ERR_PAYLOAD, "the session has no id");
	if (json_get_time(json, "created", &session->created) == JSON_WRONG)
		return err_set(e, ERR_PAYLOAD, "the session's created is no time");
	if (json_get_object(json, "metadata", &session->metadata) == JSON_WRONG)
		return err_set(e, ERR_PAYLOAD, "the session's metadata is no object");
	if (json_get_string(json, "payment_status", &session->payment_status) == JSON_WRONG)
		return err_set(e, ERR_PAYLOAD, "the session's payment_status is no string");
	if (read_amounts(json, session, e))
		return -1;

	/* Sessions of before 2020-08 had no payment_status: they completed when they were
	 * paid.  A value that is not known yet counts as not paid. */
	status = session->payment_status;
	session->paid = !status || strcmp(status, "paid") == 0 ||
			strcmp(status, "no_payment_required") == 0;

	/* Nor had they a mode, but the subscription that they were for. */
	session->mode = text_or_null(json, "mode");
	if (!session->mode)
		session->mode = json_id_or_null(json, "subscription") ? "subscription" : "payment";

	session->payment_intent = json_id_or_null(json, "payment_intent");
	session->customer = json_id_or_null(json, "customer");
	session->client_reference_id = text_or_null(json, "client_reference_id");
	session->livemode_given = json_get_bool(json, "livemode", &session->livemode);
	read_customer(json, session);
	return 0;
}

bool session_has_quote(const struct session *session)
{
	const char *signature = json_string_or_null(session->metadata, "quoteSignature");

	return signature && *signature;
}

static void fill_text(const char **text, const char *older)
{
	if (!*text)
		*text = older;
}

static void fill_amount(struct amount *amount, const struct amount *older)
{
	if (!amount->known)
		*amount = *older;
}

void session_fill_gaps(struct session *session, const struct session *older)
{
	session->older = older->json;
	if (!session->created)
		session->created = older->created;
	fill_text(&session->payment_intent, older->payment_intent);
	fill_text(&session->customer, older->customer);
	fill_text(&session->client_reference_id, older->client_reference_id);
	fill_text(&session->email, older->email);
	fill_text(&session->phone, older->phone);
	fill_text(&session->name, older->name);
	fill_text(&session->currency, older->currency);
	fill_amount(&session->total, &older->total);
	fill_amount(&session->subtotal, &older->subtotal);
	if (!session->address)
		session->address = older->address;
	if (!session->metadata || !json_object_object_length(session->metadata))
		session->metadata = older->metadata;
	if (session->livemode_given != JSON_FOUND) {
		session->livemode_given = older->livemode_given;
		session->livemode = older->livemode;
	}
}

bool metadata_is_ours(const char *key)
{
	return strcmp(key, "userId") == 0 || strcmp(key, "userKind") == 0 ||
	       strcmp(key, "quoteSignature") == 0 || strcmp(key, "normalizedHash") == 0;
}

bool metadata_is_reserved(const char *key)
{
	return metadata_is_ours(key) || strcmp(key, "user_id") == 0;
}

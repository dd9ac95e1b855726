/* SPDX-License-Identifier: ISC */
/*
 * Reading events and sessions of every API version into one shape.
 */
#include "shop/facts.h"

#include <string.h>

#include "base/str.h"
#include "format/iso8601.h"

static const struct {
	const char *type;
	enum event_kind kind;
} kinds[] = {
	{"checkout.session.completed", EVENT_SESSION_COMPLETED},
	{"checkout.session.async_payment_succeeded", EVENT_SESSION_SUCCEEDED},
	{"checkout.session.async_payment_failed", EVENT_SESSION_FAILED},
	{"checkout.session.expired", EVENT_SESSION_EXPIRED},
	{"charge.refunded", EVENT_REFUND},
	{"refund.created", EVENT_REFUND},
	{"refund.updated", EVENT_REFUND},
	{"refund.failed", EVENT_REFUND},
	{"charge.dispute.", EVENT_DISPUTE}, /* and whatever comes behind the dot */
};

const char *const event_types[] = {
	"checkout.session.completed", "checkout.session.async_payment_succeeded",
	"checkout.session.async_payment_failed", "checkout.session.expired",
	"charge.refunded", "refund.created", "refund.updated", "refund.failed",
	"charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed",
	"charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated", NULL,
};
const char *const *const event_types_of_charges = &event_types[4];

static enum event_kind kind_of(const char *type)
{
	size_t i;

	for (i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i].type, type) == 0 ||
		    (str_ends(kinds[i].type, ".") && str_starts(type, kinds[i].type)))
			return kinds[i].kind;
	return EVENT_OTHER;
}

#define LAST_SECOND 253402300799 /* of the year 9999, the last that can be written */

/* A time in epoch seconds; `*time` stays 0 where there is none. */
static int read_time(struct json_object *object, const char *key, int64_t *time)
{
	return json_get_int(object, key, time) == JSON_WRONG || *time < 0 || *time > LAST_SECOND
		? -1 : 0;
}

static int wrong(struct err *e, const char *what)
{
	return err_set(e, ERR_PAYLOAD, "%s", what);
}

static int read_object(struct json_object *json, struct event_facts *facts, struct err *e)
{
	struct json_object *data = NULL;

	if (read_time(json, "created", &facts->created))
		return wrong(e, "the event's created is no time");
	json_get_object(json, "data", &data);
	if (json_get_object(data, "object", &facts->object) != JSON_FOUND)
		return wrong(e, "the event has no data.object");
	return 0;
}

/* https://docs.stripe.com/event-destinations: created is a text there. */
static int read_related(struct json_object *json, struct event_facts *facts, struct err *e)
{
	const char *created = json_string_or_null(json, "created");
	struct json_object *related = NULL;

	if (!created || iso8601_parse(created, &facts->created))
		return wrong(e, "the event's created is no time");
	json_get_object(json, "related_object", &related);
	facts->related_id = json_string_or_null(related, "id");
	return str_empty(facts->related_id) ? wrong(e, "the event has no related_object") : 0;
}

/* Whether it is an event, and of which of the two kinds. */
static int read_form(struct json_object *json, struct event_facts *facts)
{
	const char *object = json_string_or_null(json, "object");

	facts->thin = object && strcmp(object, "v2.core.event") == 0;
	return facts->thin || (object && strcmp(object, "event") == 0) ? 0 : -1;
}

int event_read(struct json_object *json, struct event_facts *facts, struct err *e)
{
	memset(facts, 0, sizeof *facts);
	facts->type = "";
	if (read_form(json, facts))
		return wrong(e, "the body is no event object");
	facts->id = json_string_or_null(json, "id");
	if (str_empty(facts->id) || strlen(facts->id) > 255)
		return wrong(e, "the event has no id");
	if (json_get_string(json, "type", &facts->type) == JSON_WRONG)
		return wrong(e, "the event's type is no string");
	if (facts->thin && str_starts(facts->type, "v1."))
		facts->type += strlen("v1.");
	/* We can't know our own id without a call: an event of the account itself
	 * names none. */
	facts->account = json_string_or_null(json, "account");
	if (str_empty(facts->account))
		facts->account = json_string_or_null(json, "context");
	if (str_empty(facts->account))
		facts->account = NULL;
	facts->livemode_given = json_get_bool(json, "livemode", &facts->livemode);
	facts->kind = kind_of(facts->type);
	if (facts->kind == EVENT_OTHER)
		return 0;
	return facts->thin ? read_related(json, facts, e) : read_object(json, facts, e);
}

static int read_amount(struct json_object *object, const char *key, struct amount *amount,
		       struct err *e)
{
	enum json_found found = json_get_int(object, key, &amount->value);

	amount->known = found == JSON_FOUND;
	if (found == JSON_WRONG || (amount->known && amount->value < 0))
		return err_set(e, ERR_PAYLOAD, "the session's %s is no amount", key);
	return 0;
}

static int read_amounts(struct json_object *json, struct session_facts *facts, struct err *e)
{
	struct json_object *details = NULL;

	json_get_object(json, "total_details", &details);
	if (read_amount(json, "amount_total", &facts->total, e) ||
	    read_amount(json, "amount_subtotal", &facts->subtotal, e) ||
	    read_amount(details, "amount_discount", &facts->discount, e) ||
	    read_amount(details, "amount_tax", &facts->tax, e) ||
	    read_amount(details, "amount_shipping", &facts->shipping, e))
		return -1;
	if (json_get_string(json, "currency", &facts->currency) == JSON_WRONG)
		return wrong(e, "the session's currency is no string");
	return 0;
}

/*
 * Adaptive pricing.  Since 2025-03-31 amount_total is the shop's own and
 * presentment_details is what the buyer saw.  Before, amount_total was what
 * the buyer saw and currency_conversion had the shop's own; the details of the
 * total then are in the buyer's currency and no part of the shop's record.
 */
static int read_presentment(struct json_object *json, struct session_facts *facts, struct err *e)
{
	const struct amount nothing = {false, 0};
	struct json_object *details;

	if (json_get_object(json, "presentment_details", &details) == JSON_FOUND) {
		facts->presentment_currency = json_string_or_null(details, "presentment_currency");
		return read_amount(details, "presentment_amount", &facts->presentment, e);
	}
	if (json_get_object(json, "currency_conversion", &details) != JSON_FOUND)
		return 0;
	facts->presentment = facts->total;
	facts->presentment_currency = facts->currency;
	facts->discount = facts->tax = facts->shipping = nothing;
	facts->currency = json_string_or_null(details, "source_currency");
	if (read_amount(details, "amount_total", &facts->total, e) ||
	    read_amount(details, "amount_subtotal", &facts->subtotal, e))
		return -1;
	return 0;
}

static const char *text_or_null(struct json_object *object, const char *key)
{
	const char *text = json_string_or_null(object, key);

	return str_empty(text) ? NULL : text;
}

/* Since 2025-03-31 collected_information, before it shipping_details, before
 * 2022-08-01 shipping.  Billing addresses are never shipping addresses. */
static struct json_object *find_address(struct json_object *json)
{
	struct json_object *collected = NULL, *found = NULL;

	json_get_object(json, "collected_information", &collected);
	if (json_get_object(collected, "shipping_details", &found) != JSON_FOUND &&
	    json_get_object(json, "shipping_details", &found) != JSON_FOUND)
		json_get_object(json, "shipping", &found);
	return found;
}

static void read_customer(struct json_object *json, struct session_facts *facts)
{
	struct json_object *details = NULL;

	json_get_object(json, "customer_details", &details);
	facts->email = text_or_null(details, "email");
	if (!facts->email)
		facts->email = text_or_null(json, "customer_email");
	facts->phone = text_or_null(details, "phone");
	facts->address = find_address(json);
	facts->name = text_or_null(details, "name");
	if (!facts->name)
		facts->name = text_or_null(facts->address, "name");
}

/* Sessions of before 2020-08 had no payment_status: they completed when they
 * were paid.  A value that is not known yet counts as not paid. */
static bool is_paid(const char *payment_status)
{
	return !payment_status || strcmp(payment_status, "paid") == 0 ||
	       strcmp(payment_status, "no_payment_required") == 0;
}

static const char *mode_of(struct json_object *json)
{
	const char *mode = text_or_null(json, "mode");

	if (mode)
		return mode;
	return json_id_or_null(json, "subscription") ? "subscription" : "payment";
}

static int read_identity(struct json_object *json, struct session_facts *facts, struct err *e)
{
	const char *object = json_string_or_null(json, "object");

	if (!object || strcmp(object, "checkout.session") != 0)
		return wrong(e, "data.object is no checkout.session");
	facts->id = text_or_null(json, "id");
	if (!facts->id || strlen(facts->id) > 255)
		return wrong(e, "the session has no id");
	if (read_time(json, "created", &facts->created))
		return wrong(e, "the session's created is no time");
	if (json_get_object(json, "metadata", &facts->metadata) == JSON_WRONG)
		return wrong(e, "the session's metadata is no object");
	if (json_get_string(json, "payment_status", &facts->payment_status) == JSON_WRONG)
		return wrong(e, "the session's payment_status is no string");
	return 0;
}

int session_read(struct json_object *json, struct session_facts *facts, struct err *e)
{
	memset(facts, 0, sizeof *facts);
	if (read_identity(json, facts, e) || read_amounts(json, facts, e) ||
	    read_presentment(json, facts, e))
		return -1;
	facts->mode = mode_of(json);
	facts->paid = is_paid(facts->payment_status);
	facts->payment_intent = json_id_or_null(json, "payment_intent");
	facts->customer = json_id_or_null(json, "customer");
	facts->client_reference_id = text_or_null(json, "client_reference_id");
	facts->livemode_given = json_get_bool(json, "livemode", &facts->livemode);
	read_customer(json, facts);
	return 0;
}

bool session_has_quote(const struct session_facts *facts)
{
	const char *signature = json_string_or_null(facts->metadata, "quoteSignature");

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

void session_fill_gaps(struct session_facts *facts, const struct session_facts *older)
{
	if (!facts->created)
		facts->created = older->created;
	fill_text(&facts->payment_intent, older->payment_intent);
	fill_text(&facts->customer, older->customer);
	fill_text(&facts->client_reference_id, older->client_reference_id);
	fill_text(&facts->email, older->email);
	fill_text(&facts->phone, older->phone);
	fill_text(&facts->name, older->name);
	fill_text(&facts->currency, older->currency);
	fill_amount(&facts->total, &older->total);
	fill_amount(&facts->subtotal, &older->subtotal);
	if (!facts->address)
		facts->address = older->address;
	if (!facts->metadata || !json_object_object_length(facts->metadata))
		facts->metadata = older->metadata;
	if (facts->livemode_given != JSON_FOUND) {
		facts->livemode_given = older->livemode_given;
		facts->livemode = older->livemode;
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

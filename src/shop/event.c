/* SPDX-License-Identifier: ISC */
/*
 * Reading events: which kind an event is of, and the object that it carries or names.
 */
#include "shop/event.h"

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
	{"charge.refund.updated", EVENT_REFUND},
	{"charge.updated", EVENT_CHARGE_UPDATED},
	{"charge.captured", EVENT_CHARGE_CAPTURED},
	{"payment_intent.canceled", EVENT_PAYMENT_CANCELED},
	{"charge.dispute.", EVENT_DISPUTE}, /* and whatever comes behind the dot */
};

const char *const event_types[] = {
	"checkout.session.completed", "checkout.session.async_payment_succeeded",
	"checkout.session.async_payment_failed", "checkout.session.expired",
	"charge.updated", /* each sale has one: sync sees in its list of sessions what it tells */
	"charge.captured", "payment_intent.canceled",
	"charge.refunded", "refund.created", "refund.updated", "refund.failed",
	"charge.refund.updated",
	"charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed",
	"charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated", NULL,
};
const char *const *const event_types_of_charges = &event_types[5];

bool event_is_of_charge(enum event_kind kind)
{
	return kind >= EVENT_REFUND;
}

static enum event_kind kind_of(const char *type)
{
	size_t i;

	for (i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i].type, type) == 0 ||
		    (str_ends(kinds[i].type, ".") && str_starts(type, kinds[i].type)))
			return kinds[i].kind;
	return EVENT_OTHER;
}

static int read_object(struct json_object *json, struct event *event, struct err *e)
{
	struct json_object *data = NULL;

	if (json_get_time(json, "created", &event->created) == JSON_WRONG)
		return err_set(e, ERR_PAYLOAD, "the event's created is no time");
	json_get_object(json, "data", &data);
	if (json_get_object(data, "object", &event->object) != JSON_FOUND)
		return err_set(e, ERR_PAYLOAD, "the event has no data.object");
	return 0;
}

/* https://docs.stripe.com/event-destinations: created is a text there. */
static int read_related(struct json_object *json, struct event *event, struct err *e)
{
	const char *created = json_string_or_null(json, "created");
	struct json_object *related = NULL;

	if (!created || iso8601_parse(created, &event->created))
		return err_set(e, ERR_PAYLOAD, "the event's created is no time");
	json_get_object(json, "related_object", &related);
	event->related_id = json_string_or_null(related, "id");
	return str_empty(event->related_id) ? err_set(e, ERR_PAYLOAD, "the event has no related_object") : 0;
}

/* Whether it is an event, and of which of the two kinds. */
static int read_form(struct json_object *json, struct event *event)
{
	const char *object = json_string_or_null(json, "object");

	event->thin = object && strcmp(object, "v2.core.event") == 0;
	return event->thin || (object && strcmp(object, "event") == 0) ? 0 : -1;
}

int event_read(struct json_object *json, struct event *event, struct err *e)
{
	memset(event, 0, sizeof *event);
	event->type = "";
	if (read_form(json, event))
		return err_set(e, ERR_PAYLOAD, "the body is no event object");
	event->id = json_string_or_null(json, "id");
	if (str_empty(event->id) || strlen(event->id) > 255)
		return err_set(e, ERR_PAYLOAD, "the event has no id");
	if (json_get_string(json, "type", &event->type) == JSON_WRONG)
		return err_set(e, ERR_PAYLOAD, "the event's type is no string");
	if (event->thin && str_starts(event->type, "v1."))
		event->type += strlen("v1.");
	/* We can't know our own id without a call: an event of the account itself
	 * names none. */
	event->account = json_string_or_null(json, "account");
	if (str_empty(event->account))
		event->account = json_string_or_null(json, "context");
	if (str_empty(event->account))
		event->account = NULL;
	event->livemode_given = json_get_bool(json, "livemode", &event->livemode);
	event->kind = kind_of(event->type);
	if (event->kind == EVENT_OTHER)
		return 0;
	return event->thin ? read_related(json, event, e) : read_object(json, event, e);
}

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

/* By the whole type, or by what stands before the last dot where the table ends in one. */
static enum event_kind kind_of(const char *type)
{
	size_t i;

	for (i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i].type, type) == 0 ||
		    (str_ends(kinds[i].type, ".") && str_starts(type, kinds[i].type)))
			return kinds[i].kind;
	return EVENT_OTHER;
}

int event_read(struct json_object *json, struct event *event, struct err *e)
{
	const char *object = json_string_or_null(json, "object"), *created;
	struct json_object *inner = NULL;

	/* It is a snapshot event or a thin one, and has an id. */
	memset(event, 0, sizeof *event);
	event->type = "";
	event->thin = object && strcmp(object, "v2.core.event") == 0;
	if (!event->thin && (!object || strcmp(object, "event") != 0))
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

	/* Of an event that nobody handles the rest does not matter. */
	event->kind = kind_of(event->type);
	if (event->kind == EVENT_OTHER)
		return 0;

	/* A thin event names its object, and its time is a text; a snapshot has it. */
	if (event->thin) {
		created = json_string_or_null(json, "created");
		if (!created || iso8601_parse(created, &event->created))
			return err_set(e, ERR_PAYLOAD, "the event's created is no time");
		json_get_object(json, "related_object", &inner);
		event->related_id = json_string_or_null(inner, "id");
		if (str_empty(event->related_id))
			return err_set(e, ERR_PAYLOAD, "the event has no related_object");
		return 0;
	}
	if (json_get_time(json, "created", &event->created) == JSON_WRONG)
		return err_set(e, ERR_PAYLOAD, "the event's created is no time");
	json_get_object(json, "data", &inner);
	if (json_get_object(inner, "object", &event->object) != JSON_FOUND)
		return err_set(e, ERR_PAYLOAD, "the event has no data.object");
	return 0;
}

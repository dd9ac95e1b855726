/* SPDX-License-Identifier: ISC */
/*
 * What an event says, a snapshot event or a thin one.
 *
 * Stripe renders an event in its endpoint's API version for ever, so all shapes
 * since 2020 arrive.
 * https://docs.stripe.com/api/events/object
 * https://docs.stripe.com/event-destinations
 */
#ifndef ORDERSNAP_SHOP_EVENT_H
#define ORDERSNAP_SHOP_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "format/json.h"

enum event_kind {
	EVENT_OTHER,             /* nothing that ordersnap handles */
	EVENT_SESSION_COMPLETED, /* checkout.session.completed */
	EVENT_SESSION_SUCCEEDED, /* checkout.session.async_payment_succeeded */
	EVENT_SESSION_FAILED,    /* checkout.session.async_payment_failed */
	EVENT_SESSION_EXPIRED,   /* checkout.session.expired */
	EVENT_REFUND,            /* charge.refunded, refund.*, charge.refund.updated */
	EVENT_DISPUTE,           /* charge.dispute.* */
	EVENT_CHARGE_UPDATED,    /* charge.updated: its fee is known, say */
	EVENT_CHARGE_CAPTURED,   /* charge.captured: of what was held on the card */
	EVENT_PAYMENT_CANCELED,  /* payment_intent.canceled */
};

/* All types that are handled, as an endpoint subscribes to them, up to NULL: those
 * of sessions first, then those of charges, of which those from event_types_of_charges
 * on tell what a list of sessions may not show any more. */
extern const char *const event_types[];
extern const char *const *const event_types_of_charges;

/* Whether it is about a charge or its payment, not about a session. */
bool event_is_of_charge(enum event_kind kind);

/* Strings and objects are borrowed from the event's JSON. */
struct event {
	enum event_kind kind;
	const char *id;
	const char *type;           /* "" if it has none */
	const char *account;        /* whose event it is where it names one (a connected account's
				     * `account`, an organization's `context`), else NULL */
	bool thin;                  /* has no data: it only names its object */
	const char *related_id;     /* a thin event's related_object.id */
	int64_t created;            /* epoch seconds, 0 if not given */
	enum json_found livemode_given;
	bool livemode;
	struct json_object *object; /* data.object; NULL for EVENT_OTHER and thin events */
};

/* Reads an event: a snapshot event, or a thin one (`v2.core.event`, whose type
 * is that of its snapshot with `v1.` in front; type is then without it).  -1 with
 * ERR_PAYLOAD where the JSON is no event. */
int event_read(struct json_object *json, struct event *event, struct err *e);

#endif

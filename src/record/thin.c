/* SPDX-License-Identifier: ISC */
/*
 * Fetching what a thin event names.  The address is made from the event's type
 * and the object's id, not taken from the event.
 */
#include "record/thin.h"

#include <string.h>

#include "stripe/api.h"

typedef int retrieve(struct stripe_client *client, const char *id, int64_t deadline,
		     struct json_object **object, struct err *e);

static retrieve *retrieve_for(const struct event *event)
{
	switch (event->kind) {
	case EVENT_REFUND:
		return strcmp(event->type, "charge.refunded") == 0 ? stripe_charge_retrieve
								    : stripe_refund_retrieve;
	case EVENT_DISPUTE:
		return stripe_dispute_retrieve;
	case EVENT_CHARGE_UPDATED:
	case EVENT_CHARGE_CAPTURED:
		return stripe_charge_retrieve;
	case EVENT_PAYMENT_CANCELED:
		return stripe_payment_retrieve;
	case EVENT_OTHER:
	case EVENT_SESSION_COMPLETED:
	case EVENT_SESSION_SUCCEEDED:
	case EVENT_SESSION_FAILED:
	case EVENT_SESSION_EXPIRED:
		break;
	}
	return stripe_session_retrieve;
}

int thin_fetch(struct app *app, const struct event *event, int64_t deadline,
	       struct json_object **object, struct err *e)
{
	int64_t until = app_stripe_deadline(deadline);
	struct stripe_client *stripe = app_stripe(app, until, e);

	return stripe ? retrieve_for(event)(stripe, event->related_id, until, object, e) : -1;
}

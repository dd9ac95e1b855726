/* SPDX-License-Identifier: ISC */
/*
 * When sessions were paid.  An order's completedAt is the time of the event that paid it;
 * a caller without an event looks for it.
 */
#ifndef ORDERSNAP_SYNC_PAID_AT_H
#define ORDERSNAP_SYNC_PAID_AT_H

#include "app/app.h"
#include "shop/session.h"

struct paid_at {
	struct json_object *json; /* the session with its payment intent and charge expanded; borrowed */
	const struct session *session;
	int64_t time; /* what was found: epoch seconds */
	bool delayed; /* an event says that the payment is still to come; begin with false */
};

/*
 * Fills the times of `n` sessions with that of the latest event that says that
 * they are paid, from Stripe's list of events: a call or two for a hundred
 * sessions of about the same time.  Where there is no such event (any more) it
 * is the time of the charge's money, else of the session itself; a later event then moves
 * the order's on.  -1 with ERR_UNAVAILABLE.
 */
int paid_at_find(struct app *app, struct paid_at *list, size_t n, int64_t deadline, struct err *e);

#endif

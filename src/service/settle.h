/* SPDX-License-Identifier: ISC */
/*
 * Settling: what a session's event means for the table.
 *
 * Read the items it needs with their versions, ask Stripe for what is missing,
 * compute, and write everything in one conditional transaction; on a conflict
 * start again from the read.  One read, one Stripe call for each hundred
 * lines, one write.
 */
#ifndef ORDERSNAP_SERVICE_SETTLE_H
#define ORDERSNAP_SERVICE_SETTLE_H

#include "service/app.h"
#include "shop/facts.h"

struct settle_request {
	const struct event_facts *event;
	const struct session_facts *session;
	const char *source; /* what the order's `source` says: "webhook" */
	bool unmarked;      /* the event is about something else: don't mark it as
			     * processed, don't take its time for the payment's */
	int64_t now;        /* epoch seconds */
	int64_t deadline;   /* base/clock.h */
};

/*
 * On success `*marker` is the event's item in the table, to release, and
 * `*duplicate` whether it had been there before.
 * -1 with ERR_UNAVAILABLE or ERR_CONFLICT when the event is to be delivered
 * again; nothing was written then, or the order alone (with itemsPending).
 */
int settle_session(struct app *app, const struct settle_request *request,
		   struct json_object **marker, bool *duplicate, struct err *e);

#endif

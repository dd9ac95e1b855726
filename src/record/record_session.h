/* SPDX-License-Identifier: ISC */
/*
 * Recording what a session's event means for the table.
 *
 * Read the items it needs with their versions, ask Stripe for the session as it
 * is now, compute, and write everything in one conditional transaction; on a
 * conflict start again from the read.  One read, one Stripe call (and one for
 * each hundred lines where there are many), one write.  The read is of the event's
 * marker, the session's item and two that stand alone: all that a duplicate and a new
 * sale need.  Where there is or may be an order a second one has the rest.  Nothing is
 * asked for an event that changes nothing in an order that is complete.
 */
#ifndef ORDERSNAP_RECORD_RECORD_SESSION_H
#define ORDERSNAP_RECORD_RECORD_SESSION_H

#include "record/run.h"
#include "shop/event.h"
#include "shop/session.h"

struct record_request {
	const struct event *event;
	const struct session *session;
	int64_t paid_at; /* when the session was paid, if it is: epoch seconds, 0: not known */
	bool unmarked;   /* there is no event, or it is about something else: mark none as
			  * processed */
};

/* What came of it; all is owned. */
struct record_outcome {
	struct json_object *marker; /* the event's item in the table; NULL: there is none */
	bool duplicate;             /* it had been there before */
	struct json_object *before; /* the order as it stood; NULL: there was none, or no order */
	struct json_object *after;  /* and as it is now; NULL for a duplicate */
	unsigned astray;            /* where no event is marked: the items beside the order as it
				     * stood that did not say what it says, order_items_astray();
				     * they do now */
	const char *ignored;        /* why nothing was done (static), or NULL */
};

/*
 * Whether a session that has no order is this shop's: ORDER_SESSIONS=own takes
 * only those that bear a quote's signature.  An order that stands is always ours.
 */
bool record_takes(const struct app *app, const struct session *session);

/*
 * Fills `out`, which is {0} before, on success.  For a session that has no order
 * and that record_takes() refuses, out->ignored says that, and nothing else is set.
 * -1 with ERR_UNAVAILABLE or ERR_CONFLICT when the event is to be delivered
 * again; nothing was written then (e->upstream is 404 where Stripe does not know
 * the session), or the order alone, as the event and its quote have it.
 */
int record_session(const struct record_run *run, const struct record_request *request,
		   struct record_outcome *out, struct err *e);

/* Fills it with references of its own; each may be NULL. */
void record_outcome_set(struct record_outcome *out, struct json_object *marker,
			struct json_object *before, struct json_object *after);
/* Says that the event had been recorded before: its `marker` has the answer. */
void record_outcome_set_duplicate(struct record_outcome *out, struct json_object *marker);
/* Says that the session is none of this shop's. */
void record_outcome_set_foreign(struct record_outcome *out);
void record_outcome_free(struct record_outcome *out);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Reconciling: holding sessions as Stripe has them against the orders, up to a
 * hundred at once.  One read for all of them; only what differs costs more, and
 * goes the webhook's own way (record/settle.h).
 */
#ifndef ORDERSNAP_SYNC_RECONCILE_H
#define ORDERSNAP_SYNC_RECONCILE_H

#include "sync/patience.h"
#include "orders/sync_state.h"

#define RECONCILE_MAX STORE_MAX_ITEMS /* sessions at once */

enum difference_kind {
	DIFFERENCE_MISSING, /* there was no order */
	DIFFERENCE_STALE,   /* it said something else */
	DIFFERENCE_PENDING, /* its payment or its line items were still to come */
	DIFFERENCE_ERROR,   /* it can't be mended now: `error` says why */
};

struct difference {
	enum difference_kind kind;
	const char *session_id;
	struct json_object *before, *after; /* the order; NULL: there was none, with an error */
	const char *error;
};

/* What the caller wants to hear of. */
struct reconcile_listener {
	void *context;
	void (*difference)(void *context, const struct difference *difference);
	void (*looked_at)(void *context, const struct sync_counts *counts, int64_t created);
	bool (*stop)(void *context); /* asked between two sessions */
};

/* Whether it is to stop; and the patience of who asks it. */
bool reconcile_stops(const struct reconcile_listener *listener);
struct patience reconcile_patience(const struct reconcile_listener *listener);

struct reconcile {
	struct app *app;
	const struct reconcile_listener *listener;
	struct sync_counts *counts;
	bool dry_run;
	int failures; /* one after the other */
	struct json_object *charged; /* a set of session ids: see reconcile_has_charge() */
};

/*
 * Reconciles the sessions of a JSON array (at most RECONCILE_MAX, each with its
 * payment intent and charge expanded).  0, with whatever was found counted and
 * told; also when it was told to stop.  -1 where it is of no use to go on: the
 * store or Stripe is away, and stays so.
 */
int reconcile_sessions(struct reconcile *r, struct json_object *sessions, struct err *e);

/* Whether a session was looked at whose charge was refunded or disputed, then or
 * before: what an event tells of it has been seen.  (Of very many not all are
 * remembered.) */
bool reconcile_has_charge(const struct reconcile *r, const char *session_id);

/* Frees what it remembers. */
void reconcile_end(struct reconcile *r);

#endif

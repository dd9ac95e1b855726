/* SPDX-License-Identifier: ISC */
/*
 * What a run of the reconciler works with, and what it notes beside the orders:
 * differences, sessions that fail, that Stripe does not know, and whose charge it has
 * seen.
 */
#ifndef ORDERSNAP_SYNC_RECONCILE_NOTE_H
#define ORDERSNAP_SYNC_RECONCILE_NOTE_H

#include "sync/retry.h"
#include "orders/sync_state.h"

enum difference_kind {
	DIFFERENCE_MISSING, /* there was no order */
	DIFFERENCE_STALE,   /* it said something else */
	DIFFERENCE_PENDING, /* its payment or its line items were still to come */
	DIFFERENCE_POINTERS, /* it was right, but items beside it were not: `astray` */
	DIFFERENCE_ERROR,   /* it can't be repaired now: `error` says why */
	DIFFERENCE_UNKNOWN, /* Stripe does not know the session of the order `before` */
};

struct difference {
	enum difference_kind kind;
	const char *session_id;
	struct json_object *before, *after; /* the order; NULL: there was none, with an error; of an
					     * unknown session `before` is the order, or an item that
					     * names it, or NULL */
	unsigned astray; /* items beside the order that were wrong: order_items_astray() */
	const char *error;
};

/* What the caller wants to hear of. */
struct reconcile_listener {
	void *context;
	void (*difference)(void *context, const struct difference *difference);
	void (*looked_at)(void *context, const struct sync_counts *counts, int64_t created);
	bool (*stop)(void *context); /* asked between two sessions */
};

/* A run: what is the same for all that it looks at, and what it remembers. */
struct reconcile {
	struct app *app;
	const struct reconcile_listener *listener;
	struct sync_state *state; /* what it counts, sets aside and finds pending goes there */
	bool dry_run;
	bool retrying; /* look at what is set aside, and try each call once */
	int failures; /* one after the other: sessions with a passing one */
	bool refused; /* Stripe refuses the key */
	struct json_object *unknown; /* a set of session ids that were reported */
	struct json_object *read; /* {session id: its order's day entry}; or NULL: reconcile_has_read() */
	struct json_object *charged; /* a set of session ids: see reconcile_has_charge() */
};

/* Whether it is to stop; and the retries of a call, which ask that too. */
bool reconcile_stops(const struct reconcile *r);
struct retry reconcile_retry(const struct reconcile *r);

/* Whether a session was looked at whose charge was refunded or disputed, then or
 * before: what an event tells of it has been seen.  (Of very many not all are
 * remembered.) */
bool reconcile_has_charge(const struct reconcile *r, const char *session_id);

/* Counts and tells of a session that can't be brought in order, and sets it aside; a
 * passing failure counts for reconcile_gives_up() as well.  Where the key is refused
 * it is not the session: it is left for the next run, and this one gives up. */
void reconcile_set_aside(struct reconcile *r, const char *session_id, const char *text);
void reconcile_fail(struct reconcile *r, const char *session_id, const struct err *e);

/* Whether a session is left to sync_set_aside(): it was set aside before. */
bool reconcile_leaves(const struct reconcile *r, const char *session_id);

/* Counts and tells, once a run, of a session that Stripe does not know; `item` names
 * its order (an order, its day entry, a pointer), or is NULL. */
void reconcile_unknown(struct reconcile *r, const char *session_id, struct json_object *item);

/* A session that was asked for by its id did not come: it is unknown, or it failed as
 * in reconcile_fail().  -1 where reconcile_gives_up(). */
int reconcile_no_session(struct reconcile *r, const char *session_id, struct json_object *item,
			 const struct err *e);

/* Whether it is not the sessions: the key is refused, or so many failed one after
 * the other. */
bool reconcile_gives_up(const struct reconcile *r);

/* The day entries of the orders that are looked at next, by session, as they were read just now: they
 * are not read again.  Takes the object (NULL: none were). */
void reconcile_has_read(struct reconcile *r, struct json_object *entries);

/* Remembers one for reconcile_has_charge(). */
void reconcile_remember_charge(struct reconcile *r, const char *session_id);

/* Frees what it remembers. */
void reconcile_end(struct reconcile *r);

#endif

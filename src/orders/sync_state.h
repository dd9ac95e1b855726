/* SPDX-License-Identifier: ISC */
/*
 * What the reconciler remembers: the item SYSTEM/STRIPE_ORDER_SYNC.
 *
 *   startedAt, completedAt, through, summary   of the last run that was finished
 *   run {startedAt, from, to, todo, summary}   of one that is going on, or was
 *       interrupted; todo [{from, to, after}] is what it has still to look at
 *   runId, account   of the run that wrote it, and of its key (sync_account.h)
 *   accounts {account: through}   of others that were synced into this table
 *   setAside   the sessions that could not be brought in order (sync_aside.h)
 *   pendingDays   the days of the orders that are known to be pending (pending.h)
 *   pendingWalkedAt, pendingWalked   when all days were last walked for such
 *       orders, and how many entries that read
 *
 * The Lambda functions wrote an item of this key too, with other attributes and, as
 * all of theirs, without a version: nothing in such a one is believed.
 *
 * It is written as the pages are looked at (sync/sync_window.h), on the version that was read.  A run that
 * starts takes an unfinished one over, and that one, if it is still alive, finds
 * so at its next write and ends: nothing is left out and no lock can stay behind.
 */
#ifndef ORDERSNAP_ORDERS_SYNC_STATE_H
#define ORDERSNAP_ORDERS_SYNC_STATE_H

#include "app/app.h"
#include "orders/sync_account.h"
#include "orders/sync_aside.h"

#define SYNC_SEGMENTS 32

/* A part of the time in which sessions were created, epoch seconds, both included. */
struct sync_segment {
	int64_t from, to;
	char after[256]; /* the session to go on after, "": from the newest */
};

/* What was found. */
struct sync_counts {
	int64_t sessions; /* that were looked at */
	int64_t in_order, missing, stale, pending;
	int64_t pointers; /* orders that were right, while an item beside them was not */
	int64_t waiting; /* whose payment is on its way at Stripe too */
	int64_t skipped; /* of another mode, past ORDER_TTL_DAYS, or not of this shop
			  * (ORDER_SESSIONS) */
	int64_t errors;  /* sessions that fail still: an unfinished run's are tried again, and counted anew */
	int64_t unknown; /* orders whose session Stripe does not know */
};

struct sync_state {
	struct json_object *item; /* as it stands, or NULL */
	char id[33];              /* of this run: its runId */
	char account[SYNC_ACCOUNT_SIZE]; /* whose sessions these are */
	int64_t started;          /* the run, or the one that it goes on with */
	int64_t from, to;         /* all that the run looks at */
	struct sync_segment todo[SYNC_SEGMENTS]; /* the first one first */
	size_t n;
	bool resumed;
	struct sync_counts counts;
	struct json_object *aside;        /* an array; owned */
	bool crowded;                     /* more failed than can be set aside */
	struct json_object *pending_days; /* an array; owned; empty where none is known */
	int64_t walked_at, walked;        /* pendingWalkedAt, pendingWalked; 0: never */
};

struct sync_plan {
	int64_t from;     /* epoch seconds; 0: as far back as `lookback`, and as the last
			   * complete run of this account makes it necessary */
	int64_t lookback; /* seconds */
	int64_t now;
	const char *account; /* sync_account_of() the key */
};

/* Reads the item and plans a run over the sessions created from plan->from to now;
 * goes on with an unfinished run, if that was of the same account.
 * sync_state_free() in both cases. */
int sync_state_plan(struct sync_state *state, struct app *app, const struct sync_plan *plan,
		    int64_t deadline, struct err *e);

/* Plans anew, whatever was planned: everything from `from` to `now`. */
void sync_state_plan_fresh(struct sync_state *state, int64_t from, int64_t now);

/* Writes how far the run is.  ERR_CONFLICT: another run has taken over, or the store is one that
 * was put back. */
int sync_state_save(struct sync_state *state, struct app *app, int64_t deadline, struct err *e);

/* Writes that the run is complete.  What it could not mend is set aside; where
 * that was too much (`crowded`), the next run looks at all of the window again. */
int sync_state_finish(struct sync_state *state, struct app *app, int64_t now, int64_t deadline,
		      struct err *e);

/* After ERR_CONFLICT: whether what stands there is older than what was read or written last, which no
 * run makes of it. */
bool sync_state_is_put_back(const struct sync_state *state, struct app *app, int64_t deadline);

void sync_state_free(struct sync_state *state);

/* Whether an item of the key (NULL: none) was written by this program. */
bool sync_state_is_ours(struct json_object *item);

/* The counts as an object. */
struct json_object *sync_counts_json(const struct sync_counts *counts);

#endif

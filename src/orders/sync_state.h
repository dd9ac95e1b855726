/* SPDX-License-Identifier: ISC */
/*
 * What the reconciler remembers: the item SYSTEM/STRIPE_ORDER_SYNC.
 *
 *   startedAt, completedAt, through, summary   of the last run that was finished
 *   run {startedAt, from, to, todo, summary}   of one that is going on, or was
 *       interrupted; todo [{from, to, after}] is what it has still to look at
 *   runId   of the run that wrote it
 *
 * It is written after each page, on the version that was read.  A run that
 * starts takes an unfinished one over, and that one, if it is still alive, finds
 * so at its next write and ends: nothing is left out and no lock can stay behind.
 */
#ifndef ORDERSNAP_ORDERS_SYNC_STATE_H
#define ORDERSNAP_ORDERS_SYNC_STATE_H

#include "app/app.h"

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
	int64_t waiting; /* whose payment is on its way at Stripe too */
	int64_t skipped; /* of another mode, or past ORDER_TTL_DAYS */
	int64_t errors;
};

struct sync_state {
	struct json_object *item; /* as it stands, or NULL */
	char id[33];              /* of this run: its runId */
	int64_t started;          /* the run, or the one that it goes on with */
	int64_t from, to;         /* all that the run looks at */
	struct sync_segment todo[SYNC_SEGMENTS]; /* the first one first */
	size_t n;
	bool resumed;
	struct sync_counts counts;
};

/* Reads the item and plans a run over the sessions created from `from` (0: as
 * far back as `lookback` seconds, and as the last complete run makes it
 * necessary) to `now`; goes on with an unfinished run.  sync_state_free() in
 * both cases. */
int sync_state_plan(struct sync_state *state, struct app *app, int64_t from, int64_t lookback,
		    int64_t now, int64_t deadline, struct err *e);

/* Plans anew, whatever was planned: everything from `from` to `now`. */
void sync_state_plan_fresh(struct sync_state *state, int64_t from, int64_t now);

/* Writes how far the run is.  ERR_CONFLICT: another run has taken over. */
int sync_state_save(struct sync_state *state, struct app *app, int64_t deadline, struct err *e);

/* Writes that the run is complete; what it could not mend (counts.errors) is
 * looked at again next time. */
int sync_state_finish(struct sync_state *state, struct app *app, int64_t now, int64_t deadline,
		      struct err *e);

void sync_state_free(struct sync_state *state);

/* The counts as an object. */
struct json_object *sync_counts_json(const struct sync_counts *counts);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * The reconciler: every complete session of a window of time is held against
 * its order, and repaired through the webhook's own path.
 *
 * Four passes: the sessions created in the window (sync/sync_window.h); those that earlier
 * runs have set aside; the orders from before the window that are still pending; those
 * that had a refund or a dispute in it.  One call of Stripe and one read of
 * the store for a hundred sessions that are in order.
 */
#ifndef ORDERSNAP_SYNC_SYNC_H
#define ORDERSNAP_SYNC_SYNC_H

#include "sync/reconcile.h"
#include "sync/sync_window.h"

struct sync_options {
	int64_t from;         /* epoch seconds: look back to there; 0: as configured */
	int64_t max_sessions; /* in this run; 0: all */
	bool dry_run;         /* look, write nothing, not even the state */
	struct reconcile_listener listener;
};

enum sync_end {
	SYNC_COMPLETE,
	SYNC_STOPPED,   /* by max_sessions or by the listener: the next run goes on */
	SYNC_TAKEN_OVER, /* another run does the rest */
	SYNC_FAILED /* as sync_run() has returned */
};

struct sync_result {
	enum sync_end end;
	bool resumed;
	int64_t from, to; /* what it looks at, known before the first page */
	struct sync_place place; /* how far it is there */
	struct sync_counts counts;
	struct app_calls calls;
};

/* Runs.  0 with *result; -1 where it had to end early, which the next run makes
 * up for; *result then says how far it came. */
int sync_run(struct app *app, const struct sync_options *options, struct sync_result *result,
	     struct err *e);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * The window: the sessions that were created in it, a page of a hundred at a time, each
 * held against its orders (sync/reconcile.h).
 *
 * A segment is read from its newest session to its oldest.  What is waited for is Stripe:
 * so the next page of a segment is on its way while this one is looked at, and a window of
 * very many pages is cut into up to SYNC_WALKS segments of which the pages come beside
 * each other.  They are looked at one after the other, in turn; the client's rate holds
 * for all of them (sync/rate_limit.h).  How far all of them are is written after each page, of a
 * very large window after ten, and whatever ends it.  At most one page is held, and as many answers
 * that were not looked into as there are segments.
 */
#ifndef ORDERSNAP_SYNC_SYNC_WINDOW_H
#define ORDERSNAP_SYNC_SYNC_WINDOW_H

#include "sync/reconcile.h"
#include "sync/sync_unlisted.h"

#define SYNC_WALKS 4

/* Where a run is: it reads a segment from here on, and so many seconds of others are
 * still to be read. */
struct sync_place {
	int64_t from, others;
};

struct sync_window {
	struct reconcile *reconcile; /* reconcile->state->todo has the segments, */
	struct sync_unlisted *unlisted;
	int64_t now;  /* the time when the run began */
	int64_t left; /* sessions that may still be looked at; their number bounds it: the newest
		       * ones are wanted, so no segment is read beside another */
	struct sync_place *place; /* kept up to date for whoever shows it */
	int (*save)(void *context, struct err *e); /* how far it is; after each page, or ten */
	void *context;
};

/* Reads all segments, or as many sessions as may be looked at, or until it is told to
 * stop.  -1 as reconcile_sessions() and save(). */
int sync_window_read(struct sync_window *window, struct err *e);

#endif

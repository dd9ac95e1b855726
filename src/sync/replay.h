/* SPDX-License-Identifier: ISC */
/*
 * Replaying events: through all that a delivered one goes through, but for its
 * signature.  They are Stripe's own, or the owner vouches for them.
 */
#ifndef ORDERSNAP_SYNC_REPLAY_H
#define ORDERSNAP_SYNC_REPLAY_H

#include "base/buf.h"
#include "record/process.h"

#define REPLAY_FILE_MAX (64u << 20) /* bytes */

/* One event, and what came of it. */
struct replayed {
	const char *id, *type;               /* "?" where it has none */
	const struct process_result *result; /* NULL: it failed */
	const struct err *error;             /* why, else NULL */
};

struct replay {
	struct app *app;
	bool again;   /* even those that were processed before */
	bool dry_run; /* compute, but write nothing */
	void *context;
	void (*done)(void *context, const struct replayed *replayed);
	bool (*stop)(void *context); /* asked between two events */
};

/* Each returns 0 when all events could be had, whatever became of each; else -1 with `e`. */

/* The event with this id, from Stripe, which keeps them for thirty days. */
int replay_id(const struct replay *replay, const char *id, struct err *e);

/* All events of the last thirty days, of the types that are handled, that some
 * endpoint has not taken: newest first, the order does not matter. */
int replay_undelivered(const struct replay *replay, struct err *e);

/* The events in a text: one event, an array of them, a list as Stripe's API
 * answers it, or one event a line.  A list whose next page is not there (has_more) is
 * replayed, and then an error. */
int replay_text(const struct replay *replay, struct span text, struct err *e);

#endif

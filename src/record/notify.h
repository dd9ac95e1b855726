/* SPDX-License-Identifier: ISC */
/*
 * Telling the shop when something sells: works off what is due in the outbox
 * (shop/outbox.h) by running the shop's own program, ORDER_HOOK, once for each item.
 *
 * The one idea: an item is moved to the time of its next try before its program is run,
 * and deleted when that ended with status 0.  So nothing is lost whenever a run dies, two
 * runs do not do the same item, and what comes twice has one id.  New items and those
 * that are tried again share a run's time: neither waits for all of the other.
 *
 * The program has nothing of ordersnap's environment but TZ and ORDERSNAP_CONF, and
 *
 *     PATH, LANG=C.UTF-8, HOME=/
 *     NOTIFY_ID       ntf_...: the same for what comes twice
 *     NOTIFY_EVENTS   "created paid"
 *     NOTIFY_ORDER    the order's id, cs_...
 *     NOTIFY_NUMBER   its number, BC-...
 *     NOTIFY_ATTEMPT  1, 2, ...
 */
#ifndef ORDERSNAP_RECORD_NOTIFY_H
#define ORDERSNAP_RECORD_NOTIFY_H

#include "app/app.h"
#include "base/child.h"

#define NOTIFY_PROGRAM_MS 8000 /* one run of the program */
#define NOTIFY_RUN_MS 50000    /* in which programs are begun: a run a minute meets none before it */

/* What became of an item. */
struct notify_done {
	struct json_object *item; /* as it stood while it was tried */
	const char *error;        /* how it failed; NULL: it is told */
	bool given_up;            /* after seven days, behind `error` */
	enum child_left left;     /* what its program has left behind */
};

struct notify {
	int64_t limit; /* runs of the program at most; 0: as many as there is time for */
	bool dry_run;  /* run and write nothing: `done` is called with what would be tried */
	void *context;
	void (*done)(void *context, const struct notify_done *done); /* NULL: nobody listens */
	bool (*stop)(void *context);                                 /* NULL: never */
};

struct notify_counts {
	int64_t told, failed, given_up;
	bool more; /* some are due and were not tried */
};

/*
 * Works off.  0 with *counts, whatever became of each item.  -1, with what was done until
 * then, where the program can't be run at all (ERR_CONFIG: no item was touched), or the
 * store is away.
 */
int notify_run(struct app *app, const struct notify *notify, struct notify_counts *counts,
	       struct err *e);

/*
 * What the owner says of an item by its id: that it is to be tried again at once, or to be
 * dropped.  `id` "all": each that was given up; "waiting": each that waits (to be tried
 * again: that has failed).  *n: how many that were.
 */
enum notify_verb { NOTIFY_RETRY, NOTIFY_FORGET };
int notify_decide(struct app *app, enum notify_verb verb, const char *id, int64_t *n,
		  struct err *e);

#endif

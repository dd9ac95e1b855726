/* SPDX-License-Identifier: ISC */
/*
 * What is the same for all that one delivery, one replayed event or one session of
 * the reconciler records: set once, where the work begins, and only read from then on.
 * Every function of this room that reads, asks or writes takes it first.
 */
#ifndef ORDERSNAP_RECORD_RUN_H
#define ORDERSNAP_RECORD_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "app/app.h"

struct record_run {
	struct app *app;    /* its store, its Stripe client, its settings */
	const char *source; /* what the order's `source` says: "webhook" */
	bool again;         /* also an event that was processed before */
	bool dry_run;       /* compute, but write nothing */
	int64_t now;        /* epoch seconds */
	int64_t deadline;   /* base/clock.h; asking Stripe ends earlier, app_stripe_deadline() */
};

#endif

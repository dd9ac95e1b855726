/* SPDX-License-Identifier: ISC */
/*
 * What is the same for all that one delivery, one replayed event or one session of
 * the reconciler records: set once, and only read from then on.
 */
#ifndef ORDERSNAP_RECORD_RUN_H
#define ORDERSNAP_RECORD_RUN_H

#include <stdbool.h>
#include <stdint.h>

struct record_run {
	const char *source; /* what the order's `source` says: "webhook" */
	bool again;         /* also an event that was processed before */
	bool dry_run;       /* compute, but write nothing */
	int64_t now;        /* epoch seconds */
	int64_t deadline;   /* base/clock.h */
};

#endif

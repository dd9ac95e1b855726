/* SPDX-License-Identifier: ISC */
/*
 * Adopting the orders that the AWS Lambda functions wrote (shop/adoption.h): one
 * walk over the table, in which each of them gets what ours have - its session's
 * item names it, its payment, its number and its day do - and a version, in one
 * transaction each.  It can be stopped at any moment and run again: it goes on
 * where it was, and what is adopted is not touched.  Programs that write, the
 * functions among them, may run meanwhile.
 */
#ifndef ORDERSNAP_TRANSFER_ADOPT_H
#define ORDERSNAP_TRANSFER_ADOPT_H

#include "app/app.h"

struct adopt_counts {
	int64_t items;   /* that were looked at */
	int64_t orders;  /* of them, whoever wrote them */
	int64_t adopted;
	int64_t twice;   /* orders of a session or payment that has another one */
	int64_t merged;  /* of those, into the other one */
	int64_t odd;     /* without a session, or else no order that can be adopted */
	int64_t younger; /* functions' orders that came after the walk had begun */
};

struct adopt {
	bool dry_run; /* count, and write nothing */
	bool merge;   /* make one of two orders of one session */
	bool count;   /* find out how many items there are, for the progress */
	/* How far it is, in thousandths; -1: not known. */
	void (*progress)(void *context, const struct adopt_counts *so_far, int permille);
	/* Is told, as a sentence, each order that stands twice or can't be adopted. */
	void (*report)(void *context, const char *sentence);
	bool (*stop)(void *context); /* asked between two pages */
	void *context;
};

struct adopt_result {
	struct adopt_counts counts; /* of this walk, also before it was interrupted */
	bool resumed;               /* it went on where another one had ended */
	bool stopped;               /* before its end, as it was told */
	bool complete;              /* every order has its pointers: ADOPTED is written */
};

/* Walks the whole table.  -1 where the store fails, or another walk has taken
 * over; what was done is done. */
int adopt_table(struct app *app, const struct adopt *request, struct adopt_result *result,
		struct err *e);

/*
 * For a store that may be new: writes ADOPTED where every order has a version
 * (in a new one, since there is none) and says so in *complete.  It looks at the
 * table up to the first order without one.
 */
int adopt_new_store(struct app *app, bool *complete, struct err *e);

#endif

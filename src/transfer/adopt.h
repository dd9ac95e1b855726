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

#include "transfer/adopt_order.h"

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

/* Whether every order has its pointers, or some of the functions' may wait. */
int adopt_is_complete(struct app *app, int64_t deadline, bool *complete, struct err *e);

/* Writes that the table needs another adoption: an order without a version has
 * come.  A walk that is under way ends without saying that it was one. */
int adopt_again(struct app *app, int64_t deadline, struct err *e);

/*
 * For a store that may be new: writes ADOPTED where every order has a version
 * (in a new one, since there is none) and says so in *complete.  It looks at the
 * table up to the first order without one.
 */
int adopt_new_store(struct app *app, bool *complete, struct err *e);

#endif

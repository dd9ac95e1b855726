/* SPDX-License-Identifier: ISC */
/*
 * Walking the orders that are in the table, newest first: those of a user, or
 * all of the shop by their days.  One order after the other, read a page at a
 * time, so that a year's orders need no more memory than a page's.
 */
#ifndef ORDERSNAP_ORDERS_HISTORY_H
#define ORDERSNAP_ORDERS_HISTORY_H

#include "app/app.h"

/* What an order can be asked to be; ored, one of them is enough. */
enum history_status {
	HISTORY_PENDING = 1 << 0,
	HISTORY_FAILED = 1 << 1,
	HISTORY_COMPLETED = 1 << 2,
	HISTORY_PARTIALLY_REFUNDED = 1 << 3,
	HISTORY_REFUNDED = 1 << 4,
	HISTORY_DISPUTED = 1 << 5,   /* it has a dispute, whatever became of it */
	HISTORY_INCOMPLETE = 1 << 6, /* its line items are still to be fetched */
};

/* The bit of a name ("partially_refunded"), 0 where there is none such; and all
 * names, for a message. */
unsigned history_status_of(struct span name);
const char *history_status_names(void);

/* Whether the order is one of `statuses`; 0 is all. */
bool history_matches(struct json_object *order, unsigned statuses);

struct history_query {
	const char *user;  /* as key_user() takes it, or NULL: all by their days */
	int64_t from, to;  /* epoch seconds, created from `from` on and before `to`; by days
			    * both are midnights (UTC) */
	unsigned statuses; /* HISTORY_..., 0: all */
	bool test;         /* only orders of test money */
	int64_t read_ms;   /* how long a read of the store may take */
};

/*
 * What looks like an e-mail address is looked up in lower case as well: that is
 * how a guest is known.  By their days there are only orders that have a day's
 * entry, which those of the Lambda functions have not.  The query's strings are
 * copied.  history_free() it; NULL is allowed.
 */
struct history *history_new(struct app *app, const struct history_query *query);
void history_free(struct history *history);

/* The next order, which the caller releases; *order is NULL behind the last.
 * -1 with the store's error. */
int history_next(struct history *history, struct json_object **order, struct err *e);

/* How many orders a day's entry named that were not there. */
size_t history_missing(const struct history *history);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Orders that are not yet what they will be: the payment is on its way
 * (status pending), or Stripe could not be asked for the line items (itemsPending) or
 * for what an event said (unconfirmed).  They are found in the days' entries, which say so.
 */
#ifndef ORDERSNAP_ORDERS_PENDING_H
#define ORDERSNAP_ORDERS_PENDING_H

#include "app/app.h"

/* So far back all days are walked: the slowest of Stripe's delayed methods, vouchers,
 * tell within 60 days.  What pends longer is found by the list of days below. */
#define PENDING_DAYS 90

/* Is given a day's entry, borrowed; -1 with `e` set ends the walk. */
typedef int pending_entry(void *context, struct json_object *entry, struct err *e);

struct pending_walk {
	int64_t from, to;     /* epoch seconds of the orders' creation, both included */
	int64_t read_ms;      /* for each read of the store */
	pending_entry *found;
	void *context;
	int64_t read;         /* filled: the entries that were read */
};

/* Calls `found` for each pending order, newest first.  0, or -1 from the store or
 * from `found`. */
int pending_walk(struct app *app, struct pending_walk *walk, struct err *e);

/*
 * Days on which orders are pending, of any age: a JSON array of texts like
 * "2026-11-25" (UTC), each once, at most PENDING_LIST_MAX.
 */
#define PENDING_LIST_MAX 400
void pending_days_add(struct json_object *days, int64_t created);
/* The beginning of a listed day, epoch seconds; -1: it is none. */
int64_t pending_days_get(struct json_object *days, size_t i);

/* Whether a day's entry is of such an order. */
bool pending_is(struct json_object *entry);

/* Whether it is one of which Stripe is still to be asked, whatever its status is. */
bool pending_on_stripe(struct json_object *entry);

#endif

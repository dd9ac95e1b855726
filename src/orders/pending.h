/* SPDX-License-Identifier: ISC */
/*
 * Orders that are not yet what they will be: the payment is on its way
 * (status pending), or the line items could not be fetched (itemsPending).
 * They are found in the days' entries, which say both.
 */
#ifndef ORDERSNAP_ORDERS_PENDING_H
#define ORDERSNAP_ORDERS_PENDING_H

#include "app/app.h"

/* How long a pending payment is looked after: the slowest of Stripe's delayed
 * methods tell within two weeks. */
#define PENDING_DAYS 14

/* Is given a day's entry, borrowed; -1 with `e` set ends the walk. */
typedef int pending_entry(void *context, struct json_object *entry, struct err *e);

/*
 * Calls `found` for each pending order that was created from `from` to `to`
 * (epoch seconds, both included), newest first.  `patience_ms` is for each read
 * of the store.  0, or -1 from the store or from `found`.
 */
int pending_walk(struct app *app, int64_t from, int64_t to, int64_t patience_ms,
		 pending_entry *found, void *context, struct err *e);

/* Whether a day's entry is of such an order. */
bool pending_is(struct json_object *entry);

#endif

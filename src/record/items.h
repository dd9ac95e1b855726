/* SPDX-License-Identifier: ISC */
/*
 * Read, decide, write once: the items of one order as they were read, and the one
 * loop that all events go through.
 */
#ifndef ORDERSNAP_RECORD_ITEMS_H
#define ORDERSNAP_RECORD_ITEMS_H

#include "base/metrics.h"
#include "record/run.h"
#include "shop/order_items.h"

/* Orders that were made and changed, by what recorded them (record_run's source), and those that
 * are pending: a sync counts these, and each write from there on. */
extern const struct metrics_family record_orders_created, record_orders_updated,
	record_orders_pending;

struct record_items {
	const struct record_run *run;
	struct item_keys keys;
	struct json_object *read[ITEM_KINDS]; /* as they stand, or NULL; owned */
};

/* Reads the items whose bit is set in `which` and that have a key, in one call. */
int record_items_read(struct record_items *items, unsigned which, struct err *e);

/* Forgets what was read, and all keys. */
void record_items_free(struct record_items *items);

/* Writes all of a change (its keys and what was read are filled in) in one
 * transaction.  -1 with ERR_CONFLICT where something was written since. */
int record_items_write(struct record_items *items, struct order_change *change, struct err *e);

/* Whether Stripe's `answer` was that it does not know `id`, a `what` ("session ", or
 * "" where the id alone is known).  Then
 * nothing is recorded, and *e (which may be `answer`) says so to whoever has to mend the
 * key: ERR_UNAVAILABLE, with e->upstream 404. */
bool record_is_unknown(const struct err *answer, const char *what, const char *id, struct err *e);

#endif

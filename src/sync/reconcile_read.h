/* SPDX-License-Identifier: ISC */
/*
 * What stands in the table for a page of sessions.
 */
#ifndef ORDERSNAP_SYNC_RECONCILE_READ_H
#define ORDERSNAP_SYNC_RECONCILE_READ_H

#include "shop/item_keys.h"
#include "sync/reconcile_note.h"

/* One session, and the order that it should have. */
struct candidate {
	struct json_object *json; /* borrowed */
	struct session session;
	struct item_keys keys;
	enum event_kind kind;
	struct json_object *items[ITEM_KINDS]; /* as they stand, or NULL; owned */
	struct json_object *order; /* the one among them */
	int64_t paid_at;           /* found where the order lacks it, else 0 */
	bool skip;                 /* there should be none */
	bool left;                 /* it is set aside, and skipped */
	unsigned look_up;          /* items that are to be read now: 1 << ITEM_ORDER and so on */
	unsigned astray;           /* items beside the order: order_items_astray() */
};

/* Reads the order of each that is not skipped, with its payment's pointer: where the keys say that it
 * is, else where its session's item does. */
int reconcile_read_orders(struct reconcile *r, struct candidate *list, size_t n, struct err *e);

/* Reads the other items beside each order that stands, and finds which do not say what it says. */
int reconcile_read_beside(struct reconcile *r, struct candidate *list, size_t n, struct err *e);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Where a session's order stands: an order is looked for by what does not change, its
 * session's id, before any key is computed from who the buyer is said to be today.
 */
#ifndef ORDERSNAP_RECORD_FIND_H
#define ORDERSNAP_RECORD_FIND_H

#include "record/items.h"
#include "shop/session.h"

/*
 * Finds the order of `session`, and reads it with all that belongs to it.  `items` has
 * the session's keys, and what stands there, all read; afterwards it has the keys of
 * the order that was found, or those that the order is to be made under
 * (items->read[ITEM_ORDER] is NULL then), with a number that no other order has.
 *
 * An order of the Lambda functions may stand there that nothing names: while the table
 * is not adopted, and where they wrote an item after the adoption, it is searched for.
 * `search` looks for one in any case: where the session's own event is not what is
 * being recorded (but a refund of an order that we do not know, or sync's look at one)
 * a search costs little beside the rest.
 */
int record_find_order(struct record_items *items, const struct session *session, bool search,
		      struct err *e);

/* Whether the session may have an order: its own item names one, or may not know of one
 * that the Lambda functions wrote.  That item and the adoption's have been read. */
bool record_may_have_order(const struct record_items *items);

#endif

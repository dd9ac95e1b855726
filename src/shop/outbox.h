/* SPDX-License-Identifier: ISC */
/*
 * The outbox: what the shop is still to be told of, one item a change of an order.
 * An item is written in the transaction that changes the order (shop/order_items.h), and
 * deleted when the shop's own program (ORDER_HOOK) has taken it (record/notify.h).
 *
 *     PK         OUTBOX
 *     SK         NEW#{when it is due}#{id}       nobody has tried yet
 *                AGAIN#{when it is due}#{id}     it is being tried, or a try has failed
 *                GIVEN_UP#{when}#{id}            tried for seven days in vain
 *     id         ntf_ and 24 hex digits: of what happened, so that the same thing has the
 *                same id, also where an order is made anew after a restore; what had come
 *                in several steps comes in one then, and has another id
 *     orderId, orderNumber
 *     events     ["created", "paid"]
 *     createdAt  when it was queued
 *     dueAt      epoch seconds: when it is to be tried next
 *     attempts   tries that were begun
 *     triedAt    when the first of them was: with it the seven days begin
 *     error      how the last one failed
 *
 * The time in a key counts down (9999999999 less the epoch seconds), for a query gives
 * the highest key first: what is due first.  An item names nobody: the order is read
 * when its program is run.
 *
 * To begin a try is to move the item to the time of the try after it.  So a run that
 * dies loses nothing, and of two runs one moves it.
 */
#ifndef ORDERSNAP_SHOP_OUTBOX_H
#define ORDERSNAP_SHOP_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "format/json.h"

#define KEY_OUTBOX "OUTBOX" /* PK of all of them */
#define KEY_OUTBOX_NEW "NEW#"
#define KEY_OUTBOX_AGAIN "AGAIN#"
#define KEY_OUTBOX_GIVEN_UP "GIVEN_UP#"

#define OUTBOX_DAYS 7 /* that an item is tried for */

/* What can happen to an order; an item may tell of several. */
enum outbox_event {
	OUTBOX_CREATED = 1 << 0,  /* there was no order */
	OUTBOX_PAID = 1 << 1,     /* its payment has come */
	OUTBOX_FAILED = 1 << 2,   /* it never will */
	OUTBOX_REFUNDED = 1 << 3, /* another sum than before has been given back */
	OUTBOX_DISPUTED = 1 << 4, /* a dispute is new, or has another status */
};

/* The events between an order as it stood (NULL: there was none) and as it is now. */
unsigned outbox_events(struct json_object *before, struct json_object *after);

/* The item that tells of them, to release; NULL where nothing happened. */
struct json_object *outbox_item(struct json_object *before, struct json_object *after,
				int64_t now);

/*
 * An item as it stands while it is tried, as it stands after a try that began at
 * `began` has failed, and as it is to be tried at once again; to release.  Where the
 * key is another one, the item under the old key goes.
 */
struct json_object *outbox_begun(struct json_object *item, int64_t now);
struct json_object *outbox_failed(struct json_object *begun, const char *error, int64_t now);
struct json_object *outbox_again(struct json_object *item, int64_t now);

/* Whether an item of the table is one of these; a copy of a table has none, for it would
 * tell the shop of everything once more. */
bool outbox_is_item(struct json_object *item);
bool outbox_is_given_up(struct json_object *item);

/* When it is to be tried; 0 where it does not say. */
int64_t outbox_due(struct json_object *item);

/*
 * The key in front of which (store_query()) only those stand that are put off until later than any try
 * puts them off at `now`: by a clock that was ahead then.  free() it.
 */
char *outbox_too_late_key(int64_t now);

/* Its events as words with blanks between, "created paid"; free() it. */
char *outbox_words(struct json_object *item);

/*
 * What the program reads on its standard input: the order as it stands, and
 *
 *     "notification": {"id", "events", "createdAt", "attempt"}
 *
 * To release.
 */
struct json_object *outbox_message(struct json_object *begun, struct json_object *order);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * All that is written of an order, as one list: the order itself, its session's
 * item, its number's and its payment's pointer, its day's entry, the quote that it
 * uses up, the marker of the event that tells of it, and what the shop is to be told.
 *
 * The one rule: what is derived from an order is written while the order is as
 * it was when it was derived.  So the order is in the list whenever anything is:
 * to be put as the successor of what was read, or to be checked.  An item that
 * says already what it should is left out, but only where the order's step does
 * not change it: what was read of it may be older, or newer, than the order that
 * was read beside it (a read of several items is no snapshot), and by the same
 * rule it then is in the table what the order of its moment made of it.
 */
#ifndef ORDERSNAP_SHOP_ORDER_ITEMS_H
#define ORDERSNAP_SHOP_ORDER_ITEMS_H

#include "shop/item_keys.h"

#define ORDER_ITEMS_MAX 8

/* One item of the list: to be put as the successor of `read` (borrowed; NULL:
 * there was none), or to be checked against it. */
struct order_item {
	struct json_object *item; /* owned */
	struct json_object *read;
	bool check;
};

struct order_change {
	const struct item_keys *keys;
	struct json_object *const *read; /* ITEM_KINDS of them, as they stand, or NULL */
	struct json_object *order;  /* as it is to be; NULL: there is to be none */
	bool expired;               /* the session of no order has expired */
	const char *recovery_url;   /* where the buyer gets another one then, or NULL */
	bool put_always;            /* the order is put even if it says the same: what was asked of
				     * Stripe is newer than what another writer asked before */
	struct json_object *marker; /* the event's, or NULL */
	bool tell;                  /* the shop is to be told what happens: shop/outbox.h */
	int64_t now;                /* epoch seconds */
};

/* Fills `items` and returns how many there are; 0 where all says already what it
 * should.  order_items_free() them. */
size_t order_items(const struct order_change *change, struct order_item items[ORDER_ITEMS_MAX]);
void order_items_free(struct order_item *items, size_t n);

/*
 * Which of the items beside the order that stands do not say what is derived from
 * it: 1 << ITEM_SESSION and so on, 0 where no order stands, or one of the Lambda
 * functions' that does not say of which session it is yet.  Two things are
 * left out, for they are no fault: the session's status word, and the version that
 * the payment's copy of the order bears.  A number's pointer that names another
 * order is a fault only where that one is not there: the caller looks
 * (app/numbering.h).
 */
unsigned order_items_astray(const struct item_keys *keys, struct json_object *const *read,
			    int64_t now);

/* EVENT#{id}: that the event was processed, with the functions' word for its kind
 * (completed, failed, expired, received; 0.1.0 wrote `processed`), and what the
 * answer says of the order; to release.  `session_id` and `order` may be NULL. */
struct json_object *order_event_marker(const struct event *event, const char *session_id,
				       struct json_object *order, int64_t now, int64_t ttl_days);

/*
 * The items that are written next to an order, in its transaction; the caller
 * releases each.  `stored` is the one that stands, or NULL.
 */
struct json_object *order_pointer(struct json_object *order, char *pk);       /* takes pk */
/* The payment's pointer, by which a refund finds the order, has the order itself as well, for
 * whoever looks a payment up by hand.  It is shared: the order stays as it is from then on. */
struct json_object *order_payment_pointer(struct json_object *order, char *pk); /* takes pk */
struct json_object *order_day_entry(struct json_object *order, int64_t created);
/* Its status is in the words of the functions: `completed`, also while the payment is
 * under way, or `failed`.  It is kept as long as the order is: an event or a sync that
 * comes late may find the order by it alone.  (Up to 0.1.0 it went after 30 days.) */
struct json_object *order_session_item(struct json_object *order, struct json_object *stored,
				       int64_t now);

#endif

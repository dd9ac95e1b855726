/* SPDX-License-Identifier: ISC */
/*
 * The keys of the items that a session's event touches: all can be told from
 * the event itself, so that one read gets them all.
 */
#ifndef ORDERSNAP_SHOP_ITEM_KEYS_H
#define ORDERSNAP_SHOP_ITEM_KEYS_H

#include "shop/event.h"
#include "shop/session.h"

enum item_kind {
	ITEM_EVENT,   /* no key where it is about no event */
	ITEM_SESSION,
	ITEM_ORDER,
	ITEM_PAYMENT, /* no key where the session has no payment intent */
	ITEM_NUMBER,
	ITEM_DAY,
	ITEM_QUOTE, /* no key where the session is from no quote */
	ITEM_ADOPTED, /* whether every order has its pointers: shop/adoption.h */
	ITEM_KINDS
};

#define ITEM_ALL ((1u << ITEM_KINDS) - 1)

struct item_keys {
	char *pk[ITEM_KINDS]; /* NULL: there is no such item */
	char *sk[ITEM_KINDS];
	char *number;    /* the orderNumber */
	char *user_id;   /* whose order it is */
	int64_t created; /* the time in the order's SK */
};

/*
 * The user is metadata.userId, else metadata.user_id (the Lambda functions took
 * both), else the e-mail in lower case, else the session itself: a paid session
 * always has an order.  client_reference_id never names one: on a Payment Link
 * the buyer chooses it.
 * The time is the session's created, else (versions of before 2022) the
 * event's, else `now`; the session's item keeps it from then on.  `event` may
 * be NULL.
 */
void item_keys_init(struct item_keys *keys, const struct event *event,
		    const struct session *session, const char *number_prefix,
		    int64_t now);
void item_keys_free(struct item_keys *keys);

/* Takes over the order's keys (that are there, or that a pointer names, with whose it
 * is: an order that is made there is that user's), or the number that the order bears.
 * All may be NULL.  Return the bits of the items that are to be read (again). */
unsigned item_keys_set_order(struct item_keys *keys, const char *pk, const char *sk);
unsigned item_keys_from_pointer(struct item_keys *keys, struct json_object *pointer);
unsigned item_keys_from_order(struct item_keys *keys, struct json_object *order);

/* Takes over what Stripe's own copy of the session says; the order's keys only
 * while no order is known, for one that stands keeps its own.  Returns the bits
 * of the items to read. */
unsigned item_keys_update(struct item_keys *keys, const struct session *session,
			  bool order_is_known);

/* Those of an event about a payment, of which nothing else is known (`intent` may
 * be NULL). */
void item_keys_of_payment(struct item_keys *keys, const struct event *event,
			  const char *intent);

/* The keys of the order that its payment's pointer names, and of all that belongs
 * to it; -1 where it names none. */
int item_keys_from_payment(struct item_keys *keys, struct json_object *pointer);

/* The keys of an order that stands and of all that belongs to it, but for a quote; -1
 * where it is not whole: one of the Lambda functions' that waits for `ordersnap adopt`. */
int item_keys_of_order(struct item_keys *keys, struct json_object *order);

/* The session whose order a pointer (SESSION#, PAYMENT#, NUMBER#; NULL) names: its
 * orderId, else (what the Lambda functions left in SESSION# has none) what the
 * order's key ends in.  NULL where it names none.  Borrowed. */
const char *item_keys_owner(struct json_object *pointer);

/* Whether a pointer names the key of an order of this session: a number may be
 * another's, and a key that ends in another session's id is that one's. */
bool item_keys_names(struct json_object *pointer, const char *session_id);

/* Forgets the keys of the pointers among `read` (ITEM_KINDS of them) that name another
 * order than the one there: they are that one's. */
void item_keys_leave_others(struct item_keys *keys, struct json_object *const *read);

/* Takes `number`. */
void item_keys_set_number(struct item_keys *keys, char *number);

#endif

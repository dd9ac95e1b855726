/* SPDX-License-Identifier: ISC */
/*
 * The keys of the items that a session's event touches: all can be told from
 * the event itself, so that one read gets them all.
 */
#ifndef ORDERSNAP_SHOP_SETTLE_KEYS_H
#define ORDERSNAP_SHOP_SETTLE_KEYS_H

#include "shop/facts.h"

enum settle_item {
	SETTLE_EVENT,   /* no key where it is about no event */
	SETTLE_SESSION,
	SETTLE_ORDER,
	SETTLE_PAYMENT, /* no key where the session has no payment intent */
	SETTLE_NUMBER,
	SETTLE_DAY,
	SETTLE_QUOTE, /* no key where the session is from no quote */
	SETTLE_ADOPTED, /* whether every order has its pointers: shop/adoption.h */
	SETTLE_ITEMS
};

#define SETTLE_ALL ((1u << SETTLE_ITEMS) - 1)

struct settle_keys {
	char *pk[SETTLE_ITEMS]; /* NULL: there is no such item */
	char *sk[SETTLE_ITEMS];
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
void settle_keys_init(struct settle_keys *keys, const struct event_facts *event,
		      const struct session_facts *session, const char *number_prefix,
		      int64_t now);
void settle_keys_free(struct settle_keys *keys);

/* Takes over the order's keys (that are there, or that the session's item
 * names), or the number that the order bears.  All may be NULL.  Return the bits of the items
 * that are to be read (again). */
unsigned settle_keys_set_order(struct settle_keys *keys, const char *pk, const char *sk);
unsigned settle_keys_from_session(struct settle_keys *keys, struct json_object *session_item);
unsigned settle_keys_from_order(struct settle_keys *keys, struct json_object *order);

/* Takes over what Stripe's own copy of the session says; the order's keys only
 * while no order is known, for one that stands keeps its own.  Returns the bits
 * of the items to read. */
unsigned settle_keys_update(struct settle_keys *keys, const struct session_facts *session,
			    bool order_is_known);

/* Those of an event about a payment, of which nothing else is known (`intent` may
 * be NULL). */
void settle_keys_of_payment(struct settle_keys *keys, const struct event_facts *event,
			    const char *intent);

/* The keys of the order that its payment's pointer names, and of all that belongs
 * to it; -1 where it names none. */
int settle_keys_from_payment(struct settle_keys *keys, struct json_object *pointer);

/* Whether a pointer (SESSION#, PAYMENT#, NUMBER#; NULL) names an order of this
 * session: a number may be another's. */
bool settle_keys_names(struct json_object *pointer, const char *session_id);

/* Takes `number`. */
void settle_keys_set_number(struct settle_keys *keys, char *number);

#endif

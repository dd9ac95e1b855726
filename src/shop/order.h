/* SPDX-License-Identifier: ISC */
/*
 * The order: a pure function of what Stripe says.
 *
 * order_apply_session() takes the stored order (or nothing) and a
 * session and gives the new order, without I/O and without a clock.  Whoever
 * sees a payment first, in whatever order events arrive, calls it and gets the
 * same item:
 *   - the state climbs pending -> failed -> completed and never back;
 *   - what Stripe answers replaces what stands, and so does an event's copy that
 *     is further on; any other copy only fills gaps, for it may be old;
 *   - completedAt is the latest event that paid: of a delayed payment a thin
 *     `completed`, fetched late, tells of a paid session as well, and only what
 *     comes after it did pay.
 */
#ifndef ORDERSNAP_SHOP_ORDER_H
#define ORDERSNAP_SHOP_ORDER_H

#include "shop/event.h"
#include "shop/session.h"

struct order_input {
	struct json_object *stored;          /* the order as it stands, or NULL */
	const struct session *session;
	bool asked;                          /* the session is Stripe's answer, not an event's copy:
					      * that may be old, and only fills gaps */
	enum event_kind kind;                /* what happened to the session */
	struct json_object *line_items;      /* Stripe's, or NULL: not fetched (this time) */
	struct json_object *quote;           /* the quote's item, or NULL */
	const char *pk, *sk, *number;        /* the order's keys and its orderNumber */
	const char *user_id;
	const char *source;                  /* who writes: "webhook" */
	int64_t created;                     /* epoch seconds; the one in the SK */
	int64_t event_time;                  /* epoch seconds; of the event, 0: not known */
	int64_t now;                         /* epoch seconds; for updatedAt and expiresAt */
	int64_t ttl_days;                    /* 0: kept for ever */
};

/* The new order; the caller releases it.  Its "version" is the store's. */
struct json_object *order_apply_session(const struct order_input *input);

/* Whether an order of that age is past the days that orders are kept (0: for
 * ever): it has expired, and is not made anew. */
bool order_has_expired(int64_t created, int64_t ttl_days, int64_t now);

/* Whether the order's line items are still to be fetched (NULL: yes; so it is where
 * the functions wrote none, because Stripe could not be asked). */
bool order_needs_lines(struct json_object *order);

/* Whether the order says what an event said while Stripe could not be asked; and
 * that it does so, or not any more.  One that still waits for its lines
 * (itemsPending) says so already. */
bool order_is_unconfirmed(struct json_object *order);
void order_set_unconfirmed(struct json_object *order, bool unconfirmed);

/* Whether two states of an item say the same, whoever wrote them when
 * (version and updatedAt do not count). */
bool order_same(struct json_object *a, struct json_object *b);

#endif

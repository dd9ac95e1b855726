/* SPDX-License-Identifier: ISC */
/*
 * What becomes of a payment afterwards: refunds and disputes, and the orders
 * they change.
 *
 * The events only say that something has happened to a charge; what is written
 * is always taken from the charge and its disputes as they are when asked, so
 * the order of the events does not matter.
 * https://docs.stripe.com/api/charges/object
 * https://docs.stripe.com/api/disputes/object
 */
#ifndef ORDERSNAP_SHOP_CHARGE_H
#define ORDERSNAP_SHOP_CHARGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "format/json.h"
#include "shop/event.h"
#include "shop/sale.h"

/* Which payment an event's object (a charge, refund, dispute or payment intent) is about;
 * borrowed, NULL where it does not say. */
struct payment_ref {
	const char *charge, *payment_intent;
};

struct payment_ref payment_ref_of(struct json_object *object);

/* The latest charge of a session's payment, borrowed; NULL unless both are
 * expanded in it. */
struct json_object *charge_of_session(struct json_object *session);

/* Whether its money comes days after Checkout is complete, as of a bank debit or a
 * voucher; false where the charge (or NULL) does not say how it was paid.
 * https://docs.stripe.com/payments/payment-methods/payment-method-support */
bool charge_is_delayed(struct json_object *charge);

/* When its money came into the balance, which of a payment that was held is the time
 * of its capture; where that is not expanded, when it was made; 0 of NULL. */
int64_t charge_paid_at(struct json_object *charge);

/*
 * When a session was paid that is paid by now, 0: not known.  Checkout completes before
 * a delayed payment comes or a held one is captured, and the event that told of that
 * may be lost: `completed` tells the time only where its own copy said that the
 * session was paid (`told`).  A thin event has none; then the way of paying tells, as
 * `session`, Stripe's answer, has it expanded (NULL: not asked).
 */
int64_t payment_time(const struct event *event, bool told, struct json_object *session);

/* Whether a complete session's payment, expanded in it, did not come off: a
 * delayed method's that was refused in the end.
 * https://docs.stripe.com/payments/paymentintents/lifecycle */
bool payment_has_failed(struct json_object *session);

/*
 * How far a charge's money has come.  One that is made with capture_method=manual
 * is held on the buyer's card first, and then captured, in whole or in part, or
 * released; only what is captured is paid.  (Before 2025-03-31 Stripe told a release by
 * charge.refunded and amount_refunded, though nobody paid; since then such a charge looks as if it
 * were held, and its payment says that it was given up.)  One that is captured in parts is paid
 * from the first of them on, so far as it goes.
 * https://docs.stripe.com/payments/place-a-hold-on-a-payment-method
 */
enum charge_state {
	CHARGE_OTHER,    /* it is under way, or failed; or an old version does not say */
	CHARGE_HELD,     /* authorized, not captured yet */
	CHARGE_RELEASED, /* authorized, and never captured */
	CHARGE_PAID,
};

/* A charge, borrowed from its JSON.  Amounts are minor units of `currency`. */
struct charge {
	const char *id, *payment_intent;
	const char *currency;
	enum charge_state state;
	int64_t paid_at; /* charge_paid_at() */
	int64_t amount;
	bool says_captured; /* versions before amount_captured do not say how much */
	int64_t captured;   /* what was paid of it */
	int64_t refunded; /* what of that was given back: the rest of a partial capture,
			   * which may stand in amount_refunded as well, is no part of it */
};

/* -1 with ERR_UNAVAILABLE where Stripe's answer is no charge. */
int charge_read(struct json_object *json, struct charge *charge, struct err *e);

/* Whether the charge, or what the order (NULL: none) says of it, is of a refund,
 * a dispute or a capture at all. */
bool charge_matters(struct json_object *order, struct json_object *charge);

/* Of a charge's disputes the one that counts: the latest, and of two of one
 * second the one with the higher id.  NULL if there is none (or no list). */
struct json_object *dispute_latest(struct json_object *disputes);

/*
 * The order with amountCaptured, amountRefunded and status after the charge, and
 * `dispute` after the dispute (NULL: left as it is).  While the money is held the
 * order is pending, unless it has failed already; after its release failed, whatever
 * the session says; captured, it is completed.  A charge in another currency (the
 * buyer's own) counts by its proportion.  The caller releases it.
 */
struct json_object *order_apply_charge(struct json_object *stored,
				       const struct charge *charge,
				       struct json_object *dispute, int64_t now);

/*
 * The order with all that is known of its charge: what shop/sale.h takes over and,
 * where the charge matters (or an event says so: `told`), the sums after it.  The
 * caller releases it; NULL with ERR_UNAVAILABLE where the charge can't be read.
 * Without a charge it is the same.
 */
struct json_object *order_take_charge(struct json_object *stored, const struct sale_charge *of,
				      bool told, int64_t now, struct err *e);

#endif

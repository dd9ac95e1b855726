/* SPDX-License-Identifier: ISC */
/*
 * The operations of the Stripe API that ordersnap uses, one short function
 * each.  All take a deadline (base/clock.h), give JSON to json_object_put(),
 * and fail as stripe_send() does.
 */
#ifndef ORDERSNAP_STRIPE_API_H
#define ORDERSNAP_STRIPE_API_H

#include "stripe/client.h"

#define STRIPE_LOOKUP_KEYS_MAX 10 /* lookup keys one call may ask for */

/* The active prices with these 1..STRIPE_LOOKUP_KEYS_MAX lookup keys, each with
 * its product expanded; `*prices` is a JSON array in no particular order.
 * https://docs.stripe.com/api/prices/list */
int stripe_prices_by_lookup_key(struct stripe_client *client, const char *const *keys,
				size_t count, int64_t deadline, struct json_object **prices,
				struct err *e);

/* The price with this id, its product expanded.  ERR_REFUSED with
 * e->upstream 404 if there is none. https://docs.stripe.com/api/prices/retrieve */
int stripe_price_retrieve(struct stripe_client *client, const char *id, int64_t deadline,
			  struct json_object **price, struct err *e);

/* A Checkout Session from form-encoded parameters.
 * https://docs.stripe.com/api/checkout/sessions/create */
int stripe_session_create(struct stripe_client *client, const char *form,
			  const char *idempotency_key, int64_t deadline,
			  struct json_object **session, struct err *e);

/* All line items of a session, one call for each hundred, each with its
 * price's product expanded; `*items` is a JSON array in Stripe's order.
 * https://docs.stripe.com/api/checkout/sessions/line_items */
int stripe_session_line_items(struct stripe_client *client, const char *session_id,
			      int64_t deadline, struct json_object **items, struct err *e);

/* A session with all of its sale in one call: its line items with their products,
 * its payment with the latest charge, expanded.  `*lines` is a JSON array of all
 * line items; only where the session has more of them than it embeds they cost
 * further calls. */
int stripe_session_with_sale(struct stripe_client *client, const char *id, int64_t deadline,
			     struct json_object **session, struct json_object **lines,
			     struct err *e);

/* The objects with these ids: checkout sessions, charges, refunds, disputes.
 * ERR_REFUSED with e->upstream 404 if there is none. */
int stripe_session_retrieve(struct stripe_client *client, const char *id, int64_t deadline,
			    struct json_object **session, struct err *e);
int stripe_charge_retrieve(struct stripe_client *client, const char *id, int64_t deadline,
			   struct json_object **charge, struct err *e);
/* The charge with its balance transaction and its first refunds. */
int stripe_charge_with_sale(struct stripe_client *client, const char *id, int64_t deadline,
			    struct json_object **charge, struct err *e);
int stripe_refund_retrieve(struct stripe_client *client, const char *id, int64_t deadline,
			   struct json_object **refund, struct err *e);
int stripe_dispute_retrieve(struct stripe_client *client, const char *id, int64_t deadline,
			    struct json_object **dispute, struct err *e);

/* All disputes of a charge, each with the charge expanded; `*disputes` is a JSON
 * array. https://docs.stripe.com/api/disputes/list */
int stripe_disputes_of_charge(struct stripe_client *client, const char *charge, int64_t deadline,
			      struct json_object **disputes, struct err *e);

/* All refunds of a charge. https://docs.stripe.com/api/refunds/list */
int stripe_refunds_of_charge(struct stripe_client *client, const char *charge, int64_t deadline,
			     struct json_object **refunds, struct err *e);

/* The payment intent with its latest charge expanded.
 * https://docs.stripe.com/api/payment_intents/retrieve */
int stripe_payment_retrieve(struct stripe_client *client, const char *id, int64_t deadline,
			    struct json_object **payment, struct err *e);

/* The Checkout Session that a payment intent is of; `*session` is NULL if it is
 * of none. https://docs.stripe.com/api/checkout/sessions/list */
int stripe_session_of_payment(struct stripe_client *client, const char *payment_intent,
			      int64_t deadline, struct json_object **session, struct err *e);

#endif

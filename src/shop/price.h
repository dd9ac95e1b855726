/* SPDX-License-Identifier: ISC */
/*
 * What a shop may sell: a Price of Stripe, as far as a quote needs it, in the
 * shape in which it is kept in the table.
 * https://docs.stripe.com/api/prices/object
 */
#ifndef ORDERSNAP_SHOP_PRICE_H
#define ORDERSNAP_SHOP_PRICE_H

#include "format/json.h"

/* Why this price can't be quoted ("it is not active"), or NULL if it can: it
 * has to be active, as its product, one-time, and a whole number of minor
 * units.  Static. */
const char *price_problem(struct json_object *stripe_price);

/* The price's item: key `name` (the lookup key or the id that asked for it),
 * stripePriceId, stripeProductId, lookupKey, name, sku, unitPrice, currency,
 * kept until `expires_at`.  price_problem() must be NULL. */
struct json_object *price_item(struct json_object *stripe_price, const char *name,
			       int64_t expires_at);

#endif

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
 * units for one thing or a package of them, without tiers; its product's metadata
 * has to have the key `marked` (NULL: any product will do).  Static. */
const char *price_problem(struct json_object *stripe_price, const char *marked);

/* What a price is kept under: PK is PRICE#{name}, the lookup key or the id that
 * asked for it; SK is of one Stripe account and mode, since another account, or
 * the same one in test mode, has other prices. */
struct price_key {
	const char *name;
	const char *sk; /* as by price_sk() */
};

/* CACHE#{mode}#{16 hex digits of the key's SHA-256}, to free(): a shop that
 * changes its key, or goes live, asks Stripe anew; so does one that sells other
 * products, for `marked` is digested, too, where it is not NULL.  The digits give
 * nothing of the key away. */
char *price_sk(const char *mode, const char *stripe_secret, const char *marked);

/* The price's item: its key, stripePriceId, stripeProductId, lookupKey, name,
 * sku, productSku (the product's own), collectionId and variantId (as the price or the
 * product says them), unitPrice, currency, transformQuantity (of a package price), kept
 * until `expires_at`.  price_problem() must be NULL. */
struct json_object *price_item(struct json_object *stripe_price, const struct price_key *key,
			       int64_t expires_at);

/* Whether the item has what a quote is computed with: its currency, a unitPrice, and of a package price how
 * many it is of.  One that somebody has edited may not. */
bool price_item_is_whole(struct json_object *item);

/*
 * What a number of things costs at the price of the item, in minor units; -1 where it
 * does not fit.  A package price is one of `divide_by` things, and a package that is
 * begun counts as a whole one, or not at all: `round` is up or down.
 * https://docs.stripe.com/api/prices/object#price_object-transform_quantity
 */
int price_amount(struct json_object *item, int64_t quantity, int64_t *amount);

/* The item that remembers that there is no such price to sell: its key and
 * `problem`, why not. */
struct json_object *price_missing_item(const struct price_key *key, const char *problem,
				       int64_t expires_at);

#endif

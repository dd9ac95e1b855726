/* SPDX-License-Identifier: ISC */
/*
 * The items of an order, from what Stripe lists or, until that can be had,
 * from the quote.
 */
#ifndef ORDERSNAP_SHOP_LINES_H
#define ORDERSNAP_SHOP_LINES_H

#include "format/json.h"

/*
 * An order's `items` from Stripe's line items
 * (https://docs.stripe.com/api/checkout/sessions/line_items).  What the shop
 * itself knows of a line (sku, collectionId, variantId) is taken from the
 * line's own metadata, then from the price's, the product's, and the line of
 * the quote with the same price; without a quote the sku is at last the price's lookup key.
 * `quote` may be NULL.  The caller releases the array.
 */
struct json_object *lines_from_stripe(struct json_object *line_items, struct json_object *quote);

/* What a price of Stripe's, with its product expanded, calls one of the names that the shop itself
 * has (collectionId, variantId): by its own metadata, else by the product's; NULL where neither does. */
const char *lines_price_says(struct json_object *price, const char *name);

/* An order's `items` from a quote alone; an empty array if it is NULL. */
struct json_object *lines_from_quote(struct json_object *quote);

/* The sum of the quantities; 0 of NULL. */
int64_t lines_count(struct json_object *items);

/* The sum of the lines' attribute `key` (amountTotal, amountSubtotal); false
 * if there is no line (or no list), one doesn't have it, or it doesn't fit. */
bool lines_sum(struct json_object *items, const char *key, int64_t *sum);

/* What a line is called: its name, else the shop's or Stripe's name of what was
 * sold; never NULL. */
const char *lines_item_name(struct json_object *item);

/* What a line comes to: its amountTotal, or (the Lambda functions wrote none) its price
 * by its quantity; false where it has neither, or that doesn't fit. */
bool lines_item_total(struct json_object *item, int64_t *total);

/* How many things were sold: the sum of the order's lines, or where they tell none its
 * itemCount (the Lambda functions counted the lines); false where it has neither. */
bool lines_order_count(struct json_object *order, int64_t *count);

#endif

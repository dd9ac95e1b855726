/* SPDX-License-Identifier: ISC */
/*
 * What a browser puts into a cart.  Only what is bought and how many is taken
 * from it; prices and sums that a client sends are never looked at.
 */
#ifndef ORDERSNAP_SHOP_CART_H
#define ORDERSNAP_SHOP_CART_H

#include <stddef.h>

#include "base/err.h"
#include "format/json.h"

#define CART_MAX_LINES 100 /* Checkout's limit */
#define CART_MAX_QUANTITY 999

/* One of `sku` (a price's lookup key) and `price_id` is set, the other is
 * NULL.  All strings are borrowed from the JSON. */
struct cart_line {
	const char *sku, *price_id;
	const char *collection_id, *variant_id; /* or NULL */
	int64_t quantity;
};

struct cart {
	struct cart_line lines[CART_MAX_LINES];
	size_t count;
	const char *currency; /* as the client wishes, or NULL */
};

/* Reads the body of POST /cart/quote.  -1 with ERR_BAD_REQUEST and a text that
 * names the item: `items[2].quantity must be ...`. */
int cart_read(struct json_object *body, struct cart *cart, struct err *e);

/* What names the line's price: its price id or its sku. */
const char *cart_line_name(const struct cart_line *line);

#endif

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
 * NULL.  All strings but `made` are borrowed from the JSON. */
struct cart_line {
	const char *sku, *price_id;
	char *made; /* the lookup key that collection and variant give: it is no sku of the
		     * shop's, though `sku` is set to it; NULL: the client named the price */
	const char *collection_id, *variant_id; /* or NULL */
	int64_t quantity;
};

struct cart {
	struct cart_line lines[CART_MAX_LINES];
	size_t count;
	const char *currency; /* as the client wishes, or NULL */
};

/* How a line may name its price, as the settings say. */
struct cart_rules {
	const char *lookup_key; /* QUOTE_LOOKUP_KEY: by collectionId and variantId, too; NULL: not so */
	bool lookup_keys_only;  /* QUOTE_LOOKUP_KEYS_ONLY: not by the price's id, which is ignored */
};

/*
 * Reads the body of POST /cart/quote; cart_free() what it made.  -1 with
 * ERR_BAD_REQUEST and a text that names the item: `items[2].quantity must be ...`.
 */
int cart_read(struct json_object *body, const struct cart_rules *rules, struct cart *cart,
	      struct err *e);
void cart_free(struct cart *cart);

/* babesclub:{collectionId}:{variantId}:{currency} with the three in their places,
 * the currency in lower case; to free().  NULL where it is too long for any key. */
struct cart_ids {
	const char *collection_id, *variant_id, *currency;
};
char *cart_lookup_key(const char *template, const struct cart_ids *ids);

/* What names the line's price: its price id or its sku. */
const char *cart_line_name(const struct cart_line *line);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Making and checking quotes.  The one idea: the signature is computed from
 * the item that is stored, so making one and checking one are the same code.
 */
#include "shop/quote.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/digest.h"
#include "format/iso8601.h"
#include "shop/keys.h"
#include "shop/lines.h"
#include "shop/price.h"

/* A list, because the order of its values is sure. */
static struct json_object *values_of(struct json_object *object, const char *const *keys)
{
	struct json_object *list = json_object_new_array(), *value;

	for (; *keys; keys++) {
		if (!json_object_object_get_ex(object, *keys, &value))
			value = NULL;
		json_object_array_add(list, json_copy(value));
	}
	return list;
}

static struct json_object *canonical_lines(struct json_object *items)
{
	static const char *const keys[] = {"stripePriceId", "quantity", "unitPrice", "currency",
					   "sku", "collectionId", "variantId", NULL};
	struct json_object *lines = json_object_new_array();
	size_t i;

	for (i = 0; i < json_object_array_length(items); i++)
		json_object_array_add(lines, values_of(json_object_array_get_idx(items, i), keys));
	return lines;
}

static struct json_object *items_of(struct json_object *quote)
{
	struct json_object *items = NULL;

	json_get_array(quote, "items", &items);
	return items;
}

/* HMAC-SHA256 over the canonical text of what is promised: the times, the nonce, the sum and
 * the lines. */
static void sign(struct json_object *quote, const char *secret, char out[DIGEST_HEX])
{
	static const char *const keys[] = {"created", "validUntil", "nonce", "currency",
					   "subtotal", NULL};
	struct json_object *canonical = values_of(quote, keys);
	struct span text;

	json_object_array_add(canonical, canonical_lines(items_of(quote)));
	text = span_of(json_text(canonical));
	digest_hmac_hex(span_of(secret), &text, 1, out);
	json_object_put(canonical);
}

static int compare_text(const void *a, const void *b)
{
	struct json_object *const *x = a, *const *y = b;

	return strcmp(json_text(*x), json_text(*y));
}

/* The same for the same cart, in whatever order its lines stand. */
static void hash_lines(struct json_object *items, char out[DIGEST_HEX])
{
	struct json_object *lines = canonical_lines(items);

	json_object_array_sort(lines, compare_text);
	digest_sha256_hex(span_of(json_text(lines)), out);
	json_object_put(lines);
}

/* What the price says of itself counts, and the request fills what that leaves open.  The ids that have
 * found the price are the request's. */
static void set_label(struct json_object *item, const char *key, const struct cart_line *line,
		      const char *asked, struct json_object *price)
{
	const char *own = json_string_or_null(price, key);

	json_set_string(item, key, line->made || str_empty(own) ? asked : own);
}

/* One line, at its price; -1 where the currency or the sum is not possible. */
static struct json_object *quote_line(const struct cart_line *line, struct json_object *price,
				      size_t i, struct err *e)
{
	struct json_object *item = json_object_new_object();
	int64_t total;

	json_copy_member(item, "name", price, "name");
	json_set_int(item, "quantity", line->quantity);
	if (price_amount(price, line->quantity, &total)) {
		err_set(e, ERR_BAD_REQUEST, "items[%zu]: the amount is too large", i);
		json_object_put(item);
		return NULL;
	}
	/* A package's price is not that of one thing. */
	if (total % line->quantity == 0)
		json_set_int(item, "unitPrice", total / line->quantity);
	json_set_int(item, "amountSubtotal", total);
	json_copy_member(item, "currency", price, "currency");
	json_copy_member(item, "sku", price, line->made ? "productSku" : "sku");
	set_label(item, "collectionId", line, line->collection_id, price);
	set_label(item, "variantId", line, line->variant_id, price);
	json_copy_member(item, "stripePriceId", price, "stripePriceId");
	json_copy_member(item, "stripeProductId", price, "stripeProductId");
	return item;
}

/* All lines, which have to be in one currency: the first one's, and the cart's. */
static int add_lines(const struct quote_input *in, struct json_object *items, struct err *e)
{
	const char *first = json_string_or_null(in->prices[0], "currency");
	const char *asked = in->cart->currency;
	size_t i;

	for (i = 0; i < in->cart->count; i++) {
		const struct cart_line *line = &in->cart->lines[i];
		const char *currency = json_string_or_null(in->prices[i], "currency");
		struct json_object *item;

		if (asked && strcasecmp(currency, asked) != 0)
			return err_set(e, ERR_BAD_REQUEST, "items[%zu] (%s) is priced in %s, not in %s",
				       i, cart_line_name(line), currency, asked);
		if (strcmp(currency, first) != 0)
			return err_set(e, ERR_BAD_REQUEST,
				       "items[%zu] (%s) is priced in %s, the first item in %s", i,
				       cart_line_name(line), currency, first);
		item = quote_line(line, in->prices[i], i, e);
		if (!item)
			return -1;
		json_object_array_add(items, item);
	}
	return 0;
}

struct json_object *quote_new(const struct quote_input *in, struct err *e)
{
	int64_t valid_until = in->now + in->ttl_minutes * 60, subtotal = 0;
	struct json_object *quote, *items = json_object_new_array();
	char signature[DIGEST_HEX], hash[DIGEST_HEX], time[ISO8601_SIZE];
	char nonce[2 * QUOTE_NONCE_BYTES + 1], *pk;

	/* The lines at their prices, and their sum. */
	if (add_lines(in, items, e))
		goto failed;
	if (!lines_sum(items, "amountSubtotal", &subtotal)) {
		err_set(e, ERR_BAD_REQUEST, "items: the sum is too large");
		goto failed;
	}

	/* What is signed: a nonce makes each quote another one. */
	str_hex(in->nonce, QUOTE_NONCE_BYTES, nonce);
	hash_lines(items, hash);
	quote = json_object_new_object();
	json_set_string(quote, "quoteCreatedAt", iso8601_time(in->now, time));
	json_set_int(quote, "created", in->now);
	json_set_int(quote, "validUntil", valid_until);
	json_set_string(quote, "nonce", nonce);
	json_set_string(quote, "normalizedHash", hash);
	json_set_string(quote, "currency", json_string_or_null(in->prices[0], "currency"));
	json_set_int(quote, "subtotal", subtotal);
	json_set(quote, "items", items);
	json_set_int(quote, "expiresAt", valid_until + QUOTE_LATE_SECONDS);

	/* The signature is its key. */
	sign(quote, in->secret, signature);
	pk = key_quote(signature);
	json_set_string(quote, "PK", pk);
	json_set_string(quote, "SK", KEY_CACHE);
	json_set_string(quote, "quoteSignature", signature);
	free(pk);
	return quote;
failed:
	json_object_put(items);
	return NULL;
}

int64_t quote_kept_until(int64_t session_expires_at)
{
	return session_expires_at + QUOTE_REDELIVERY_SECONDS;
}

bool quote_is_authentic(struct json_object *quote, const char *secret)
{
	const char *signature = json_string_or_null(quote, "quoteSignature");
	char expected[DIGEST_HEX];

	if (!signature || !items_of(quote))
		return false;
	sign(quote, secret, expected);
	return digest_equal(span_of(signature), span_of(expected));
}

struct json_object *quote_public(struct json_object *quote)
{
	struct json_object *public = json_object_new_object();
	struct json_object *summary = json_object_new_object();

	json_copy_member(public, "quoteSignature", quote, "quoteSignature");
	json_copy_member(public, "quoteCreatedAt", quote, "quoteCreatedAt");
	json_copy_member(public, "normalizedHash", quote, "normalizedHash");
	json_set_int(public, "expiresAt", json_int_or(quote, "validUntil", 0));
	json_copy_member(public, "items", quote, "items");
	json_set_int(summary, "items", lines_count(items_of(quote)));
	json_copy_member(summary, "subtotal", quote, "subtotal");
	json_copy_member(summary, "currency", quote, "currency");
	json_set(public, "pricingSummary", summary);
	return public;
}

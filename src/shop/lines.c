/* SPDX-License-Identifier: ISC */
/*
 * The items of an order.
 */
#include "shop/lines.h"

#include <string.h>
#include <strings.h>

/* The shop's own names of a thing; `catalogue` is what that of the Lambda functions
 * calls them in a product's metadata. */
static const struct shop_key {
	const char *name, *catalogue;
} shop_keys[] = {
	{"sku", "sku"},
	{"collectionId", "collection"},
	{"variantId", "variant_id"},
	{"color", "color"},
};

/* Where Stripe keeps the metadata of a line, the nearest first. */
struct sources {
	struct json_object *line, *price, *product, *quoted;
};

static const char *text_of(struct json_object *object, const char *key)
{
	const char *text = json_string_or_null(object, key);

	return str_empty(text) ? NULL : text;
}

static const char *metadata_of(struct json_object *object, const char *key)
{
	struct json_object *metadata = NULL;

	json_get_object(object, "metadata", &metadata);
	return text_of(metadata, key);
}

/*
 * The quote's line that the i-th of Stripe's lines was made of: the n-th one with its
 * price, where n of the lines before it have that price, so that one price that stands
 * in a cart twice keeps both variants apart.  NULL where there is none.
 */
static struct json_object *quoted_line(struct json_object *quote, struct json_object *lines,
				       size_t i)
{
	const char *price_id = json_id_or_null(json_object_array_get_idx(lines, i), "price");
	struct json_object *items = NULL;
	size_t nth = 0, k;

	if (!price_id || json_get_array(quote, "items", &items) != JSON_FOUND)
		return NULL;
	for (k = 0; k < i; k++) {
		const char *id = json_id_or_null(json_object_array_get_idx(lines, k), "price");

		nth += id && strcmp(id, price_id) == 0;
	}
	for (k = 0; k < json_object_array_length(items); k++) {
		struct json_object *item = json_object_array_get_idx(items, k);
		const char *id = text_of(item, "stripePriceId");

		if (id && strcmp(id, price_id) == 0 && nth-- == 0)
			return item;
	}
	return NULL;
}

/* The first of the sources that has it; empty counts as not there. */
static const char *shop_value(const struct sources *s, const struct shop_key *key)
{
	const char *value = metadata_of(s->line, key->name);

	if (!value)
		value = metadata_of(s->price, key->name);
	if (!value)
		value = metadata_of(s->price, key->catalogue);
	if (!value)
		value = metadata_of(s->product, key->name);
	if (!value)
		value = metadata_of(s->product, key->catalogue);
	if (!value)
		value = text_of(s->quoted, key->name);
	/* A quoted line has the lookup key for its sku, unless it was made of other ids. */
	if (!value && !s->quoted && strcmp(key->name, "sku") == 0)
		value = text_of(s->price, "lookup_key");
	return value;
}

const char *lines_price_says(struct json_object *price, const char *name)
{
	struct sources s = {.price = price};
	const struct shop_key *key = shop_keys, *end = key + sizeof shop_keys / sizeof *shop_keys;

	json_get_object(price, "product", &s.product);
	while (key < end && strcmp(key->name, name) != 0)
		key++;
	return key < end ? shop_value(&s, key) : NULL;
}

/* The description is what the buyer saw; products of old have a name only. */
static const char *name_of(const struct sources *s)
{
	const char *name = text_of(s->line, "description");

	if (!name)
		name = text_of(s->product, "name");
	if (!name)
		name = text_of(s->price, "nickname");
	return name ? name : text_of(s->quoted, "name");
}

static void copy_int(struct json_object *to, const char *to_key, struct json_object *from,
		     const char *from_key)
{
	int64_t value;

	if (json_get_int(from, from_key, &value) == JSON_FOUND)
		json_set_int(to, to_key, value);
}

/*
 * What multiplies to the line; else there is none.
 *
 * The price's unit_amount is null where a price has fractions of the minor unit, has
 * tiers, or lets the buyer choose.  It is in the price's own currency, which with
 * currency_options or adaptive pricing is not the line's; a package price
 * (transform_quantity) is that of a package.
 */
static void set_unit_price(struct json_object *item, const struct sources *s)
{
	const char *line = text_of(s->line, "currency"), *price = text_of(s->price, "currency");
	int64_t quantity = json_int_or(item, "quantity", 1), unit = 0, subtotal = 0, product;
	bool has_subtotal = json_get_int(item, "amountSubtotal", &subtotal) == JSON_FOUND;
	bool is_unit = json_get_int(s->price, "unit_amount", &unit) == JSON_FOUND;

	if (line && price && strcasecmp(line, price) != 0)
		is_unit = false;
	if (is_unit && has_subtotal)
		is_unit = !__builtin_mul_overflow(unit, quantity, &product) && product == subtotal;
	if (is_unit)
		json_set_int(item, "unitPrice", unit);
	else if (quantity > 0 && has_subtotal && subtotal % quantity == 0)
		json_set_int(item, "unitPrice", subtotal / quantity);
}

/* {"name": "Necklace", "quantity": 2, "amountTotal": 8000, "amountSubtotal": 8000,
 *  "unitPrice": 4000, "currency": "eur", "sku": "N-RED", "stripePriceId": "price_1", ...} */
static struct json_object *item_of(const struct sources *s)
{
	struct json_object *item = json_object_new_object();
	int64_t quantity = json_int_or(s->line, "quantity", 1);
	const char *currency = text_of(s->line, "currency");
	size_t i;

	json_set_string(item, "name", name_of(s));
	json_set_int(item, "quantity", quantity);
	copy_int(item, "amountTotal", s->line, "amount_total");
	copy_int(item, "amountSubtotal", s->line, "amount_subtotal");
	copy_int(item, "amountDiscount", s->line, "amount_discount");
	copy_int(item, "amountTax", s->line, "amount_tax");
	set_unit_price(item, s);
	json_set_string(item, "currency", currency ? currency : text_of(s->price, "currency"));
	for (i = 0; i < sizeof shop_keys / sizeof *shop_keys; i++)
		json_set_string(item, shop_keys[i].name, shop_value(s, &shop_keys[i]));
	json_set_string(item, "stripePriceId", text_of(s->price, "id"));
	json_set_string(item, "stripeProductId", json_id_or_null(s->price, "product"));
	return item;
}

struct json_object *lines_from_stripe(struct json_object *line_items, struct json_object *quote)
{
	struct json_object *items = json_object_new_array();
	size_t i, n = json_object_array_length(line_items);

	for (i = 0; i < n; i++) {
		struct sources s = {.line = json_object_array_get_idx(line_items, i)};

		json_get_object(s.line, "price", &s.price);
		json_get_object(s.price, "product", &s.product);
		s.quoted = quoted_line(quote, line_items, i);
		json_object_array_add(items, item_of(&s));
	}
	return items;
}

struct json_object *lines_from_quote(struct json_object *quote)
{
	struct json_object *items;

	if (json_get_array(quote, "items", &items) == JSON_FOUND)
		return json_copy(items);
	return json_object_new_array();
}

int64_t lines_count(struct json_object *items)
{
	int64_t count = 0;
	size_t i;

	for (i = 0; items && i < json_object_array_length(items); i++) {
		int64_t quantity = json_int_or(json_object_array_get_idx(items, i), "quantity", 0);

		if (__builtin_add_overflow(count, quantity, &count))
			return INT64_MAX;
	}
	return count;
}

bool lines_sum(struct json_object *items, const char *key, int64_t *sum)
{
	size_t i, n = items ? json_object_array_length(items) : 0;
	int64_t total = 0, value;

	for (i = 0; i < n; i++)
		if (json_get_int(json_object_array_get_idx(items, i), key, &value) != JSON_FOUND ||
		    __builtin_add_overflow(total, value, &total))
			return false;
	if (n)
		*sum = total;
	return n > 0;
}

const char *lines_item_name(struct json_object *item)
{
	static const char *const keys[] = {"name", "sku", "stripePriceId"};
	size_t i;

	for (i = 0; i < sizeof keys / sizeof *keys; i++)
		if (text_of(item, keys[i]))
			return text_of(item, keys[i]);
	return "?";
}

bool lines_item_total(struct json_object *item, int64_t *total)
{
	int64_t price;

	if (json_get_int(item, "amountTotal", total) == JSON_FOUND)
		return true;
	return json_get_int(item, "unitPrice", &price) == JSON_FOUND &&
	       !__builtin_mul_overflow(price, json_int_or(item, "quantity", 1), total);
}

bool lines_order_count(struct json_object *order, int64_t *count)
{
	struct json_object *items;
	bool has_lines = json_get_array(order, "items", &items) == JSON_FOUND;
	int64_t sum = has_lines ? lines_count(items) : 0;

	if (sum == 0 && json_get_int(order, "itemCount", count) == JSON_FOUND)
		return true;
	if (has_lines)
		*count = sum;
	return has_lines;
}

/* SPDX-License-Identifier: ISC */
/*
 * Reading a cart.
 */
#include "shop/cart.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"

#define SKU_MAX 200      /* a lookup key's characters at Stripe */
#define PRICE_ID_MAX 255 /* an id's characters at Stripe */
#define LABEL_MAX 500    /* a metadata value's characters at Stripe */

static int bad(struct err *e, size_t i, const char *what)
{
	return err_set(e, ERR_BAD_REQUEST, "items[%zu].%s", i, what);
}

static bool has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7F)
			return true;
	return false;
}

/* An optional string of 1..max characters without control characters. */
static int read_text(struct json_object *item, const char *key, long max, const char **value)
{
	enum json_found found = json_get_string(item, key, value);
	long length;

	if (found != JSON_FOUND)
		return found == JSON_ABSENT ? 0 : -1;
	length = span_utf8_length(span_of(*value));
	return length >= 1 && length <= max && !has_control(*value) ? 0 : -1;
}

/* Ids are letters, digits and underscores; this one becomes part of a URL. */
static bool is_id(const char *text)
{
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && *text != '_')
			return false;
	return true;
}

static int read_line(struct json_object *item, size_t i, struct cart_line *line, struct err *e)
{
	memset(line, 0, sizeof *line);
	if (!json_object_is_type(item, json_type_object))
		return err_set(e, ERR_BAD_REQUEST, "items[%zu] must be an object", i);
	if (read_text(item, "stripePriceId", PRICE_ID_MAX, &line->price_id) ||
	    (line->price_id && !is_id(line->price_id)))
		return bad(e, i, "stripePriceId must be the id of a price");
	if (read_text(item, "sku", SKU_MAX, &line->sku))
		return bad(e, i, "sku must be a string of 1 to 200 characters");
	if (!line->sku && !line->price_id)
		return bad(e, i, "sku or stripePriceId is required");
	if (line->price_id)
		line->sku = NULL;
	if (read_text(item, "collectionId", LABEL_MAX, &line->collection_id))
		return bad(e, i, "collectionId must be a string of 1 to 500 characters");
	if (read_text(item, "variantId", LABEL_MAX, &line->variant_id))
		return bad(e, i, "variantId must be a string of 1 to 500 characters");
	if (json_get_int(item, "quantity", &line->quantity) != JSON_FOUND || line->quantity < 1 ||
	    line->quantity > CART_MAX_QUANTITY)
		return bad(e, i, "quantity must be a whole number from 1 to 999");
	return 0;
}

static int read_currency(struct json_object *body, const char **currency, struct err *e)
{
	const char *p;

	*currency = NULL;
	if (json_get_string(body, "currency", currency) == JSON_WRONG)
		return err_set(e, ERR_BAD_REQUEST, "currency must be a string");
	for (p = *currency; p && *p; p++)
		if (!isalpha((unsigned char)*p))
			break;
	if (p && (*p || p - *currency != 3))
		return err_set(e, ERR_BAD_REQUEST, "currency must be three letters (ISO 4217)");
	return 0;
}

int cart_read(struct json_object *body, struct cart *cart, struct err *e)
{
	struct json_object *items;
	size_t i, n;

	cart->count = 0;
	if (!json_object_is_type(body, json_type_object))
		return err_set(e, ERR_BAD_REQUEST, "the body must be a JSON object");
	if (json_get_array(body, "items", &items) != JSON_FOUND)
		return err_set(e, ERR_BAD_REQUEST, "items must be an array");
	n = json_object_array_length(items);
	if (n == 0)
		return err_set(e, ERR_BAD_REQUEST, "items is empty");
	if (n > CART_MAX_LINES)
		return err_set(e, ERR_BAD_REQUEST, "items[%d]: a cart has at most %d lines",
			       CART_MAX_LINES, CART_MAX_LINES);
	for (i = 0; i < n; i++)
		if (read_line(json_object_array_get_idx(items, i), i, &cart->lines[i], e))
			return -1;
	cart->count = n;
	return read_currency(body, &cart->currency, e);
}

const char *cart_line_name(const struct cart_line *line)
{
	return line->price_id ? line->price_id : line->sku;
}

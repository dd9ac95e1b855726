/* SPDX-License-Identifier: ISC */
/*
 * Reading a cart.
 */
#include "shop/cart.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

#define SKU_MAX 200      /* a lookup key's characters at Stripe */
#define KEY_BYTES_MAX (4 * SKU_MAX)
#define PRICE_ID_MAX 255 /* an id's characters at Stripe */
#define CURRENCY "usd" /* in a lookup key, where the request names none: as the functions had it */
#define LABEL_MAX 500    /* a metadata value's characters at Stripe */

static int bad(struct err *e, size_t i, const char *what)
{
	return err_set(e, ERR_BAD_REQUEST, "items[%zu].%s", i, what);
}

/* An optional string of 1..max characters without control characters. */
static int read_text(struct json_object *item, const char *key, long max, const char **value)
{
	enum json_found found = json_get_string(item, key, value);
	const char *p;
	long length;

	if (found != JSON_FOUND)
		return found == JSON_ABSENT ? 0 : -1;
	for (p = *value; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7F)
			return -1;
	length = span_utf8_length(span_of(*value));
	return length >= 1 && length <= max ? 0 : -1;
}

/* Ids are letters, digits and underscores; this one becomes part of a URL. */
static bool is_id(const char *text)
{
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && *text != '_')
			return false;
	return true;
}

/* A line names its price by an id, which counts first, or by a sku, which is a lookup key;
 * or it names a collection and a variant. */
static int read_line(struct json_object *item, size_t i, const struct cart_rules *rules,
		     struct cart_line *line, struct err *e)
{
	memset(line, 0, sizeof *line);
	if (!json_object_is_type(item, json_type_object))
		return err_set(e, ERR_BAD_REQUEST, "items[%zu] must be an object", i);
	if (!rules->lookup_keys_only &&
	    (read_text(item, "stripePriceId", PRICE_ID_MAX, &line->price_id) ||
	     (line->price_id && !is_id(line->price_id))))
		return bad(e, i, "stripePriceId must be the id of a price");
	if (read_text(item, "sku", SKU_MAX, &line->sku))
		return bad(e, i, "sku must be a string of 1 to 200 characters");
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

/* --- lookup keys of collections and variants --------------------------------- */

char *cart_lookup_key(const char *template, const struct cart_ids *ids)
{
	char currency[] = "xxx";
	const struct {
		const char *name, *value;
	} places[] = {
		{"{collectionId}", ids->collection_id},
		{"{variantId}", ids->variant_id},
		{"{currency}", currency},
	};
	const size_t all = sizeof places / sizeof *places;
	struct buf key;
	size_t i;

	for (i = 0; i < 3 && ids->currency[i]; i++)
		currency[i] = (char)tolower((unsigned char)ids->currency[i]);

	/* Each place of the template becomes its value, and all else stays. */
	buf_init(&key, KEY_BYTES_MAX);
	while (*template) {
		for (i = 0; i < all && !str_starts(template, places[i].name); i++)
			;
		if (i < all) {
			buf_puts(&key, places[i].value);
			template += strlen(places[i].name);
		} else {
			buf_putc(&key, *template++);
		}
	}
	if (!key.failed)
		return buf_detach(&key);
	buf_free(&key);
	return NULL;
}

/* A line that names no price may name a collection and a variant. */
static int name_price(struct cart *cart, size_t i, const struct cart_rules *rules, struct err *e)
{
	const char *names = rules->lookup_keys_only ? "sku" : "sku or stripePriceId";
	struct cart_line *line = &cart->lines[i];
	const struct cart_ids ids = {
		.collection_id = line->collection_id,
		.variant_id = line->variant_id,
		.currency = cart->currency ? cart->currency : CURRENCY,
	};

	if (line->sku || line->price_id)
		return 0;
	if (!rules->lookup_key)
		return err_set(e, ERR_BAD_REQUEST, "items[%zu].%s is required", i, names);
	if (!line->collection_id || !line->variant_id)
		return err_set(e, ERR_BAD_REQUEST, "items[%zu].%s, or collectionId and variantId, is "
			       "required", i, names);
	line->made = cart_lookup_key(rules->lookup_key, &ids);
	if (!line->made || span_utf8_length(span_of(line->made)) > SKU_MAX)
		return bad(e, i, "collectionId and variantId are too long: they give a lookup key "
			   "of more than 200 characters");
	line->sku = line->made;
	return 0;
}

int cart_read(struct json_object *body, const struct cart_rules *rules, struct cart *cart,
	      struct err *e)
{
	struct json_object *items;
	const char *p;
	size_t i, n;

	cart->count = 0;
	cart->currency = NULL;
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

	/* The buyer's currency, of which the lines have to be. */
	if (json_get_string(body, "currency", &cart->currency) == JSON_WRONG)
		return err_set(e, ERR_BAD_REQUEST, "currency must be a string");
	for (p = cart->currency; p && *p; p++)
		if (!isalpha((unsigned char)*p))
			break;
	if (p && (*p || p - cart->currency != 3))
		return err_set(e, ERR_BAD_REQUEST, "currency must be three letters (ISO 4217)");

	/* Each line, and the price that it names. */
	for (i = 0; i < n; i++) {
		cart->count = i + 1;
		if (read_line(json_object_array_get_idx(items, i), i, rules, &cart->lines[i], e) ||
		    name_price(cart, i, rules, e)) {
			cart_free(cart);
			return -1;
		}
	}
	return 0;
}

void cart_free(struct cart *cart)
{
	size_t i;

	for (i = 0; i < cart->count; i++)
		free(cart->lines[i].made);
	cart->count = 0;
}

const char *cart_line_name(const struct cart_line *line)
{
	return line->price_id ? line->price_id : line->sku;
}

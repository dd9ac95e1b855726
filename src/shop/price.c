/* SPDX-License-Identifier: ISC */
/*
 * A price that can be quoted.
 */
#include "shop/price.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "shop/keys.h"

static bool is_active(struct json_object *object)
{
	bool active = false;

	return json_get_bool(object, "active", &active) == JSON_FOUND && active;
}

static bool has_mark(struct json_object *product, const char *key)
{
	struct json_object *metadata = NULL;

	json_get_object(product, "metadata", &metadata);
	return !str_empty(json_string_or_null(metadata, key));
}

const char *price_problem(struct json_object *price, const char *marked)
{
	const char *type = json_string_or_null(price, "type");
	struct json_object *product;
	int64_t unit;

	if (!json_string_or_null(price, "id") || !json_string_or_null(price, "currency"))
		return "it is no price";
	if (!is_active(price))
		return "it is not active";
	if (json_get_object(price, "product", &product) != JSON_FOUND || !is_active(product))
		return "its product is not active";
	if (marked && !has_mark(product, marked))
		return "its product is not for sale here";
	if (!type || strcmp(type, "one_time") != 0)
		return "it is recurring";
	if (json_get_int(price, "unit_amount", &unit) != JSON_FOUND || unit < 0)
		return "it has no fixed amount";
	return NULL;
}

static const char *metadata_sku(struct json_object *of)
{
	struct json_object *metadata = NULL;
	const char *sku;

	json_get_object(of, "metadata", &metadata);
	sku = json_string_or_null(metadata, "sku");
	return str_empty(sku) ? NULL : sku;
}

static const char *sku_of(struct json_object *price, struct json_object *product)
{
	const char *sku = json_string_or_null(price, "lookup_key");

	if (str_empty(sku))
		sku = metadata_sku(price);
	return str_empty(sku) ? metadata_sku(product) : sku;
}

char *price_sk(const char *mode, const char *stripe_secret, const char *marked)
{
	char *text = marked ? str_printf("%s %s", stripe_secret, marked) : str_dup(stripe_secret);
	char digest[DIGEST_HEX];

	digest_sha256_hex(span_of(text), digest);
	mem_wipe(text, strlen(text));
	free(text);
	return str_printf(KEY_CACHE "#%s#%.16s", mode, digest);
}

static struct json_object *item_under(const struct price_key *key, int64_t expires_at)
{
	struct json_object *item = json_object_new_object();
	char *pk = key_price(key->name);

	json_set_string(item, "PK", pk);
	json_set_string(item, "SK", key->sk);
	json_set_int(item, "expiresAt", expires_at);
	free(pk);
	return item;
}

struct json_object *price_missing_item(const struct price_key *key, const char *problem,
				       int64_t expires_at)
{
	struct json_object *item = item_under(key, expires_at);

	json_set_string(item, "problem", problem);
	return item;
}

struct json_object *price_item(struct json_object *price, const struct price_key *key,
			       int64_t expires_at)
{
	struct json_object *item = item_under(key, expires_at), *product = NULL;

	json_get_object(price, "product", &product);
	json_set_string(item, "stripePriceId", json_string_or_null(price, "id"));
	json_set_string(item, "stripeProductId", json_string_or_null(product, "id"));
	json_set_string(item, "lookupKey", json_string_or_null(price, "lookup_key"));
	json_set_string(item, "name", json_string_or_null(product, "name"));
	json_set_string(item, "sku", sku_of(price, product));
	json_set_string(item, "productSku", metadata_sku(product));
	json_set_int(item, "unitPrice", json_int_or(price, "unit_amount", 0));
	json_set_string(item, "currency", json_string_or_null(price, "currency"));
	return item;
}

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
#include "shop/lines.h"

static bool is_active(struct json_object *object)
{
	bool active = false;

	return json_get_bool(object, "active", &active) == JSON_FOUND && active;
}

/* A package price is of `divide_by` things: {"divide_by": 12, "round": "up"}.  False
 * where it is none that can be counted. */
static bool read_package(struct json_object *transform, int64_t *divide_by, const char **round)
{
	*round = json_string_or_null(transform, "round");
	return json_get_int(transform, "divide_by", divide_by) == JSON_FOUND && *divide_by > 0 &&
	       *round && (strcmp(*round, "up") == 0 || strcmp(*round, "down") == 0);
}

const char *price_problem(struct json_object *price, const char *marked)
{
	const char *type = json_string_or_null(price, "type");
	const char *scheme = json_string_or_null(price, "billing_scheme"), *round;
	struct json_object *product, *metadata = NULL, *inner = NULL;
	int64_t unit, divide_by;

	/* It is one, and is sold. */
	if (!json_string_or_null(price, "id") || !json_string_or_null(price, "currency"))
		return "it is no price";
	if (!is_active(price))
		return "it is not active";
	if (json_get_object(price, "product", &product) != JSON_FOUND || !is_active(product))
		return "its product is not active";
	json_get_object(product, "metadata", &metadata);
	if (marked && str_empty(json_string_or_null(metadata, marked)))
		return "its product is not for sale here";
	if (!type || strcmp(type, "one_time") != 0)
		return "it is recurring";

	/* A quantity tells what it comes to. */
	if (scheme && strcmp(scheme, "per_unit") != 0)
		return "it has tiers";
	if (json_get_object(price, "custom_unit_amount", &inner) == JSON_FOUND)
		return "the buyer chooses its amount";
	if (json_get_int(price, "unit_amount", &unit) != JSON_FOUND || unit < 0)
		return "it has no fixed amount";
	inner = NULL;
	if (json_get_object(price, "transform_quantity", &inner) != JSON_ABSENT &&
	    !read_package(inner, &divide_by, &round))
		return "it is of packages that can't be counted";
	return NULL;
}

bool price_item_is_whole(struct json_object *item)
{
	struct json_object *transform = NULL;
	int64_t unit, divide_by;
	const char *round;

	if (!json_string_or_null(item, "currency") ||
	    json_get_int(item, "unitPrice", &unit) != JSON_FOUND || unit < 0)
		return false;
	return json_get_object(item, "transformQuantity", &transform) == JSON_ABSENT ||
	       read_package(transform, &divide_by, &round);
}

int price_amount(struct json_object *item, int64_t quantity, int64_t *amount)
{
	struct json_object *transform;
	int64_t count = quantity, divide_by;
	const char *round;

	if (json_get_object(item, "transformQuantity", &transform) == JSON_FOUND &&
	    read_package(transform, &divide_by, &round))
		count = quantity / divide_by +
			(strcmp(round, "up") == 0 && quantity % divide_by != 0);
	return __builtin_mul_overflow(json_int_or(item, "unitPrice", 0), count, amount) ? -1 : 0;
}

static const char *metadata_sku(struct json_object *of)
{
	struct json_object *metadata = NULL;
	const char *sku;

	json_get_object(of, "metadata", &metadata);
	sku = json_string_or_null(metadata, "sku");
	return str_empty(sku) ? NULL : sku;
}

char *price_sk(const char *mode, const char *stripe_secret, const char *marked)
{
	char *text = marked ? str_printf("%s %s", stripe_secret, marked) : str_dup(stripe_secret);
	char digest[DIGEST_HEX];

	digest_sha256_hex(span_of(text), digest);
	mem_forget(text);
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
	struct json_object *item = item_under(key, expires_at), *product = NULL, *transform;
	const char *sku = json_string_or_null(price, "lookup_key");

	json_get_object(price, "product", &product);
	json_set_string(item, "stripePriceId", json_string_or_null(price, "id"));
	json_set_string(item, "stripeProductId", json_string_or_null(product, "id"));
	json_set_string(item, "lookupKey", json_string_or_null(price, "lookup_key"));
	json_set_string(item, "name", json_string_or_null(product, "name"));

	/* The lookup key is the sku, else what the metadata of the price or the product call so. */
	if (str_empty(sku))
		sku = metadata_sku(price);
	json_set_string(item, "sku", str_empty(sku) ? metadata_sku(product) : sku);
	json_set_string(item, "productSku", metadata_sku(product));
	json_set_string(item, "collectionId", lines_price_says(price, "collectionId"));
	json_set_string(item, "variantId", lines_price_says(price, "variantId"));

	json_set_int(item, "unitPrice", json_int_or(price, "unit_amount", 0));
	if (json_get_object(price, "transform_quantity", &transform) == JSON_FOUND)
		json_set(item, "transformQuantity", json_copy(transform));
	json_set_string(item, "currency", json_string_or_null(price, "currency"));
	return item;
}

/* SPDX-License-Identifier: ISC */
/*
 * The cache of prices: its key, and taking a price out of it.
 */
#include "checkout/price_cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "shop/cart.h"
#include "shop/keys.h"
#include "shop/price.h"

#define NAMES 3 /* that a price may have been asked for by */

char *price_cache_sk(struct app *app, int64_t deadline, struct err *e)
{
	static const char *const modes[] = {
		[KEY_MODE_UNKNOWN] = "unknown",
		[KEY_MODE_TEST] = "test",
		[KEY_MODE_LIVE] = "live",
	};
	const char *secret;

	if (app_secret(app, SECRET_STRIPE, deadline, &secret, e))
		return NULL;
	return price_sk(modes[key_mode_of(secret)], secret, app->config.quote_product_metadata);
}

/* The lookup key that was made of the line's ids, or would have been; or NULL. */
static char *made_key(struct app *app, struct json_object *line)
{
	const struct cart_ids ids = {
		.collection_id = json_string_or_null(line, "collectionId"),
		.variant_id = json_string_or_null(line, "variantId"),
		.currency = json_string_or_null(line, "currency"),
	};

	if (!app->config.quote_lookup_key || !ids.collection_id || !ids.variant_id || !ids.currency)
		return NULL;
	return cart_lookup_key(app->config.quote_lookup_key, &ids);
}

/* A line's price was asked for by its id or by its lookup key, which is then the
 * line's sku or was made of its ids: all are forgotten. */
void price_cache_drop(struct app *app, struct json_object *line, int64_t deadline)
{
	char *made = made_key(app, line);
	const char *names[] = {json_string_or_null(line, "stripePriceId"),
			       json_string_or_null(line, "sku"), made};
	struct store *store = app_store(app);
	struct store_action actions[NAMES];
	struct err why;
	char *sk = price_cache_sk(app, deadline, &why), *pk;
	size_t i, k, n = 0;
	int rc = 0;

	/* Each name once: no transaction has a key twice. */
	for (i = 0; sk && i < NAMES; i++) {
		struct json_object *item;

		for (k = 0; names[i] && k < i; k++)
			if (names[k] && strcmp(names[k], names[i]) == 0)
				break;
		if (!names[i] || k < i)
			continue;
		item = json_object_new_object();
		pk = key_price(names[i]);
		json_set_string(item, "PK", pk);
		json_set_string(item, "SK", sk);
		free(pk);
		actions[n++] = (struct store_action){.verb = STORE_DELETE, .item = item,
						     .condition = STORE_ANY};
	}
	if (n)
		rc = store_write(store, actions, n, NULL, deadline, &why);

	/* An older IAM policy allows no delete: items whose time is over are not seen. */
	for (i = 0; rc && i < n; i++) {
		actions[i].verb = STORE_PUT;
		json_set_int(actions[i].item, "expiresAt", 1);
	}
	if (rc)
		rc = store_write(store, actions, n, NULL, deadline, &why);
	if (rc)
		log_warning("Failed to forget price", LOG_STR("error", why.text));
	for (i = 0; i < n; i++)
		json_object_put(actions[i].item);
	free(made);
	free(sk);
}

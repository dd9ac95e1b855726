/* SPDX-License-Identifier: ISC */
/*
 * The shop.
 */
#include "fake_shop.h"

#include <string.h>

#include "targets.h"
#include "transfer/transfer.h"

void fake_shop_open(struct fake_shop *shop, struct span items)
{
	struct config *config = &shop->app.config;
	struct json_object *item;
	struct span line;
	struct err e;

	memset(shop, 0, sizeof *shop);
	table_store_init(&shop->store, &shop->table, NULL);
	while (shop->table.n < FAKE_SHOP_ITEMS && span_next(&items, '\n', &line)) {
		item = transfer_item(line, &e);
		if (item)
			table_put(&shop->table, item);
	}
	shop->app.store_opened = &shop->store.store;
	shop->app.secrets.config = config;
	shop->app.secrets.settings = &shop->app.aws;
	config->stripe_secret = str_dup("sk_test_fuzz");
	config->stripe_webhook_secret = str_dup("whsec_fuzz");
	config->quote_signature_secret = str_dup("a secret that nobody finds by chance");
	config->stripe_api_base = str_dup("https://api.stripe.com");
	config->order_number_prefix = str_dup("BC");
	config->order_hook = str_dup("/bin/false");
	config->webhook_tolerance = 300;
	config->event_ttl_days = 30;
	config->quote_ttl_minutes = config->session_ttl_minutes = 60;
	config->price_cache_seconds = 300;
	config->sync_lookback_hours = 24;
	config->checkout_mode = str_dup("payment");
	config->checkout_success_url = str_dup("https://shop.example/thanks");
	config->cors_allow_origin = str_dup("https://shop.example");
	config->quote_lookup_key = str_dup("s:{collectionId}:{variantId}:{currency}");
	fuzz_look_at_log();
}

void fake_shop_close(struct fake_shop *shop)
{
	app_close(&shop->app);
	table_free(&shop->table);
	fuzz_look_at_log();
}

void fake_shop_check(const struct err *e)
{
	HOLDS(*e->text && e->code != ERR_NONE && e->code != ERR_CONFIG);
}

size_t fake_shop_orders(const struct fake_shop *shop)
{
	size_t i, n = 0;

	for (i = 0; i < shop->table.n; i++)
		n += transfer_kind_of(shop->table.items[i]) == TRANSFER_ORDER;
	return n;
}

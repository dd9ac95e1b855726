/* SPDX-License-Identifier: ISC */
/*
 * The shop.
 */
#include "fake_shop.h"

#include <string.h>

#include "targets.h"
#include "transfer/transfer.h"

/* NAME=value: how this shop is set up.  Deliveries are signed with a secret of ours. */
static void set_up(struct config *config, struct span line)
{
	struct span rest = line, part = {"", 0};
	bool cut = span_next(&rest, '=', &part) && rest.p;
	char *name = span_dup(part), *value = cut ? span_dup(rest) : NULL;
	const struct config_key *key = cut ? config_key_named(name) : NULL;
	struct err e;

	if (key && !str_starts(name, "STRIPE_WEBHOOK"))
		config_set(config, key, value, &e);
	free(value);
	free(name);
}

static void read_line(struct fake_shop *shop, struct span line)
{
	struct err e;
	struct json_object *item = transfer_item(line, &e);

	if (item && shop->table.n < FAKE_SHOP_ITEMS)
		table_put(&shop->table, item);
	else if (item)
		json_object_put(item);
	else if (line.n < 200)
		set_up(&shop->app.config, line);
}

void fake_shop_open(struct fake_shop *shop, struct span items)
{
	struct config *config = &shop->app.config;
	struct span line;

	memset(shop, 0, sizeof *shop);
	table_store_init(&shop->store, &shop->table, NULL);
	shop->store.page = 3;
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
	while (span_next(&items, '\n', &line))
		read_line(shop, line);
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
	HOLDS(*e->text && e->code != ERR_NONE);
}

size_t fake_shop_orders(const struct fake_shop *shop)
{
	size_t i, n = 0;

	for (i = 0; i < shop->table.n; i++)
		n += transfer_kind_of(shop->table.items[i]) == TRANSFER_ORDER;
	return n;
}

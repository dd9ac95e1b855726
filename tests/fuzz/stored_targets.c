/* SPDX-License-Identifier: ISC */
/*
 * What stands in a table, whoever wrote or damaged it, as customers and the owner's commands read it, and as it
 * is copied, adopted and erased.
 */
#include "targets.h"

#include <string.h>

#include "base/clock.h"
#include "fake_http.h"
#include "fake_shop.h"
#include "format/json_canonical.h"
#include "orders/customer_order.h"
#include "orders/customer_page.h"
#include "orders/history.h"
#include "orders/lookup.h"
#include "record/notify.h"
#include "transfer/adopt.h"
#include "transfer/erase.h"
#include "transfer/transfer.h"

#define EPOCH 1700000000 /* when the clock begins */
#define DAY 86400

/* A customer's pages come to an end. */
static void read_pages(struct fake_shop *shop, const struct customer *customer)
{
	struct json_object *answer, *orders;
	char *cursor = NULL;
	size_t i, pages = 0;
	struct err e = {.code = ERR_NONE};

	do {
		HOLDS(pages++ <= shop->table.n);
		if (customer_page(&shop->app, customer, cursor, 2, deadline_in(APP_REQUEST_MS), &answer, &e)) {
			fake_shop_check(&e);
			break;
		}
		free(cursor);
		cursor = str_dup(json_string_or_null(answer, "nextCursor"));
		HOLDS(json_get_array(answer, "orders", &orders) == JSON_FOUND);
		HOLDS(json_object_array_length(orders) <= 2);
		for (i = 0; i < json_object_array_length(orders); i++)
			HOLDS(!str_empty(json_string_or_null(json_object_array_get_idx(orders, i), "orderId")));
		json_object_put(answer);
	} while (cursor);
	free(cursor);
}

static void read_as_customer(struct fake_shop *shop, const char *name)
{
	struct json_object *view = NULL;
	struct customer customer;
	struct err e = {.code = ERR_NONE};
	int64_t deadline = deadline_in(APP_REQUEST_MS);

	if (customer_init(&customer, name, "jane@shop.example", CUSTOMER_TEST_MODE) == 0) {
		read_pages(shop, &customer);
		if (customer_order(&shop->app, &customer, name, deadline, &view, &e))
			fake_shop_check(&e);
		json_object_put(view);
	}
	customer_free(&customer);
	view = NULL;
	if (customer_session_status(&shop->app, name, CUSTOMER_TEST_MODE, deadline, &view, &e))
		fake_shop_check(&e);
	else
		HOLDS(json_string_or_null(view, "status"));
	json_object_put(view);
}

static void walk(struct fake_shop *shop, const struct history_query *query)
{
	struct history *history = history_new(&shop->app, query);
	struct json_object *order;
	struct err e;
	size_t n = 0;

	while (history_next(history, &order, &e) == 0 && order) {
		HOLDS(history_matches(order, query->statuses) && n++ <= 2 * shop->table.n);
		json_object_put(order);
	}
	history_free(history);
}

static void read_as_owner(struct fake_shop *shop, const char *name)
{
	struct history_query query = {.from = EPOCH - 2 * DAY, .to = EPOCH + DAY, .read_ms = 1000};
	struct json_object *order = NULL;
	struct err e = {.code = ERR_NONE};

	query.from -= query.from % DAY;
	query.to -= query.to % DAY;
	if (lookup_order(&shop->app, name, deadline_in(APP_REQUEST_MS), &order, &e))
		fake_shop_check(&e);
	json_object_put(order);
	walk(shop, &query);
	query.statuses = HISTORY_PENDING | HISTORY_REFUNDED;
	walk(shop, &query);
	query.user = name;
	if (*name)
		walk(shop, &query);
}

/* What is exported can be imported, and is the same. */
static void check_copy(struct json_object *item)
{
	struct json_object *again;
	struct buf line;
	struct err e;

	buf_init(&line, TRANSFER_LINE_MAX);
	HOLDS(json_canonical(item, &line) == 0);
	again = transfer_item((struct span){buf_text(&line), line.len}, &e);
	HOLDS(again && json_same(item, again));
	json_object_put(again);
	buf_free(&line);
}

/* How many sales there are orders of: one that was erased and has come back stands twice. */
static size_t sales_in(const struct fake_shop *shop)
{
	struct json_object *seen = json_object_new_object();
	size_t i, n;

	for (i = 0; i < shop->table.n; i++) {
		struct json_object *item = shop->table.items[i];

		if (transfer_kind_of(item) == TRANSFER_ORDER)
			json_object_object_add(seen, json_string_or_null(item, "SK"), NULL);
	}
	n = (size_t)json_object_object_length(seen);
	json_object_put(seen);
	return n;
}

/* Erases each order's person: then that is done, and no sale is lost. */
static void erase_all(struct fake_shop *shop, struct json_object *items)
{
	size_t orders = fake_shop_orders(shop), sales = sales_in(shop), i;
	enum erase_outcome outcome;
	struct err e = {.code = ERR_NONE};

	for (i = 0; i < json_object_array_length(items); i++) {
		struct json_object *item = json_object_array_get_idx(items, i);
		unsigned written = shop->store.written;

		if (transfer_kind_of(item) != TRANSFER_ORDER)
			continue;
		if (erase_order(&shop->app, item, true, &outcome, &e))
			fake_shop_check(&e);
		HOLDS(shop->store.written == written);
		if (erase_order(&shop->app, item, false, &outcome, &e)) {
			fake_shop_check(&e);
			continue;
		}
		written = shop->store.written;
		HOLDS(erase_order(&shop->app, item, false, &outcome, &e) == 0 && outcome != ERASE_DONE);
		HOLDS(shop->store.written == written);
	}
	HOLDS(sales_in(shop) == sales && fake_shop_orders(shop) <= orders);
}

static int erase_found(void *context, struct json_object *order, struct err *e)
{
	enum erase_outcome outcome;

	return erase_order(context, order, false, &outcome, e);
}

/* Whether all have been adopted is said, and taken back where another adoption is wanted. */
static void check_adopted(struct fake_shop *shop, bool whole)
{
	int64_t deadline = deadline_in(APP_REQUEST_MS);
	bool complete = !whole;
	struct err e;

	HOLDS(adopt_is_complete(&shop->app, deadline, &complete, &e) == 0 && (complete || !whole));
	if (adopt_again(&shop->app, deadline, &e))
		return;
	HOLDS(adopt_is_complete(&shop->app, deadline, &complete, &e) == 0 && !complete);
	HOLDS(adopt_new_store(&shop->app, &complete, &e) == 0 && !complete);
}

static void adopt_all(struct fake_shop *shop)
{
	const struct adopt dry = {.dry_run = true}, wet = {.dry_run = false, .merge = true};
	struct adopt_result first, second;
	struct err e = {.code = ERR_NONE};
	unsigned written = shop->store.written;

	if (adopt_table(&shop->app, &dry, &first, &e))
		fake_shop_check(&e);
	HOLDS(shop->store.written == written);
	if (adopt_table(&shop->app, &wet, &first, &e)) {
		fake_shop_check(&e);
		return;
	}
	if (adopt_table(&shop->app, &wet, &second, &e))
		fake_shop_check(&e);
	else
		HOLDS(first.resumed || second.counts.adopted == 0);
	check_adopted(shop, first.complete);
}

static bool never(void *context)
{
	(void)context;
	return false;
}

static void forget_outbox(struct fake_shop *shop)
{
	int64_t n = 0;
	struct err e = {.code = ERR_NONE};

	if (notify_decide(&shop->app, NOTIFY_RETRY, "all", &n, &e))
		fake_shop_check(&e);
	if (notify_decide(&shop->app, NOTIFY_FORGET, "waiting", &n, &e))
		fake_shop_check(&e);
	HOLDS(n >= 0);
}

int fuzz_stored(const uint8_t *data, size_t n)
{
	struct fuzz_halves in = fuzz_halves(data, n);
	char *name = fuzz_text(in.first, in.n_first);
	struct erase_walk walk = {.user = name, .found = erase_found, .stop = never};
	struct json_object *items, *page, *last = NULL;
	struct fake_shop shop;
	struct err e;
	size_t i;

	walk.context = &shop.app;
	fake_http_answer((struct span){NULL, 0});
	fake_shop_open(&shop, (struct span){(const char *)in.second, in.n_second});
	items = json_object_new_array();
	do {
		HOLDS(transfer_next_page(&shop.store.store, &last, &page, &e) == 0);
		for (i = 0; i < json_object_array_length(page); i++) {
			check_copy(json_object_array_get_idx(page, i));
			json_object_array_add(items, json_object_get(json_object_array_get_idx(page, i)));
		}
		json_object_put(page);
	} while (last);
	read_as_customer(&shop, name);
	read_as_owner(&shop, name);
	HOLDS(shop.store.written == 0);
	adopt_all(&shop);
	erase_all(&shop, items);
	if (*name && erase_elsewhere(&shop.app, &walk, &e))
		fake_shop_check(&e);
	forget_outbox(&shop);
	json_object_put(items);
	fake_shop_close(&shop);
	free(name);
	return 0;
}

/* SPDX-License-Identifier: ISC */
/*
 * Reading an order's items, and writing them.
 */
#include "record/items.h"

#include "base/log.h"
#include "orders/pending.h"
#include "record/subject.h"
#include "shop/order.h"
#include "shop/order_size.h"

int record_items_read(struct record_items *items, unsigned which, struct err *e)
{
	const struct record_run *run = items->run;
	struct json_object *found[ITEM_KINDS];
	struct store_key keys[ITEM_KINDS];
	size_t at[ITEM_KINDS], i, n = 0;

	/* Those that are wanted, as far as they have keys. */
	for (i = 0; i < ITEM_KINDS; i++) {
		if (!(which >> i & 1) || !items->keys.pk[i])
			continue;
		keys[n] = (struct store_key){items->keys.pk[i], items->keys.sk[i]};
		at[n++] = i;
	}
	if (!n)
		return 0;

	/* In the place of what was read before. */
	if (store_get_many(app_store(run->app), keys, n, found, run->deadline, e))
		return -1;
	for (i = 0; i < n; i++) {
		json_object_put(items->read[at[i]]);
		items->read[at[i]] = found[i];
	}
	subject_order(items->read[ITEM_ORDER]);
	return 0;
}

void record_items_free(struct record_items *items)
{
	size_t i;

	for (i = 0; i < ITEM_KINDS; i++) {
		json_object_put(items->read[i]);
		items->read[i] = NULL;
	}
	item_keys_free(&items->keys);
}

const struct metrics_family record_orders_created = {
	.name = "ordersnap_orders_created_total",
	.help = "Orders that were made, by what recorded them: webhook, sync or replay.",
	.labels = {"source"},
};

const struct metrics_family record_orders_updated = {
	.name = "ordersnap_orders_updated_total",
	.help = "Orders that changed, by what changed them: webhook, sync, replay or mark.",
	.labels = {"source"},
};

const struct metrics_family record_orders_pending = {
	.name = "ordersnap_orders_pending",
	.help = "Orders that wait for their payment or for Stripe's word on them, since the last sync.",
	.kind = METRICS_GAUGE,
};

/* What a write has made of an order (NULL: there was none, or none is written). */
static void count(const struct record_run *run, struct json_object *before,
		  struct json_object *after)
{
	const char *source = run->source ? run->source : "mark";

	if (!after)
		return;
	if (!before)
		metrics_count(&record_orders_created, source);
	else if (!order_same(after, before))
		metrics_count(&record_orders_updated, source);
	if (pending_is(after) != (before && pending_is(before)))
		metrics_add(&record_orders_pending, pending_is(after) ? 1 : -1, NULL);
}

int record_items_write(struct record_items *items, struct order_change *change, struct err *e)
{
	const struct record_run *run = items->run;
	struct order_item list[ORDER_ITEMS_MAX];
	struct store_action actions[ORDER_ITEMS_MAX];
	size_t i, n;
	int rc = 0;

	/* A table's item has a maximum size. */
	subject_order(change->order);
	if (change->order && order_cut_lines(change->order))
		log_warning("Order is too large for the table: its lines are cut to name, quantity and sums",
			    LOG_STR("orderId", json_string_or_null(change->order, "orderId")));

	/* The one list of what is to be put, and of what has to be still as it was read. */
	change->keys = &items->keys;
	change->read = items->read;
	change->tell = run->app->config.order_hook != NULL;
	n = order_items(change, list);
	for (i = 0; i < n; i++)
		actions[i] = list[i].check ? store_check(list[i].read)
					   : store_replace(list[i].item, list[i].read);

	/* All of it, or nothing. */
	if (n && !run->dry_run) {
		rc = store_write(app_store(run->app), actions, n, NULL, run->deadline, e);
		if (!rc)
			count(run, items->read[ITEM_ORDER], change->order);
	}
	order_items_free(list, n);
	return rc;
}

bool record_is_unknown(const struct err *answer, const char *what, const char *id, struct err *e)
{
	if (answer->code != ERR_REFUSED || answer->upstream != 404)
		return false;
	err_set(e, ERR_UNAVAILABLE, "Stripe does not know %s%s under our key: is STRIPE_SECRET of "
		"another account or sandbox than the webhook endpoint?", what, id);
	e->upstream = 404;
	return true;
}

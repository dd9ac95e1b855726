/* SPDX-License-Identifier: ISC */
/*
 * The time of the last sync, and the pending orders as they are after it.
 */
#include "sync/sync_metrics.h"

#include "base/seconds.h"
#include "orders/pending.h"
#include "record/items.h"

#define READ_MS 30000

const struct metrics_family sync_metrics_last = {
	.name = "ordersnap_last_sync",
	.help = "The last sync that looked at everything.",
	.kind = METRICS_MOMENT,
};

static int count(void *context, struct json_object *entry, struct err *e)
{
	int64_t *n = context;

	(void)entry;
	(void)e;
	++*n;
	return 0;
}

void sync_metrics_set(struct app *app, int64_t now)
{
	int64_t pending = 0;
	struct pending_walk walk = {.from = now - PENDING_DAYS * DAY, .to = now + DAY,
				    .read_ms = READ_MS, .found = count, .context = &pending};
	struct err ignored;

	if (!app->config.metrics_file)
		return;
	metrics_set(&sync_metrics_last, now);
	if (pending_walk(app, &walk, &ignored) == 0)
		metrics_set(&record_orders_pending, pending);
}

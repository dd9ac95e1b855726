/* SPDX-License-Identifier: ISC */
/*
 * Walking the days for pending orders.
 */
#include "orders/pending.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "shop/keys.h"
#include "store/store_pages.h"

#define DAY 86400
#define PAGE 500 /* entries a read: a few hundred bytes each */

struct walk {
	struct app *app;
	int64_t from, to, patience_ms;
	pending_entry *found;
	void *context;
};

bool pending_is(struct json_object *entry)
{
	const char *status = json_string_or_null(entry, "status");
	bool lines = false;

	json_get_bool(entry, "itemsPending", &lines);
	return lines || (status && strcmp(status, "pending") == 0);
}

static int take_page(const struct walk *w, struct json_object *page, struct err *e)
{
	size_t i, n = json_object_array_length(page);

	for (i = 0; i < n; i++) {
		struct json_object *entry = json_object_array_get_idx(page, i);
		int64_t created;

		if (key_order_created(json_string_or_null(entry, "SK"), &created) ||
		    created < w->from || created > w->to || !pending_is(entry))
			continue;
		if (w->found(w->context, entry, e))
			return -1;
	}
	return 0;
}

static int walk_day(const struct walk *w, int64_t day, struct err *e)
{
	char *pk = key_day(day);
	struct store_pages pages = {.pk = pk, .sk_prefix = KEY_ORDER_PREFIX, .limit = PAGE};
	struct json_object *page;
	int rc;

	while (!(rc = store_pages_next(&pages, app_store(w->app), deadline_in(w->patience_ms), &page,
				       e)) && page) {
		rc = take_page(w, page, e);
		json_object_put(page);
		if (rc)
			break;
	}
	store_pages_end(&pages);
	free(pk);
	return rc;
}

int pending_walk(struct app *app, int64_t from, int64_t to, int64_t patience_ms,
		 pending_entry *found, void *context, struct err *e)
{
	const struct walk w = {.app = app, .from = from, .to = to, .patience_ms = patience_ms,
			       .found = found, .context = context};
	int64_t day;
	int rc = 0;

	for (day = to - to % DAY; !rc && day + DAY > from; day -= DAY)
		rc = walk_day(&w, day, e);
	return rc;
}

/* SPDX-License-Identifier: ISC */
/*
 * Walking the days for pending orders.
 */
#include "orders/pending.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/seconds.h"
#include "format/iso8601.h"
#include "shop/keys.h"
#include "store/store_pages.h"

#define PAGE 500 /* entries a read: a few hundred bytes each */

bool pending_on_stripe(struct json_object *entry)
{
	bool lines = false, unconfirmed = false;

	json_get_bool(entry, "itemsPending", &lines);
	json_get_bool(entry, "unconfirmed", &unconfirmed);
	return lines || unconfirmed;
}

bool pending_is(struct json_object *entry)
{
	const char *status = json_string_or_null(entry, "status");

	return pending_on_stripe(entry) || (status && strcmp(status, "pending") == 0);
}

/* Walks one day's entries, from the walk's end, and hands on those that are pending and of its time. */
static int walk_day(struct app *app, struct pending_walk *w, int64_t day, struct err *e)
{
	char *pk = key_day(day);
	struct store_pages pages = {.pk = pk, .sk_prefix = KEY_ORDER_PREFIX, .limit = PAGE,
				    .last = w->to < day + DAY - 1 ? key_order(w->to + 1, "") : NULL};
	struct json_object *page, *entry;
	int64_t created;
	size_t i, n;
	int rc;

	while (!(rc = store_pages_next(&pages, app_store(app), deadline_in(w->read_ms), &page, e)) &&
	       page) {
		n = json_object_array_length(page);
		w->read += (int64_t)n;
		for (i = 0; !rc && i < n; i++) {
			entry = json_object_array_get_idx(page, i);
			if (key_order_created(json_string_or_null(entry, "SK"), &created) ||
			    created < w->from || created > w->to || !pending_is(entry))
				continue;
			rc = w->found(w->context, entry, e);
		}
		json_object_put(page);
		if (rc)
			break;
	}
	store_pages_end(&pages);
	free(pk);
	return rc ? -1 : 0;
}

int pending_walk(struct app *app, struct pending_walk *walk, struct err *e)
{
	int64_t day;
	int rc = 0;

	walk->read = 0;
	for (day = walk->to - walk->to % DAY; !rc && day + DAY > walk->from; day -= DAY)
		rc = walk_day(app, walk, day, e);
	return rc;
}

int64_t pending_days_get(struct json_object *days, size_t i)
{
	const char *text = json_object_get_string(json_object_array_get_idx(days, i));
	char *time = str_printf("%sT00:00:00Z", text ? text : "");
	int64_t begin;
	int rc = iso8601_parse(time, &begin);

	free(time);
	return rc ? -1 : begin;
}

void pending_days_add(struct json_object *days, int64_t created)
{
	size_t i, n = json_object_array_length(days);
	char day[ISO8601_SIZE];

	iso8601_day(created, day);
	for (i = 0; i < n; i++) {
		const char *other = json_object_get_string(json_object_array_get_idx(days, i));

		if (other && strcmp(other, day) == 0)
			return;
	}
	if (n < PENDING_LIST_MAX)
		json_object_array_add(days, json_object_new_string(day));
}

/* SPDX-License-Identifier: ISC */
/*
 * Once a day.  The one idea: who puts the item says it.
 */
#include "record/daily.h"

#include <stdlib.h>

#include "base/seconds.h"
#include "format/iso8601.h"
#include "shop/keys.h"

bool daily_is_first(const struct record_run *run, enum app_warning what)
{
	static const char *const names[] = {
		[APP_WARNING_PERMISSION] = "permission",
		[APP_WARNING_SUBSCRIPTION] = "subscription",
	};
	int64_t *until = &run->app->warned_until[what];
	struct store *store;
	struct json_object *item, *stands = NULL;
	struct store_action put;
	char day[ISO8601_SIZE], *sk;
	struct store_key key = {.pk = KEY_SYSTEM};
	bool first = true, known = false;
	struct err e;

	/* This process may know already that it was said today. */
	if (run->dry_run)
		return true;
	if (run->now < *until)
		return false;

	/* Where the table has no item of today one is put.  A conflict says that another
	 * process was quicker; a store that fails says nothing. */
	store = app_store(run->app);
	sk = str_printf("WARNED#%s#%s", names[what], iso8601_day(run->now, day));
	key.sk = sk;
	if (store_get_many(store, &key, 1, &stands, run->deadline, &e) == 0 && !stands) {
		item = json_object_new_object();
		json_set_string(item, "PK", KEY_SYSTEM);
		json_set_string(item, "SK", sk);
		json_set_int(item, "expiresAt", run->now + 2 * DAY);
		put = store_replace(item, NULL);
		known = store_write(store, &put, 1, NULL, run->deadline, &e) == 0;
		first = known || e.code != ERR_CONFLICT;
		json_object_put(item);
	}
	first = first && !stands;

	/* What the table says is remembered until the day ends. */
	if (known || !first)
		*until = run->now - run->now % DAY + DAY;
	json_object_put(stands);
	free(sk);
	return first;
}

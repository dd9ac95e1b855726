/* SPDX-License-Identifier: ISC */
/*
 * Once a day.  The one idea: who puts the item says it.
 */
#include "record/daily.h"

#include <stdlib.h>

#include "base/seconds.h"
#include "format/iso8601.h"
#include "shop/keys.h"

bool daily_is_first(struct app *app, enum app_warning what, const struct record_run *run)
{
	static const char *const names[] = {
		[APP_WARNING_PERMISSION] = "permission",
		[APP_WARNING_SUBSCRIPTION] = "subscription",
	};
	struct json_object *item, *stands = NULL;
	struct store_action put;
	char day[ISO8601_SIZE], *sk;
	struct store_key key = {.pk = KEY_SYSTEM};
	bool first = true, known = false;
	struct err e;

	if (run->dry_run)
		return true;
	if (run->now < app->warned_until[what])
		return false;
	sk = str_printf("WARNED#%s#%s", names[what], iso8601_day(run->now, day));
	key.sk = sk;
	if (store_get_many(app_store(app), &key, 1, &stands, run->deadline, &e) == 0 && !stands) {
		item = json_object_new_object();
		json_set_string(item, "PK", KEY_SYSTEM);
		json_set_string(item, "SK", sk);
		json_set_int(item, "expiresAt", run->now + 2 * DAY);
		put = store_replace(item, NULL);
		known = store_write(app_store(app), &put, 1, NULL, run->deadline, &e) == 0;
		first = known || e.code != ERR_CONFLICT;
		json_object_put(item);
	}
	first = first && !stands;
	if (known || !first)
		app->warned_until[what] = run->now - run->now % DAY + DAY;
	json_object_put(stands);
	free(sk);
	return first;
}

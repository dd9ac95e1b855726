/* SPDX-License-Identifier: ISC */
/*
 * The health check: reads one item of the table, and says how old the last sync is that the item
 * tells of.
 */
#include "check/health.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "format/iso8601.h"
#include "orders/sync_state.h"
#include "shop/keys.h"

/* Reads the sync's item: it need not be there (then `*sync` is NULL), the store has to answer. */
static int check_store(struct app *app, int64_t deadline, struct json_object **sync, struct err *e)
{
	const struct store_key key = {KEY_SYSTEM, KEY_SYNC};

	if (config_require(&app->config, CONFIG_NEEDS_STORE, e) ||
	    store_get_many(app_store(app), &key, 1, sync, deadline, e))
		return -1;
	return 0;
}

/* How long ago the last complete sync ended: told, and never a failure. */
static void set_sync_age(struct json_object *answer, struct json_object *sync, int64_t now)
{
	const char *completed = json_string_or_null(sync, "completedAt");
	int64_t at;

	if (sync_state_is_ours(sync) && completed && iso8601_parse(completed, &at) == 0)
		json_set_int(answer, "lastSyncSeconds", now > at ? now - at : 0);
}

/* Each secret can be had, and a live key goes with no example's address. */
static int check_secrets(struct app *app, int64_t deadline, struct err *e)
{
	const char *secret;
	int which;

	if (config_require(&app->config, CONFIG_NEEDS_STRIPE | CONFIG_NEEDS_WEBHOOK |
			   CONFIG_NEEDS_QUOTE, e))
		return -1;
	for (which = 0; which < SECRETS; which++)
		if (app_secret(app, (enum secret)which, deadline, &secret, e) ||
		    (which == SECRET_STRIPE && config_check_addresses(&app->config, secret, e)))
			return -1;
	return 0;
}

/* Writes the verdict on one part into the answer; why it failed goes to the log. */
static bool report(struct json_object *checks, const char *name, int rc, const struct err *e)
{
	json_set_string(checks, name, rc ? "failed" : "ok");
	if (rc)
		log_error("Health check failed", LOG_STR("check", name), LOG_STR("error", e->text));
	return rc == 0;
}

/*
 * A store that is not there is told with its path or name and what to do, which is no secret;
 * everything else, what AWS says for one, stays in the log:
 *     COMMERCE_TABLE names a table ...: create it with ...; GetItem at https://...: 400 ...
 */
static void set_problem(struct json_object *answer, const struct app *app, const struct err *e)
{
	struct span rest = span_of(e->text), told;
	char *text;

	if (e->code != ERR_UNAVAILABLE)
		return;
	if (app->config.commerce_db) {
		json_set_string(answer, "problem", e->text);
	} else if (str_starts(e->text, "COMMERCE_TABLE") && span_next(&rest, ';', &told)) {
		text = span_dup(told);
		json_set_string(answer, "problem", text);
		free(text);
	}
}

bool health_check(struct app *app, int64_t deadline, struct json_object **answer)
{
	struct json_object *checks = json_object_new_object(), *sync = NULL;
	struct err e, why = {.code = ERR_NONE};
	bool store = report(checks, "store", check_store(app, deadline, &sync, &why), &why);
	bool secrets = report(checks, "secrets", check_secrets(app, deadline, &e), &e);

	*answer = json_object_new_object();
	json_set_string(*answer, "status", store && secrets ? "ok" : "failed");
	json_set(*answer, "checks", checks);
	if (!store)
		set_problem(*answer, app, &why);
	set_sync_age(*answer, sync, clock_epoch());
	json_object_put(sync);
	return store && secrets;
}

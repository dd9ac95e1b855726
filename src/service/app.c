/* SPDX-License-Identifier: ISC */
/*
 * Opening what the configuration names.
 */
#include "service/app.h"

#include <string.h>

#include "base/log.h"
#include "store/store_sqlite.h"

static enum log_level level_of(const char *name)
{
	static const char *const names[] = {"debug", "info", "warning", "error"};
	int i;

	for (i = 0; i < 4; i++)
		if (strcmp(names[i], name) == 0)
			return (enum log_level)i;
	return LOG_LEVEL_INFO;
}

static void configure_log(const struct config *c)
{
	const struct log_options options = {
		.level = level_of(c->log_level),
		.json = strcmp(c->log_format, "json") == 0,
		.target = c->log_target,
	};

	log_configure(&options);
	log_hide(c->stripe_secret ? c->stripe_secret : "");
	log_hide(c->stripe_webhook_secret ? c->stripe_webhook_secret : "");
	log_hide(c->quote_signature_secret ? c->quote_signature_secret : "");
	log_hide(c->jwt_secret ? c->jwt_secret : "");
}

int app_open(struct app *app, unsigned needs, struct err *e)
{
	memset(app, 0, sizeof *app);
	if (config_load(&app->config, e))
		return -1;
	configure_log(&app->config);
	return config_require(&app->config, needs, e);
}

void app_close(struct app *app)
{
	store_close(app->store_opened);
	stripe_client_free(app->stripe_opened);
	config_free(&app->config);
	log_close();
	memset(app, 0, sizeof *app);
}

struct store *app_store(struct app *app)
{
	if (!app->store_opened)
		app->store_opened = store_sqlite_new(app->config.commerce_db);
	return app->store_opened;
}

struct stripe_client *app_stripe(struct app *app)
{
	if (!app->stripe_opened)
		app->stripe_opened = stripe_client_new(app->config.stripe_secret,
						       app->config.stripe_api_base);
	return app->stripe_opened;
}

struct app_calls app_calls(const struct app *app)
{
	struct app_calls calls = {0};

	if (app->store_opened) {
		calls.reads = app->store_opened->reads;
		calls.writes = app->store_opened->writes;
	}
	if (app->stripe_opened)
		calls.stripe = stripe_client_calls(app->stripe_opened);
	return calls;
}

int64_t app_stripe_deadline(int64_t deadline)
{
	return deadline - APP_STORE_RESERVE_MS;
}

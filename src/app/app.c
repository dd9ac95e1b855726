/* SPDX-License-Identifier: ISC */
/*
 * Opening what the configuration names.
 */
#include "app/app.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/ca_file.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/proxy.h"
#include "store/store_dynamodb.h"
#include "store/store_sqlite.h"

/* Sets the log up, and says which texts may never stand in it. */
static int configure_log(const struct config *c, bool terminal, struct err *e)
{
	static const char *const levels[] = {"debug", "info", "warning", "error"};
	struct log_options options = {
		.level = LOG_LEVEL_INFO,
		.json = strcmp(c->log_format, "json") == 0,
		.target = c->log_target,
	};
	const struct config_key *key;
	int i;

	for (i = 0; i < 4; i++)
		if (strcmp(levels[i], c->log_level) == 0)
			options.level = (enum log_level)i;
	/* The log of a command that a person runs would be in the way of what it says. */
	if (terminal && strcmp(c->log_target, "stderr") == 0 && options.level == LOG_LEVEL_INFO)
		options.level = LOG_LEVEL_WARNING;

	for (key = config_keys; key->name; key++)
		if (config_is_secret(key))
			log_hide_list(config_string(c, key));
	if (log_configure(&options))
		return err_set(e, ERR_CONFIG, "LOG_TARGET: can't open %s: %s", c->log_target,
			       errno == ENXIO ? "it is neither a file nor a device" : strerror(errno));
	return 0;
}

/* The settings as src/aws/ wants them, with what AWS's own tools read beside them. */
static struct aws_settings aws_of(const struct config *c)
{
	const char *profile = getenv("AWS_DEFAULT_PROFILE"); /* AWS's own tools read it first */
	const char *identity = "AWS_WEB_IDENTITY_TOKEN_FILE"; /* who sets it wants a role assumed */

	if (str_empty(getenv(identity)))
		identity = str_empty(getenv("AWS_ROLE_ARN")) ? NULL : "AWS_ROLE_ARN";

	return (struct aws_settings){
		.region = c->aws_region ? c->aws_region : c->aws_default_region,
		.endpoint = c->aws_endpoint_url,
		.endpoint_dynamodb = c->aws_endpoint_url_dynamodb,
		.endpoint_ssm = c->aws_endpoint_url_ssm,
		.ignore_file_endpoints = c->aws_ignore_configured_endpoint_urls,
		.key_id = c->aws_access_key_id,
		.secret = c->aws_secret_access_key,
		.token = c->aws_session_token,
		.profile = str_empty(profile) ? c->aws_profile : profile,
		.profile_variable = str_empty(profile) ? "AWS_PROFILE" : "AWS_DEFAULT_PROFILE",
		.credentials_file = c->aws_shared_credentials_file,
		.config_file = c->aws_config_file,
		.container_relative_uri = c->aws_container_relative_uri,
		.container_full_uri = c->aws_container_full_uri,
		.container_token = c->aws_container_token,
		.container_token_file = c->aws_container_token_file,
		.metadata_disabled = c->aws_metadata_disabled,
		.metadata_endpoint = c->aws_metadata_endpoint,
		.web_identity = identity,
		.home = getenv("HOME"),
	};
}

int app_open_with(struct app *app, unsigned needs, const struct app_options *options,
		  struct err *e)
{
	const struct config *c = &app->config;
	config_fault *fault = options->fault;
	void *context = options->fault_context;
	char *conf = options->conf ? file_absolute(options->conf) : NULL; /* a hook runs elsewhere */
	int rc = conf ? setenv("ORDERSNAP_CONF", conf, 1) : 0;

	memset(app, 0, sizeof *app);
	free(conf);
	if (rc)
		return err_set(e, ERR_INTERNAL, "can't set ORDERSNAP_CONF");

	/* The settings: all of them, or up to the first fault where nobody hears of faults. */
	if (fault)
		config_load_all(&app->config, fault, context);
	else if (config_load(&app->config, e))
		return -1;
	if (config_choose_store(&app->config, options->db, options->table, e)) {
		if (!fault)
			return -1;
		fault(context, options->db ? "COMMERCE_DB" : "COMMERCE_TABLE", e);
	}

	/* What is made of them before anything is opened. */
	if (c->ca_file && ca_file_check(c->ca_file, e)) {
		if (!fault)
			return err_prefix(e, "CA_FILE");
		fault(context, "CA_FILE", e);
	}
	ca_file_choose(c->ca_file);
	proxy_choose(c->outgoing_proxy);
	app->aws = aws_of(c);
	app->secrets.config = c;
	app->secrets.settings = &app->aws;

	/* A log that can't be written refuses no order: it goes where it is seen. */
	if (configure_log(c, options->terminal, e)) {
		if (fault)
			fault(context, "LOG_TARGET", e);
		else
			log_error("The log goes to standard error and syslog", LOG_STR("error", e->text));
	}

	/* Nor does a file of metrics. */
	if (c->metrics_file && metrics_open(c->metrics_file, e)) {
		if (fault)
			fault(context, "METRICS_FILE", e);
		else
			log_error("Metrics are not counted", LOG_STR("error", e->text));
	}

	/* What the program can't do without. */
	if (fault)
		return 0;
	if (c->stripe_secret && config_check_addresses(c, c->stripe_secret, e))
		return -1;
	return config_require(c, needs, e);
}

int app_open(struct app *app, unsigned needs, struct err *e)
{
	const struct app_options none = {.conf = NULL};

	return app_open_with(app, needs, &none, e);
}

void app_close(struct app *app)
{
	store_close(app->store_opened);
	stripe_client_free(app->stripe_opened);
	secrets_free(&app->secrets);
	json_object_put(app->session_options);
	free(app->document_root);
	ca_file_choose(NULL);
	proxy_choose(NULL);
	config_free(&app->config);
	metrics_close();
	log_close();
	memset(app, 0, sizeof *app);
}

void app_rest(struct app *app)
{
	store_rest(app->store_opened);
}

void app_prepare_fork(const struct app *app)
{
	digest_prepare();
	stripe_client_prepare(app->config.stripe_api_base);
}

struct store *app_store(struct app *app)
{
	if (!app->store_opened)
		app->store_opened = app->config.commerce_table
			? store_dynamodb_new(app->config.commerce_table, &app->aws)
			: store_sqlite_new(app->config.commerce_db);
	return app->store_opened;
}

int app_secret(struct app *app, enum secret which, int64_t deadline, const char **value,
	       struct err *e)
{
	return secrets_get(&app->secrets, which, deadline, value, e);
}

bool app_secret_changed(struct app *app, enum secret which, int64_t deadline)
{
	return secrets_refresh(&app->secrets, which, deadline);
}

struct stripe_client *app_stripe(struct app *app, int64_t deadline, struct err *e)
{
	const char *secret;

	/* A key that lives in SSM may have been rolled since it was read. */
	if (app->stripe_opened && stripe_was_unauthorized(app->stripe_opened) &&
	    app_secret_changed(app, SECRET_STRIPE, deadline)) {
		stripe_client_free(app->stripe_opened);
		app->stripe_opened = NULL;
	}
	/* A key of the settings was looked at when the program started. */
	if (!app->stripe_opened && app_secret(app, SECRET_STRIPE, deadline, &secret, e) == 0 &&
	    config_check_addresses(&app->config, secret, e) == 0)
		app->stripe_opened = stripe_client_new(secret, app->config.stripe_api_base);
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

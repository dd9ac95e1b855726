/* SPDX-License-Identifier: ISC */
/*
 * GET /healthz: whether this installation can take an order; GET /metrics: what all programs
 * have counted.
 *
 * Needs no setting to start: what is missing is what it is there to say.
 */
#include "program.h"

#include "aws/client.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "check/health.h"
#include "record/items.h"
#include "record/process.h"
#include "record/webhook.h"
#include "shop/event.h"
#include "store/store.h"
#include "stripe/client.h"
#include "sync/sync_metrics.h"

static int get_health(void *context, const struct request *request, struct response *response,
		      struct err *e)
{
	struct json_object *answer;
	bool healthy = health_check(context, request->deadline, &answer);

	(void)e;
	if (!healthy)
		response_header(response, "Retry-After", "5");
	response_json(response, healthy ? 200 : 503, answer);
	return 0;
}

/* All families that there are, in the order in which they are printed. */
static const struct metrics_family *const families[] = {
	&endpoint_seconds, &process_events, &webhook_last, &sync_metrics_last,
	&record_orders_created, &record_orders_updated, &record_orders_pending,
	&stripe_seconds, &stripe_retries, &store_seconds, &store_conflicts, &aws_retries, NULL,
};

/*
 * What an alert waits for stands with 0 before it happens: to a monitoring system a series that
 * begins with 1 has not risen.
 * https://prometheus.io/docs/practices/instrumentation/#avoid-missing-metrics
 */
static void begin_series(void)
{
	static const char *const verbs[] = {"read", "query", "scan", "write", NULL};
	static const char *const sources[] = {"webhook", "sync", "replay", NULL};
	const char *const *one;

	for (one = event_types; *one; one++)
		metrics_begin(&process_events, *one, "failed");
	for (one = verbs; *one; one++)
		metrics_begin(&store_seconds, *one, err_name(ERR_UNAVAILABLE));
	for (one = sources; *one; one++)
		metrics_begin(&record_orders_created, *one);
	metrics_begin(&endpoint_seconds, "/stripe/webhook", "400", err_name(ERR_SIGNATURE));
}

static int get_metrics(void *context, const struct request *request, struct response *response,
		       struct err *e)
{
	const struct app *app = context;

	(void)request;
	if (!app->config.metrics_file)
		return err_set(e, ERR_NOT_FOUND, "METRICS_FILE is not set");
	begin_series();
	if (metrics_format(&response->text, families, clock_epoch(), e))
		return -1;
	response_text(response, 200, "text/plain; version=0.0.4; charset=utf-8");
	return 0;
}

static const struct route routes[] = {
	{.path = "/healthz", .method = "GET", .handle = get_health},
	{.path = "/metrics", .method = "GET", .handle = get_metrics},
	{.path = NULL},
};

static const struct program program = {
	.name = "status",
	.summary = "GET /healthz and /metrics, for monitoring",
	.needs = 0,
	.routes = routes,
};

int main(int argc, char **argv)
{
	return program_main(&program, argc, argv);
}

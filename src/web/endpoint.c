/* SPDX-License-Identifier: ISC */
/*
 * The dispatcher.
 */
#include "web/endpoint.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "web/cors.h"

/* Whether another route comes first: a server that keeps /metrics from strangers gives
 * them /healthz, and whatever is below it, /healthz/metrics. */
static bool is_behind_another(const struct endpoint *endpoint, const struct route *route,
			      const struct request *request)
{
	const struct route *other;

	for (other = endpoint->routes; other->path; other++)
		if (strcmp(other->path, route->path) != 0 &&
		    request_goes_through(request, other->path, endpoint->program))
			return true;
	return false;
}

static bool fits(const struct endpoint *endpoint, const struct route *route,
		 struct request *request)
{
	if (is_behind_another(endpoint, route, request))
		return false;
	if (!route->below)
		return request_is_for(request, route->path, endpoint->program);
	return request_is_below(request, route->path, endpoint->program, &request->path_rest);
}

static const struct route *find_route(const struct endpoint *endpoint, struct request *request)
{
	const struct route *route;

	for (route = endpoint->routes; route->path; route++)
		if (fits(endpoint, route, request))
			return route;
	return NULL;
}

static bool is_get(const struct route *route)
{
	return strcmp(route->method, "GET") == 0;
}

static const char *allowed_methods(const struct route *route)
{
	return is_get(route) ? "GET, HEAD, OPTIONS" : "POST, OPTIONS";
}

static bool method_fits(const struct route *route, const char *method)
{
	return strcmp(method, route->method) == 0 ||
	       (is_get(route) && strcmp(method, "HEAD") == 0);
}

static int read_body(const struct route *route, const struct arrival *arrival,
		     struct request *request, struct err *e)
{
	int64_t ms = route->body_ms ? route->body_ms : ENDPOINT_BODY_MS;
	const struct body_limits limits = {route->body_max, arrival->since + ms};

	if (request_check_type(request, route->type_may_lack, e))
		return -1;
	return request_read_body(request, &arrival->source, limits, e);
}

const struct metrics_family endpoint_seconds = {
	.name = "ordersnap_request_seconds",
	.help = "How long requests took until the answer was ready, by path, status and outcome.",
	.kind = METRICS_SECONDS,
	.labels = {"endpoint", "status", "outcome"},
};

/* A request that is being answered, by one of the endpoint's routes (NULL: by none). */
struct serving {
	const struct endpoint *endpoint;
	const struct arrival *arrival;
	const struct route *route;
};

static void count(const struct serving *s, int status, const struct err *e)
{
	const char *outcome = e->code ? err_name(e->code) : status < 500 ? "ok" : "failed";
	char path[64] = "other", number[12];

	if (s->route)
		snprintf(path, sizeof path, "%s%s", s->route->path, s->route->below ? "/*" : "");
	snprintf(number, sizeof number, "%d", status);
	metrics_took(&endpoint_seconds, (clock_monotonic_ms() - s->arrival->since) * 1000,
		     (const char *const[METRICS_LABELS]){path, number, outcome});
}

static int serve_route(const struct serving *s, struct request *request, struct response *response,
		       struct err *e)
{
	const char *method = request_variable(request, "REQUEST_METHOD");

	method = method ? method : "GET";
	response->no_body = strcmp(method, "HEAD") == 0;
	response->had_token = request_token(request, s->endpoint->token_header) != NULL;
	if (s->endpoint->admit && s->endpoint->admit(s->endpoint->context, request, e))
		return -1;
	if (!s->route)
		return err_set(e, ERR_NOT_FOUND, "Not found");
	if (strcmp(method, "OPTIONS") == 0) {
		cors_preflight(request, s->endpoint->cors, allowed_methods(s->route),
			       s->endpoint->token_header, response);
		response_header(response, "Allow", allowed_methods(s->route));
		response->status = 204;
		return 0;
	}
	if (!method_fits(s->route, method)) {
		response_header(response, "Allow", allowed_methods(s->route));
		return err_set(e, ERR_METHOD, "%s", method);
	}
	buf_init(&request->body, s->route->body_max);
	if (!is_get(s->route) && read_body(s->route, s->arrival, request, e))
		return -1;
	return s->route->handle(s->endpoint->context, request, response, e);
}

static void log_refusal(const struct endpoint *endpoint, const struct err *e)
{
	int status = err_http_status(e->code);

	log_event(status >= 500 ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "Request refused",
		  LOG_STR("program", endpoint->program), LOG_INT("status", status),
		  LOG_STR("reason", err_name(e->code)), LOG_STR("error", e->text));
}

void endpoint_serve(const struct endpoint *endpoint, const struct arrival *arrival,
		    struct response *response)
{
	struct request request = {
		.variables = arrival->variables,
		.deadline = arrival->since + endpoint->request_ms - ENDPOINT_ANSWER_MS,
	};
	const struct serving s = {endpoint, arrival, find_route(endpoint, &request)};
	struct err e = {.code = ERR_NONE};

	log_follow_rename();
	log_context_clear();
	cors_answer(&request, endpoint->cors, response);
	if (serve_route(&s, &request, response, &e)) {
		response_error(response, &e);
		log_refusal(endpoint, &e);
	}
	count(&s, response->status, &e);
	buf_free(&request.body);
}

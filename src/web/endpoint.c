/* SPDX-License-Identifier: ISC */
/*
 * The dispatcher.
 */
#include "web/endpoint.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "web/cors.h"

static bool fits(const struct endpoint *endpoint, const struct route *route,
		 struct request *request)
{
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

static int serve_route(const struct endpoint *endpoint, const struct arrival *arrival,
		       struct request *request, struct response *response, struct err *e)
{
	const struct route *route = find_route(endpoint, request);
	const char *method = request_variable(request, "REQUEST_METHOD");

	if (endpoint->admit && endpoint->admit(endpoint->context, request, e))
		return -1;
	if (!route)
		return err_set(e, ERR_NOT_FOUND, "Not found");
	method = method ? method : "GET";
	if (strcmp(method, "OPTIONS") == 0) {
		cors_preflight(request, endpoint->cors, allowed_methods(route),
			       endpoint->token_header, response);
		response_header(response, "Allow", allowed_methods(route));
		response->status = 204;
		return 0;
	}
	if (!method_fits(route, method)) {
		response_header(response, "Allow", allowed_methods(route));
		return err_set(e, ERR_METHOD, "%s", method);
	}
	response->no_body = strcmp(method, "HEAD") == 0;
	buf_init(&request->body, route->body_max);
	if (!is_get(route) && read_body(route, arrival, request, e))
		return -1;
	return route->handle(endpoint->context, request, response, e);
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
	struct err e = {.code = ERR_NONE};

	log_follow_rename();
	cors_answer(&request, endpoint->cors, response);
	if (serve_route(endpoint, arrival, &request, response, &e)) {
		response_error(response, &e);
		log_refusal(endpoint, &e);
	}
	buf_free(&request.body);
}

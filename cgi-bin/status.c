/* SPDX-License-Identifier: ISC */
/*
 * GET /healthz: whether this installation can take an order.
 *
 * Needs no setting to start: what is missing is what it is there to say.
 */
#include "program.h"
#include "check/health.h"

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

static const struct route routes[] = {
	{.path = "/healthz", .method = "GET", .handle = get_health},
	{.path = NULL},
};

static const struct program program = {
	.name = "status",
	.summary = "GET /healthz, for monitoring",
	.needs = 0,
	.routes = routes,
};

int main(int argc, char **argv)
{
	return program_main(&program, argc, argv);
}

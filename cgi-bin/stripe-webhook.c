/* SPDX-License-Identifier: ISC */
/*
 * POST /stripe/webhook: a signed event becomes an order in the table.
 *
 * The body is handed on as the bytes that came: it is verified before it is
 * parsed.  A missing Content-Type is no reason to lose an event.
 */
#include "program.h"
#include "record/webhook.h"

#define BODY_MAX (1u << 20)
#define BODY_MS 5000 /* an event that is cut off comes again only much later */

static int post_event(void *context, const struct request *request, struct response *response,
		      struct err *e)
{
	const struct webhook_delivery delivery = {
		.signature = request_variable(request, "HTTP_STRIPE_SIGNATURE"),
		.body = {buf_text(&request->body), request->body.len},
		.deadline = request->deadline,
	};
	struct json_object *answer;

	if (webhook_receive(context, &delivery, &answer, e))
		return -1;
	response_json(response, 200, answer);
	return 0;
}

static const struct route routes[] = {
	{.path = "/stripe/webhook", .method = "POST", .body_max = BODY_MAX, .body_ms = BODY_MS,
	 .type_may_lack = true, .handle = post_event},
	{.path = NULL},
};

static const struct program program = {
	.name = "stripe-webhook",
	.summary = "POST /stripe/webhook, from Stripe's events to orders",
	.needs = CONFIG_NEEDS_STORE | CONFIG_NEEDS_STRIPE | CONFIG_NEEDS_WEBHOOK,
	.routes = routes,
};

int main(int argc, char **argv)
{
	return program_main(&program, argc, argv);
}

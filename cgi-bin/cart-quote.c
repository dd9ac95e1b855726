/* SPDX-License-Identifier: ISC */
/*
 * POST /cart/quote: a cart becomes a signed quote.
 */
#include "program.h"
#include "checkout/quoting.h"

#define BODY_MAX 32768 /* of a hundred lines, 300 bytes each */

static int post_quote(void *context, const struct request *request, struct response *response,
		      struct err *e)
{
	struct json_object *body = NULL, *answer = NULL;
	int rc = request_json(request, &body, e);

	if (!rc)
		rc = quoting_create(context, body, request->deadline, &answer, e);
	if (!rc)
		response_json(response, 200, answer);
	json_object_put(body);
	return rc;
}

static const struct route routes[] = {
	{.path = "/cart/quote", .method = "POST", .body_max = BODY_MAX, .handle = post_quote},
	{.path = NULL},
};

static const struct program program = {
	.name = "cart-quote",
	.summary = "POST /cart/quote, what a cart costs, signed",
	.needs = CONFIG_NEEDS_STORE | CONFIG_NEEDS_STRIPE | CONFIG_NEEDS_QUOTE,
	.routes = routes,
};

int main(int argc, char **argv)
{
	return program_main(&program, argc, argv);
}

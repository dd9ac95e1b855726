/* SPDX-License-Identifier: ISC */
/*
 * POST /checkout/create-session: a quote becomes a Stripe Checkout Session.
 */
#include "app/login.h"
#include "app/session_file.h"
#include "program.h"
#include "checkout/checkout.h"

#define BODY_MAX 65536

static int check_start(struct app *app, struct err *e)
{
	const struct config *config = &app->config;
	struct json_object *options;

	if (login_check(config, config->checkout_require_auth, e))
		return -1;
	return app_session_options(app, &options, e);
}

static int post_session(void *context, const struct request *request, struct response *response,
			struct err *e)
{
	struct json_object *body = NULL, *answer = NULL;
	struct auth_identity who = {.subject = NULL};
	const char *user = login_remote_user(context, request);
	int rc = request_json(request, &body, e);

	if (!rc && !user) {
		rc = login_identify(context, request, false, &who, e);
		user = who.subject;
	}
	if (!rc)
		rc = checkout_create(context, body, user, request->deadline, &answer, e);
	if (!rc)
		response_json(response, 200, answer);
	json_object_put(body);
	auth_identity_free(&who);
	return rc;
}

static const struct route routes[] = {
	{.path = "/checkout/create-session", .method = "POST", .body_max = BODY_MAX,
	 .handle = post_session},
	{.path = NULL},
};

static const struct program program = {
	.name = "checkout-create-session",
	.summary = "POST /checkout/create-session, from a quote to Stripe Checkout",
	.needs = CONFIG_NEEDS_STORE | CONFIG_NEEDS_STRIPE | CONFIG_NEEDS_QUOTE,
	.routes = routes,
	.check = check_start,
};

int main(int argc, char **argv)
{
	return program_main(&program, argc, argv);
}

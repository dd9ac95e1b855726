/* SPDX-License-Identifier: ISC */
/*
 * POST /checkout/create-session: a quote becomes a Stripe Checkout Session.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "program.h"
#include "checkout/checkout.h"
#include "web/auth.h"

#define BODY_MAX 65536

static struct auth_settings auth_of(const struct config *c, const char *secret)
{
	return (struct auth_settings){
		.secret = secret,
		.public_key_file = c->jwt_public_key_file,
		.header = c->auth_header,
	};
}

static int check_auth(const struct config *config, struct err *e)
{
	struct auth_settings auth = auth_of(config, config->jwt_secret ? config->jwt_secret
							     : config->jwt_secret_parameter);

	return auth_check(&auth, config->checkout_require_auth, e);
}

static int check_token(struct app *app, const struct request *request, char **subject,
		       struct err *e)
{
	struct auth_settings auth;
	const char *secret;

	if (app_secret(app, SECRET_JWT, request->deadline, &secret, e))
		return -1;
	auth = auth_of(&app->config, secret);
	return auth_subject(&auth, request, clock_epoch(), subject, e);
}

/* A secret that lives in SSM may have been rotated since it was read. */
static int find_subject(struct app *app, const struct request *request, char **subject,
			struct err *e)
{
	int rc = check_token(app, request, subject, e);

	if (rc && e->code == ERR_UNAUTHORIZED &&
	    app_secret_changed(app, SECRET_JWT, request->deadline))
		rc = check_token(app, request, subject, e);
	return rc;
}

static int post_session(void *context, const struct request *request, struct response *response,
			struct err *e)
{
	struct json_object *body = NULL, *answer = NULL;
	char *subject = NULL;
	int rc = request_json(request, &body, e);

	if (!rc)
		rc = find_subject(context, request, &subject, e);
	if (!rc)
		rc = checkout_create(context, body, subject, request->deadline, &answer, e);
	if (!rc)
		response_json(response, 200, answer);
	json_object_put(body);
	free(subject);
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
	.check = check_auth,
};

int main(int argc, char **argv)
{
	return program_main(&program, argc, argv);
}

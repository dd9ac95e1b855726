/* SPDX-License-Identifier: ISC */
/*
 * The settings of the login, handed to web/auth.h.
 */
#include "app/login.h"

#include "base/clock.h"

static struct auth_settings settings_of(const struct config *c, const char *secret)
{
	return (struct auth_settings){
		.secret = secret,
		.public_key_file = c->jwt_public_key_file,
		.header = c->auth_header,
		.issuer = c->jwt_issuer,
		.audience = c->jwt_audience,
	};
}

/* Before the secret is known: that there is one is enough. */
static struct auth_settings settings_without_secret(const struct config *c)
{
	return settings_of(c, c->jwt_secret ? c->jwt_secret : c->jwt_secret_parameter);
}

int login_check(const struct config *c, bool required, struct err *e)
{
	struct auth_settings settings = settings_without_secret(c);

	return auth_check(&settings, required && !config_login_is_by_server(c), e);
}

const char *login_remote_user(const struct app *app, const struct request *request)
{
	return config_login_is_by_server(&app->config) ? request_variable(request, "REMOTE_USER")
						       : NULL;
}

/* Secrets that live in SSM may have been rolled since they were read: both, for what was the secret is
 * the previous one then. */
static bool secrets_have_changed(struct app *app, int64_t deadline)
{
	bool own = app_secret_changed(app, SECRET_JWT, deadline);
	bool previous = app_secret_changed(app, SECRET_JWT_PREVIOUS, deadline);

	return own || previous;
}

int login_identify(struct app *app, const struct request *request, bool needs_exp,
		   struct auth_identity *who, struct err *e)
{
	struct auth_settings settings = settings_without_secret(&app->config);
	const char *secret, *previous;
	bool has_token, again = false;
	int rc;

	/* A request without a token costs no secret. */
	*who = (struct auth_identity){.subject = NULL};
	if (auth_look_for_token(&settings, request, &has_token, e))
		return -1;
	if (!has_token)
		return 0;

	/* Where a token is refused the secrets are read once more. */
	do {
		if (app_secret(app, SECRET_JWT, request->deadline, &secret, e) ||
		    app_secret(app, SECRET_JWT_PREVIOUS, request->deadline, &previous, e))
			return -1;
		settings = settings_of(&app->config, secret);
		settings.previous_secret = previous;
		settings.needs_exp = needs_exp;
		*who = (struct auth_identity){.subject = NULL};
		rc = auth_identify(&settings, request, clock_epoch(), who, e);
		again = rc && e->code == ERR_UNAUTHORIZED && !again &&
			secrets_have_changed(app, request->deadline);
	} while (again);
	return rc;
}

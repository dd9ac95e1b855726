/* SPDX-License-Identifier: ISC */
/*
 * Who asks, as the settings of the login have it: each of them reaches what looks at the token, and a
 * secret in SSM is asked for where a token may be good alone.  What a token must be is in test_auth.c.
 */
#include "outside.h"

#include <jwt.h>
#include <stdio.h>

#include "app/login.h"
#include "base/clock.h"

static const char *secret_in_ssm, *before_in_ssm;

static int ssm(const struct http_request *request, struct buf *body)
{
	bool before = memmem(request->body.p, request->body.n, "before", strlen("before")) != NULL;

	add_json(body, keep_text(str_printf("{'Parameter':{'Value':'%s'}}",
					    before ? before_in_ssm : secret_in_ssm)));
	return 200;
}

static int set_up(void **state)
{
	(void)state;
	outside_begin();
	return 0;
}

static int tear_down(void **state)
{
	outside_end();
	return unit_release(state);
}

/* A token of these grants (' for "), under HS256. */
static const char *token_of(const char *secret, const char *grants)
{
	jwt_t *jwt = NULL;
	char *token;

	assert_int_equal(jwt_new(&jwt), 0);
	assert_int_equal(jwt_add_grants_json(jwt, json_text(json_of("%s", grants))), 0);
	assert_int_equal(jwt_set_alg(jwt, JWT_ALG_HS256, (const unsigned char *)secret, (int)strlen(secret)), 0);
	token = jwt_encode_str(jwt);
	assert_non_null(token);
	jwt_free(jwt);
	return keep_text(token);
}

/* The subject of whoever comes with the token in a header, "" without one; NULL: refused, with `e`. */
static const char *who_comes_with(const char *header, const char *token, bool needs_exp, struct err *e)
{
	char *variables[] = {keep_text(str_printf("%s=Bearer %s", header, token)), NULL};
	struct request request = {.variables = variables, .deadline = deadline_in(8000)};
	struct auth_identity who;
	const char *subject = NULL;

	*e = (struct err){.code = ERR_NONE};
	if (login_identify(&outside.app, &request, needs_exp, &who, e) == 0)
		subject = keep_text(str_dup(who.subject ? who.subject : ""));
	auth_identity_free(&who);
	return subject;
}

#define AUTHORIZATION "HTTP_AUTHORIZATION"

static void each_setting_of_the_login_counts(void **state)
{
	struct config *config = &outside.app.config;
	const char *fine = "{'sub':'u','iss':'https://login','aud':'shop','exp':4102444800}";
	struct err e;

	(void)state;
	config->jwt_secret = str_dup("the secret");
	config->jwt_secret_previous = str_dup("the one before");
	check_text("the secret", who_comes_with(AUTHORIZATION, token_of("the secret", fine), false, &e), "u");
	check_text("the previous", who_comes_with(AUTHORIZATION, token_of("the one before", fine), false, &e), "u");
	check_text("another", who_comes_with(AUTHORIZATION, token_of("another", fine), false, &e), NULL);
	check_text("no header", who_comes_with("HTTP_X_SHOP", token_of("the secret", fine), false, &e), "");
	check_text("no end", who_comes_with(AUTHORIZATION, token_of("the secret", "{'sub':'u'}"), false, &e), "u");
	check_text("no end", who_comes_with(AUTHORIZATION, token_of("the secret", "{'sub':'u'}"), true, &e), NULL);
	check_err("no end", &e, ERR_UNAUTHORIZED, "it never expires");

	config->auth_header = str_dup("X-Shop");
	config->jwt_issuer = str_dup("https://login");
	config->jwt_audience = str_dup("shop");
	check_text("a header", who_comes_with("HTTP_X_SHOP", token_of("the secret", fine), true, &e), "u");
	check_text("no issuer", who_comes_with(AUTHORIZATION, token_of("the secret", "{'sub':'u','aud':'shop'}"),
					       false, &e), NULL);
	check_err("no issuer", &e, ERR_UNAUTHORIZED, "its issuer");
	check_text("no audience", who_comes_with(AUTHORIZATION, token_of("the secret",
				   "{'sub':'u','iss':'https://login'}"), false, &e), NULL);
	check_err("no audience", &e, ERR_UNAUTHORIZED, "its audience");
}

static void login_in_ssm(void)
{
	struct config *config = &outside.app.config;

	outside.app.aws = (struct aws_settings){.region = "eu-central-1", .key_id = "AKIA1", .secret = "s",
						.endpoint = "https://aws.example"};
	config->jwt_secret_parameter = str_dup("/shop/jwt");
	outside.serve = ssm;
	secret_in_ssm = "the old one";
}

static void a_secret_is_fetched_for_what_may_be_a_token_alone(void **state)
{
	const struct request nobody = {.variables = NULL};
	struct auth_identity who;
	struct err e;

	(void)state;
	login_in_ssm();
	assert_int_equal(login_identify(&outside.app, &nobody, false, &who, &e), 0);
	assert_null(who.subject);
	check_text("no token", who_comes_with(AUTHORIZATION, "a.b", false, &e), NULL);
	check_err("no token", &e, ERR_UNAUTHORIZED, "its signature or form is wrong");
	assert_int_equal(outside.calls, 0);
	check_text("one", who_comes_with(AUTHORIZATION, token_of("the old one", "{'sub':'u'}"), false, &e), "u");
	assert_int_equal(outside.calls, 1);
}

static void a_token_that_is_refused_is_tried_with_the_secret_as_it_is_now(void **state)
{
	const char *token = token_of("the new one", "{'sub':'u'}");
	struct err e;

	(void)state;
	login_in_ssm();
	check_text("not rolled yet", who_comes_with(AUTHORIZATION, token, false, &e), NULL);
	secret_in_ssm = "the new one";
	check_text("read a moment ago", who_comes_with(AUTHORIZATION, token, false, &e), NULL);
	outside.ms += SECRETS_REFRESH_MS;
	check_text("rolled", who_comes_with(AUTHORIZATION, token, false, &e), "u");
	assert_int_equal(outside.calls, 2);

	/* One that is wrong under each secret costs one more look, not one for each try. */
	outside.ms += SECRETS_REFRESH_MS;
	secret_in_ssm = "a newer one";
	check_text("wrong", who_comes_with(AUTHORIZATION, token_of("none", "{'sub':'u'}"), false, &e), NULL);
	assert_int_equal(outside.calls, 3);
}

static void a_secret_and_the_one_before_are_rolled_together(void **state)
{
	const char *first = token_of("the first one", "{'sub':'u'}"), *old = token_of("the old one", "{'sub':'u'}"),
		   *new = token_of("the new one", "{'sub':'u'}");
	struct err e;

	(void)state;
	login_in_ssm();
	outside.app.config.jwt_secret_previous_parameter = str_dup("/shop/jwt-before");
	before_in_ssm = "the first one";
	check_text("before", who_comes_with(AUTHORIZATION, first, false, &e), "u");
	check_text("before", who_comes_with(AUTHORIZATION, old, false, &e), "u");

	secret_in_ssm = "the new one";
	before_in_ssm = "the old one";
	outside.ms += SECRETS_REFRESH_MS;
	check_text("rolled", who_comes_with(AUTHORIZATION, new, false, &e), "u");
	check_text("rolled, and a token of before", who_comes_with(AUTHORIZATION, old, false, &e), "u");
	check_text("long over", who_comes_with(AUTHORIZATION, first, false, &e), NULL);
	assert_int_equal(outside.calls, 4);

	/* The one before alone, by an owner who put it back. */
	before_in_ssm = "the first one";
	outside.ms += SECRETS_REFRESH_MS;
	check_text("put back", who_comes_with(AUTHORIZATION, first, false, &e), "u");
	assert_int_equal(outside.calls, 6);

	/* Both, twice since they were read. */
	secret_in_ssm = "a third one";
	before_in_ssm = "a second one";
	outside.ms += SECRETS_REFRESH_MS;
	check_text("twice", who_comes_with(AUTHORIZATION, token_of("a second one", "{'sub':'u'}"), false, &e), "u");
	assert_int_equal(outside.calls, 8);
}

static int away(const struct http_request *request, struct buf *body)
{
	(void)request;
	(void)body;
	return 0;
}

/* Whoever has logged in is no guest because SSM is away. */
static void a_secret_that_cannot_be_had_makes_nobody_of_no_one(void **state)
{
	struct err e;

	(void)state;
	login_in_ssm();
	outside.serve = away;
	check_text("away", who_comes_with(AUTHORIZATION, token_of("the old one", "{'sub':'u'}"), false, &e), NULL);
	assert_int_equal(e.code, ERR_UNAVAILABLE);
}

/* Whoever can send requests past the server that sets it could call himself anything. */
static void the_web_servers_user_counts_where_the_settings_say_so_alone(void **state)
{
	static char variable[] = "REMOTE_USER=jane";
	const struct request request = {.variables = (char *const[]){variable, NULL}};
	struct config *config = &outside.app.config;

	(void)state;
	check_text("unset", login_remote_user(&outside.app, &request), NULL);
	config->orders_auth = str_dup("jwt");
	check_text("jwt", login_remote_user(&outside.app, &request), NULL);
	free(config->orders_auth);
	config->orders_auth = str_dup("remote_user");
	check_text("remote_user", login_remote_user(&outside.app, &request), "jane");
}

static void a_login_that_is_required_is_the_sites_or_the_web_servers(void **state)
{
	struct config *config = &outside.app.config;
	struct err e;

	(void)state;
	assert_int_equal(login_check(config, false, &e), 0);
	assert_int_equal(login_check(config, true, &e), -1);
	check_err("none", &e, ERR_CONFIG, "CHECKOUT_REQUIRE_AUTH is on");
	config->jwt_secret_parameter = str_dup("/shop/jwt");
	assert_int_equal(login_check(config, true, &e), 0);
	free(config->jwt_secret_parameter);
	config->jwt_secret_parameter = NULL;
	config->orders_auth = str_dup("remote_user");
	assert_int_equal(login_check(config, true, &e), 0);
}

#define outside_of(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		outside_of(each_setting_of_the_login_counts),
		outside_of(a_secret_is_fetched_for_what_may_be_a_token_alone),
		outside_of(a_token_that_is_refused_is_tried_with_the_secret_as_it_is_now),
		outside_of(a_secret_and_the_one_before_are_rolled_together),
		outside_of(a_secret_that_cannot_be_had_makes_nobody_of_no_one),
		outside_of(the_web_servers_user_counts_where_the_settings_say_so_alone),
		outside_of(a_login_that_is_required_is_the_sites_or_the_web_servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

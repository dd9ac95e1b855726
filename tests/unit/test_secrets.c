/* SPDX-License-Identifier: ISC */
/*
 * Secrets that stand in parameters of SSM: read once, read again when they may have been rolled, and
 * never taken for what they can't be.
 */
#include "outside.h"

#include "app/secrets.h"
#include "base/clock.h"
#include "base/log.h"

#define PARAMETER "/shop/webhook"

static struct outside_answer answers[2] = {{.part = "aws.example"}};

static void answer(int status, const char *body)
{
	answers[0].status = status;
	answers[0].body = body;
}

static void begin(const char *body)
{
	struct config *config;

	outside_begin();
	config = &outside.app.config;
	outside.app.aws = (struct aws_settings){.region = "eu-central-1", .key_id = "AKIA1", .secret = "s",
						.endpoint = "https://aws.example"};
	free(config->stripe_webhook_secret);
	config->stripe_webhook_secret = NULL;
	config->stripe_webhook_secret_parameter = str_dup(PARAMETER);
	outside.answers = answers;
	answer(200, body);
}

#define VALUE(text) "{'Parameter':{'Name':'" PARAMETER "','Value':'" text "'}}"

/* The secret as it is had now; NULL with *e. */
static const char *secret(struct err *e)
{
	const char *value = NULL;

	*e = (struct err){.code = ERR_NONE};
	if (app_secret(&outside.app, SECRET_WEBHOOK, deadline_in(8000), &value, e))
		return NULL;
	return value;
}

static bool changed(void)
{
	return app_secret_changed(&outside.app, SECRET_WEBHOOK, deadline_in(8000));
}

static void a_secret_of_the_settings_asks_nobody(void **state)
{
	struct err e;

	(void)state;
	begin(VALUE("whsec_ssm"));
	outside.app.config.stripe_webhook_secret = str_dup("whsec_own");
	assert_string_equal(secret(&e), "whsec_own");
	outside.ms = 120000;
	assert_false(changed());
	assert_int_equal(outside.calls, 0);
	outside_end();
}

static void a_parameter_is_read_once_and_without_white_space(void **state)
{
	struct err e;

	(void)state;
	begin(VALUE(" whsec_a, whsec_b\\n"));
	check_text(e.text, secret(&e), "whsec_a, whsec_b");
	check_text(e.text, secret(&e), "whsec_a, whsec_b");
	assert_int_equal(outside.calls, 1);
	outside_end();
}

static void what_can_be_no_secret_is_none(void **state)
{
	static const struct {
		int status;
		const char *body, *part;
	} table[] = {
		{200, VALUE(""), "has an empty secret"},
		{200, VALUE(" \\n"), "has an empty secret"},
		{200, VALUE("whsec_a,"), "has an empty secret"},
		{200, VALUE("whsec_a, ,whsec_b"), "has an empty secret"},
		{200, VALUE("whsec_REPLACE_ME"), "still has an example's value"},
		{200, "{'Parameter':{'Name':'x'}}", PARAMETER},
		{200, "{'Parameter':{'Value':7}}", PARAMETER},
		{200, "[]", PARAMETER},
		{400, "{'__type':'ParameterNotFound'}", PARAMETER},
		{400, "{'__type':'AccessDeniedException','message':'not authorized'}", PARAMETER},
		{500, "", PARAMETER},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		begin(row->body);
		answer(row->status, row->body);
		check_text(row->body, secret(&e), NULL);
		check_err(row->body, &e, ERR_UNAVAILABLE, row->part);
		outside_end();
	}
}

static void a_rolled_secret_is_seen_once_a_minute_at_most(void **state)
{
	struct err e;

	(void)state;
	begin(VALUE("whsec_old"));
	assert_string_equal(secret(&e), "whsec_old");
	answer(200, VALUE("whsec_new"));
	outside.ms = SECRETS_REFRESH_MS - 1;
	assert_false(changed());
	assert_int_equal(outside.calls, 1);
	outside.ms = SECRETS_REFRESH_MS;
	assert_true(changed());
	assert_string_equal(secret(&e), "whsec_new");

	/* The minute begins anew. */
	answer(200, VALUE("whsec_newer"));
	outside.ms += SECRETS_REFRESH_MS - 1;
	assert_false(changed());
	answer(200, VALUE("whsec_new"));
	outside.ms += 1;
	assert_false(changed());

	/* It is the same a minute later; and a parameter that can't be read keeps it. */
	outside.ms += SECRETS_REFRESH_MS;
	assert_false(changed());
	outside.ms += SECRETS_REFRESH_MS;
	answer(400, "{'__type':'AccessDeniedException'}");
	assert_false(changed());
	assert_string_equal(secret(&e), "whsec_new");
	check("the log", strstr(buf_text(&outside.log), "Failed to read secret again"));
	outside_end();
}

static void a_secret_that_was_never_had_is_new_when_it_is(void **state)
{
	struct err e;

	(void)state;
	begin(VALUE("whsec_1"));
	answer(500, "");
	check_text("at first", secret(&e), NULL);
	outside.ms += SECRETS_REFRESH_MS;
	answer(200, VALUE("whsec_1"));
	assert_true(changed());
	assert_string_equal(secret(&e), "whsec_1");
	outside_end();
}

/* No line of the log has what was read, whatever it looks like. */
static void what_was_read_is_hidden_in_the_log(void **state)
{
	struct err e;

	(void)state;
	begin(VALUE("of-the-shop-alone"));
	assert_non_null(secret(&e));
	log_error("A mistake", LOG_STR("value", "of-the-shop-alone"));
	check("the log", strstr(buf_text(&outside.log), "A mistake") &&
			 !strstr(buf_text(&outside.log), "of-the-shop-alone"));
	outside_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_secret_of_the_settings_asks_nobody),
		holds(a_parameter_is_read_once_and_without_white_space),
		holds(what_can_be_no_secret_is_none),
		holds(a_rolled_secret_is_seen_once_a_minute_at_most),
		holds(a_secret_that_was_never_had_is_new_when_it_is),
		holds(what_was_read_is_hidden_in_the_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

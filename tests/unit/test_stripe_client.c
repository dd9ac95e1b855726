/* SPDX-License-Identifier: ISC */
/*
 * What is asked of Stripe again, after how long, and how fast: pauses alone move the clock.
 */
#include "stripe_script.h"

/* A GET, or with a key a POST, that may take `ms`. */
static int ask_within(const char *key, int64_t ms, struct err *e)
{
	struct stripe_request request = {.method = key ? "POST" : "GET", .path = "/v1/a", .form = "",
					 .idempotency_key = key, .deadline = deadline_in(ms)};
	struct json_object *got = NULL;
	int rc = stripe_send(outside.app.stripe_opened, &request, &got, e);

	json_object_put(got);
	return rc;
}

/* --- what is tried again --------------------------------------------------------- */

#define TOLD(word) {{"Stripe-Should-Retry", word}}
#define WAIT(seconds) {{"Retry-After", seconds}}
#define TOLD_WAIT(word, seconds) {{"Stripe-Should-Retry", word}, {"Retry-After", seconds}}

static void what_is_asked_again_and_after_how_long(void **state)
{
	static const struct {
		const char *row;
		const char *key;
		struct reply reply;
		unsigned tries;
		int64_t ms; /* of pauses; half of the jitter is taken off */
		enum err_code code;
		int retry_after;
	} table[] = {
		{"a refusal", NULL, REFUSES(400), 1, 0, ERR_REFUSED, 0},
		{"a refusal that is to be tried again", NULL, REFUSES_WITH(400, TOLD("true")), 3, 1125, ERR_REFUSED, 0},
		{"no permission", NULL, REFUSES(403), 1, 0, ERR_REFUSED, 0},
		{"the last of the refusals", NULL, REFUSES(499), 1, 0, ERR_REFUSED, 0},
		{"a redirect", NULL, REFUSES(301), 1, 0, ERR_REFUSED, 0},
		{"a conflict", NULL, REFUSES(409), 3, 1125, ERR_UNAVAILABLE, 0},
		{"a conflict under a key", "k", REFUSES(409), 3, 1125, ERR_UNAVAILABLE, 0},
		{"a conflict that stays", NULL, REFUSES_WITH(409, TOLD("false")), 1, 0, ERR_UNAVAILABLE, 0},
		{"too many requests", NULL, REFUSES(429), 1, 0, ERR_UNAVAILABLE, 0},
		{"too many, again", NULL, REFUSES_WITH(429, TOLD("true")), 3, 1125, ERR_UNAVAILABLE, 0},
		{"a fault", NULL, REFUSES(500), 3, 1125, ERR_UNAVAILABLE, 0},
		{"a fault under a key, which keeps it", "k", REFUSES(500), 1, 0, ERR_UNAVAILABLE, 0},
		{"a fault under a key, told", "k", REFUSES_WITH(500, TOLD("true")), 3, 1125, ERR_UNAVAILABLE, 0},
		{"a fault that stays", NULL, REFUSES_WITH(503, TOLD("false")), 1, 0, ERR_UNAVAILABLE, 0},
		{"a word that is none", NULL, REFUSES_WITH(503, TOLD("maybe")), 3, 1125, ERR_UNAVAILABLE, 0},
		{"no answer", NULL, REPLY(0, ""), 3, 1125, ERR_UNAVAILABLE, 0},
		{"no answer under a key", "k", REPLY(0, ""), 3, 1125, ERR_UNAVAILABLE, 0},
		{"no object", NULL, REPLY(200, "[]"), 1, 0, ERR_UNAVAILABLE, 0},

		{"too many, with a time", NULL, REFUSES_WITH(429, WAIT("7")), 1, 0, ERR_UNAVAILABLE, 7},
		{"a time that is longer", NULL, REFUSES_WITH(503, WAIT("2")), 3, 4000, ERR_UNAVAILABLE, 2},
		{"between the pauses", NULL, REFUSES_WITH(429, TOLD_WAIT("true", "1")), 3, 2000, ERR_UNAVAILABLE, 1},
		{"no time at all", NULL, REFUSES_WITH(503, WAIT("0")), 3, 1125, ERR_UNAVAILABLE, 0},
		{"a time with spaces around it", NULL, REFUSES_WITH(503, WAIT(" 2 ")), 3, 4000, ERR_UNAVAILABLE, 2},
		{"a minute", NULL, REFUSES_WITH(503, WAIT("60")), 3, 120000, ERR_UNAVAILABLE, 60},
		{"more than a minute", NULL, REFUSES_WITH(503, WAIT("61")), 3, 1125, ERR_UNAVAILABLE, 0},
		{"far more", NULL, REFUSES_WITH(503, WAIT("99999999999999999999")), 3, 1125, ERR_UNAVAILABLE, 0},
		{"a negative time", NULL, REFUSES_WITH(503, WAIT("-2")), 3, 1125, ERR_UNAVAILABLE, 0},
		{"no whole time", NULL, REFUSES_WITH(503, WAIT("2.5")), 3, 1125, ERR_UNAVAILABLE, 0},
		{"a date", NULL, REFUSES_WITH(503, WAIT("Fri, 31 Dec 1999 23:59:59 GMT")), 3, 1125, ERR_UNAVAILABLE, 0},
		{"an empty time", NULL, REFUSES_WITH(503, WAIT("")), 3, 1125, ERR_UNAVAILABLE, 0},
		{"a time that nobody waits for", "k", REFUSES_WITH(500, WAIT("2")), 1, 0, ERR_UNAVAILABLE, 2},
		{"of a refusal", NULL, REFUSES_WITH(400, WAIT("2")), 1, 0, ERR_REFUSED, 2},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		const struct reply rows[] = {row->reply, ENDS};

		begin(rows);
		check_int(row->row, ask_within(row->key, 300000, &e), -1);
		check_err(row->row, &e, row->code, "");
		check_int(row->row, count_asked(), row->tries);
		check_int(row->row, outside.ms, row->ms);
		check_int(row->row, e.upstream, row->reply.status);
		check_int(row->row, e.retry_after, row->retry_after);
		end();
	}
}

static void nothing_is_asked_again_beyond_the_deadline(void **state)
{
	static const struct {
		const char *row;
		int64_t ms;
		const char *wait;
		unsigned tries;
	} table[] = {
		{"no time for a pause", 375, NULL, 1},
		{"time for one", 376, NULL, 2},
		{"no time for the second", 1125, NULL, 2},
		{"time for both", 1126, NULL, 3},
		{"no time for what Stripe wants", 5000, "5", 1},
		{"time for it once", 5001, "5", 2},
		{"a request of the shop", 8000, "60", 1},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		const struct reply rows[] = {REFUSES_WITH(503, {{row->wait ? "Retry-After" : NULL, row->wait}}),
					     ENDS};

		begin(rows);
		check_int(row->row, ask_within(NULL, row->ms, &e), -1);
		check_err(row->row, &e, ERR_UNAVAILABLE, "503");
		check_int(row->row, count_asked(), row->tries);
		check(row->row, outside.ms < row->ms);
		end();
	}
}

static void a_try_that_succeeds_is_the_answer_whatever_came_before(void **state)
{
	static const struct reply rows[] = {REPLY(0, ""), REFUSES_WITH(500, WAIT("3")), OK, ENDS};
	struct err e;

	(void)state;
	begin(rows);
	assert_int_equal(ask_within(NULL, 8000, &e), 0);
	assert_int_equal(count_asked(), 3);
	assert_int_equal(outside.ms, 375 + 3000);
	assert_string_equal(stripe_last_refusal(outside.app.stripe_opened)->code, "");
	end();
}

static void a_wait_is_of_the_answer_that_asked_for_it(void **state)
{
	static const struct reply rows[][4] = {{REFUSES_WITH(500, WAIT("3")), REFUSES(500), REFUSES(500), ENDS},
					       {REFUSES_WITH(500, WAIT("3")), REPLY(0, ""), REPLY(0, ""), ENDS}};
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(rows); i++) {
		begin(rows[i]);
		assert_int_equal(ask_within(NULL, 8000, &e), -1);
		assert_int_equal(outside.ms, 3000 + 750);
		assert_int_equal(e.retry_after, 0);
		end();
	}
}

static void a_request_is_the_keys_in_its_version_under_its_own_key(void **state)
{
	static const struct reply rows[] = {REFUSES(403), REFUSES(401),
					    REPLY_WITH(200, "{}", {{"Idempotent-Replayed", "true"}}), OK, ENDS};
	struct stripe_client *client = begin(rows);
	struct err e;

	(void)state;
	assert_int_equal(ask_within("none", 8000, &e), -1);
	assert_false(stripe_was_unauthorized(client)); /* the key may not, but is one */
	assert_int_equal(ask_within("one", 8000, &e), -1);
	assert_true(stripe_was_unauthorized(client));
	assert_false(stripe_was_replayed(client));
	assert_string_equal(stripe_last_refusal(client)->param, "p");
	assert_string_equal(stripe_last_refusal(client)->message, "m");
	assert_int_equal(ask_within("two", 8000, &e), 0);
	assert_false(stripe_was_unauthorized(client));
	assert_true(stripe_was_replayed(client));
	assert_int_equal(ask_within(NULL, 8000, &e), 0);
	assert_false(stripe_was_replayed(client));
	assert_string_equal(buf_text(&asked), "POST /v1/a none\nPOST /v1/a one\nPOST /v1/a two\nGET /v1/a\n");
	end();
}

/* --- how fast -------------------------------------------------------------------- */

static void no_more_is_asked_in_a_second_than_was_agreed_and_less_once_stripe_is_limited(void **state)
{
	static const struct {
		unsigned per_second;
		int64_t apart, twice, thrice; /* milliseconds, also after one 429 and after two */
	} table[] = {
		{50, 20, 50, 100}, {20, 50, 100, 200}, {3, 334, 668, 1000}, {1, 1000, 1000, 1000},
		{0, 0, 0, 0}, /* whoever has no limit does not set one for the buyers */
	}, *row;
	struct err e;
	int i;

	(void)state;
	for EACH(row, table) {
		const struct reply rows[] = {OK, OK, OK, REFUSES(429), OK, REFUSES(429), OK, ENDS};
		const int64_t at[] = {0, row->apart, 2 * row->apart, 3 * row->apart,
				      3 * row->apart + row->apart, /* the next was agreed already */
				      3 * row->apart + row->apart + row->twice,
				      3 * row->apart + row->apart + 2 * row->twice};

		stripe_client_limit_rate(begin(rows), row->per_second);
		for (i = 0; i < 7; i++) {
			ask_within(NULL, 8000, &e);
			check_int("at", outside.ms, at[i]);
		}
		ask_within(NULL, 8000, &e);
		check_int("at", outside.ms, at[6] + row->thrice);
		end();
	}
}

static void a_rate_is_kept_from_the_last_request_on_not_made_up_for(void **state)
{
	static const struct reply rows[] = {OK, ENDS};
	struct err e;

	(void)state;
	stripe_client_limit_rate(begin(rows), 20);
	ask_within(NULL, 8000, &e);
	outside.ms += 1000;
	ask_within(NULL, 8000, &e);
	assert_int_equal(outside.ms, 1000);
	ask_within(NULL, 8000, &e);
	assert_int_equal(outside.ms, 1050);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(what_is_asked_again_and_after_how_long),
		holds(nothing_is_asked_again_beyond_the_deadline),
		holds(a_try_that_succeeds_is_the_answer_whatever_came_before),
		holds(a_wait_is_of_the_answer_that_asked_for_it),
		holds(a_request_is_the_keys_in_its_version_under_its_own_key),
		holds(no_more_is_asked_in_a_second_than_was_agreed_and_less_once_stripe_is_limited),
		holds(a_rate_is_kept_from_the_last_request_on_not_made_up_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

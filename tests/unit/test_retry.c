/* SPDX-License-Identifier: ISC */
/*
 * What a command tries again, how often, and after how long.
 */
#include "outside.h"

#include "base/clock.h"
#include "sync/rate_limit.h"
#include "sync/retry.h"

/* Calls that fail so, each after `ms`, until none is tried again. */
static unsigned tries_of(struct retry *retry, const struct err *e, int64_t ms)
{
	unsigned calls = 0;

	do {
		outside.ms += ms;
		calls++;
	} while (retry_again(retry, e) && calls < 100);
	return calls;
}

static void what_passes_is_tried_again_and_what_lasts_is_not(void **state)
{
	static const struct {
		const char *row;
		struct err e;
		int64_t takes; /* milliseconds, each call */
		unsigned calls;
		int64_t ms; /* that were waited, of the jitter a half is taken off */
	} table[] = {
		{"a store that is locked", {.code = ERR_UNAVAILABLE}, 0, 5, 750 + 1500 + 3000 + 6000},
		{"a limit", {.code = ERR_UNAVAILABLE, .upstream = 429}, 0, 5, 11250},
		{"a conflict at Stripe", {.code = ERR_UNAVAILABLE, .upstream = 409}, 0, 5, 11250},
		{"a fault", {.code = ERR_UNAVAILABLE, .upstream = 500}, 0, 5, 11250},
		{"a refusal that an event waits for", {.code = ERR_UNAVAILABLE, .upstream = 404}, 0, 1, 0},
		{"the first refusal", {.code = ERR_UNAVAILABLE, .upstream = 400}, 0, 1, 0},
		{"the last one", {.code = ERR_UNAVAILABLE, .upstream = 499}, 0, 1, 0},
		{"a key", {.code = ERR_REFUSED, .upstream = 401}, 0, 1, 0},
		{"no such object", {.code = ERR_REFUSED, .upstream = 404}, 0, 1, 0},
		{"another writer", {.code = ERR_CONFLICT}, 0, 1, 0},
		{"a setting", {.code = ERR_CONFIG}, 0, 1, 0},
		{"an answer that can't be read", {.code = ERR_UNAVAILABLE, .upstream = STRIPE_UNREADABLE}, 0, 3, 2250},
		{"the same, whatever is said of it", {.code = ERR_REFUSED, .upstream = STRIPE_UNREADABLE}, 0, 3, 2250},
		{"one that hangs", {.code = ERR_UNAVAILABLE}, 20000, 2, 750},
		{"one that takes its time", {.code = ERR_UNAVAILABLE}, 9000, 3, 2250},

		{"a time that Stripe asks for", {.code = ERR_UNAVAILABLE, .upstream = 429, .retry_after = 5}, 0, 5,
		 5000 + 5000 + 5000 + 6000},
		{"a minute", {.code = ERR_UNAVAILABLE, .upstream = 429, .retry_after = 60}, 0, 5, 240000},
		{"one that hangs, and asks for a time", {.code = ERR_UNAVAILABLE, .retry_after = 60}, 20000, 2, 60000},
		{"a time of a refusal", {.code = ERR_REFUSED, .upstream = 400, .retry_after = 5}, 0, 1, 0},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct retry retry = {.app = NULL};

		outside_begin();
		check_int(row->row, tries_of(&retry, &row->e, row->takes), row->calls);
		check_int(row->row, outside.ms - row->calls * row->takes, row->ms);
		outside_end();
	}
}

static int64_t stop_at; /* milliseconds */

static bool stops(void *context)
{
	(void)context;
	return outside.ms >= stop_at;
}

static void who_is_told_to_stop_does_not_wait_any_more(void **state)
{
	const struct err limited = {.code = ERR_UNAVAILABLE, .upstream = 429, .retry_after = 30};
	struct retry retry = {.stop = stops}, later = {.stop = stops};

	(void)state;
	outside_begin();
	stop_at = 0;
	assert_false(retry_again(&retry, &limited));
	assert_int_equal(outside.ms, 0);

	/* In the midst of a pause: within a second. */
	stop_at = 12500;
	assert_false(retry_again(&later, &limited));
	assert_in_range(outside.ms, 12500, 13500);
	outside_end();
}

static void what_failed_is_the_objects_the_keys_or_nobodys(void **state)
{
	static const struct {
		struct err e;
		bool objects, keys;
	} table[] = {
		{{.code = ERR_REFUSED, .upstream = 400}, true, false},
		{{.code = ERR_REFUSED, .upstream = 404}, true, false},
		{{.code = ERR_REFUSED, .upstream = 401}, false, true},
		{{.code = ERR_REFUSED, .upstream = 403}, false, true},
		{{.code = ERR_REFUSED, .upstream = 402}, true, false},
		{{.code = ERR_UNAVAILABLE, .upstream = STRIPE_UNREADABLE}, true, false},
		{{.code = ERR_UNAVAILABLE, .upstream = 429}, false, false},
		{{.code = ERR_UNAVAILABLE, .upstream = 409}, false, false},
		{{.code = ERR_UNAVAILABLE, .upstream = 500}, false, false},
		{{.code = ERR_UNAVAILABLE}, false, false},
	}, *row;

	(void)state;
	for EACH(row, table) {
		check_int("object", retry_blames_object(&row->e), row->objects);
		check_int("key", retry_refuses_key(&row->e), row->keys);
	}
}

/* --- the rate ----------------------------------------------------------------------- */

static int serve(const struct http_request *request, struct buf *body)
{
	(void)request;
	buf_puts(body, "{}");
	return 200;
}

static void half_of_what_stripe_allows_is_asked_for(void **state)
{
	static const struct {
		const char *secret, *base;
		int64_t apart; /* milliseconds */
	} table[] = {
		{"sk_live_1", "https://api.stripe.com", 20}, {"rk_live_1", "https://api.stripe.com", 20},
		{"sk_test_1", "https://api.stripe.com", 50}, {"sk_1", "https://api.stripe.com", 50},
		{"sk_live_1", "http://127.0.0.1:12111", 2}, {"sk_test_1", "http://localhost:12111", 2},
	}, *row;
	struct json_object *got;
	struct err e;
	int i;

	(void)state;
	for EACH(row, table) {
		const struct stripe_request request = {.method = "GET", .path = "/v1/a", .deadline = 8000};

		outside_begin();
		outside.serve = serve;
		free(outside.app.config.stripe_secret);
		free(outside.app.config.stripe_api_base);
		outside.app.config.stripe_secret = str_dup(row->secret);
		outside.app.config.stripe_api_base = str_dup(row->base);
		check_int(row->secret, rate_limit_keep(&outside.app, deadline_in(1000), &e), 0);
		for (i = 0; i < 3; i++) {
			check_int(row->secret, stripe_send(outside.app.stripe_opened, &request, &got, &e), 0);
			json_object_put(got);
			check_int(row->secret, outside.ms, i * row->apart);
		}
		outside_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(what_passes_is_tried_again_and_what_lasts_is_not),
		holds(who_is_told_to_stop_does_not_wait_any_more),
		holds(what_failed_is_the_objects_the_keys_or_nobodys),
		holds(half_of_what_stripe_allows_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

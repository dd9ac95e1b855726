/* SPDX-License-Identifier: ISC */
/*
 * An error's code decides what is answered; its text reaches a client only
 * where it is the client's own mistake, and is never cut inside a character.
 */
#include "unit.h"

static void each_code_has_its_status_name_and_public_text(void **state)
{
	static const struct {
		enum err_code code;
		int status;
		const char *name, *public_text;
	} table[] = {
		{ERR_NONE, 500, "none", "Internal error"},
		{ERR_BAD_REQUEST, 400, "bad_request", "own text"},
		{ERR_UNAUTHORIZED, 401, "unauthorized", "own text"},
		{ERR_FORBIDDEN, 403, "forbidden", "own text"},
		{ERR_NOT_FOUND, 404, "not_found", "own text"},
		{ERR_METHOD, 405, "method", "Method not allowed"},
		{ERR_TIMEOUT, 408, "timeout", "own text"},
		{ERR_ORDERED, 409, "already_ordered", "own text"},
		{ERR_OUTDATED, 409, "outdated", "own text"},
		{ERR_GONE, 410, "gone", "own text"},
		{ERR_LENGTH, 411, "length", "Content-Length is required"},
		{ERR_TOO_LARGE, 413, "too_large", "own text"},
		{ERR_MEDIA_TYPE, 415, "media_type", "Content-Type must be application/json"},
		{ERR_SIGNATURE, 400, "signature", "Invalid Stripe signature"},
		{ERR_PAYLOAD, 400, "payload", "Invalid Stripe payload"},
		{ERR_CONFLICT, 503, "conflict", "Service temporarily unavailable"},
		{ERR_UNAVAILABLE, 503, "unavailable", "Service temporarily unavailable"},
		{ERR_REFUSED, 502, "refused", "The payment provider refused the request"},
		{ERR_CONFIG, 500, "config", "Service misconfigured"},
		{ERR_INTERNAL, 500, "internal", "Internal error"},
	}, *row;

	(void)state;
	assert_int_equal(LENGTH(table), ERR_CODES);
	for EACH(row, table) {
		struct err e;

		err_set(&e, row->code, "own text");
		check_int(row->name, err_http_status(row->code), row->status);
		check_text(row->name, err_name(row->code), row->name);
		check_text(row->name, err_public_text(&e), row->public_text);
		if (row->status == 409)
			check_text(row->name, err_public_code(row->code), row->name);
		else
			assert_null(err_public_code(row->code));
	}
}

static void setting_an_error_is_minus_one_and_forgets_the_status(void **state)
{
	struct err e = {.code = ERR_NONE, .upstream = 404};

	(void)state;
	assert_int_equal(err_set(&e, ERR_GONE, "%s is %d", "it", 7), -1);
	assert_int_equal(e.code, ERR_GONE);
	assert_int_equal(e.upstream, 0);
	assert_string_equal(e.text, "it is 7");
}

static void no_error_wanted_is_fine(void **state)
{
	(void)state;
	assert_int_equal(err_set(NULL, ERR_GONE, "x"), -1);
	assert_int_equal(err_prefix(NULL, "x"), -1);
}

static void a_prefix_stands_before_the_text_and_keeps_the_code(void **state)
{
	struct err e;

	(void)state;
	err_set(&e, ERR_CONFIG, "wrong");
	e.upstream = 402;
	assert_int_equal(err_prefix(&e, "%s:%d", "file", 3), -1);
	assert_string_equal(e.text, "file:3: wrong");
	assert_int_equal(e.code, ERR_CONFIG);
	assert_int_equal(e.upstream, 402);
}

static void the_whole_room_of_the_text_is_used(void **state)
{
	struct err e;

	(void)state;
	err_set(&e, ERR_INTERNAL, "%s", repeat("x", sizeof e.text - 1));
	assert_int_equal(strlen(e.text), sizeof e.text - 1);
	err_set(&e, ERR_INTERNAL, "%s", repeat("x", sizeof e.text + 100));
	assert_int_equal(strlen(e.text), sizeof e.text - 1);
}

static void a_long_prefix_or_text_is_cut_and_never_overflows(void **state)
{
	struct err e;
	size_t n;

	(void)state;
	for (n = 460; n < 500; n++) {
		err_set(&e, ERR_INTERNAL, "%s", repeat("t", 300));
		err_prefix(&e, "%s", repeat("p", n));
		assert_true(strlen(e.text) < sizeof e.text);
		assert_true(str_starts(e.text, repeat("p", n < 479 ? n : 479)));
	}
	err_set(&e, ERR_INTERNAL, "end");
	err_prefix(&e, "%s", repeat("p", sizeof e.text - 6));
	assert_true(str_ends(e.text, "p: end"));
	assert_int_equal(strlen(e.text), sizeof e.text - 1);
	err_set(&e, ERR_INTERNAL, "end");
	err_prefix(&e, "%s", repeat("p", sizeof e.text - 5));
	assert_true(str_ends(e.text, "p: en"));
}

/* Whatever the number of bytes before them, no character is torn. */
static void a_cut_never_leaves_half_a_character(void **state)
{
	static const char *const characters[] = {"\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
	struct err e;
	size_t c, n;

	(void)state;
	for (c = 0; c < LENGTH(characters); c++) {
		for (n = 0; n < 8; n++) {
			const char *text = repeat(characters[c], 300);
			size_t length;

			err_set(&e, ERR_BAD_REQUEST, "%s%s", repeat("x", n), text);
			length = strlen(e.text);
			assert_true(span_utf8_length(span_of(e.text)) > 0);
			assert_true(sizeof e.text - 1 - length < strlen(characters[c]));
			err_prefix(&e, "%s", repeat("y", n));
			assert_true(span_utf8_length(span_of(e.text)) > 0);
		}
	}
}

static void a_whole_character_at_the_end_stays(void **state)
{
	struct err e;

	(void)state;
	err_set(&e, ERR_BAD_REQUEST, "\xC3\xA4");
	assert_string_equal(e.text, "\xC3\xA4");
	err_set(&e, ERR_BAD_REQUEST, "a\xF0\x9F\x98\x80");
	assert_string_equal(e.text, "a\xF0\x9F\x98\x80");
	err_set(&e, ERR_BAD_REQUEST, "%s", "");
	assert_string_equal(e.text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(each_code_has_its_status_name_and_public_text),
		holds(setting_an_error_is_minus_one_and_forgets_the_status),
		holds(no_error_wanted_is_fine),
		holds(a_prefix_stands_before_the_text_and_keeps_the_code),
		holds(the_whole_room_of_the_text_is_used),
		holds(a_long_prefix_or_text_is_cut_and_never_overflows),
		holds(a_cut_never_leaves_half_a_character),
		holds(a_whole_character_at_the_end_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * Form encoding: each byte by its class, nested names, and times as text.
 */
#include "unit.h"

#include <stdio.h>

#include "format/form.h"
#include "format/iso8601.h"

static const char unreserved[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

static void each_byte_stands_for_itself_or_is_percent_encoded(void **state)
{
	int c;

	(void)state;
	for (c = 1; c < 256; c++) {
		char text[2] = {(char)c, '\0'}, encoded[4];
		struct buf out;

		buf_init(&out, 16);
		form_encode(&out, text);
		snprintf(encoded, sizeof encoded, strchr(unreserved, c) ? "%c" : "%%%02X", c);
		check_text(encoded, buf_text(&out), encoded);
		buf_free(&out);
	}
}

static void pairs_are_joined_and_brackets_of_names_stay(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 500);
	form_add(&out, "payment", "mode");
	form_add(&out, "a b&c=[d]", "metadata[%s]", "k=&\xC3\xA4");
	form_add_int(&out, INT64_MIN, "line_items[%zu][%s]", (size_t)7, "quantity");
	form_add(&out, "", "empty");
	form_add_int(&out, 0, "zero");
	assert_string_equal(buf_text(&out),
			    "mode=payment&metadata[k%3D%26%C3%A4]=a%20b%26c%3D%5Bd%5D&"
			    "line_items[7][quantity]=-9223372036854775808&empty=&zero=0");
	buf_free(&out);
}

static void a_name_has_at_most_511_bytes_and_is_never_cut(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 5000);
	form_add(&out, "v", "%s", repeat("n", 511));
	assert_false(out.failed);
	assert_int_equal(out.len, 513);
	form_add(&out, "v", "%s", repeat("n", 512));
	assert_true(out.failed);
	assert_int_equal(out.len, 513);
	buf_free(&out);
}

static void a_form_above_its_maximum_has_failed(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 6);
	form_add(&out, "v", "name");
	assert_false(out.failed);
	form_add(&out, "v", "n");
	assert_true(out.failed);
	buf_free(&out);
}

static void times_are_written_in_utc(void **state)
{
	static const struct {
		int64_t epoch;
		const char *time, *day;
	} table[] = {
		{0, "1970-01-01T00:00:00Z", "1970-01-01"},
		{1732612800, "2024-11-26T09:20:00Z", "2024-11-26"},
		{1732665599, "2024-11-26T23:59:59Z", "2024-11-26"},
		{1732665600, "2024-11-27T00:00:00Z", "2024-11-27"},
		{1709164800, "2024-02-29T00:00:00Z", "2024-02-29"},
		{946684799, "1999-12-31T23:59:59Z", "1999-12-31"},
		{-1, "1969-12-31T23:59:59Z", "1969-12-31"},
		{4102444800, "2100-01-01T00:00:00Z", "2100-01-01"},
		{INT64_C(253402300799), "9999-12-31T23:59:59Z", "9999-12-31"},
	}, *row;

	(void)state;
	setenv("TZ", "Asia/Tokyo", 1);
	for EACH(row, table) {
		char out[ISO8601_SIZE];

		check_text(row->time, iso8601_time(row->epoch, out), row->time);
		check(row->time, iso8601_time(row->epoch, out) == out);
		check_text(row->day, iso8601_day(row->epoch, out), row->day);
	}
}

static void a_written_time_is_read_back(void **state)
{
	static const struct {
		const char *text;
		int64_t epoch;
	} table[] = {
		{"2024-11-26T09:20:00Z", 1732612800}, {"2024-11-26T09:20:00.999Z", 1732612800},
		{"2024-11-26T09:20:00+00:00", 1732612800}, {"1970-01-01T00:00:00Z", 0},
		{"2024-02-29T23:59:59.1+00:00", 1709251199}, {"1969-12-31T23:59:59Z", -1},
	}, *row;

	(void)state;
	setenv("TZ", "Asia/Tokyo", 1);
	for EACH(row, table) {
		int64_t epoch = 77;

		check_int(row->text, iso8601_parse(row->text, &epoch), 0);
		check_int(row->text, epoch, row->epoch);
	}
}

static void what_is_no_time_in_utc_is_not_read(void **state)
{
	static const char *const table[] = {
		"", "2024-11-26", "2024-11-26T09:20:00", "2024-11-26 09:20:00Z", "2024-11-26T09:20Z",
		"2024-11-26T09:20:00+01:00", "2024-11-26T09:20:00-00:00", "2024-11-26T09:20:00z",
		"2024-11-26T09:20:00Zx", "2024-11-26T09:20:00.12", "2024-11-26T09:20:00.5QZ", "2024-11-26T09:20:00,5Z",
		"2024-13-26T09:20:00Z", "2024-11-32T09:20:00Z", "2026-02-29T09:20:00Z", "2024-11-31T09:20:00Z",
		"2024-11-26T24:20:00Z", "now",
		"1732612800", "x2024-11-26T09:20:00Z",
	};
	const char *const *row;

	(void)state;
	for EACH(row, table) {
		int64_t epoch = 77;

		check_int(*row, iso8601_parse(*row, &epoch), -1);
		check_int(*row, epoch, 77);
	}
}

static void an_impossible_time_is_an_empty_text(void **state)
{
	char out[ISO8601_SIZE] = "before";

	(void)state;
	assert_string_equal(iso8601_time(INT64_MAX, out), "");
	assert_string_equal(iso8601_day(INT64_MIN, out), "");
}

static void a_name_that_does_not_fit_fails_the_whole_form(void **state)
{
	static const struct {
		const char *what, *json; /* %s: a name of the length */
		size_t length;
		bool fits;
	} table[] = {
		{"a member", "{'%s':'v'}", 100, true}, {"a long member", "{'%s':'v'}", 5000, false},
		{"a member within", "{'a':{'%s':'v'}}", 5000, false},
		{"a list", "{'%s':['v']}", 508, true}, {"a longer one", "{'%s':['v']}", 509, false},
	}, *row;

	(void)state;
	for EACH(row, table) {
		char *text = str_printf("%s", row->json), *at = strstr(text, "%s");
		struct buf out;

		*at = '\0';
		buf_init(&out, 1 << 20);
		form_add_members(&out, json_of("%s%s%s", text, repeat("n", row->length), at + 2));
		check_int(row->what, out.failed, !row->fits);
		buf_free(&out);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(each_byte_stands_for_itself_or_is_percent_encoded),
		holds(pairs_are_joined_and_brackets_of_names_stay),
		holds(a_name_has_at_most_511_bytes_and_is_never_cut),
		holds(a_form_above_its_maximum_has_failed),
		holds(times_are_written_in_utc),
		holds(a_written_time_is_read_back),
		holds(what_is_no_time_in_utc_is_not_read),
		holds(an_impossible_time_is_an_empty_text),
		holds(a_name_that_does_not_fit_fails_the_whole_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * Strings and spans: numbers are read strictly, UTF-8 is what RFC 3629 says.
 */
#include "unit.h"

#include <stdio.h>

/* A span of a literal, NUL bytes included. */
#define SPAN(literal) {(literal), sizeof(literal) - 1}

static const char *text_of(struct span s)
{
	return keep_text(span_dup(s));
}

static void a_span_of_nothing_is_empty(void **state)
{
	(void)state;
	assert_int_equal(span_of(NULL).n, 0);
	assert_int_equal(span_of("").n, 0);
	assert_int_equal(span_of("abc").n, 3);
}

static void spans_equal_a_string_byte_for_byte_to_its_end(void **state)
{
	(void)state;
	assert_true(span_equals((struct span)SPAN("abc"), "abc"));
	assert_true(span_equals((struct span)SPAN(""), ""));
	assert_false(span_equals((struct span)SPAN("abc"), "abd"));
	assert_false(span_equals((struct span)SPAN("abc"), "ab"));
	assert_false(span_equals((struct span)SPAN("ab"), "abc"));
	assert_false(span_equals((struct span)SPAN("a\0c"), "a"));
	assert_false(span_equals((struct span)SPAN("abc"), "ABC"));
}

static void trim_takes_blanks_off_both_ends_and_none_between(void **state)
{
	static const struct {
		const char *text, *trimmed;
	} table[] = {
		{"", ""}, {" ", ""}, {" \t\r\n", ""}, {"a", "a"}, {" a", "a"}, {"a ", "a"},
		{"\ta\t", "a"}, {"\r\na b\r\n", "a b"}, {"\va\f", "\va\f"}, {" \xA0 ", "\xA0"},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_text(row->text, text_of(span_trim(span_of(row->text))), row->trimmed);
}

static void one_byte_order_mark_is_taken_off_a_text_that_begins_with_it(void **state)
{
	static const struct {
		const char *text, *without;
	} table[] = {
		{"", ""}, {"a", "a"}, {"\xEF\xBB\xBF", ""}, {"\xEF\xBB\xBF" "a", "a"}, {"\xEF\xBB", "\xEF\xBB"},
		{"\xEF\xBB\xBE" "a", "\xEF\xBB\xBE" "a"}, {" \xEF\xBB\xBF", " \xEF\xBB\xBF"},
		{"\xEF\xBB\xBF\xEF\xBB\xBF", "\xEF\xBB\xBF"},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_text(row->text, text_of(span_without_bom(span_of(row->text))), row->without);
}

static void span_next_gives_every_part_empty_ones_too(void **state)
{
	static const struct {
		const char *text, *parts;
	} table[] = {
		{"", "<>"}, {"a", "<a>"}, {"a,b", "<a><b>"}, {"a,,b", "<a><><b>"},
		{",", "<><>"}, {"a,", "<a><>"}, {",a", "<><a>"}, {"a b,c", "<a b><c>"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct span rest = span_of(row->text), part;
		char parts[64] = "";

		while (span_next(&rest, ',', &part)) {
			strcat(parts, "<");
			strncat(parts, part.p, part.n);
			strcat(parts, ">");
		}
		check_text(row->text, parts, row->parts);
		check(row->text, !span_next(&rest, ',', &part));
	}
}

static void integers_are_read_to_the_ends_of_64_bits(void **state)
{
	static const struct {
		const char *text;
		int64_t value;
	} table[] = {
		{"0", 0}, {"1", 1}, {"-1", -1}, {"9", 9}, {"10", 10}, {"-0", 0}, {"007", 7},
		{"1234567890123", 1234567890123}, {"9223372036854775807", INT64_MAX},
		{"-9223372036854775808", INT64_MIN}, {"-9223372036854775807", -INT64_MAX},
		{"0000000000000000000000009223372036854775807", INT64_MAX},
	}, *row;

	(void)state;
	for EACH(row, table) {
		int64_t value = 77;

		check_int(row->text, span_to_int64(span_of(row->text), &value), 0);
		check_int(row->text, value, row->value);
	}
}

static void what_is_no_integer_is_refused_and_writes_nothing(void **state)
{
	static const struct span table[] = {
		SPAN(""), SPAN("-"), SPAN("+"), SPAN("+1"), SPAN("--1"), SPAN(" 1"), SPAN("1 "),
		SPAN("1.0"), SPAN("1e3"), SPAN("0x10"), SPAN("12abc"), SPAN("1\0"), SPAN("\0"),
		SPAN("1,2"), SPAN("1-"), SPAN("/"), SPAN(":"), SPAN("1/"), SPAN("1:"),
		SPAN("9223372036854775808"), SPAN("-9223372036854775809"),
		SPAN("9223372036854775810"), SPAN("92233720368547758070"), SPAN("99999999999999999999"),
		SPAN("18446744073709551617"), SPAN("340282366920938463463374607431768211457"),
	}, *row;

	(void)state;
	for EACH(row, table) {
		int64_t value = 77;

		check_int(row->p, span_to_int64(*row, &value), -1);
		check_int(row->p, value, 77);
	}
}

/* The rows of RFC 3629 section 4 at both ends, and what stands next to them. */
static void utf8_is_what_rfc_3629_says(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
	} table[] = {
		{"\x01", 1}, {"\x7F", 1}, {"\x80", 0}, {"\xBF", 0}, {"\xC0\x80", 0},
		{"\xC1\xBF", 0}, {"\xC2\x7F", 0}, {"\xC2\x80", 2}, {"\xC2\xBF", 2}, {"\xC2\xC0", 0},
		{"\xDF\xBF", 2}, {"\xDF", 0}, {"\xE0\x9F\xBF", 0}, {"\xE0\xA0\x80", 3},
		{"\xE0\xBF\xBF", 3}, {"\xE1\x80\x80", 3}, {"\xE1\x7F\x80", 0}, {"\xE1\x80\x7F", 0},
		{"\xE1\x80\xC0", 0}, {"\xE1\xC0\x80", 0}, {"\xEC\xBF\xBF", 3}, {"\xED\x80\x80", 3},
		{"\xED\x9F\xBF", 3}, {"\xED\xA0\x80", 0}, {"\xED\xBF\xBF", 0}, {"\xEE\x80\x80", 3},
		{"\xEF\xBF\xBF", 3}, {"\xEF\xBB\xBF", 3}, {"\xE2\x82", 0}, {"\xF0\x8F\xBF\xBF", 0},
		{"\xF0\x90\x80\x80", 4}, {"\xF1\x80\x80\x80", 4}, {"\xF3\xBF\xBF\xBF", 4},
		{"\xF4\x80\x80\x80", 4}, {"\xF4\x8F\xBF\xBF", 4}, {"\xF4\x90\x80\x80", 0},
		{"\xF5\x80\x80\x80", 0}, {"\xF0\x9F\x98", 0}, {"\xF0\x9F\x7F\x80", 0},
		{"\xF0\x9F\x98\x7F", 0}, {"\xF0\x9F\x98\xC0", 0}, {"\xF1\xC0\x80\x80", 0},
		{"\xF8\x88\x80\x80\x80", 0}, {"\xFE", 0}, {"\xFF", 0},
	}, *row;

	(void)state;
	for EACH(row, table) {
		const unsigned char *p = (const unsigned char *)row->bytes;
		char name[16];

		snprintf(name, sizeof name, "row %d", (int)(row - table));
		check_int(name, utf8_sequence(p, strlen(row->bytes)), row->length);
		/* One code point is not made longer by what comes behind, nor
		 * shorter by the end of the bytes. */
		if (row->length)
			check_int(name, utf8_sequence(p, row->length - 1), 0);
	}
	assert_int_equal(utf8_sequence((const unsigned char *)"", 0), 0);
	assert_int_equal(utf8_sequence((const unsigned char *)"", 1), 1);
	assert_int_equal(utf8_sequence((const unsigned char *)"ab", 2), 1);
}

static void length_counts_code_points(void **state)
{
	static const struct {
		struct span text;
		long length;
	} table[] = {
		{SPAN(""), 0}, {SPAN("abc"), 3}, {SPAN("a\0c"), 3}, {SPAN("\xC3\xA4"), 1},
		{SPAN("\xE2\x82\xAC\xF0\x9F\x98\x80!"), 3}, {SPAN("a\xC3"), -1}, {SPAN("\xA4"), -1},
		{SPAN("\xC3\xA4\xFF"), -1},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_int(row->text.p, span_utf8_length(row->text), row->length);
}

static void a_cut_text_loses_half_a_character_and_nothing_else(void **state)
{
	static const struct {
		const char *text, *trimmed;
	} table[] = {
		{"", ""}, {"a", "a"}, {"a\xC3", "a"}, {"a\xC3\xA4", "a\xC3\xA4"}, {"a\xE2\x82", "a"},
		{"\xE2", ""}, {"a\xF0\x9F\x98", "a"}, {"a\xF0\x9F\x98\x80", "a\xF0\x9F\x98\x80"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		char text[16];

		strcpy(text, row->text);
		str_trim_sequence(text);
		check_text(row->text, text, row->trimmed);
	}
}

static void starts_and_ends_look_at_whole_bytes(void **state)
{
	(void)state;
	assert_true(str_starts("abc", "ab") && str_starts("abc", "") && str_starts("abc", "abc"));
	assert_false(str_starts("abc", "abcd") || str_starts("abc", "b") || str_starts("", "a"));
	assert_true(str_ends("abc", "bc") && str_ends("abc", "") && str_ends("abc", "abc"));
	assert_false(str_ends("abc", "zabc") || str_ends("abc", "ab") || str_ends("", "a"));
	assert_true(str_empty(NULL) && str_empty(""));
	assert_false(str_empty(" "));
}

static void case_changes_ascii_letters_only(void **state)
{
	char text[] = "@AMZ[`amz{ \xC3\x84 09";

	(void)state;
	str_lower(text);
	assert_string_equal(text, "@amz[`amz{ \xC3\x84 09");
	str_upper(text);
	assert_string_equal(text, "@AMZ[`AMZ{ \xC3\x84 09");
}

static void hex_is_lower_case_and_two_digits_a_byte(void **state)
{
	char out[11] = "xxxxxxxxxx";

	(void)state;
	str_hex((const unsigned char *)"\x00\x09\xAF\xF0\xFF", 5, out);
	assert_string_equal(out, "0009aff0ff");
	str_hex((const unsigned char *)"", 0, out);
	assert_string_equal(out, "");
}

static void copies_are_the_callers_own(void **state)
{
	const char *original = "abc";

	(void)state;
	assert_null(str_dup(NULL));
	assert_ptr_not_equal(keep_text(str_dup(original)), original);
	assert_string_equal(keep_text(str_dup(original)), "abc");
	assert_string_equal(keep_text(span_dup((struct span){original, 2})), "ab");
	assert_string_equal(keep_text(span_dup((struct span){NULL, 0})), "");
	assert_string_equal(keep_text(str_printf("%s-%d", "a", 7)), "a-7");
	assert_int_equal(strlen(keep_text(str_printf("%s", repeat("0123456789", 999)))), 9990);
}

static void numbers_are_grouped_by_thousands(void **state)
{
	static const struct {
		int64_t number;
		const char *text;
	} table[] = {
		{0, "0"}, {7, "7"}, {999, "999"}, {1000, "1,000"}, {12345, "12,345"},
		{100000, "100,000"}, {1234567, "1,234,567"}, {-5, "-5"}, {-123, "-123"},
		{-1000, "-1,000"}, {-123456, "-123,456"}, {INT64_MAX, "9,223,372,036,854,775,807"},
		{INT64_MIN, "-9,223,372,036,854,775,808"},
	}, *row;
	char out[STR_GROUPED_SIZE];

	(void)state;
	for EACH(row, table)
		check_text(row->text, str_grouped(row->number, out), row->text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_span_of_nothing_is_empty),
		holds(spans_equal_a_string_byte_for_byte_to_its_end),
		holds(trim_takes_blanks_off_both_ends_and_none_between),
		holds(one_byte_order_mark_is_taken_off_a_text_that_begins_with_it),
		holds(span_next_gives_every_part_empty_ones_too),
		holds(integers_are_read_to_the_ends_of_64_bits),
		holds(what_is_no_integer_is_refused_and_writes_nothing),
		holds(utf8_is_what_rfc_3629_says),
		holds(length_counts_code_points),
		holds(a_cut_text_loses_half_a_character_and_nothing_else),
		holds(starts_and_ends_look_at_whole_bytes),
		holds(case_changes_ascii_letters_only),
		holds(hex_is_lower_case_and_two_digits_a_byte),
		holds(copies_are_the_callers_own),
		holds(numbers_are_grouped_by_thousands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * Printing for a screen: what stands in the place of a %s is clean, and all else is as printf has
 * it.
 */
#include "unit.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/output.h"

static char *printed;
static size_t length;
static FILE *to;

static int begin(void **state)
{
	(void)state;
	to = open_memstream(&printed, &length);
	return to ? 0 : -1;
}

static int end(void **state)
{
	fclose(to);
	free(printed);
	return unit_release(state);
}

static const char *text(void)
{
	fflush(to);
	return printed;
}

static void a_format_is_laid_out_as_printf_does_it(void **state)
{
	char want[512];
	int n;

#define ALL "%d|%5d|%-5d|%05d|%+d|%u|%x|%zu|%ld|%lld|%" PRId64 "|%jd|%.1f|%c|%%|%s|%8s|%-8s|%.2s|%*s|%-*s|%.*s\n", \
	-7, -7, 7, 7, 7, 4000000000u, 255u, (size_t)9, -1L, -2LL, INT64_MIN, INTMAX_MAX, 2.25, 'c', "a", \
	"b", "c", "def", 6, "g", 6, "h", 1, "ij"
	(void)state;
	n = snprintf(want, sizeof want, ALL);
	assert_int_equal(output_printf(to, ALL), n);
	assert_string_equal(text(), want);
#undef ALL
}

static void text_is_clean_and_the_format_is_as_it_is(void **state)
{
	(void)state;
	output_printf(to, "\033[1m%s\033[0m\n", "a\033[31mb\xC2\x9B\x32J\xE2\x80\xAE" "c\x80\nd\te");
	assert_string_equal(text(), "\033[1ma\xEF\xBF\xBD[31mb\xEF\xBF\xBD\x32J\xEF\xBF\xBD" "c\xEF\xBF\xBD"
				    " d e\033[0m\n");
}


static void json_has_escapes_for_what_a_terminal_obeys_and_the_same_value(void **state)
{
	const char *json = "{\"a\":\"\xC2\x9B\xE2\x80\xAE\x7F\xC3\xA9\",\n\"b\":1}";

	(void)state;
	output_json(to, json);
	assert_string_equal(text(), "{\"a\":\"\\u009b\\u202e\\u007f\xC3\xA9\",\n\"b\":1}");
	assert_true(json_equal(keep(json_parse(span_of(text()))), keep(json_parse(span_of(json)))));
}

#define printing(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		printing(a_format_is_laid_out_as_printf_does_it),
		printing(text_is_clean_and_the_format_is_as_it_is),
		printing(json_has_escapes_for_what_a_terminal_obeys_and_the_same_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * The configuration file's lines, read as systemd reads an EnvironmentFile,
 * and errors that say the line.
 */
#include "unit.h"

#include "base/buf.h"
#include "config/config_file.h"

/* Writes `NAME<value>` for each setting. */
static int note(void *context, int line, const char *name, const char *value, struct err *e)
{
	(void)line;
	if (strcmp(name, "REFUSED") == 0)
		return err_set(e, ERR_CONFIG, "REFUSED is refused");
	return buf_printf(context, "%s<%s>", name, value);
}

static int parse(struct span text, struct buf *noted, struct err *e)
{
	const struct config_file_reader reader = {.entry = note, .context = noted};

	buf_init(noted, 4096);
	return config_file_read("f", text, &reader, e);
}

static void lines_become_settings(void **state)
{
	static const struct {
		const char *text, *settings;
	} table[] = {
		{"", ""}, {"\n\n", ""}, {"A=1", "A<1>"}, {"A=1\n", "A<1>"}, {"A=1\nB=2\n", "A<1>B<2>"},
		{"A=1\r\nB=2\r\n", "A<1>B<2>"}, {" A = 1 ", "A<1>"}, {"\tA\t=\t1\t", "A<1>"},
		{"# A=1\n; B=2\n  # C=3\nD=4", "D<4>"}, {"A=1 # no comment", "A<1 # no comment>"},
		{"A=#1", "A<#1>"}, {"A=1;2", "A<1;2>"}, {"A=", "A<>"}, {"A=b=c", "A<b=c>"},
		{"A==", "A<=>"}, {"A=b c", "A<b c>"}, {"A=''", "A<>"}, {"A=\"\"", "A<>"},
		{"A='b c '", "A<b c >"}, {"A=\" b \"", "A< b >"}, {"A = 'b' ", "A<b>"},
		{"A='b\\c\"d'", "A<b\\c\"d>"}, {"A=\"b\\\"c\"", "A<b\"c>"}, {"A=\"b\\\\\"", "A<b\\>"},
		{"A=\"b\\nc\"", "A<bnc>"}, {"A=\"b'c\"", "A<b'c>"}, {"A='b\\'", "A<b\\>"},
		{"A=b'c'", "A<b'c'>"}, {"A=b\\c", "A<b\\c>"}, {"A=1\nA=2", "A<1>A<2>"},
		{"\xEF\xBB\xBF" "A=1", "A<1>"}, {"\xEF\xBB\xBF", ""}, {"a_9=x", "a_9<x>"},
		{"A=\xC3\xA4", "A<\xC3\xA4>"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct err e = {.code = ERR_NONE};
		struct buf noted;

		check_int(row->text, parse(span_of(row->text), &noted, &e), 0);
		check_text(row->text, buf_text(&noted), row->settings);
		buf_free(&noted);
	}
}

static void a_wrong_line_is_named_and_ends_it(void **state)
{
	static const struct {
		const char *text, *error;
	} table[] = {
		{"A", "f:1: this is not KEY=VALUE"},
		{"A=1\n\n# x\nB\nC=1", "f:4: this is not KEY=VALUE"},
		{"\r\nA", "f:2: this is not"},
		{"=1", "f:1: the text before the ="},
		{" =1", "f:1: the text before the ="},
		{"A B=1", "f:1: the text before the ="},
		{"export A=1", "f:1: leave out the word export: a line is NAME=value"},
		{" export\t A = 1", "f:1: leave out the word export"},
		{"exporter A=1", "f:1: the text before the ="},
		{"A-B=1", "f:1: the text before the ="},
		{"-A=1", "f:1: the text before the ="},
		{"A.B=1", "f:1: the text before the ="},
		{"\xC3\x84=1", "f:1: the text before the ="},
		{"A\xEF\xBB\xBF=1", "f:1: the text before the ="},
		{"A=1\\", "f:1: the line ends in a backslash"},
		{"A=1\\ \r\n", "f:1: the line ends in a backslash"},
		{"\\", "f:1: the line ends in a backslash"},
		{"A=1\nB='x", "f:2: B: the quotes don't match"},
		{"A=\"x", "f:1: A: the quotes don't match"},
		{"A=\"", "f:1: A: the quotes don't match"},
		{"A='", "f:1: A: the quotes don't match"},
		{"A='x'y", "f:1: A: the quotes don't match"},
		{"A=\"x\" # y", "f:1: A: the quotes don't match"},
		{"A=\"x'", "f:1: A: the quotes don't match"},
		{"A='x\"", "f:1: A: the quotes don't match"},
		{"A=\"x\\\"", "f:1: A: the quotes don't match"},
		{"A=1\nREFUSED=2\nC", "f:2: REFUSED is refused"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct err e = {.code = ERR_NONE};
		struct buf noted;

		check_int(row->text, parse(span_of(row->text), &noted, &e), -1);
		check(row->text, e.code == ERR_CONFIG && str_starts(e.text, row->error));
		check(row->text, !strstr(buf_text(&noted), "C<"));
		buf_free(&noted);
	}
}

static void a_nul_byte_is_refused(void **state)
{
	struct err e;
	struct buf noted;

	(void)state;
	assert_int_equal(parse((struct span){"A=1\nB=2\0003\n", 10}, &noted, &e), -1);
	check_err("NUL", &e, ERR_CONFIG, "f:2: the line has a NUL byte");
	assert_string_equal(buf_text(&noted), "A<1>");
	buf_free(&noted);
}

static void a_text_ends_where_its_span_ends(void **state)
{
	struct err e;
	struct buf noted;

	(void)state;
	assert_int_equal(parse((struct span){"A=1B=2", 3}, &noted, &e), 0);
	assert_string_equal(buf_text(&noted), "A<1>");
	buf_free(&noted);
}

static void a_name_has_at_most_63_letters(void **state)
{
	struct err e;
	struct buf noted;

	(void)state;
	assert_int_equal(parse(span_of(keep_text(str_printf("%s=1", repeat("A", 63)))), &noted, &e),
			 0);
	buf_free(&noted);
	assert_int_equal(parse(span_of(keep_text(str_printf("%s=1", repeat("A", 64)))), &noted, &e),
			 -1);
	buf_free(&noted);
}

static void the_distance_of_names_counts_changed_letters(void **state)
{
	static const struct {
		const char *a, *b;
		size_t distance;
	} table[] = {
		{"", "", 0}, {"A", "", 1}, {"", "AB", 2}, {"ABC", "ABC", 0}, {"ABC", "ABD", 1},
		{"ABC", "AC", 1}, {"AC", "ABC", 1}, {"ABC", "XABC", 1}, {"KITTEN", "SITTING", 3},
		{"SATURDAY", "SUNDAY", 3}, {"AB", "BA", 2}, {"ABCDEF", "", 6}, {"GUMBO", "GAMBOL", 2},
		{"STRIPE_SECERT", "STRIPE_SECRET", 2}, {"a", "A", 1},
	}, *row;

	(void)state;
	for EACH(row, table) {
		check_int(row->a, config_name_distance(row->a, row->b), row->distance);
		check_int(row->b, config_name_distance(row->b, row->a), row->distance);
	}
}

static void the_distance_sees_63_letters(void **state)
{
	(void)state;
	assert_int_equal(config_name_distance(repeat("A", 63), ""), 63);
	assert_int_equal(config_name_distance(repeat("A", 64), ""), 63);
	assert_int_equal(config_name_distance(repeat("A", 5000), repeat("A", 6000)), 0);
	assert_int_equal(config_name_distance(repeat("A", 100), repeat("B", 100)), 63);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(lines_become_settings),
		holds(a_wrong_line_is_named_and_ends_it),
		holds(a_nul_byte_is_refused),
		holds(a_text_ends_where_its_span_ends),
		holds(a_name_has_at_most_63_letters),
		holds(the_distance_of_names_counts_changed_letters),
		holds(the_distance_sees_63_letters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

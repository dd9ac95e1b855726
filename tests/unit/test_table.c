/* SPDX-License-Identifier: ISC */
/*
 * Text for a terminal, tables and CSV, as the commands print them.
 */
#include "unit.h"

#include <stdio.h>

#include "cli/csv.h"
#include "base/output.h"
#include "cli/table.h"
#include "cli/totals.h"

/* A stream whose text is had by text_of(). */
static FILE *stream(char **text, size_t *n)
{
	FILE *to = open_memstream(text, n);

	assert_non_null(to);
	return to;
}

static char *text_of(FILE *to, char **text)
{
	fclose(to);
	return keep_text(*text);
}

static void what_drives_a_terminal_is_replaced(void **state)
{
	static const struct {
		const char *text, *clean;
	} table[] = {
		{NULL, ""}, {"", ""}, {"plain", "plain"}, {"Zo\xC3\xAB \xE6\x9D\xB1", "Zo\xC3\xAB \xE6\x9D\xB1"},
		{"a\tb\nc\rd", "a b c d"}, {"\xC2\x85\xE2\x80\xA8\xE2\x80\xA9", "   "},
		{"\x1B[2J", "\xEF\xBF\xBD[2J"}, {"\x01\x1F\x7F", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
		{"\xC2\x80\xC2\x9F\xC2\xA0", "\xEF\xBF\xBD\xEF\xBF\xBD\xC2\xA0"},
		{"\xE2\x80\xAE" "x\xE2\x81\xA6", "\xEF\xBF\xBDx\xEF\xBF\xBD"},
		{"\xFF\xC3", "\xEF\xBF\xBD\xEF\xBF\xBD"}, {"\xC0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD"},
		{"\xF0\x9F\x91\xA9", "\xF0\x9F\x91\xA9"},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_text(row->clean, keep_text(output_clean(row->text)), row->clean);
}

static void a_width_is_that_of_the_terminals_cells(void **state)
{
	static const struct {
		const char *text;
		int width;
	} table[] = {
		{"", 0}, {"abc", 3}, {"\xC3\xAB", 1}, {"e\xCC\x88", 1}, {"\xE6\x9D\xB1\xE4\xBA\xAC", 4},
		{"\xF0\x9F\x91\xA9", 2}, {"\xEF\xBC\xA1", 2}, {"\xEF\xBF\xBD", 1}, {"\xE2\x80\xA6", 1},
		{"\xCD\xB8", 1}, /* no character yet */
	}, *row;

	(void)state;
	for EACH(row, table)
		check_int(row->text, table_width(row->text), row->width);
}

static void what_is_cut_fits_and_ends_in_an_ellipsis(void **state)
{
	static const struct {
		const char *text;
		int width;
		const char *fits;
	} table[] = {
		{"abc", 3, "abc"}, {"abcd", 3, "ab\xE2\x80\xA6"}, {"abcd", 1, "\xE2\x80\xA6"}, {"", 1, ""},
		{"\xE6\x9D\xB1\xE4\xBA\xAC", 4, "\xE6\x9D\xB1\xE4\xBA\xAC"},
		{"\xE6\x9D\xB1\xE4\xBA\xAC", 3, "\xE6\x9D\xB1\xE2\x80\xA6"},
		{"\xE6\x9D\xB1\xE4\xBA\xAC", 2, "\xE2\x80\xA6"},
		{"e\xCC\x88" "e\xCC\x88" "e\xCC\x88", 2, "e\xCC\x88\xE2\x80\xA6"},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_text(row->text, keep_text(table_fit(row->text, row->width)), row->fits);
}

static const struct table_column columns[] = {{"A", false, 3, 0, false}, {"NUMBER", true, 0, 0, false},
					      {"C", false, 2, 0, false}};

static const char *table_of(int width)
{
	static const char *const rows[][3] = {{"one", "1", "x"}, {"twenty", "20", NULL},
					      {"\xE6\x9D\xB1", "1234567", "yyyy"}};
	size_t n, i;
	char *text;
	FILE *to = stream(&text, &n);
	struct table *t = table_new(to, columns, 3, width);

	for (i = 0; i < LENGTH(rows); i++)
		table_row(t, rows[i]);
	table_end(t);
	return text_of(to, &text);
}

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
	(void)state;
	assert_string_equal(table_of(0), "A        NUMBER  C\n"
					 "one           1  x\n"
					 "twenty       20  \n"
					 "\xE6\x9D\xB1      1234567  yyyy\n");
	assert_string_equal(table_of(21), table_of(0));
}

static void the_widest_columns_that_may_be_cut_are_cut_first(void **state)
{
	(void)state;
	assert_string_equal(table_of(19), "A      NUMBER  C\n"
					  "one         1  x\n"
					  "twe\xE2\x80\xA6       20  \n"
					  "\xE6\x9D\xB1    1234567  yyyy\n");
	assert_string_equal(table_of(10), "A     NUM\xE2\x80\xA6\n"
					  "one      \xE2\x80\xA6\n"
					  "tw\xE2\x80\xA6      \xE2\x80\xA6\n"
					  "\xE6\x9D\xB1   1234\xE2\x80\xA6\n");
}

static void a_table_without_rows_prints_nothing(void **state)
{
	size_t n;
	char *text;
	FILE *to = stream(&text, &n);

	(void)state;
	table_end(table_new(to, columns, 3, 80));
	assert_string_equal(text_of(to, &text), "");
}

static void a_cell_of_csv_is_quoted_where_it_has_to_be(void **state)
{
	static const struct {
		const char *text, *cell;
	} table[] = {
		{NULL, ""}, {"", ""}, {"a b", "a b"}, {"a,b", "\"a,b\""}, {"a\"b", "\"a\"\"b\""},
		{"a\nb", "\"a\nb\""}, {"a\rb", "\"a\rb\""}, {" a", "\" a\""}, {"a ", "\"a \""},
		{"\"", "\"\"\"\""}, {"=1,2", "\"'=1,2\""}, {"=1", "'=1"}, {"+1", "+1"}, {"-1", "'-1"},
		{"@a", "'@a"}, {"\ta", "\"'\ta\""}, {"\ra", "\"'\ra\""}, {"\na", "\"'\na\""}, {"a=", "a="},
		{";", "\";\""},
		{"+1 416 555-0100", "+1 416 555-0100"}, {"+1+cmd", "'+1+cmd"}, {"+", "'+"},
		{"\uFF1D1", "'\uFF1D1"}, {"\uFF20a", "'\uFF20a"}, {"\uFF21", "\uFF21"},
		{"x;=1", "\"x;'=1\""}, {"x;y", "\"x;y\""}, {"x; =1", "\"x; =1\""}, {"x\n@a", "\"x\n'@a\""},
		{"\n=1", "\"'\n'=1\""}, {"x\ty\t+1", "\"x\ty\t'+1\""}, {"\t=1", "\"'\t'=1\""},
		{"x;\uFF1D1", "\"x;'\uFF1D1\""}, {"x,=1", "\"x,=1\""}, {"x\r-1", "\"x\r'-1\""},
		{"\xF0\x9F\x91\xA9 \xE6\x9D\xB1", "\xF0\x9F\x91\xA9 \xE6\x9D\xB1"},
		{"\xF0\x9F\x91", "\uFFFD\uFFFD\uFFFD"},
		{"\xE2\x80\xAE" "x", "\uFFFDx"}, {"\x1Bx", "\uFFFDx"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		size_t n;
		char *text;
		FILE *to = stream(&text, &n);
		struct csv csv;

		csv_init(&csv, to);
		csv_text(&csv, row->text);
		csv_number(&csv, "-1.50");
		csv_number(&csv, NULL);
		csv_end(&csv);
		csv_text(&csv, "second");
		csv_end(&csv);
		csv_free(&csv);
		check_text(row->cell, text_of(to, &text),
			   keep_text(str_printf("%s,-1.50,\r\nsecond\r\n", row->cell)));
	}
}

static const char *totals_of(const char *orders)
{
	struct json_object *list = json_of("%s", orders);
	struct totals totals = {.orders = 0};
	size_t n, i;
	char *text;
	FILE *to = stream(&text, &n);

	for (i = 0; i < json_object_array_length(list); i++)
		totals_add(&totals, json_object_array_get_idx(list, i));
	totals_print(&totals, "", to);
	return text_of(to, &text);
}

static void sums_are_by_currency_and_say_what_of_them_is_not_there(void **state)
{
	(void)state;
	assert_string_equal(totals_of("[]"), "0 orders\n");
	assert_string_equal(totals_of("[{}]"), "1 order\n");
	assert_string_equal(
		totals_of("[{'amount':150,'currency':'usd','status':'completed'},"
			  "{'amount':7,'currency':'USD','status':'partially_refunded','amountRefunded':3},"
			  "{'amount':1000,'currency':'jpy','status':'failed'},{'amount':5}]"),
		"4 orders\n1.57 USD, refunded 0.03 USD, net 1.54 USD\n"
		"1,000 JPY, not paid 1,000 JPY, net 0 JPY\n0.05\n");
	assert_string_equal(
		totals_of("[{'amount':8500,'currency':'usd','amountRefunded':3000,"
			  "'disputes':[{'status':'lost','amount':8500,'currency':'usd'}]},"
			  "{'amount':1000,'currency':'eur',"
			  "'disputes':[{'status':'under_review','amount':600,'currency':'eur'}]}]"),
		"2 orders\n85.00 USD, refunded 30.00 USD, lost in disputes 55.00 USD, net 0.00 USD\n"
		"10.00 EUR, of it in dispute 6.00 EUR\n");
	assert_string_equal(totals_of("[{'amount':9000000000000000000,'currency':'usd'},"
				      "{'amount':9000000000000000000,'currency':'usd'},"
				      "{'amount':1,'currency':'eur'}]"),
			    "3 orders\nmore than can be counted of usd\n0.01 EUR\n");
}

static void more_currencies_than_there_can_be_are_left_out_with_a_word(void **state)
{
	struct totals totals = {.orders = 0};
	char *text;
	size_t n, i;
	FILE *to = stream(&text, &n);

	(void)state;
	for (i = 0; i < TOTALS_CURRENCIES + 2; i++)
		totals_add(&totals, json_of("{'amount':1,'currency':'c%zu'}", i));
	totals_print(&totals, "", to);
	assert_non_null(strstr(text_of(to, &text), "0.01 C199\nand other currencies\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(what_drives_a_terminal_is_replaced),
		holds(a_width_is_that_of_the_terminals_cells),
		holds(what_is_cut_fits_and_ends_in_an_ellipsis),
		holds(columns_are_as_wide_as_their_widest_cell),
		holds(the_widest_columns_that_may_be_cut_are_cut_first),
		holds(a_table_without_rows_prints_nothing),
		holds(a_cell_of_csv_is_quoted_where_it_has_to_be),
		holds(sums_are_by_currency_and_say_what_of_them_is_not_there),
		holds(more_currencies_than_there_can_be_are_left_out_with_a_word),
	};

	table_set_locale();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

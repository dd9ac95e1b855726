/* SPDX-License-Identifier: ISC */
/*
 * Money as text: the currency's own number of decimals, all of int64_t.
 */
#include "unit.h"

#include "shop/money.h"

struct row {
	int64_t amount;
	const char *currency, *text, *plain;
};

static void check_rows(const struct row *rows, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		check_text(rows[i].text, keep_text(money_text(rows[i].amount, rows[i].currency)),
			   rows[i].text);
		check_text(rows[i].text, keep_text(money_plain(rows[i].amount, rows[i].currency)),
			   rows[i].plain);
	}
}

static void an_amount_has_its_currencys_decimals(void **state)
{
	static const struct row table[] = {
		{8500, "usd", "85.00 USD", "85.00"},
		{8500, "jpy", "8,500 JPY", "8500"},
		{8500, "kwd", "8.500 KWD", "8.500"},
		{8500, "isk", "85.00 ISK", "85.00"},
		{8500, "UGX", "85.00 UGX", "85.00"},
		{8500, "XXX", "85.00 XXX", "85.00"},
		{8500, NULL, "85.00", "85.00"},
		{8500, "", "85.00", "85.00"},
	};

	(void)state;
	check_rows(table, LENGTH(table));
}

static void small_and_large_amounts_have_all_their_digits(void **state)
{
	static const struct row table[] = {
		{0, "eur", "0.00 EUR", "0.00"},
		{5, "eur", "0.05 EUR", "0.05"},
		{50, "eur", "0.50 EUR", "0.50"},
		{100, "eur", "1.00 EUR", "1.00"},
		{99999, "eur", "999.99 EUR", "999.99"},
		{100000, "eur", "1,000.00 EUR", "1000.00"},
		{123456789, "eur", "1,234,567.89 EUR", "1234567.89"},
		{0, "jpy", "0 JPY", "0"},
		{7, "jpy", "7 JPY", "7"},
		{999, "jpy", "999 JPY", "999"},
		{1000, "jpy", "1,000 JPY", "1000"},
		{1000000, "jpy", "1,000,000 JPY", "1000000"},
		{0, "tnd", "0.000 TND", "0.000"},
		{1, "tnd", "0.001 TND", "0.001"},
		{1234567, "tnd", "1,234.567 TND", "1234.567"},
		{INT64_MAX, "usd", "92,233,720,368,547,758.07 USD", "92233720368547758.07"},
		{INT64_MAX, "krw", "9,223,372,036,854,775,807 KRW", "9223372036854775807"},
	};

	(void)state;
	check_rows(table, LENGTH(table));
}

static void a_negative_amount_has_its_sign_in_front(void **state)
{
	static const struct row table[] = {
		{-1, "usd", "-0.01 USD", "-0.01"},
		{-150, "usd", "-1.50 USD", "-1.50"},
		{-123456, "usd", "-1,234.56 USD", "-1234.56"},
		{-100000, "usd", "-1,000.00 USD", "-1000.00"},
		{-999, "jpy", "-999 JPY", "-999"},
		{INT64_MIN, "usd", "-92,233,720,368,547,758.08 USD", "-92233720368547758.08"},
		{INT64_MIN, "omr", "-9,223,372,036,854,775.808 OMR", "-9223372036854775.808"},
		{INT64_MIN, "vnd", "-9,223,372,036,854,775,808 VND", "-9223372036854775808"},
	};

	(void)state;
	check_rows(table, LENGTH(table));
}

static void every_currency_of_stripes_lists_is_known_in_both_cases(void **state)
{
	static const char none[] = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf";
	static const char three[] = "bhd jod kwd omr tnd";
	static const char two[] = "usd eur gbp isk ugx huf twd chf jp jpyx kw";
	static const struct {
		const char *codes;
		int decimals;
	} table[] = {{none, 0}, {three, 3}, {two, 2}}, *row;

	(void)state;
	for EACH(row, table) {
		struct span rest = span_of(row->codes), part;

		while (span_next(&rest, ' ', &part)) {
			char *code = keep_text(span_dup(part));

			check_int(code, money_decimals(code), row->decimals);
			str_upper(code);
			check_int(code, money_decimals(code), row->decimals);
		}
	}
	check_int("NULL", money_decimals(NULL), 2);
}

/* No product of them fits into 64 bits but the first ones'. */
static void a_share_is_exact_whatever_the_amounts(void **state)
{
	static const struct {
		int64_t whole, part, all, share;
	} table[] = {
		{100, 1, 3, 33}, {-100, 1, 3, -33}, {100, -1, -3, 33}, {100, 2, -3, -66}, {7, 3, 0, 0},
		{0, 3, 7, 0}, {5, 0, 7, 0}, {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX},
		{INT64_MAX, INT64_MAX - 1, INT64_MAX, INT64_MAX - 1},
		{INT64_MIN, INT64_MAX, INT64_MAX, INT64_MIN},
		{999999999999, 999999999998, 999999999999, 999999999998},
		{4000000000000000001, 2, 3, 2666666666666666667},
		{9000000000000000000, 4000000000000000000, 6000000000000000000, 6000000000000000000},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_int("share", money_share(row->whole, row->part, row->all), row->share);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(an_amount_has_its_currencys_decimals),
		holds(small_and_large_amounts_have_all_their_digits),
		holds(a_negative_amount_has_its_sign_in_front),
		holds(a_share_is_exact_whatever_the_amounts),
		holds(every_currency_of_stripes_lists_is_known_in_both_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

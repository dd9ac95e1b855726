/* SPDX-License-Identifier: ISC */
/*
 * The groups of a report: what is kept apart, and sums that are right or are said to be none.
 */
#include "unit.h"

#include "cli/report_group.h"

static struct report *report;

static int set_up(void **state)
{
	(void)state;
	report = report_new(REPORT_PRODUCT);
	return 0;
}

static int tear_down(void **state)
{
	report_free(report);
	return unit_release(state);
}

static struct report_group *group(const char *text, const char *sku, bool test, const char *currency)
{
	const struct report_name name = {text, sku};

	return report_group(report, &name, test, currency);
}

static void money_of_two_currencies_and_test_money_are_never_added(void **state)
{
	struct report_group *euro = group("Tea", NULL, false, "eur");

	(void)state;
	assert_ptr_equal(group("Tea", NULL, false, "EUR"), euro);
	assert_ptr_not_equal(group("Tea", NULL, true, "eur"), euro);
	assert_ptr_not_equal(group("Tea", NULL, false, "usd"), euro);
	assert_string_equal(euro->currency, "EUR");
	assert_int_equal(report->n, 3);
}

static void a_product_is_told_by_its_sku_and_without_one_by_its_name(void **state)
{
	struct report_group *by_sku = group("Tea", "T-1", false, "eur"), *by_name = group("Tea", "", false, "eur");

	(void)state;
	assert_ptr_equal(group("Tea, renamed", "T-1", false, "eur"), by_sku);
	assert_ptr_not_equal(by_name, by_sku);
	assert_ptr_equal(group("Tea", NULL, false, "eur"), by_name);
	assert_ptr_not_equal(group("Coffee", "", false, "eur"), by_name);
	assert_null(by_name->sku);
}

static void an_order_counts_once_in_a_group_that_has_two_of_its_lines(void **state)
{
	const struct report_sums line = {.orders = 1, .quantity = 2, .gross = 300, .refunded = 20, .lost = 10,
					 .fees = 5};
	struct report_group *tea = group("Tea", NULL, false, "eur");
	int64_t net;

	(void)state;
	report->orders = 1;
	report_sums_add(report, tea, &line);
	report_sums_add(report, tea, &line);
	assert_int_equal(tea->sums.orders, 1);
	report->orders = 2;
	report_sums_add(report, tea, &line);
	assert_int_equal(tea->sums.orders, 2);
	assert_int_equal(tea->sums.quantity, 6);
	assert_int_equal(tea->sums.gross, 900);
	assert_true(report_net(&tea->sums, &net));
	assert_int_equal(net, 900 - 60 - 30 - 15);
}

static void what_cannot_be_counted_is_no_sum_whoever_met_it_first(void **state)
{
	const struct report_sums most = {.gross = INT64_MAX}, spoilt = {.gross = 1, .overflow = true};
	struct report_group *tea = group("Tea", NULL, false, "eur"), *coffee = group("Coffee", NULL, false, "eur");
	int64_t net;

	(void)state;
	report_sums_add(report, tea, &most);
	assert_true(report_net(&tea->sums, &net));
	report_sums_add(report, tea, &most);
	assert_false(report_net(&tea->sums, &net));
	report_sums_add(report, coffee, &spoilt);
	assert_false(report_net(&coffee->sums, &net));
	assert_false(report_net(&(struct report_sums){.gross = INT64_MIN, .fees = 1}, &net));
}

#define of_a_report(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		of_a_report(money_of_two_currencies_and_test_money_are_never_added),
		of_a_report(a_product_is_told_by_its_sku_and_without_one_by_its_name),
		of_a_report(an_order_counts_once_in_a_group_that_has_two_of_its_lines),
		of_a_report(what_cannot_be_counted_is_no_sum_whoever_met_it_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

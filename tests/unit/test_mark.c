/* SPDX-License-Identifier: ISC */
/*
 * An owner's mark, at each call of the table that fails, or before which the order goes.
 */
#include "record_fixture.h"

#include "base/log.h"
#include "record/mark.h"

static void begin(void)
{
	outside_begin();
	sold();
	outside.calls = 0;
}

static const char *at_call(unsigned at)
{
	return keep_text(str_printf("at call %u", at));
}

static int mark(struct err *e)
{
	const struct tracking tracking = {.shipped = true, .number = "1Z9"};
	struct mark_outcome outcome = {.order = NULL};
	int rc = mark_order(&outside.app, "cs_test_1", &tracking, &outcome, e);

	json_object_put(outcome.order);
	return rc;
}

static void a_mark_that_changes_nothing_is_not_logged_again(void **state)
{
	struct err e;
	size_t first;

	(void)state;
	begin();
	log_configure(&(struct log_options){.level = LOG_LEVEL_INFO, .target = "stderr"});
	check_int("a mark", mark(&e), 0);
	check("it is logged", strstr(buf_text(&outside.log), "Order marked shipped"));
	first = outside.log.len;
	check_int("again", mark(&e), 0);
	check("nothing more is", !strstr(buf_text(&outside.log) + first, "Order marked"));
	log_configure(&(struct log_options){.level = LOG_LEVEL_WARNING, .target = "stderr"});
	outside_end();
}

static void take_order_away(void)
{
	table_delete(&outside.table, SOLD_PK, SOLD_SK);
}

static void an_order_is_marked_whole_or_not_at_all(void **state)
{
	const char *before, *whole, *row;
	unsigned calls, at;
	struct err e;

	(void)state;
	begin();
	before = outside_items();
	check_int("a mark", mark(&e), 0);
	calls = outside.calls;
	whole = outside_items();
	check("a mark", strstr(whole, "\"1Z9\""));
	outside_end();

	for (at = 1; at <= calls; at++) {
		row = at_call(at);
		begin();
		outside.at = at;
		outside.fault = OUTSIDE_FAILS;
		check_int(row, mark(&e), -1);
		check_err(row, &e, ERR_UNAVAILABLE, "away");
		check_text(row, outside_items(), before);
		outside.at = 0;
		check_int(row, mark(&e), 0);
		check_text(row, outside_items(), whole);
		outside_end();
	}
}

static void an_order_that_goes_while_it_is_marked_is_not_made_again(void **state)
{
	unsigned calls, at;
	struct err e;

	(void)state;
	begin();
	check_int("a mark", mark(&e), 0);
	calls = outside.calls;
	outside_end();

	for (at = 1; at <= calls; at++) {
		const char *row = at_call(at);

		begin();
		outside.at = at;
		outside.fault = OUTSIDE_OVERTAKEN;
		outside.overtake = take_order_away;
		check_int(row, mark(&e), -1);
		check_err(row, &e, ERR_NOT_FOUND, "cs_test_1");
		check(row, !table_find(&outside.table, SOLD_PK, SOLD_SK));
		outside_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_mark_that_changes_nothing_is_not_logged_again),
		holds(an_order_is_marked_whole_or_not_at_all),
		holds(an_order_that_goes_while_it_is_marked_is_not_made_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

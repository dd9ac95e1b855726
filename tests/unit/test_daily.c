/* SPDX-License-Identifier: ISC */
/*
 * What is said once a day: by one of all processes, and by each where the table can't tell.
 */
#include "record_fixture.h"

#include "record/daily.h"

static bool is_first(int64_t now)
{
	struct record_run run = run_now();

	run.now = now;
	return daily_is_first(&run, APP_WARNING_SUBSCRIPTION);
}

static void a_warning_is_said_once_a_day_by_whichever_process_is_first(void **state)
{
	const int64_t now = OUTSIDE_EPOCH, midnight = now - now % 86400 + 86400;
	struct record_run dry = run_now();
	unsigned calls;

	(void)state;
	outside_begin();
	dry.app = &outside.app;
	dry.dry_run = true;
	assert_true(daily_is_first(&dry, APP_WARNING_SUBSCRIPTION));
	assert_int_equal(outside.calls, 0);

	/* This process remembers; another one finds the item. */
	assert_true(is_first(now));
	calls = outside.calls;
	assert_false(is_first(midnight - 1));
	assert_int_equal(outside.calls, calls);
	outside.app.warned_until[APP_WARNING_SUBSCRIPTION] = 0;
	assert_false(is_first(now));
	assert_true(is_first(midnight));
	outside_end();
}

static void a_table_that_is_away_silences_no_warning(void **state)
{
	static const enum outside_fault faults[] = {OUTSIDE_FAILS, OUTSIDE_CONFLICT};
	unsigned at;

	(void)state;
	for (at = 1; at <= 2; at++) {
		outside_begin();
		outside.at = at;
		outside.fault = faults[0];
		assert_true(is_first(OUTSIDE_EPOCH));
		assert_int_equal(outside.app.warned_until[APP_WARNING_SUBSCRIPTION], 0);
		outside_end();
	}

	/* Another process has put it in between. */
	outside_begin();
	outside.at = 2;
	outside.fault = faults[1];
	assert_false(is_first(OUTSIDE_EPOCH));
	assert_true(outside.app.warned_until[APP_WARNING_SUBSCRIPTION] > OUTSIDE_EPOCH);
	outside_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_warning_is_said_once_a_day_by_whichever_process_is_first),
		holds(a_table_that_is_away_silences_no_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * The edges of a run of the reconciler: what belongs to its window, what it goes on after, what it asks
 * Stripe for besides, and when it gives up.
 */
#include "sync_fixture.h"

#include "record/items.h"
#include "sync/sync_metrics.h"

/* --- the window --------------------------------------------------------------------- */

static void the_window_has_its_first_second_and_what_stripe_dates_ahead(void **state)
{
	(void)state;
	sync_begin();
	sets_up("ahead", NOW + 5);
	sets_up("now", NOW);
	sets_up("first", NOW - LOOKBACK);
	sets_up("older", NOW - LOOKBACK - 1);
	assert_string_equal(syncs(), "");
	assert_int_equal(run.result.end, SYNC_COMPLETE);
	assert_int_equal(run.result.counts.sessions, 3);
	assert_int_equal(run.result.counts.skipped, 3);
	assert_int_equal(run.result.from, NOW - LOOKBACK);
	assert_int_equal(run.result.to, NOW);
	check_text("asked", stripe_asked(),
		   keep_text(str_printf("checkout/sessions created[gte]=%lld\nevents created[gte]=%lld\n",
					(long long)NOW - LOOKBACK, (long long)NOW - LOOKBACK)));
	sync_end();
}

static void what_is_left_of_a_run_is_looked_at_up_to_its_last_second(void **state)
{
	(void)state;
	sync_begin();
	sets_up("1", NOW - 10);
	sets_up("2", NOW - 20);
	sets_up("3", NOW - 30);
	syncs_with((struct sync_options){.max_sessions = 2});
	assert_int_equal(run.result.end, SYNC_STOPPED);
	assert_int_equal(run.result.counts.sessions, 2);
	check_text("no more", stripe_asked(), keep_text(str_printf("checkout/sessions created[gte]=%lld\n",
								   (long long)NOW - LOOKBACK)));

	/* What came since, and what was left. */
	goes_by(100);
	sets_up("0", NOW + 1);
	assert_string_equal(syncs(), "");
	assert_int_equal(run.result.end, SYNC_COMPLETE);
	assert_true(run.result.resumed);
	assert_int_equal(run.result.counts.sessions, 4);
	check_text("asked", stripe_asked(),
		   keep_text(str_printf("checkout/sessions created[gte]=%lld\n"
					"checkout/sessions created[gte]=%lld&created[lte]=%lld&"
					"starting_after=cs_test_2\n"
					"events created[gte]=%lld\n", (long long)NOW + 1,
					(long long)NOW - LOOKBACK, (long long)NOW,
					(long long)NOW - LOOKBACK)));
	sync_end();
}

static void so_many_sessions_are_looked_at_and_none_more(void **state)
{
	static const struct {
		int64_t most;
		enum sync_end end;
		int64_t sessions;
	} table[] = {{1, SYNC_STOPPED, 1}, {99, SYNC_STOPPED, 99}, {100, SYNC_STOPPED, 100},
		     {101, SYNC_STOPPED, 101}, {150, SYNC_COMPLETE, 150}, {151, SYNC_COMPLETE, 150}}, *row;
	int i;

	(void)state;
	for EACH(row, table) {
		sync_begin();
		for (i = 0; i < 150; i++)
			sets_up(keep_text(str_printf("%d", i)), NOW - i);
		syncs_with((struct sync_options){.max_sessions = row->most});
		check_int("end", run.result.end, row->end);
		check_int("sessions", run.result.counts.sessions, row->sessions);
		check_int("looked at", run.looked_at, row->sessions);

		/* All of the others come in the next run, each once. */
		syncs();
		check_int("end", run.result.end, SYNC_COMPLETE);
		if (row->end == SYNC_STOPPED)
			check_int("in all", run.result.counts.sessions, 150);
		sync_end();
	}
}

static void of_a_page_that_was_not_looked_at_to_its_end_nothing_counts(void **state)
{
	int i;

	(void)state;
	sync_begin();
	for (i = 0; i < 150; i++)
		sets_up(keep_text(str_printf("%d", i)), NOW - i);
	run.stop_after = 120;
	syncs();
	assert_int_equal(run.result.end, SYNC_STOPPED);
	run.stop_after = 0;
	syncs();
	assert_int_equal(run.looked_at, 50);
	assert_int_equal(run.result.counts.sessions, 150);
	sync_end();
}

/* So many sessions that a part of them is noted together: one a second from now on back, and then, from
 * `older` seconds ago on, the others. */
static void sets_up_many(size_t newest, size_t others, int64_t older)
{
	static char ids[STRIPE_OBJECTS][16], sessions[STRIPE_OBJECTS][128];
	int64_t created;
	size_t i;

	for (i = 0; i < newest + others; i++) {
		created = NOW - (int64_t)i - (i < newest ? 0 : older - (int64_t)newest);
		snprintf(ids[i], sizeof *ids, "cs_test_%zu", i % STRIPE_OBJECTS);
		snprintf(sessions[i], sizeof *sessions, "{'id':'%.15s','object':'checkout.session',"
			 "'mode':'setup','created':%lld}", ids[i], (long long)created);
		stripe.objects[i] = (struct stripe_object){"checkout/sessions", ids[i], created, sessions[i]};
	}
	stripe.n = newest + others;
}

/* Two crowds, and nothing between them: some parts end at once, and the others are cut again. */
static void a_window_that_is_cut_leaves_out_no_session_and_looks_at_none_twice(void **state)
{
	static const struct {
		size_t newest, others;
		int64_t older;
	} table[] = {{6500, 2000, 90000}, {6400, 2000, 90000}, {6500, 2000, 46000}, {8600, 0, 0}}, *row;

	(void)state;
	for EACH(row, table) {
		sync_begin();
		sets_up_many(row->newest, row->others, row->older);
		assert_string_equal(syncs(), "");
		check_int("end", run.result.end, SYNC_COMPLETE);
		check_int("looked at", run.looked_at, row->newest + row->others);
		check_int("counted", run.result.counts.sessions, row->newest + row->others);
		check("beside each other", strstr(stripe_asked(), "created[lte]="));
		sync_end();
	}
}

/* How far each part is, is what the next run goes on with, whichever were cut again meanwhile. */
static void a_run_that_is_told_to_stop_in_parts_is_gone_on_with_in_all_of_them(void **state)
{
	int64_t stop;

	(void)state;
	for (stop = 5650; stop < 8500; stop += 600) {
		sync_begin();
		sets_up_many(6500, 2000, 46000);
		run.stop_after = stop;
		assert_string_equal(syncs(), "");
		check_int("stopped", run.result.end, SYNC_STOPPED);
		run.stop_after = 0;
		assert_string_equal(syncs(), "");
		check_int("end", run.result.end, SYNC_COMPLETE);
		check_int("in all", run.result.counts.sessions, 8500);
		sync_end();
	}
}

static void the_progress_is_written_after_each_page_and_behind_fifty_after_ten(void **state)
{
	static const struct {
		int64_t looked_at, noted; /* sessions; by a run that is killed then */
	} table[] = {{150, 100}, {5050, 5000}, {5950, 5000}, {6050, 6000}}, *row;

	(void)state;
	for EACH(row, table) {
		sync_begin();
		sets_up_many(6100, 0, 0);
		run.watched = run.stop_after = row->looked_at;
		syncs_with((struct sync_options){.max_sessions = 100000});
		check_int("noted", run.noted, row->noted);
		run.watched = 0;
		sync_end();
	}

	/* Whatever ends a run, it is written then. */
	sync_begin();
	sets_up_many(6100, 0, 0);
	stripe.fault = (struct stripe_fault){"starting_after=cs_test_5499", 1, 401, NULL};
	run.watched = 5600;
	syncs_with((struct sync_options){.max_sessions = 100000});
	assert_int_equal(run.result.end, SYNC_FAILED);
	assert_int_equal(run.looked_at, 5500);
	syncs_with((struct sync_options){.max_sessions = 100000});
	assert_int_equal(run.result.counts.sessions, 6100);
	assert_int_equal(run.looked_at, 600);
	run.watched = 0;
	sync_end();
}

/* --- orders without a session ------------------------------------------------------- */

static void an_order_whose_session_is_not_listed_is_asked_for_by_its_id(void **state)
{
	static const struct {
		const char *row;
		int64_t created; /* before the second run */
		bool asked;
	} table[] = {
		{"new", 10, true}, {"the first second", LOOKBACK, true}, {"older", LOOKBACK + 1, false},
	}, *row;

	(void)state;
	for EACH(row, table) {
		sync_begin();
		sells("1", NOW - 10);
		syncs_to_its_end("sold", "missing cs_test_1\n");
		stripe_forgets("cs_test_1");
		goes_by(row->created - 10);
		check_text(row->row, syncs_with((struct sync_options){.from = NOW - 10 + row->created - LOOKBACK}),
			   row->asked ? "unknown cs_test_1\n" : "");
		check_int(row->row, run.result.counts.unknown, row->asked);
		check(row->row, !strstr(stripe_asked(), "checkout/sessions/cs_test_1") == !row->asked);
		check(row->row, order_of("1", NOW - 10) != NULL);
		sync_end();
	}
}

static void an_order_that_a_clock_ahead_of_ours_has_dated_is_asked_for_too(void **state)
{
	(void)state;
	sync_begin();
	has_entry("cs_test_1", -5, "completed");
	assert_string_equal(syncs(), "unknown cs_test_1\n");
	sync_end();
}

/* What an interrupted run has left ends in a second of its own, and begins with one behind a page. */
static void where_a_run_goes_on_no_order_is_left_out(void **state)
{
	(void)state;
	sync_begin();
	has_entry("cs_test_last", 0, "completed");
	stripe.fault = (struct stripe_fault){"sessions", 1, 401, NULL};
	assert_string_equal(syncs(), "");
	assert_int_equal(run.result.end, SYNC_FAILED);
	goes_by(100);
	assert_string_equal(syncs(), "unknown cs_test_last\n");
	assert_true(run.result.resumed);
	sync_end();

	sync_begin();
	sets_up("1", NOW - 10);
	sets_up("2", NOW - 20);
	has_entry("cs_test_same", 20, "completed");
	assert_string_equal(syncs_with((struct sync_options){.max_sessions = 1}), "");
	assert_string_equal(syncs(), "unknown cs_test_same\n");
	sync_end();
}

static void of_such_orders_a_hundred_are_asked_for_in_a_run_and_none_of_the_other_mode(void **state)
{
	int i;

	(void)state;
	sync_begin();
	has_entry("cs_live_1", 1, "completed");
	for (i = 0; i < 100; i++)
		has_entry(keep_text(str_printf("cs_test_%d", i)), i, "completed");
	syncs();
	assert_int_equal(run.result.counts.unknown, 100);
	assert_null(strstr(buf_text(&outside.log), "More orders are without a session"));
	has_entry("cs_test_100", 100, "completed");
	syncs();
	assert_int_equal(run.result.counts.unknown, 100);
	assert_non_null(strstr(buf_text(&outside.log), "More orders are without a session"));
	sync_end();
}

/* What the run before it has looked at may differ again. */
static void a_dry_run_begins_anew_where_one_was_interrupted(void **state)
{
	int i;

	(void)state;
	sync_begin();
	sells("1", NOW);
	for (i = 1; i < 150; i++)
		sets_up(keep_text(str_printf("x%d", i)), NOW - i);
	assert_string_equal(syncs_with((struct sync_options){.max_sessions = 100}), "missing cs_test_1\n");
	assert_int_equal(run.result.end, SYNC_STOPPED);
	table_delete(&outside.table, "USER#ann@example.com", keep_text(key_order(NOW, "cs_test_1")));
	assert_non_null(strstr(syncs_with((struct sync_options){.dry_run = true}), "cs_test_1\n"));
	assert_int_equal(run.result.counts.sessions, 150);
	assert_false(run.result.resumed);
	sync_end();
}

/* Alarms go by it: a run that has only looked is not one that has mended. */
static void a_whole_sync_tells_when_it_was_and_what_pends_and_a_dry_run_tells_nothing(void **state)
{
	static const struct metrics_family *const families[] = {&sync_metrics_last, &record_orders_pending, NULL};
	const char *folder = unit_folder();
	struct buf text;
	struct err e;

	(void)state;
	sync_begin();
	outside.app.config.metrics_file = str_printf("%s/metrics", folder);
	check_int("open", metrics_open(outside.app.config.metrics_file, &e), 0);
	sells_later("1", NOW);
	syncs_with((struct sync_options){.dry_run = true});
	buf_init(&text, 1 << 20);
	check_int("dry", metrics_format(&text, families, NOW, &e), 0);
	check(buf_text(&text), !strstr(buf_text(&text), "ordersnap_last_sync_timestamp_seconds 1"));

	syncs_to_its_end("sold", "missing cs_test_1\n");
	metrics_set(&record_orders_pending, 7);
	syncs_to_its_end("in order", "");
	buf_reset(&text);
	check_int("whole", metrics_format(&text, families, NOW, &e), 0);
	check(buf_text(&text), strstr(buf_text(&text), "ordersnap_last_sync_timestamp_seconds 1"));
	check(buf_text(&text), strstr(buf_text(&text), "ordersnap_orders_pending 1\n"));
	buf_free(&text);
	sync_end();
	unit_remove_folder(folder);
}

static void an_entry_of_a_later_time_than_its_session_is_its_own(void **state)
{
	(void)state;
	sync_begin();
	sets_up("1", NOW - 3 * HOUR);
	has_entry("cs_test_1", 10, "completed");
	sets_up("2", NOW - 5);
	has_entry("cs_test_3", 20 * HOUR, "completed");
	assert_string_equal(syncs(), "unknown cs_test_3\n");
	assert_int_equal(run.result.counts.sessions, 2);
	sync_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(the_window_has_its_first_second_and_what_stripe_dates_ahead),
		holds(what_is_left_of_a_run_is_looked_at_up_to_its_last_second),
		holds(so_many_sessions_are_looked_at_and_none_more),
		holds(of_a_page_that_was_not_looked_at_to_its_end_nothing_counts),
		holds(a_window_that_is_cut_leaves_out_no_session_and_looks_at_none_twice),
		holds(a_run_that_is_told_to_stop_in_parts_is_gone_on_with_in_all_of_them),
		holds(the_progress_is_written_after_each_page_and_behind_fifty_after_ten),
		holds(an_order_whose_session_is_not_listed_is_asked_for_by_its_id),
		holds(an_order_that_a_clock_ahead_of_ours_has_dated_is_asked_for_too),
		holds(where_a_run_goes_on_no_order_is_left_out),
		holds(of_such_orders_a_hundred_are_asked_for_in_a_run_and_none_of_the_other_mode),
		holds(a_dry_run_begins_anew_where_one_was_interrupted),
		holds(a_whole_sync_tells_when_it_was_and_what_pends_and_a_dry_run_tells_nothing),
		holds(an_entry_of_a_later_time_than_its_session_is_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

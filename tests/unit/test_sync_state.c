/* SPDX-License-Identifier: ISC */
/*
 * The reconciler's plan: which part of the time a run looks at, after runs that
 * were complete, that were killed, that had errors; and whose the item is.
 */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "orders/sync_state.h"
#include "shop/keys.h"
#include "store/store_dynamodb.h"
#include "store/store_sqlite.h"
#include "store/store_sqlite_make.h"

#define NOW 1800000000
#define HOUR 3600
#define DAY 86400
#define LOOKBACK (2 * (int64_t)DAY)
#define REACH 90000 /* what a run looks back beyond the last complete one */

#define LIVE "live-0123456789abcdef"
#define TEST "test-0123456789abcdef"
#define ROLLED "live-fedcba9876543210" /* of the same mode: perhaps another key of LIVE's */

static struct app app;
static const char *account; /* that runs are planned for */
static const char *folder;

static int set_up(void **state)
{
	const char *path;
	struct err e = {.code = ERR_NONE};
	bool made;

	(void)state;
	folder = unit_folder();
	account = LIVE;
	path = keep_text(str_printf("%s/orders.db", folder));
	check_int(e.text, sqlite_make(path, &made, &e), 0);
	app = (struct app){.store_opened = store_sqlite_new(path)};
	return 0;
}

static int tear_down(void **state)
{
	store_close(app.store_opened);
	unit_remove_folder(folder);
	return unit_release(state);
}

static int64_t soon(void)
{
	return deadline_in(10000);
}

/* A run that is planned at `now` for `from` (0: as it comes). */
static struct sync_state planned(int64_t from, int64_t now)
{
	const struct sync_plan plan = {.from = from, .lookback = LOOKBACK, .now = now,
				       .account = account};
	struct sync_state state = {.n = 0};
	struct err e;

	assert_int_equal(sync_state_plan(&state, &app, &plan, soon(), &e), 0);
	return state;
}

static void saved(struct sync_state *state)
{
	struct err e;

	assert_int_equal(sync_state_save(state, &app, soon(), &e), 0);
}

static void finished(struct sync_state *state, int64_t now)
{
	struct err e;

	assert_int_equal(sync_state_finish(state, &app, now, soon(), &e), 0);
	sync_state_free(state);
}

static void check_segment(const char *row, const struct sync_state *state, size_t i, int64_t from,
			  int64_t to, const char *after)
{
	check(row, i < state->n);
	check_int(row, state->todo[i].from, from);
	check_int(row, state->todo[i].to, to);
	check_text(row, state->todo[i].after, after);
}

static void the_first_run_looks_back_as_far_as_it_is_told(void **unused)
{
	struct sync_state state = planned(0, NOW);

	(void)unused;
	check_int("segments", state.n, 1);
	check_segment("configured", &state, 0, NOW - LOOKBACK, NOW, "");
	check("not resumed", !state.resumed);
	sync_state_free(&state);
	state = planned(NOW - 40 * DAY, NOW);
	check_segment("said", &state, 0, NOW - 40 * DAY, NOW, "");
	sync_state_free(&state);
}

static void a_run_reaches_back_beyond_the_last_complete_one(void **unused)
{
	static const struct {
		const char *row;
		int64_t later, from;
	} table[] = {
		{"an hour later", HOUR, NOW + HOUR - LOOKBACK},
		{"as late as it looks back, but an hour", LOOKBACK - HOUR, NOW - REACH},
		{"ten days later", 10 * DAY, NOW - REACH},
		{"a year later", 365 * DAY, NOW - REACH},
	}, *row;
	struct sync_state state = planned(0, NOW);

	(void)unused;
	finished(&state, NOW + 60);
	for EACH(row, table) {
		state = planned(0, NOW + row->later);
		check_segment(row->row, &state, 0, row->from, NOW + row->later, "");
		check_int(row->row, state.from, row->from);
		sync_state_free(&state);
	}
}

static void a_run_that_leaves_a_gap_does_not_hide_it(void **unused)
{
	struct sync_state state = planned(0, NOW);

	(void)unused;
	finished(&state, NOW);
	state = planned(NOW + 9 * DAY, NOW + 10 * DAY);
	finished(&state, NOW + 10 * DAY);
	state = planned(0, NOW + 11 * DAY);
	check_int("from", state.from, NOW - REACH);
	finished(&state, NOW + 11 * DAY);
	state = planned(0, NOW + 20 * DAY);
	check_int("closed", state.from, NOW + 11 * DAY - REACH);
	sync_state_free(&state);
}

static void what_is_set_aside_does_not_hold_the_window(void **unused)
{
	struct sync_state state = planned(NOW - 300 * DAY, NOW);

	(void)unused;
	state.counts.errors = 1;
	check("room", sync_aside_add(state.aside, "cs_test_1", "no lines", NOW));
	finished(&state, NOW);
	state = planned(0, NOW + HOUR);
	check_int("from", state.from, NOW + HOUR - LOOKBACK);
	check("still known", sync_aside_has(state.aside, "cs_test_1"));
	check("and no other", !sync_aside_has(state.aside, "cs_test_2"));
	sync_aside_remove(state.aside, "cs_test_1");
	finished(&state, NOW + HOUR);
	state = planned(0, NOW + 2 * HOUR);
	check("in order", !sync_aside_has(state.aside, "cs_test_1"));
	sync_state_free(&state);
}

static void of_what_is_set_aside_the_latest_stand_last_and_all_is_bounded(void **unused)
{
	struct json_object *list = keep(json_object_new_array());
	char id[40], error[600];
	size_t i;

	(void)unused;
	memset(error, 'x', sizeof error - 1);
	memcpy(error + 239, "\xc3\xa9", 2); /* a character over the place where it is cut */
	error[sizeof error - 1] = '\0';
	for (i = 0; i < SYNC_ASIDE_MAX; i++) {
		snprintf(id, sizeof id, "cs_test_%zu", i);
		check("room", sync_aside_add(list, id, error, NOW));
	}
	check("full", !sync_aside_add(list, "cs_test_more", error, NOW));
	check("again", sync_aside_add(list, "cs_test_0", "other", NOW + 5));
	check_int("entries", (int64_t)json_object_array_length(list), SYNC_ASIDE_MAX);
	check_text("last", json_text(json_object_array_get_idx(list, SYNC_ASIDE_MAX - 1)),
		   "{\"id\":\"cs_test_0\",\"error\":\"other\",\"since\":1800000000}");
	check("room", !sync_aside_add(list, "cs_test_more", error, NOW));
	sync_aside_remove(list, "cs_test_1");
	check("room", sync_aside_add(list, "cs_test_1", repeat("y", 241), NOW));
	check_int("cut at once", (int64_t)strlen(json_string_or_null(json_object_array_get_idx(
		list, SYNC_ASIDE_MAX - 1), "error")), 240);
	check_int("cut", (int64_t)strlen(json_string_or_null(json_object_array_get_idx(list, 0), "error")),
		  239);
}

static void where_too_many_failed_the_next_run_looks_at_all_of_it_again(void **unused)
{
	struct sync_state state = planned(NOW - 300 * DAY, NOW);

	(void)unused;
	state.crowded = true;
	saved(&state);
	sync_state_free(&state);
	state = planned(NOW - 300 * DAY, NOW);
	check("over an interruption", state.crowded);
	state.counts.errors = 1;
	finished(&state, NOW);
	state = planned(0, NOW + HOUR);
	check_int("from", state.from, NOW - 300 * DAY);
	check_int("errors", state.counts.errors, 0);
	finished(&state, NOW + HOUR);
	state = planned(0, NOW + 2 * HOUR);
	check_int("mended", state.from, NOW + 2 * HOUR - LOOKBACK);
	sync_state_free(&state);
}

/* A machine without a battery for its clock begins in 1970. */
static void no_window_begins_before_the_epoch(void **unused)
{
	struct sync_state state = planned(0, 1000);

	(void)unused;
	check_int("the setting's hours", state.from, 1);
	check_segment("all", &state, 0, 1, 1000, "");
	finished(&state, 1000);
	state = planned(0, NOW);
	check_int("a day before the last one", state.from, 1);
	finished(&state, NOW);
	state = planned(0, NOW + HOUR);
	check_int("by the right clock", state.from, NOW + HOUR - LOOKBACK);
	sync_state_free(&state);
}

/* It had come down to a session from before all that was sold since, and by its clock nothing was.  What it has
 * looked at is looked at again, and counted once. */
static void all_is_looked_at_after_a_run_that_began_in_what_is_to_come(void **unused)
{
	static const struct {
		const char *row;
		int64_t from, began;
	} cases[] = {
		{"an hour ahead", 0, NOW + 5 * DAY + HOUR},
		{"days ahead", 0, NOW + 9 * DAY},
		{"so far that its window is to come", 0, NOW + 3650 * DAY},
		{"days ahead, since a day that was named", NOW - 30 * DAY, NOW + 9 * DAY},
	};
	struct sync_state state, next;
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		state = planned(0, NOW);
		finished(&state, NOW);
		state = planned(cases[i].from, cases[i].began);
		state.counts = (struct sync_counts){.sessions = 7, .missing = 3};
		snprintf(state.todo[0].after, sizeof state.todo[0].after, "cs_7");
		saved(&state);
		sync_state_free(&state);
		next = planned(0, NOW + 5 * DAY);
		check_int(cases[i].row, next.n, 1);
		check_segment(cases[i].row, &next, 0, cases[i].from ? cases[i].from : NOW - REACH, NOW + 5 * DAY, "");
		check_int(cases[i].row, next.started, NOW + 5 * DAY);
		check_int(cases[i].row, next.counts.sessions, 0);
		finished(&next, NOW);
	}
}

static void a_run_goes_on_where_one_was_killed(void **unused)
{
	struct sync_state state = planned(0, NOW), next;

	(void)unused;
	state.counts = (struct sync_counts){.sessions = 7, .missing = 3, .errors = 1};
	snprintf(state.todo[0].after, sizeof state.todo[0].after, "cs_7");
	saved(&state);
	sync_state_free(&state);
	next = planned(0, NOW + 100);
	check("resumed", next.resumed);
	check_int("segments", next.n, 2);
	check_segment("what came since", &next, 0, NOW + 1, NOW + 100, "");
	check_segment("what was left", &next, 1, NOW - LOOKBACK, NOW, "cs_7");
	check_int("started", next.started, NOW);
	check_int("sessions", next.counts.sessions, 7);
	check_int("missing", next.counts.missing, 3);
	check_int("errors, which it tries again", next.counts.errors, 0);
	next.counts.errors = 2;
	next.crowded = true;
	saved(&next);
	sync_state_free(&next);
	next = planned(0, NOW + 100);
	check_int("errors, of which it can't try all again", next.counts.errors, 2);
	next.crowded = false;
	next.n = 1;
	next.todo[0] = next.todo[1];
	next.to = NOW;
	saved(&next);
	sync_state_free(&next);
	next = planned(NOW - 9 * DAY, NOW);
	check_int("none came in that second", next.n, 2);
	check_segment("what was left", &next, 0, NOW - LOOKBACK, NOW, "cs_7");
	check_segment("what is older", &next, 1, NOW - 9 * DAY, NOW - LOOKBACK, "");
	sync_state_free(&next);
}

static void a_complete_run_counts_as_begun_when_the_killed_one_did(void **unused)
{
	struct sync_state state = planned(0, NOW);

	(void)unused;
	saved(&state);
	sync_state_free(&state);
	state = planned(0, NOW + 5 * DAY);
	finished(&state, NOW + 5 * DAY);
	state = planned(0, NOW + 6 * DAY);
	check("not resumed", !state.resumed);
	check_int("from", state.from, NOW - REACH);
	sync_state_free(&state);
}

static void however_often_it_is_killed_everything_stays_in_the_plan(void **unused)
{
	struct sync_state state;
	int64_t i, covered;
	size_t k;

	(void)unused;
	for (i = 0; i < 3 * SYNC_SEGMENTS; i++) {
		state = planned(0, NOW + i * HOUR);
		check("at most", state.n <= SYNC_SEGMENTS);
		snprintf(state.todo[0].after, sizeof state.todo[0].after, "cs_7");
		saved(&state);
		sync_state_free(&state);
	}
	state = planned(0, NOW + i * HOUR);
	/* What was joined has no place that it could go on after: it would leave out what is newer. */
	check_int("segments", state.n, SYNC_SEGMENTS);
	check_text("one that goes on", state.todo[1].after, "cs_7");
	check_text("the joined one", state.todo[SYNC_SEGMENTS - 1].after, "");
	for (covered = NOW - LOOKBACK; covered <= NOW + i * HOUR; covered += HOUR / 2) {
		for (k = 0; k < state.n; k++)
			if (state.todo[k].from <= covered && covered <= state.todo[k].to)
				break;
		check("covered", k < state.n);
	}
	sync_state_free(&state);
}

static void a_plan_made_anew_forgets_what_was_found(void **unused)
{
	struct sync_state state = planned(0, NOW);

	(void)unused;
	state.counts.missing = 3;
	saved(&state);
	sync_state_free(&state);
	state = planned(0, NOW + 5 * DAY);
	sync_state_plan_fresh(&state, state.from, NOW + 5 * DAY);
	check_int("segments", state.n, 1);
	check_segment("all of it", &state, 0, NOW - LOOKBACK, NOW + 5 * DAY, "");
	check_int("missing", state.counts.missing, 0);
	check("not resumed", !state.resumed);
	sync_state_free(&state);
}

static void a_run_of_another_account_is_not_gone_on_with(void **unused)
{
	struct sync_state state = planned(0, NOW);

	(void)unused;
	snprintf(state.todo[0].after, sizeof state.todo[0].after, "cs_live_7");
	state.counts.missing = 3;
	saved(&state);
	sync_state_free(&state);
	account = TEST;
	state = planned(0, NOW + 9 * DAY);
	check("not resumed", !state.resumed);
	check_int("segments", state.n, 1);
	check_segment("its own", &state, 0, NOW + 9 * DAY - LOOKBACK, NOW + 9 * DAY, "");
	check_int("missing", state.counts.missing, 0);
	sync_state_free(&state);
}

static void each_account_has_a_window_of_its_own(void **unused)
{
	struct sync_state state = planned(0, NOW);

	(void)unused;
	finished(&state, NOW);
	account = TEST;
	state = planned(0, NOW + 9 * DAY);
	check_int("test looks back as at first", state.from, NOW + 9 * DAY - LOOKBACK);
	saved(&state);
	finished(&state, NOW + 9 * DAY);
	account = LIVE;
	state = planned(0, NOW + 10 * DAY);
	check_int("live goes on from its own last", state.from, NOW - REACH);
	finished(&state, NOW + 10 * DAY);
	account = TEST;
	state = planned(0, NOW + 20 * DAY);
	check_int("and so does test", state.from, NOW + 9 * DAY - REACH);
	sync_state_free(&state);
	account = ROLLED;
	state = planned(0, NOW + 30 * DAY);
	check_int("a key that was rolled makes no gap", state.from, NOW + 10 * DAY - REACH);
	sync_state_free(&state);
}

/* What somebody else has written in the place of ours. */
static void put_item(const char *text)
{
	const struct store_action action = {.item = keep(json_parse(span_of(text))),
					    .condition = STORE_ANY, .as_it_is = true};
	struct err e;

	assert_int_equal(store_write(app.store_opened, &action, 1, NULL, soon(), &e), 0);
}

static void an_item_of_the_functions_is_not_believed(void **unused)
{
	static const char text[] =
		"{\"PK\":\"SYSTEM\",\"SK\":\"STRIPE_ORDER_SYNC\",\"through\":1,\"run\":{\"to\":5},"
		"\"setAside\":\"x\",\"cursor\":\"cs_live_old\",\"pendingDays\":7}";
	struct sync_state state;

	(void)unused;
	put_item(text);
	state = planned(0, NOW);
	check("not resumed", !state.resumed);
	check_segment("as at first", &state, 0, NOW - LOOKBACK, NOW, "");
	finished(&state, NOW);
	state = planned(0, NOW + 9 * DAY);
	check_int("ours from now on", state.from, NOW - REACH);
	check_text("theirs is left", json_string_or_null(state.item, "cursor"), "cs_live_old");
	sync_state_free(&state);
}

/* Somebody has edited the item: no run looks at all times, or walks through days to come. */
static void times_that_cannot_be_are_not_believed(void **unused)
{
	static const char text[] =
		"{\"PK\":\"SYSTEM\",\"SK\":\"STRIPE_ORDER_SYNC\",\"version\":1,\"through\":-9223372036854775807,"
		"\"pendingWalkedAt\":-9223372036854775807,\"pendingWalked\":-1,\"run\":{\"from\":-5,"
		"\"to\":9223372036854775806,\"todo\":[{\"from\":-9223372036854775807,\"to\":9223372036854775806}],"
		"\"summary\":{\"sessions\":9223372036854775806,\"errors\":-3}}}";
	struct sync_state state;

	(void)unused;
	put_item(text);
	state = planned(0, NOW);
	check_int("from", state.from, NOW - LOOKBACK);
	check_int("segments", state.n, 2);
	check_segment("since the run", &state, 0, NOW - LOOKBACK + 1, NOW, "");
	check_segment("what it left", &state, 1, NOW - LOOKBACK, NOW, "");
	check_int("sessions", state.counts.sessions, 0);
	check_int("errors", state.counts.errors, 0);
	check_int("walked at", state.walked_at, 0);
	check_int("walked", state.walked, 0);
	finished(&state, NOW);
}

static void the_account_is_told_from_the_key(void **unused)
{
	static const char random[] = "0123456789012345678901234567890123456789012345678901234567890"
				     "12345678901234567890";
	char a[SYNC_ACCOUNT_SIZE], b[SYNC_ACCOUNT_SIZE], c[SYNC_ACCOUNT_SIZE], d[SYNC_ACCOUNT_SIZE];
	const char *key = keep_text(str_printf("sk_live_51AbCdEfGhIjKlMnO%s", random));

	(void)unused;
	sync_account_of(key, a);
	sync_account_of(keep_text(str_printf("rk_live_51AbCdEfGhIjKlMnOx%s", random)), b);
	sync_account_of(keep_text(str_printf("sk_live_51AbCdEfGhIjKlMnP%s", random)), c);
	sync_account_of(keep_text(str_printf("sk_test_51AbCdEfGhIjKlMnO%s", random)), d);
	check_text("another key of the account", b, a);
	check("another account", strcmp(c, a) != 0);
	check("the other mode", strcmp(d, a) != 0 && !sync_account_same_mode(d, a));
	check("the same mode", sync_account_same_mode(c, a));
	sync_account_of("sk_test_4eC39HqLyjWDarjtT1zdp7dc", a);
	sync_account_of("sk_test_4eC39HqLyjWDarjtT1zdp7dd", b);
	check("old keys", strcmp(a, b) != 0 && sync_account_same_mode(a, b));
	sync_account_of("sk_live_51AbCdEfGhIjKlMnO012345", a);
	sync_account_of("sk_live_51AbCdEfGhIjKlMnO012346", b);
	check("a short one, of whatever beginning", strcmp(a, b) != 0);
	check("no key", sync_account_of(NULL, c) == c && !sync_account_same_mode(a, c));
	check("a test id under a live key", sync_account_is_foreign(LIVE, "cs_test_1"));
	check("a live id under a live key", !sync_account_is_foreign(LIVE, "cs_live_1"));
	check("an id that does not say", !sync_account_is_foreign(LIVE, "cs_1"));
	check("a key that does not say", !sync_account_is_foreign(c, "cs_test_1"));
}

static void who_comes_second_takes_over(void **unused)
{
	struct sync_state first = planned(0, NOW), second;
	struct err e;

	(void)unused;
	saved(&first);
	second = planned(0, NOW);
	saved(&second);
	assert_int_equal(sync_state_save(&first, &app, soon(), &e), -1);
	check_err("save", &e, ERR_CONFLICT, "");
	assert_int_equal(sync_state_finish(&first, &app, NOW, soon(), &e), -1);
	check_err("finish", &e, ERR_CONFLICT, "");
	assert_false(sync_state_is_put_back(&first, &app, soon()));
	saved(&second);
	sync_state_free(&first);
	finished(&second, NOW);
}

/* Writes twice; what stood there in between. */
static struct json_object *saved_twice(struct sync_state *state)
{
	struct json_object *between;

	saved(state);
	between = keep(json_copy(state->item));
	saved(state);
	return between;
}

static void what_a_restore_has_put_back_is_older_than_what_was_written(void **unused)
{
	struct sync_state state = planned(0, NOW);
	struct json_object *before = saved_twice(&state);

	(void)unused;
	assert_false(sync_state_is_put_back(&state, &app, soon()));
	put_item(json_text(before));
	assert_true(sync_state_is_put_back(&state, &app, soon()));
	sync_state_free(&state);
}

static void a_write_whose_answer_was_lost_is_its_own(void **unused)
{
	struct sync_state state = planned(0, NOW);
	struct json_object *before = saved_twice(&state);

	(void)unused;
	json_object_put(state.item);
	state.item = json_object_get(before);
	saved(&state);
	finished(&state, NOW);
}

/* Nobody listens at port 1, and there is no time. */
static void a_conflict_after_which_dynamodb_is_away_is_no_crash(void **unused)
{
	static const struct aws_settings settings = {
		.region = "eu-central-1", .key_id = "AKIA1", .secret = "s1", .endpoint = "http://127.0.0.1:1",
		.metadata_disabled = true, .credentials_file = "/dev/null", .config_file = "/dev/null",
	};
	struct app away = {.store_opened = store_dynamodb_new("orders", &settings)};
	struct sync_state state = planned(0, NOW);

	(void)unused;
	saved(&state);
	assert_false(sync_state_is_put_back(&state, &away, deadline_in(0)));
	store_close(away.store_opened);
	finished(&state, NOW);
}

#define planning(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		planning(the_first_run_looks_back_as_far_as_it_is_told),
		planning(a_run_reaches_back_beyond_the_last_complete_one),
		planning(a_run_that_leaves_a_gap_does_not_hide_it),
		planning(what_is_set_aside_does_not_hold_the_window),
		planning(of_what_is_set_aside_the_latest_stand_last_and_all_is_bounded),
		planning(where_too_many_failed_the_next_run_looks_at_all_of_it_again),
		planning(no_window_begins_before_the_epoch),
		planning(all_is_looked_at_after_a_run_that_began_in_what_is_to_come),
		planning(a_run_goes_on_where_one_was_killed),
		planning(a_complete_run_counts_as_begun_when_the_killed_one_did),
		planning(however_often_it_is_killed_everything_stays_in_the_plan),
		planning(a_plan_made_anew_forgets_what_was_found),
		planning(a_run_of_another_account_is_not_gone_on_with),
		planning(each_account_has_a_window_of_its_own),
		planning(an_item_of_the_functions_is_not_believed),
		planning(times_that_cannot_be_are_not_believed),
		planning(the_account_is_told_from_the_key),
		planning(who_comes_second_takes_over),
		planning(what_a_restore_has_put_back_is_older_than_what_was_written),
		planning(a_write_whose_answer_was_lost_is_its_own),
		planning(a_conflict_after_which_dynamodb_is_away_is_no_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * Which orders a line of `ordersnap orders` asks for: to the second at both ends, by the day, by the month of
 * the shop's own clock, by the payment; and which no sum of the shop has.
 */
#include "orders_fixture.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cli/selection.h"

#define TODAY ((int64_t)OUTSIDE_EPOCH / DAY * DAY) /* 2023-11-14 */
#define NEVER 0

static const struct command_option options[] = {
	{"day", "DAY", "", NULL}, {"since", "DAY", "", NULL}, {"until", "DAY", "", NULL},
	{"month", "MONTH", "", NULL}, {"paid", NULL, "", NULL}, {"user", "USER", "", NULL},
	{"email", "ADDRESS", "", NULL}, {"status", "STATUS", "", NULL}, {"unshipped", NULL, "", NULL},
	{"by", "WHAT", "", NULL}, {"test", NULL, "", NULL}, {NULL, NULL, NULL, NULL},
};

static const struct command command = {.name = "orders", .arguments = "", .options = options};

/* Reads a line of options, "day=2023-11-14 paid"; a usage error is said to nobody. */
static int read_line(const char *words, struct selection *s)
{
	struct command_line line = {.command = &command};
	struct span rest = span_of(words), word;
	int rc, i, own = dup(STDERR_FILENO);

	while (span_next(&rest, ' ', &word)) {
		char *text = keep_text(span_dup(word)), *sign = strchr(text, '=');

		if (sign)
			*sign = '\0';
		for (i = 0; options[i].name; i++)
			if (strcmp(options[i].name, text) == 0)
				line.values[i] = sign ? sign + 1 : "";
	}
	assert_non_null(freopen("/dev/null", "w", stderr));
	rc = selection_read(&line, s);
	fflush(stderr);
	dup2(own, STDERR_FILENO);
	close(own);
	return rc;
}

static void days_are_from_the_firsts_midnight_to_the_one_behind_the_last(void **state)
{
	static const struct {
		const char *line;
		int64_t from, to; /* days from today's midnight on */
	} rows[] = {
		{"", -6, 1}, {"day=today", 0, 1}, {"day=yesterday", -1, 0}, {"day=2023-11-14", 0, 1},
		{"since=2023-11-13", -1, 1}, {"until=2023-11-13", -7, 0}, {"since=2023-11-12 until=2023-11-13", -2, 0},
		{"since=today", 0, 1}, {"unshipped", -89, 1}, {"unshipped since=yesterday", -1, 1},
		{"user=u since=2023-11-13", -1, 1}, {"user=u day=today", 0, 1},
	}, *row;
	struct selection s;

	(void)state;
	outside_begin();
	for EACH(row, rows) {
		check_int(row->line, read_line(row->line, &s), COMMAND_OK);
		check_int(row->line, s.from, TODAY + row->from * DAY);
		check_int(row->line, s.to, TODAY + row->to * DAY);
		check_int(row->line, s.query.from, s.from);
		check_int(row->line, s.query.to, s.to);
		selection_free(&s);
	}
	check_int("a user's are all", read_line("user=u", &s), COMMAND_OK);
	check("a user's are all", s.query.from == INT64_MIN && s.query.to == INT64_MAX);
	selection_free(&s);
	check_int("a century", read_line("since=1970-01-01 until=2070-03-16", &s), COMMAND_OK);
	selection_free(&s);
	check_int("a year of months", read_line("by=month", &s), COMMAND_OK);
	check_int("a year of months", s.first_month, 2022 * 12 + 11);
	check_int("a year of months", s.last_month, 2023 * 12 + 10);
	selection_free(&s);
	outside_end();
}

/* Stripe lets some ways of paying take two months. */
static void what_was_paid_in_a_time_may_have_been_begun_long_before(void **state)
{
	struct selection s;

	(void)state;
	outside_begin();
	assert_int_equal(read_line("paid day=today", &s), COMMAND_OK);
	assert_int_equal(s.from, TODAY);
	assert_int_equal(s.query.from, TODAY - 92 * DAY);
	assert_int_equal(s.query.to, TODAY + DAY);
	selection_free(&s);
	assert_int_equal(read_line("paid since=1970-01-02 until=1970-01-03", &s), COMMAND_OK);
	assert_int_equal(s.query.from, 0);
	selection_free(&s);
	outside_end();
}

static void a_line_that_makes_no_sense_is_wrong_usage(void **state)
{
	static const char *const rows[] = {
		"day=2023-02-30", "day=2023-11-31", "day=2023-11-1", "day=2023-11-14T00:00:00Z", "day=tomorrow",
		"day=14.11.2023", "since=today until=yesterday", "since=2023-11-15", "day=today since=today",
		"day=today until=today", "since=1900-01-01", "since=1970-01-01 until=2070-03-17", "month=2023-13",
		"month=2023-00", "month=2023-1",
		"month=2023/11", "month=-023-11", "month=1969-12", "month=2023-11 day=today",
		"month=2023-11 since=today", "month=2023-11 until=today", "status=paid", "status=completed,",
		"email=jane", "user=\xFF",
	};
	struct selection s;
	size_t i;

	(void)state;
	outside_begin();
	for (i = 0; i < LENGTH(rows); i++) {
		check_int(rows[i], read_line(rows[i], &s), COMMAND_USAGE);
		selection_free(&s);
	}
	outside_end();
}

/* The ids of the orders that the line asks for, with spaces between. */
static const char *asked_for(const char *words)
{
	struct selection s;
	struct history *history;
	struct json_object *order;
	struct buf ids;
	struct err e;

	check_int(words, read_line(words, &s), COMMAND_OK);
	history = history_new(&outside.app, &s.query);
	buf_init(&ids, 4096);
	while (selection_next(&s, history, &order, &e) == 0 && order) {
		buf_printf(&ids, "%s%s", ids.len ? " " : "", json_string_or_null(order, "orderId"));
		json_object_put(order);
	}
	history_free(history);
	selection_free(&s);
	return keep_text(buf_detach(&ids));
}

/* An order that was begun and paid then; `paid` NEVER: it was not. */
static void sold(const char *id, int64_t created, int64_t paid, const char *more)
{
	char began[32], done[32];
	time_t seconds = (time_t)created;

	strftime(began, sizeof began, "%Y-%m-%dT%H:%M:%SZ", gmtime(&seconds));
	seconds = (time_t)paid;
	strftime(done, sizeof done, "%Y-%m-%dT%H:%M:%SZ", gmtime(&seconds));
	has_order("USER#a", created, id, keep_text(str_printf(
			  ",'createdAt':'%s'%s%s%s,'status':'%s'%s", began, paid ? ",'completedAt':'" : "",
			  paid ? done : "", paid ? "'" : "", paid ? "completed" : "pending", more)));
	has_entry("USER#a", created, id, paid ? "completed" : "pending");
}

static void an_order_counts_on_the_day_on_which_it_was_paid(void **state)
{
	(void)state;
	outside_begin();
	sold("cs_begun_long_ago", TODAY - 60 * DAY, TODAY, "");
	sold("cs_last_second", TODAY - 5, TODAY + DAY - 1, "");
	sold("cs_next_day", TODAY + 9, TODAY + DAY, "");
	sold("cs_second_before", TODAY - 9, TODAY - 1, "");
	sold("cs_not_paid", TODAY + 1, NEVER, "");
	sold("cs_did_not_arrive", TODAY + 2, TODAY + 3, ",'stripePaymentStatus':'unpaid'");
	check_text("paid", asked_for("paid day=today"), "cs_last_second cs_begun_long_ago");
	check_text("begun", asked_for("day=today"), "cs_next_day cs_did_not_arrive cs_not_paid");
	outside_end();
}

/* The hour that daylight saving time gives back is of the month in which the shop's clock showed it. */
static void a_month_is_that_of_the_shops_own_clock(void **state)
{
	(void)state;
	setenv("TZ", "XST-2", 1); /* two hours before UTC; 2023-10-31T22:00:00Z is midnight there */
	outside_begin();
	sold("cs_october", 1698789600 - 1, 1698789600 - 1, "");
	sold("cs_first", 1698789600, 1698789600, "");
	sold("cs_last", 1701381600 - 1, 1701381600 - 1, "");
	sold("cs_december", 1701381600, 1701381600, "");
	check_text("begun", asked_for("month=2023-11"), "cs_last cs_first");
	check_text("paid", asked_for("paid month=2023-11"), "cs_last cs_first");
	check_text("a year", asked_for("by=month"), "cs_last cs_first cs_october");
	setenv("TZ", "UTC", 1);
	tzset();
	outside_end();
}

static void an_address_is_the_same_in_whatever_case(void **state)
{
	(void)state;
	outside_begin();
	sold("cs_1", TODAY + 1, NEVER, ",'customerEmail':'Jane@Shop.Example'");
	sold("cs_2", TODAY + 2, NEVER, ",'customerEmail':'jane@shop.example.org'");
	sold("cs_3", TODAY + 3, NEVER, "");
	check_text("email", asked_for("email=jane@shop.example"), "cs_1");
	outside_end();
}

static void test_orders_are_in_no_sum_of_a_live_shop_unless_they_are_asked_for(void **state)
{
	static const struct {
		const char *key, *line;
		bool hides;
	} rows[] = {
		{"sk_live_1", "", true}, {"rk_live_1", "", true}, {"sk_live_1", "test", false},
		{"sk_test_1", "", false}, {"of_a_stand_in", "", false},
	}, *row;
	struct selection s;

	(void)state;
	for EACH(row, rows) {
		outside_begin();
		free(outside.app.config.stripe_secret);
		outside.app.config.stripe_secret = str_dup(row->key);
		check_int(row->key, read_line(row->line, &s), COMMAND_OK);
		check_int(row->key, selection_hides_test(&outside.app, &s), row->hides);
		selection_free(&s);
		outside_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(days_are_from_the_firsts_midnight_to_the_one_behind_the_last),
		holds(what_was_paid_in_a_time_may_have_been_begun_long_before),
		holds(a_line_that_makes_no_sense_is_wrong_usage),
		holds(an_order_counts_on_the_day_on_which_it_was_paid),
		holds(a_month_is_that_of_the_shops_own_clock),
		holds(an_address_is_the_same_in_whatever_case),
		holds(test_orders_are_in_no_sum_of_a_live_shop_unless_they_are_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * The outbox when the table fails: whatever call it is, nothing that was to be told is lost, and what
 * another run has taken is that run's.
 */
#include "record_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/notify.h"
#include "shop/outbox.h"

#define HOUR_MS (3600 * 1000)

static const char *folder; /* of the hook, and of what it writes */

/* The shop's program notes how often it was run, and of which number. */
static void write_hook(void)
{
	const char *path = keep_text(str_printf("%s/hook", folder));
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fprintf(file, "#!/bin/sh\necho \"$NOTIFY_NUMBER\" >>'%s/told'\n", folder);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0700), 0);
	outside.app.config.order_hook = str_dup(path);
}

/* What the hook has noted; "" if it was never run.  Kept. */
static const char *told(void)
{
	const char *path = keep_text(str_printf("%s/told", folder));
	char text[256] = "";
	FILE *file = fopen(path, "r");
	size_t n = file ? fread(text, 1, sizeof text - 1, file) : 0;

	text[n] = '\0';
	if (file)
		fclose(file);
	unlink(path);
	return keep_text(str_dup(text));
}

/* An order that was sold, of which nobody has been told. */
static void begin(void)
{
	folder = unit_folder();
	outside_begin();
	outside.sleeps = true;
	write_hook();
	sold();
	outside.calls = 0;
}

static void end(void)
{
	outside_end();
	unit_remove_folder(folder);
}

static struct json_object *waiting(void)
{
	size_t i;

	for (i = 0; i < outside.table.n; i++)
		if (outbox_is_item(outside.table.items[i]))
			return outside.table.items[i];
	return NULL;
}

/* Somebody else's write of it; NULL: without that. */
static void change(const char *key, const char *value)
{
	struct json_object *item = json_copy(waiting());

	assert_non_null(item);
	table_delete(&outside.table, KEY_OUTBOX, json_string_or_null(item, "SK"));
	json_object_object_del(item, key);
	json_set_string(item, key, value);
	table_put(&outside.table, item);
}

static int run(struct notify_counts *counts, struct err *e)
{
	const struct notify notify = {.limit = 0};

	*e = (struct err){.code = ERR_NONE};
	return notify_run(&outside.app, &notify, counts, e);
}

static void without_a_program_nothing_is_touched(void **state)
{
	struct notify_counts counts;
	struct err e;

	(void)state;
	begin();
	free(outside.app.config.order_hook);
	outside.app.config.order_hook = NULL;
	assert_int_equal(run(&counts, &e), -1);
	check_err("no program", &e, ERR_CONFIG, "ORDER_HOOK is not set");
	assert_int_equal(outside.calls, 0);
	assert_non_null(waiting());
	end();
}

static void a_program_that_is_not_there_is_named_also_where_nothing_waits(void **state)
{
	struct notify_counts counts;
	struct err e;

	(void)state;
	begin();
	table_delete(&outside.table, KEY_OUTBOX, json_string_or_null(waiting(), "SK"));
	free(outside.app.config.order_hook);
	outside.app.config.order_hook = str_dup("/nowhere/hook");
	assert_int_equal(run(&counts, &e), -1);
	check_err("none there", &e, ERR_CONFIG, "ORDER_HOOK");
	end();
}

static void at_whatever_call_the_table_fails_the_shop_is_told_in_the_end(void **state)
{
	struct notify_counts counts;
	enum outside_fault fault;
	unsigned calls, at;
	struct err e;

	(void)state;
	begin();
	check_int(e.text, run(&counts, &e), 0);
	calls = outside.calls;
	assert_string_equal(told(), "BC--1\n");
	assert_null(waiting());
	end();

	for (at = 1; at <= calls; at++) {
		for (fault = 0; fault <= OUTSIDE_AWAY; fault++) {
			const char *row = keep_text(str_printf("fault %d at call %u", (int)fault, at));
			const char *first, *then;

			/* It fails with what was done until then, and is not told as delivered. */
			begin();
			outside.at = at;
			outside.fault = fault;
			check_int(row, run(&counts, &e), -1);
			check_err(row, &e, ERR_UNAVAILABLE, "away");
			first = told();

			/* Once the next try is due: told, at least once, and no more is to be told. */
			outside.at = 0;
			outside.ms += HOUR_MS;
			check_int(row, run(&counts, &e), 0);
			then = told();
			check(row, !waiting());
			check(row, *first || *then);
			check(row, !*first || counts.told == (*then != '\0'));
			end();
		}
	}
}

/* Another run begins or deletes it first. */
static void a_run_leaves_what_another_one_has_taken(void **state)
{
	struct notify_counts counts;
	unsigned at;
	struct err e;

	(void)state;
	for (at = 1; at <= 6; at++) {
		begin();
		outside.at = at;
		outside.fault = OUTSIDE_CONFLICT;
		check_int(e.text, run(&counts, &e), 0);
		check_int(e.text, counts.failed, 0);
		check(e.text, *told() ? counts.told == 1 : counts.told == 0 && waiting());
		end();
	}
}

/* What would end a line in a script's output is a blank. */
/* The order that one item is about is gone: that holds nobody else's up, and is not for ever in their way. */
static void an_item_whose_order_is_gone_is_tried_again_and_the_others_are_told(void **state)
{
	struct notify_counts counts;
	struct err e;

	(void)state;
	begin();
	change("orderId", "cs_test_9");
	outside.answers = (const struct outside_answer[]){{.part = NULL}};
	deliver(EVENT("evt_5", "checkout.session.completed", SALE("cs_test_2", "")), &e);
	check_int(e.text, run(&counts, &e), 0);
	check_int("told", counts.told, 1);
	check_int("failed", counts.failed, 1);
	assert_string_equal(told(), "BC--2\n");
	check_text("waits", json_string_or_null(waiting(), "orderId"), "cs_test_9");
	assert_non_null(json_string_or_null(waiting(), "error"));
	assert_int_equal(counts.given_up, 0);

	/* When its seven days are over that is said. */
	outside.ms += INT64_C(8) * 86400 * 1000;
	check_int(e.text, run(&counts, &e), 0);
	check_int("failed", counts.failed, 1);
	check_int("given up", counts.given_up, 1);
	assert_true(outbox_is_given_up(waiting()));
	end();
}

static void a_number_with_a_line_end_is_one_line_for_the_program(void **state)
{
	struct notify_counts counts;
	struct err e;

	(void)state;
	begin();
	change("orderNumber", "BC\n1\x7F");
	check_int(e.text, run(&counts, &e), 0);
	assert_string_equal(told(), "BC 1 \n");
	end();
}

/* --- what the owner says -------------------------------------------------------- */

/* Gives each that waits up. */
static void give_up(void)
{
	change("SK", "GIVEN_UP#8000000000#ntf_1");
}

static void forget_it(void)
{
	struct json_object *item = waiting();

	table_delete(&outside.table, KEY_OUTBOX, json_string_or_null(item, "SK"));
}

static void what_a_run_has_moved_meanwhile_is_not_counted_as_decided(void **state)
{
	int64_t n;
	struct err e;

	(void)state;
	begin();
	give_up();
	check_int("whole", notify_decide(&outside.app, NOTIFY_RETRY, "all", &n, &e), 0);
	assert_int_equal(n, 1);
	assert_false(outbox_is_given_up(waiting()));
	end();

	begin();
	give_up();
	outside.at = 2;
	outside.fault = OUTSIDE_OVERTAKEN;
	outside.overtake = forget_it;
	check_int("overtaken", notify_decide(&outside.app, NOTIFY_RETRY, "all", &n, &e), 0);
	assert_int_equal(n, 0);
	assert_null(waiting());
	end();
}

/* Somebody has edited it. */
static void an_item_without_an_id_is_not_the_one_that_is_named(void **state)
{
	int64_t n;
	struct err e;

	(void)state;
	begin();
	change("id", NULL);
	check_int("not it", notify_decide(&outside.app, NOTIFY_FORGET, "ntf_1", &n, &e), 0);
	assert_int_equal(n, 0);
	assert_non_null(waiting());
	end();
}

static void a_decision_that_can_not_be_written_is_an_error(void **state)
{
	unsigned at;
	int64_t n;
	struct err e;

	(void)state;
	for (at = 1; at <= 2; at++) {
		begin();
		give_up();
		outside.at = at;
		outside.fault = OUTSIDE_FAILS;
		check_int("away", notify_decide(&outside.app, NOTIFY_FORGET, "all", &n, &e), -1);
		check_err("away", &e, ERR_UNAVAILABLE, "away");
		assert_int_equal(n, 0);
		assert_true(outbox_is_given_up(waiting()));
		end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(without_a_program_nothing_is_touched),
		holds(a_program_that_is_not_there_is_named_also_where_nothing_waits),
		holds(at_whatever_call_the_table_fails_the_shop_is_told_in_the_end),
		holds(a_run_leaves_what_another_one_has_taken),
		holds(an_item_whose_order_is_gone_is_tried_again_and_the_others_are_told),
		holds(a_number_with_a_line_end_is_one_line_for_the_program),
		holds(what_a_run_has_moved_meanwhile_is_not_counted_as_decided),
		holds(an_item_without_an_id_is_not_the_one_that_is_named),
		holds(a_decision_that_can_not_be_written_is_an_error),
	};

	signal(SIGPIPE, SIG_IGN); /* base/child.h */
	return cmocka_run_group_tests(tests, NULL, NULL);
}

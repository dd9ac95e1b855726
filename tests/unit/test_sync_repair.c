/* SPDX-License-Identifier: ISC */
/*
 * What a run of the reconciler makes of one session: a repair and what that is called, a failure, and
 * how many of these are too many.
 */
#include "sync_fixture.h"

/* --- what differs --------------------------------------------------------------------- */

#define ANN "USER#ann@example.com"

/* A sale of this second, in order. */
static const char *sold(void)
{
	sync_begin();
	sells("1", NOW);
	syncs_to_its_end("sold", "missing cs_test_1\n");
	syncs_to_its_end("in order", "");
	return keep_text(key_order(NOW, "cs_test_1"));
}

/* The order and its copies say so; a value of NULL: they do not say it. */
static void says(const char *sk, const char *name, struct json_object *value)
{
	struct json_object *order = keep(json_copy(table_find(&outside.table, ANN, sk)));
	struct json_object *pointer = keep(json_copy(table_find(&outside.table, "PAYMENT#pi_1", "METADATA")));
	struct json_object *entry = keep(json_copy(table_find(&outside.table, "DAY#2023-11-14", sk)));

	json_object_object_del(order, name);
	if (value)
		json_object_object_add(order, name, json_object_get(value));
	json_copy_member(entry, "itemsPending", order, "itemsPending");
	json_copy_member(entry, "unconfirmed", order, "unconfirmed");
	json_object_object_add(pointer, "order", json_copy(order));
	outside_put(order);
	outside_put(pointer);
	outside_put(entry);
}

static void an_order_that_does_not_say_when_it_was_paid_is_stale(void **state)
{
	(void)state;
	says(sold(), "completedAt", NULL);
	syncs_to_its_end("found", "stale cs_test_1\n");
	assert_non_null(json_string_or_null(order_of("1", NOW), "completedAt"));
	syncs_to_its_end("once", "");
	sync_end();
}

static void an_order_that_says_otherwise_than_stripe_is_stale(void **state)
{
	(void)state;
	says(sold(), "customerEmail", json_of("'bob@example.com'"));
	syncs_to_its_end("found", "stale cs_test_1\n");
	assert_string_equal(json_string_or_null(order_of("1", NOW), "customerEmail"), "ann@example.com");
	syncs_to_its_end("once", "");
	sync_end();
}

static void an_order_that_only_an_event_has_told_of_is_confirmed(void **state)
{
	(void)state;
	says(sold(), "unconfirmed", json_of("true"));
	syncs_to_its_end("found", "stale cs_test_1\n");
	assert_null(json_object_object_get(order_of("1", NOW), "unconfirmed"));
	syncs_to_its_end("once", "");
	sync_end();
}

/* It is not looked at more closely, which is a call of Stripe for each order. */
static void an_order_with_a_number_of_another_prefix_is_in_order(void **state)
{
	(void)state;
	sold();
	free(outside.app.config.order_number_prefix);
	outside.app.config.order_number_prefix = str_dup("XY");
	assert_string_equal(syncs(), "");
	assert_int_equal(run.result.counts.in_order, 1);
	assert_null(strstr(stripe_asked(), "sessions/cs_test_1"));
	sync_end();
}

static void an_order_that_waits_for_its_lines_gets_them(void **state)
{
	const char *sk = sold();

	(void)state;
	says(sk, "itemsPending", json_of("true"));
	syncs_to_its_end("found", "pending cs_test_1\n");
	syncs_to_its_end("once", "");
	sync_end();
}

static void a_pending_order_that_changes_is_stale_and_one_that_is_paid_was_pending(void **state)
{
	const char *json;

	(void)state;
	sync_begin();
	sells_later("1", NOW);
	syncs_to_its_end("sold", "missing cs_test_1\n");
	syncs_to_its_end("it pends", "");
	assert_int_equal(run.result.counts.waiting, 1);
	json = stripe.objects[0].json;
	stripe_has("checkout/sessions", "cs_test_1", NOW,
		   keep_text(str_printf("{'client_reference_id':'x',%s", json + 1)));
	syncs_to_its_end("it says more", "stale cs_test_1\n");
	sells("1", NOW);
	syncs_to_its_end("it is paid", "pending cs_test_1\n");
	sync_end();
}

static void a_pointer_beside_a_right_order_is_mended(void **state)
{
	static const struct {
		const char *row, *item; /* what stands beside it instead */
		bool mended;
	} table[] = {
		{"a number of an order that is gone",
		 "{'PK':'NUMBER#BC--1','SK':'METADATA','orderId':'cs_test_9','orderPK':'USER#x',"
		 "'orderSK':'ORDER#1#cs_test_9','version':1}", true},
		{"a number that another order has",
		 "{'PK':'NUMBER#BC--1','SK':'METADATA','orderId':'cs_test_8','orderPK':'USER#bob',"
		 "'orderSK':'ORDER#1#cs_test_8','version':1}", false},
		{"a session's item of nobody", "{'PK':'SESSION#cs_test_1','SK':'METADATA','version':1}", true},
		{"its day entry, with another status",
		 "{'PK':'DAY#2023-11-14','SK':'ORDER#1700000000#cs_test_1','orderId':'cs_test_1','orderPK':'"
		 ANN "','orderSK':'ORDER#1700000000#cs_test_1','status':'pending','version':1}", true},
	}, *row;

	(void)state;
	for EACH(row, table) {
		sold();
		outside_put(json_of("{'PK':'USER#bob','SK':'ORDER#1#cs_test_8','orderId':'cs_test_8',"
				    "'stripeSessionId':'cs_test_8','version':1}"));
		outside_put(json_of("%s", row->item));
		check_text(row->row, syncs(), row->mended ? "pointers cs_test_1\n" : "");
		check_text(row->row, syncs(), "");
		sync_end();
	}
}

static void a_day_entry_under_another_time_is_not_the_orders(void **state)
{
	const char *sk = sold();
	struct json_object *entry = keep(json_copy(table_find(&outside.table, "DAY#2023-11-14", sk)));

	(void)state;
	json_set_string(entry, "SK", keep_text(key_order(NOW - 1, "cs_test_1")));
	outside_put(entry);
	assert_string_equal(syncs(), "");
	assert_null(strstr(stripe_asked(), "sessions/cs_test_1"));
	table_delete(&outside.table, "DAY#2023-11-14", sk);
	syncs_to_its_end("found", "pointers cs_test_1\n");
	assert_non_null(table_find(&outside.table, "DAY#2023-11-14", sk));
	sync_end();
}

static void of_sessions_that_are_none_of_the_shops_no_time_is_looked_for(void **state)
{
	const char *p;
	int n = 0;

	(void)state;
	sync_begin();
	outside.app.config.order_sessions = str_dup("own");
	sells("1", NOW - 60);
	assert_string_equal(syncs(), "");
	assert_int_equal(run.result.counts.skipped, 1);
	for (p = stripe_asked(); (p = strstr(p, "events ")); p++)
		n++;
	assert_int_equal(n, 1); /* for refunds */
	sync_end();
}

/* --- what fails ----------------------------------------------------------------------- */

/* Sells to each letter of `of`: f fails, o does not. */
static void sells_to(const char *of, int64_t newest)
{
	size_t i;

	for (i = 0; of[i]; i++)
		sells(keep_text(str_printf("%c%zu", of[i], i)), newest - (int64_t)i);
}

static void a_run_ends_where_three_in_a_row_fail_for_a_passing_reason(void **state)
{
	static const struct {
		const char *row, *sales;
		int status;
		enum sync_end end;
		int64_t errors;
	} table[] = {
		{"two", "ff", 429, SYNC_COMPLETE, 2}, {"three", "fff", 429, SYNC_FAILED, 3},
		{"none after that", "ffff", 429, SYNC_FAILED, 3}, {"not in a row", "ffoff", 429, SYNC_COMPLETE, 4},
		{"for good", "ffff", 400, SYNC_COMPLETE, 4}, {"the key", "ff", 403, SYNC_FAILED, 0},
	}, *row;
	int pends;
	size_t i;

	(void)state;
	for EACH(row, table) {
		/* Their sales can't be asked for. */
		sync_begin();
		sells_to(row->sales, NOW);
		stripe.fault = (struct stripe_fault){"sessions/cs_test_f", 1000, row->status, NULL};
		syncs();
		check_int(row->row, run.result.end, row->end);
		check_int(row->row, run.result.counts.errors, row->errors);
		sync_end();

		/* Orders whose sessions are not listed, and pending ones from before the window: the
		 * sessions can't be asked for. */
		for (pends = 0; pends < 2; pends++) {
			sync_begin();
			sells_to(row->sales, NOW - 10 * DAY);
			for (i = 0; row->sales[i]; i++)
				has_entry(keep_text(str_printf("cs_test_%c%zu", row->sales[i], i)),
					  pends * 10 * DAY + (int64_t)i, pends ? "pending" : "completed");
			stripe.fault = (struct stripe_fault){"sessions/cs_test_f", 1000, row->status, NULL};
			syncs();
			check_int(row->row, run.result.end, row->end);
			check_int(row->row, run.result.counts.errors, row->errors);
			sync_end();
		}
	}
}

static const char *requests_for(const char *what)
{
	const char *p;
	int n = 0;

	for (p = stripe_asked(); (p = strstr(p, what)); p++)
		n++;
	return keep_text(str_printf("%d", n));
}

static void what_is_set_aside_holds_no_later_run_up(void **state)
{
	static const struct {
		const char *row, *part, *asked;
	} table[] = {
		{"the sessions can't be asked for", "sessions/cs_test_f", "1"},
		{"their lines can't", "line_items", "2"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		sync_begin();
		sells_to("fff", NOW);
		stripe.fault = (struct stripe_fault){"line_items", 1000, 400, NULL};
		assert_string_equal(syncs(), "error cs_test_f0\nerror cs_test_f1\nerror cs_test_f2\n");
		stripe_asked();

		/* They are looked at by the next run, once, without waiting; what comes after them
		 * has its own three failures. */
		goes_by(60);
		has_entry("cs_test_f8", 5 * DAY, "pending");
		has_entry("cs_test_f9", 6 * DAY, "pending");
		sells("f8", NOW - 5 * DAY);
		sells("f9", NOW - 6 * DAY);
		stripe.fault = (struct stripe_fault){row->part, 1000, 429, NULL};
		syncs();
		check_int(row->row, run.result.end, SYNC_COMPLETE);
		check_int(row->row, run.result.counts.errors, 5);
		check_text(row->row, requests_for("sessions/cs_test_f0"), row->asked);
		sync_end();
	}
}

static void what_is_set_aside_is_not_counted_where_it_is_listed(void **state)
{
	(void)state;
	sync_begin();
	sells_to("f", NOW);
	stripe.fault = (struct stripe_fault){"line_items", 1000, 400, NULL};
	assert_string_equal(syncs(), "error cs_test_f0\n");
	assert_int_equal(run.result.counts.sessions, 1);
	stripe.fault.part = "sessions/cs_test_f";
	assert_string_equal(syncs(), "error cs_test_f0\n");
	assert_int_equal(run.result.counts.sessions, 0);
	sync_end();
}

static void an_order_without_lines_pends_and_is_set_aside(void **state)
{
	const char *json, *lines;

	(void)state;
	sync_begin();
	sells("1", NOW);
	json = stripe.objects[1].json;
	lines = strstr(json, "'data':[{");
	stripe_has("checkout/sessions", "cs_test_1", NOW,
		   keep_text(str_printf("%.*s'data':[%s", (int)(lines - json), json, strstr(lines, "]}"))));
	assert_string_equal(syncs(), "missing cs_test_1\nerror cs_test_1\n");
	check_json("its lines are still to come", json_object_object_get(state_item(), "pendingDays"),
		   "['2023-11-14']");
	sells("1", NOW);
	assert_string_equal(syncs(), "pending cs_test_1\n");
	sync_end();
}

static void an_order_without_a_session_that_is_set_aside_is_asked_for_once_a_run(void **state)
{
	(void)state;
	sync_begin();
	has_entry("cs_test_f", 10, "completed");
	stripe.fault = (struct stripe_fault){"sessions/cs_test_f", 1000, 400, NULL};
	assert_string_equal(syncs(), "error cs_test_f\n");
	stripe_asked();
	assert_string_equal(syncs(), "error cs_test_f\n");
	check_text("once", requests_for("sessions/cs_test_f"), "1");
	sync_end();
}

static void what_is_set_aside_of_the_other_mode_waits_for_its_key(void **state)
{
	struct json_object *item, *aside = json_of("[{'id':'cs_live_1','error':'x','since':1}]");

	(void)state;
	sync_begin();
	syncs_to_its_end("nothing", "");
	item = keep(json_copy(state_item()));
	json_object_object_add(item, "setAside", json_object_get(aside));
	outside_put(item);
	assert_string_equal(syncs(), "");
	check_text("not asked", requests_for("cs_live_1"), "0");
	assert_int_equal(json_object_array_length(json_object_object_get(state_item(), "setAside")), 1);
	sync_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(an_order_that_does_not_say_when_it_was_paid_is_stale),
		holds(an_order_that_says_otherwise_than_stripe_is_stale),
		holds(an_order_that_only_an_event_has_told_of_is_confirmed),
		holds(an_order_with_a_number_of_another_prefix_is_in_order),
		holds(an_order_that_waits_for_its_lines_gets_them),
		holds(a_pending_order_that_changes_is_stale_and_one_that_is_paid_was_pending),
		holds(a_pointer_beside_a_right_order_is_mended),
		holds(a_day_entry_under_another_time_is_not_the_orders),
		holds(of_sessions_that_are_none_of_the_shops_no_time_is_looked_for),
		holds(a_run_ends_where_three_in_a_row_fail_for_a_passing_reason),
		holds(what_is_set_aside_holds_no_later_run_up),
		holds(what_is_set_aside_is_not_counted_where_it_is_listed),
		holds(an_order_without_lines_pends_and_is_set_aside),
		holds(an_order_without_a_session_that_is_set_aside_is_asked_for_once_a_run),
		holds(what_is_set_aside_of_the_other_mode_waits_for_its_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

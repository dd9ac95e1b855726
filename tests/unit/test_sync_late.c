/* SPDX-License-Identifier: ISC */
/*
 * What a run of the reconciler looks at besides its window: orders that were refunded or disputed since,
 * those that are still pending, and what earlier runs have set aside.
 */
#include "sync_fixture.h"

static int64_t now(void)
{
	return NOW + outside.ms / 1000;
}

/* Sold just now, and in order; then `age` goes by. */
static void sold_before(const char *id, int64_t age)
{
	sells(id, NOW);
	goes_by(0);
	syncs_to_its_end("sold", keep_text(str_printf("missing cs_test_%s\n", id)));
	goes_by(age);
}

/* A run over what came since `from`. */
static const char *syncs_from(int64_t from)
{
	return syncs_with((struct sync_options){.from = from});
}

/* --- refunds and disputes ----------------------------------------------------------- */

/* Stripe has an event about a charge, or something of it. */
static void tells_as(const char *id, const char *type, int64_t created, const char *object)
{
	stripe_has("events", id, created,
		   keep_text(str_printf("{'id':'%s','object':'event','type':'%s','created':%lld,"
					"'data':{'object':%s}}", id, type, (long long)created, object)));
}

static void tells(const char *type, int64_t created, const char *object)
{
	tells_as("evt_1", type, created, object);
}

#define OF_PAYMENT "{'id':'re_1','object':'refund','payment_intent':'pi_1','charge':'ch_1'}"
#define OF_CHARGE "{'id':'re_1','object':'refund','charge':'ch_1'}"

static void an_older_order_is_looked_at_where_an_event_of_the_window_names_its_payment(void **state)
{
	static const struct {
		const char *row, *type, *object;
		int64_t before; /* the window's beginning */
		bool found;
	} table[] = {
		{"a refund", "charge.refunded", OF_PAYMENT, -60, true},
		{"in the window's first second", "refund.failed", OF_PAYMENT, 0, true},
		{"before the window", "refund.failed", OF_PAYMENT, 1, false},
		{"by its charge alone", "charge.refund.updated", OF_CHARGE, -60, true},
		{"of a charge that Stripe does not know", "refund.updated", "{'id':'re_1','charge':'ch_2'}", -60,
		 false},
		{"captured", "charge.captured", OF_PAYMENT, -60, true},
		{"given up", "payment_intent.canceled", "{'id':'pi_1','object':'payment_intent'}", -60, true},
		{"of another payment", "refund.failed", "{'id':'re_1','payment_intent':'pi_2'}", -60, false},
		{"of a session", "checkout.session.expired", OF_PAYMENT, -60, false},
	}, *row;
	int64_t from;

	(void)state;
	for EACH(row, table) {
		sync_begin();
		sold_before("1", 5 * DAY);
		sells_with("1", NOW, GIVEN_BACK);
		from = now() - DAY;
		tells(row->type, from - row->before, row->object);
		check_text(row->row, syncs_from(from), row->found ? "stale cs_test_1\n" : "");
		check_int(row->row, run.result.end, SYNC_COMPLETE);
		check_int(row->row, run.result.counts.errors, 0);
		check_int(row->row, json_int_or(order_of("1", NOW), "amountRefunded", 0), row->found ? 300 : 0);
		sync_end();
	}
}

/* What was asked of the lists of refunds and disputes, and of the events. */
static void what_is_older_than_the_events_is_looked_for_in_the_lists(void **state)
{
	static const struct {
		const char *row;
		int64_t age; /* of the window */
		bool lists;
		int64_t events;
	} table[] = {
		{"the events have it all", 29 * DAY, false, 29 * DAY},
		{"they may be gone before they are asked for", 29 * DAY + 1, true, 29 * DAY + 1},
		{"as long as they are kept", 30 * DAY, true, 30 * DAY},
		{"longer", 31 * DAY, true, 30 * DAY},
	}, *row;

	(void)state;
	for EACH(row, table) {
		const long long from = NOW - row->age, until = NOW - 29 * DAY;
		const char *lists = keep_text(str_printf(
			"refunds created[gte]=%lld&created[lte]=%lld\ndisputes created[gte]=%lld&created[lte]=%lld\n",
			from - 60 * DAY, until, from - 180 * DAY, until));

		sync_begin();
		syncs_from(from);
		check_text(row->row, stripe_asked(),
			   keep_text(str_printf("checkout/sessions created[gte]=%lld\n%sevents created[gte]=%lld\n",
						from, row->lists ? lists : "", (long long)NOW - row->events)));
		sync_end();
	}
}

static void a_session_that_was_listed_is_asked_for_again_where_its_charge_may_have_changed_since(void **state)
{
	static const struct {
		const char *row, *state, *type, *before; /* an older event's type, or NULL */
		bool asked;
	} table[] = {
		{"captured: the list has shown that", CHARGED, "charge.captured", NULL, false},
		{"given up: so it has", CHARGED, "payment_intent.canceled", NULL, false},
		{"refunded since the list came", CHARGED, "charge.refunded", NULL, true},
		{"captured, and refunded", CHARGED, "charge.refunded", "charge.captured", true},
		{"told the other way round", CHARGED, "charge.captured", "charge.refunded", true},
		{"refunded, as the list has it", GIVEN_BACK, "charge.refunded", NULL, false},
	}, *row;

	(void)state;
	for EACH(row, table) {
		sync_begin();
		sells_with("1", NOW, row->state);
		syncs_to_its_end("sold", "missing cs_test_1\n");
		tells(row->type, NOW, OF_PAYMENT);
		if (row->before)
			tells_as("evt_0", row->before, NOW - 1, OF_PAYMENT);
		check_text(row->row, syncs_from(row->before ? NOW - 1 : NOW), "");
		check(row->row, !strstr(stripe_asked(), "checkout/sessions/cs_test_1") == !row->asked);
		sync_end();
	}
}

static void a_charge_that_can_not_be_asked_for_ends_the_run_or_is_told(void **state)
{
	static const struct {
		const char *row;
		int status;
		const char *told;
		enum sync_end end;
	} table[] = {
		{"unknown", 404, "", SYNC_COMPLETE},
		{"refused", 400, "error -\n", SYNC_COMPLETE},
		{"not allowed", 403, "", SYNC_FAILED},
		{"away", 500, "", SYNC_FAILED},
	}, *row;

	(void)state;
	for EACH(row, table) {
		sync_begin();
		tells("refund.failed", NOW, OF_CHARGE);
		stripe.fault = (struct stripe_fault){"/charges/", 100, row->status, NULL};
		check_text(row->row, syncs(), row->told);
		check_int(row->row, run.result.end, row->end);
		/* It is no session that the next run could look at. */
		check_int(row->row, json_int_or(state_item(), "through", 0), row->end == SYNC_COMPLETE ? NOW : 0);
		sync_end();
	}
}

/* --- pending orders ----------------------------------------------------------------- */

/* A member of the state as it stands between two runs. */
static void set_state(const char *name, struct json_object *value)
{
	struct json_object *item = keep(json_copy(state_item()));

	json_object_object_add(item, name, json_object_get(value));
	outside_put(item);
}

static void a_pending_order_is_looked_after(void **state)
{
	static const struct {
		const char *row;
		int64_t age;
		int64_t walked, walked_ago; /* entries of the last walk over all days, and when that was */
		bool listed;                /* its day is known */
		bool found;
	} table[] = {
		{"a second before the window", DAY + 1, 0, 0, false, true},
		{"of 90 days", 90 * DAY, 0, 0, false, true},
		{"older", 90 * DAY + 1, 0, 0, false, false},
		{"older, on a day that is known", 400 * DAY, 0, 0, true, true},
		{"a second older, on such a day", 90 * DAY + 1, 0, 0, true, true},
		{"where a walk is cheap", 20 * DAY, 4999, 60, false, true},
		{"where it is not", 20 * DAY, 5000, 60, false, false},
		{"where it is not, on a day that is known", 20 * DAY, 5000, 60, true, true},
		{"of 14 days, in any case", 14 * DAY, 5000, 60, false, true},
		{"a second more", 14 * DAY + 1, 5000, 60, false, false},
		{"once a day", 20 * DAY, 5000, DAY, false, true},
		{"not before", 20 * DAY, 5000, DAY - 1, false, false},
		{"walked in what is to come", 20 * DAY, 5000, -60, false, true},
	}, *row;
	int64_t at;
	bool all;

	(void)state;
	for EACH(row, table) {
		sync_begin();
		sells_later("1", NOW);
		syncs_to_its_end("sold", "missing cs_test_1\n");
		sells("1", NOW);
		goes_by(row->age);
		set_state("pendingWalked", keep(json_object_new_int64(row->walked)));
		set_state("pendingWalkedAt", keep(json_object_new_int64(now() - row->walked_ago)));
		if (!row->listed)
			set_state("pendingDays", json_of("[]"));
		at = now();
		check_text(row->row, syncs_from(at - DAY), row->found ? "pending cs_test_1\n" : "");
		check_int(row->row, run.result.end, SYNC_COMPLETE);
		check_text(row->row, json_string_or_null(order_of("1", NOW), "status"),
			   row->found ? "completed" : "pending");
		/* All days count as walked when they were. */
		all = row->walked < 5000 || row->walked_ago >= DAY || row->walked_ago < 0;
		check_int(row->row, json_int_or(state_item(), "pendingWalkedAt", 0),
			  all ? at : at - row->walked_ago);
		sync_end();
	}
}

static void a_day_is_on_the_list_as_long_as_an_order_of_it_pends(void **state)
{
	(void)state;
	sync_begin();
	sells_later("1", NOW);
	syncs_to_its_end("sold", "missing cs_test_1\n");
	check_json("in the window", json_object_object_get(state_item(), "pendingDays"), "['2023-11-14']");
	assert_int_equal(json_int_or(state_item(), "pendingWalkedAt", 0), NOW);
	assert_int_equal(json_int_or(state_item(), "pendingWalked", -1), 0);
	assert_string_equal(syncs_from(NOW - 60), "");
	check_json("in one of a minute", json_object_object_get(state_item(), "pendingDays"), "['2023-11-14']");
	goes_by(10 * DAY);
	assert_string_equal(syncs_from(now() - DAY), "");
	assert_int_equal(run.result.counts.waiting, 1);
	assert_int_equal(json_int_or(state_item(), "pendingWalkedAt", 0), NOW + 10 * DAY);
	assert_int_equal(json_int_or(state_item(), "pendingWalked", -1), 1);
	check_json("behind it", json_object_object_get(state_item(), "pendingDays"), "['2023-11-14']");
	sells("1", NOW);
	syncs_to_its_end("paid", "pending cs_test_1\n");
	syncs_to_its_end("nothing more", "");
	check_json("none is left", json_object_object_get(state_item(), "pendingDays"), "[]");
	sync_end();
}

/* They were looked at in the window. */
static void pending_orders_of_the_window_are_not_asked_for_again(void **state)
{
	int64_t days;

	(void)state;
	sync_begin();
	sells_later("1", NOW);
	syncs_to_its_end("sold", "missing cs_test_1\n");
	for (days = 5; days < 100; days += 90) { /* and by then it is older than what is walked */
		goes_by(days * DAY);
		assert_string_equal(syncs_from(NOW), ""); /* in its first second */
		assert_null(strstr(stripe_asked(), "checkout/sessions/cs_test_1"));
	}
	sync_end();
}

static void more_than_a_hundred_that_pend_are_looked_at(void **state)
{
	const char *id;
	int i;

	(void)state;
	sync_begin();
	for (i = 0; i < 150; i++) {
		id = keep_text(str_printf("%d", i));
		has_entry(keep_text(str_printf("cs_test_%s", id)), 3 * DAY + i, "pending");
		sets_up(id, NOW - 3 * DAY - i);
	}
	assert_string_equal(syncs(), "");
	assert_int_equal(run.result.end, SYNC_COMPLETE);
	assert_int_equal(run.result.counts.skipped, 150);
	sync_end();
}

/* An entry that names no session is passed by, and of two that name the same one that is asked for once. */
static void an_entry_without_a_session_that_pends_ends_no_run(void **state)
{
	(void)state;
	sync_begin();
	sets_up("1", NOW - 3 * DAY);
	has_entry("cs_test_1", 3 * DAY, "pending");
	has_entry("cs_test_1", 3 * DAY + 1, "pending");
	outside_put(json_of("{'PK':'%s','SK':'%s','status':'pending'}", keep_text(key_day(NOW - 4 * DAY)),
			    keep_text(key_order(NOW - 4 * DAY, "cs_test_2"))));
	assert_string_equal(syncs(), "");
	assert_int_equal(run.result.end, SYNC_COMPLETE);
	assert_int_equal(run.result.counts.skipped, 1);
	sync_end();
}

/* --- what was set aside ------------------------------------------------------------- */

/* A session whose lines Stripe refuses. */
static void is_set_aside(const char *id)
{
	sync_begin();
	sells(id, NOW);
	stripe.fault = (struct stripe_fault){"line_items", 100, 400, NULL};
	check_text("set aside", syncs(), keep_text(str_printf("error cs_test_%s\n", id)));
	stripe.fault.times = 0;
	stripe_asked();
}

static void what_was_set_aside_is_tried_once_in_each_run(void **state)
{
	static const struct {
		const char *row;
		int status;
		const char *told;
		enum sync_end end;
		bool stays;
		unsigned asked; /* requests for the session, also for that of its pending order */
	} table[] = {
		{"mended", 0, "pending cs_test_1\n", SYNC_COMPLETE, false, 2},
		{"unknown by now", 404, "unknown cs_test_1\n", SYNC_COMPLETE, false, 2},
		{"refused again", 400, "error cs_test_1\n", SYNC_COMPLETE, true, 1},
		{"away", 429, "error cs_test_1\n", SYNC_COMPLETE, true, 1},
		{"no key", 401, "", SYNC_FAILED, true, 1},
	}, *row;
	const char *asked;
	unsigned n;

	(void)state;
	for EACH(row, table) {
		is_set_aside("1");
		goes_by(10 * DAY);
		stripe.fault = (struct stripe_fault){"sessions/cs_test_1", row->status ? 100 : 0, row->status, NULL};
		check_text(row->row, syncs_from(now() - DAY), row->told);
		check_int(row->row, run.result.end, row->end);
		check_int(row->row, json_object_array_length(json_object_object_get(state_item(), "setAside")),
			  row->stays);
		for (n = 0, asked = stripe_asked(); (asked = strstr(asked, "sessions/cs_test_1")); n++)
			asked++;
		check_int(row->row, n, row->asked);
		sync_end();
	}
}

static void what_a_run_sets_aside_is_noted_though_it_fails(void **state)
{
	(void)state;
	sync_begin();
	has_entry("cs_test_1", 5 * DAY, "pending");
	stripe_has("checkout/sessions", "cs_test_1", NOW - 5 * DAY, "{'id':'cs_test_2'}");
	stripe.fault = (struct stripe_fault){"/events", 100, 500, NULL};
	assert_string_equal(syncs(), "error cs_test_1\n");
	assert_int_equal(run.result.end, SYNC_FAILED);
	assert_int_equal(json_object_array_length(json_object_object_get(state_item(), "setAside")), 1);
	sync_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(an_older_order_is_looked_at_where_an_event_of_the_window_names_its_payment),
		holds(what_is_older_than_the_events_is_looked_for_in_the_lists),
		holds(a_session_that_was_listed_is_asked_for_again_where_its_charge_may_have_changed_since),
		holds(a_charge_that_can_not_be_asked_for_ends_the_run_or_is_told),
		holds(a_pending_order_is_looked_after),
		holds(a_day_is_on_the_list_as_long_as_an_order_of_it_pends),
		holds(pending_orders_of_the_window_are_not_asked_for_again),
		holds(more_than_a_hundred_that_pend_are_looked_at),
		holds(an_entry_without_a_session_that_pends_ends_no_run),
		holds(what_was_set_aside_is_tried_once_in_each_run),
		holds(what_a_run_sets_aside_is_noted_though_it_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * When a sale was paid that no event has told of: by Stripe's list of events, as far as it reaches.
 */
#include "sync_fixture.h"

#include "format/iso8601.h"

#define CHARGE_AT 60 /* behind its session */

/* Stripe has an event of a session, paid or not yet. */
static void tells_of(const char *event, const char *type, int64_t created, const char *id, const char *status)
{
	stripe_has("events", event, created,
		   keep_text(str_printf("{'id':'%s','object':'event','type':'checkout.session.%s','created':%lld,"
					"'data':{'object':%s}}", event, type, (long long)created,
					session_json(id, NOW, status, NULL))));
}

static void check_paid_at(const char *row, const char *id, int64_t created, int64_t expected)
{
	char text[ISO8601_SIZE];

	check_text(row, json_string_or_null(order_of(id, created), "completedAt"), iso8601_time(expected, text));
}

static void a_sale_was_paid_at_the_time_of_its_event(void **state)
{
	static const struct {
		const char *row;
		int64_t behind; /* the charge */
		bool found;
	} table[] = {
		{"at once", 0, true}, {"a second before", -1, true}, {"three seconds later", 3, true},
		{"two seconds before", -2, true}, {"four seconds later", 4, true},
		{"five seconds before", -5, true}, {"five minutes later", 300, true},
		{"more", -6, false}, {"more later", 301, false},
	}, *row;

	(void)state;
	for EACH(row, table) {
		sync_begin();
		goes_by(600);
		sells("1", NOW);
		tells_of("evt_1", "completed", NOW + CHARGE_AT + row->behind, "1", "paid");
		tells_of("evt_2", "completed", NOW + CHARGE_AT + 1, "2", "paid");
		check_text(row->row, syncs(), "missing cs_test_1\n");
		check_paid_at(row->row, "1", NOW, NOW + CHARGE_AT + (row->found ? row->behind : 0));
		sync_end();
	}
}

static void a_delayed_payment_was_paid_at_the_event_that_says_so(void **state)
{
	(void)state;
	sync_begin();
	sells("1", NOW);
	tells_of("evt_1", "completed", NOW + CHARGE_AT + 2, "1", "unpaid");
	tells_of("evt_2", "async_payment_succeeded", NOW + 5 * DAY, "1", "paid");
	goes_by(5 * DAY - 2); /* by Stripe's clock it is later */
	assert_string_equal(syncs_with((struct sync_options){.from = NOW - 1}), "missing cs_test_1\n");
	check_paid_at("delayed", "1", NOW, NOW + 5 * DAY);
	sync_end();
}

static void of_a_payment_that_comes_while_its_session_is_looked_at_the_time_is_looked_for(void **state)
{
	static const struct {
		const char *row, *pends; /* the order stands, and needs a repair for another reason */
		int64_t event;
	} table[] = {{"missing", NULL, 70}, {"pending", "pending cs_test_1\n", 70}, {"no event", NULL, 0}}, *row;
	const char *charge = charge_json("1", NOW + CHARGE_AT, CHARGED);
	const char *payment;

	(void)state;
	for EACH(row, table) {
		payment = keep_text(str_printf("{'id':'pi_1','object':'payment_intent','status':'succeeded',"
					       "'latest_charge':%s}", charge));
		sync_begin();
		goes_by(600);
		sells_later("1", NOW);
		if (row->pends) {
			check_text(row->row, syncs(), "missing cs_test_1\n");
			table_delete(&outside.table, "SESSION#cs_test_1", "METADATA");
		}
		stripe.became_id = "cs_test_1";
		stripe.became = session_json("1", NOW, "paid", payment);
		if (row->event)
			tells_of("evt_1", "async_payment_succeeded", NOW + row->event, "1", "paid");
		check_text(row->row, syncs(), row->pends ? row->pends : "missing cs_test_1\n");
		check_paid_at(row->row, "1", NOW, NOW + (row->event ? row->event : CHARGE_AT));
		sync_end();
	}
}

static void of_two_events_that_say_paid_the_latest_counts(void **state)
{
	(void)state;
	sync_begin();
	goes_by(600);
	sells("1", NOW);
	tells_of("evt_1", "completed", NOW + CHARGE_AT, "1", "paid");
	tells_of("evt_2", "async_payment_succeeded", NOW + CHARGE_AT + 2, "1", "paid");
	syncs();
	check_paid_at("the latest", "1", NOW, NOW + CHARGE_AT + 2);
	sync_end();
}

static void in_a_crowded_hour_more_pages_are_read(void **state)
{
	int i;

	(void)state;
	sync_begin();
	goes_by(600);
	sells("1", NOW);
	for (i = 0; i < 150; i++)
		tells_of(keep_text(str_printf("evt_%d", i)), "completed", NOW + CHARGE_AT + 2, "of_others", "paid");
	tells_of("evt_ours", "completed", NOW + CHARGE_AT + 1, "1", "paid");
	syncs();
	check_paid_at("on the second page", "1", NOW, NOW + CHARGE_AT + 1);
	sync_end();
}

/* More lies between two sales than is read: each one's own time is then looked through. */
static void in_a_crowd_each_sale_has_its_own_time(void **state)
{
	int i;

	(void)state;
	sync_begin();
	goes_by(600);
	sells("1", NOW);
	sells("2", NOW + 300);
	tells_of("evt_1", "completed", NOW + CHARGE_AT + 2, "1", "paid");
	tells_of("evt_2", "completed", NOW + 300 + CHARGE_AT + 2, "2", "paid");
	for (i = 0; i < 1001; i++)
		tells_of(keep_text(str_printf("evt_of_others_%d", i)), "completed", NOW + 200, "of_others", "paid");
	check_text("both", syncs(), "missing cs_test_2\nmissing cs_test_1\n");
	check_paid_at("before the crowd", "1", NOW, NOW + CHARGE_AT + 2);
	check_paid_at("after it", "2", NOW + 300, NOW + 300 + CHARGE_AT + 2);
	sync_end();
}

/* A page begins with the newest session. */
static void sales_that_are_missing_behind_one_in_order_have_their_own_times(void **state)
{
	(void)state;
	sync_begin();
	goes_by(600);
	sells("3", NOW + 300);
	check_text("the newest", syncs(), "missing cs_test_3\n");
	sells("1", NOW);
	sells("2", NOW + 100);
	tells_of("evt_1", "completed", NOW + CHARGE_AT + 1, "1", "paid");
	tells_of("evt_2", "completed", NOW + 100 + CHARGE_AT + 2, "2", "paid");
	check_text("the others", syncs(), "missing cs_test_2\nmissing cs_test_1\n");
	check_paid_at("one", "1", NOW, NOW + CHARGE_AT + 1);
	check_paid_at("the other", "2", NOW + 100, NOW + 100 + CHARGE_AT + 2);
	sync_end();
}

/* Of what was held on a card the charge is as old as the hold. */
static void a_sale_that_no_event_tells_of_was_paid_when_its_money_moved(void **state)
{
	(void)state;
	sync_begin();
	goes_by(HOUR + 600);
	sells_with("1", NOW, keep_text(str_printf(CHARGED ",'balance_transaction':{'id':'txn_1','created':%lld}",
						  (long long)NOW + HOUR)));
	check_text("captured", syncs(), "missing cs_test_1\n");
	check_paid_at("captured", "1", NOW, NOW + HOUR);
	sync_end();
}

/* A session that costs nothing has no charge. */
static void a_sale_that_costs_nothing_was_paid_within_a_day(void **state)
{
	static const struct {
		const char *row;
		int64_t behind; /* the session */
		bool found;
	} table[] = {{"at once", 0, true}, {"a day later", DAY, true}, {"more", DAY + 1, false}}, *row;

	(void)state;
	for EACH(row, table) {
		sync_begin();
		goes_by(DAY + 600);
		stripe_has("checkout/sessions", "cs_test_1", NOW, session_json("1", NOW, "no_payment_required", NULL));
		tells_of("evt_1", "completed", NOW + row->behind, "1", "no_payment_required");
		syncs();
		check_paid_at(row->row, "1", NOW, NOW + (row->found ? row->behind : 0));
		sync_end();
	}
}

static void events_that_stripe_has_forgotten_are_not_asked_for(void **state)
{
	static const struct {
		const char *row;
		int64_t age; /* of the charge, so that the last event of its time is as old as this less 300 */
		bool asked;
	} table[] = {{"kept", 30 * DAY + 300, true}, {"forgotten", 30 * DAY + 301, false}}, *row;
	const char *asked;

	(void)state;
	for EACH(row, table) {
		sync_begin();
		goes_by(row->age + CHARGE_AT);
		sells("1", NOW);
		syncs_with((struct sync_options){.from = NOW - 1});
		asked = stripe_asked();
		check(row->row, !strstr(asked, keep_text(str_printf("events created[gte]=%lld&created[lte]=%lld",
								    (long long)NOW + CHARGE_AT + 300,
								    (long long)NOW + CHARGE_AT + 300))) == !row->asked);
		check_paid_at(row->row, "1", NOW, NOW + CHARGE_AT);
		sync_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_sale_was_paid_at_the_time_of_its_event),
		holds(a_delayed_payment_was_paid_at_the_event_that_says_so),
		holds(of_a_payment_that_comes_while_its_session_is_looked_at_the_time_is_looked_for),
		holds(of_two_events_that_say_paid_the_latest_counts),
		holds(in_a_crowded_hour_more_pages_are_read),
		holds(in_a_crowd_each_sale_has_its_own_time),
		holds(sales_that_are_missing_behind_one_in_order_have_their_own_times),
		holds(a_sale_that_no_event_tells_of_was_paid_when_its_money_moved),
		holds(a_sale_that_costs_nothing_was_paid_within_a_day),
		holds(events_that_stripe_has_forgotten_are_not_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

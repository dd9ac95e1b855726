/* SPDX-License-Identifier: ISC */
/*
 * What an event does to the table when the world outside fails: at each call in turn, of the table and
 * of Stripe, in each way.  Whatever it is, the event that comes again makes the same table as one that
 * met no fault.
 */
#include "record_fixture.h"

/* --- what Stripe has ------------------------------------------------------------ */

/* The sale, of which a part was given back. */
static const struct outside_answer refunded[] = {
	{"/v1/checkout/sessions/cs_test_1", 200, SALE("cs_test_1", LINES PAYMENT(CHARGE(REFUNDED)))},
	{"payment_intent=pi_1", 200, LIST(SALE("cs_test_1", ",'payment_intent':'pi_1'"))},
	{"/v1/charges/ch_1", 200, CHARGE(REFUNDED)},
	{"/v1/payment_intents/pi_1", 200, "{'id':'pi_1','object':'payment_intent','latest_charge':"
					  CHARGE(REFUNDED) "}"},
	{.part = NULL},
};

/* The same, disputed, with more refunds than the charge shows. */
#define REFUNDS LIST("{'id':'re_1','object':'refund','status':'succeeded','amount':300," \
	"'currency':'usd','created':1699999300,'charge':'ch_1'}")
#define MANY REFUNDED_MANY ",'refunds':{'object':'list','has_more':true,'data':[]}"
#define REFUNDED_MANY ",'refunded':false,'amount_refunded':300,'disputed':true"
static const struct outside_answer disputed[] = {
	{"/v1/checkout/sessions/cs_test_1", 200, SALE("cs_test_1", LINES PAYMENT(CHARGE(MANY)))},
	{"payment_intent=pi_1", 200, LIST(SALE("cs_test_1", ",'payment_intent':'pi_1'"))},
	{"/v1/disputes", 200, LIST(DISPUTE)},
	{"/v1/refunds", 200, REFUNDS},
	{"/v1/charges/ch_1", 200, CHARGE(MANY)},
	{"/v1/payment_intents/pi_1", 200, "{'id':'pi_1','object':'payment_intent','latest_charge':"
					  CHARGE(MANY) "}"},
	{.part = NULL},
};

/* The same, of which no bank wants anything back. */
#define SHOWN REFUNDED ",'refunds':{'object':'list','has_more':true,'data':[]}"
static const struct outside_answer many[] = {
	{"/v1/checkout/sessions/cs_test_1", 200, SALE("cs_test_1", LINES PAYMENT(CHARGE(SHOWN)))},
	{"/v1/refunds", 200, REFUNDS},
	{"/v1/charges/ch_1", 200, CHARGE(SHOWN)},
	{.part = NULL},
};

/* The same, whose refunds all stand in the charge. */
#define DISPUTED ",'refunded':false,'amount_refunded':0,'disputed':true"
static const struct outside_answer disputed_alone[] = {
	{"/v1/checkout/sessions/cs_test_1", 200, SALE("cs_test_1", LINES PAYMENT(CHARGE(DISPUTED)))},
	{"/v1/disputes", 200, LIST(DISPUTE)},
	{"/v1/charges/ch_1", 200, CHARGE(DISPUTED)},
	{.part = NULL},
};

/* The session's owner is another by Stripe's own copy. */
static const struct outside_answer renamed[] = {
	{"/v1/checkout/sessions/cs_test_1", 200,
	 SALE("cs_test_1", ",'metadata':{'userId':'bob'}" LINES PAYMENT(CHARGE(WHOLE)))},
	{.part = NULL},
}, renamed_refunded[] = {
	{"/v1/checkout/sessions/cs_test_1", 200,
	 SALE("cs_test_1", ",'metadata':{'userId':'bob'}" LINES PAYMENT(CHARGE(REFUNDED)))},
	{"/v1/charges/ch_1", 200, CHARGE(REFUNDED)},
	{.part = NULL},
};

/* --- what stands before --------------------------------------------------------- */

static void not_adopted(void)
{
}

/* An order without a version that nothing names, under the time at which it was processed. */
static void recorded_by_functions(void)
{
	outside_put(json_of("{'PK':'USER#ann@example.com','SK':'ORDER#1699999300#cs_test_1','note':'call back',"
			    "'orderId':'cs_test_1','stripeSessionId':'cs_test_1','status':'completed'}"));
}

/* Somebody has edited the sale's order: it does not say any more which it is. */
static void damaged(void)
{
	struct json_object *order;

	sold();
	order = keep(json_copy(table_find(&outside.table, SOLD_PK, SOLD_SK)));
	json_object_object_del(order, "orderId");
	json_object_object_del(order, "stripeSessionId");
	outside_put(order);
}

/* The number that the session's id gives is that of an order of another's. */
static void number_taken(void)
{
	struct json_object *pointer, *order;
	size_t i, n;

	/* The pointer as the sale makes it, that names another's order. */
	sold();
	for (i = 0, n = outside.table.n; i < n; i++)
		if (str_starts(json_string_or_null(outside.table.items[i], "PK"), "NUMBER#"))
			break;
	assert_true(i < n);
	pointer = keep(json_copy(outside.table.items[i]));
	json_set_string(pointer, "orderPK", "USER#carl");
	json_set_string(pointer, "orderSK", "ORDER#1#cs_test_9");
	json_set_string(pointer, "orderId", "cs_test_9");
	order = json_of("{'PK':'USER#carl','SK':'ORDER#1#cs_test_9','orderId':'cs_test_9',"
			"'stripeSessionId':'cs_test_9','version':1}");
	table_free(&outside.table);
	adopted();
	outside_put(pointer);
	outside_put(order);
}

/* So the sale's order bears another number than its session's id gives, and the other's is gone. */
static void numbered_otherwise(void)
{
	number_taken();
	must_deliver(SOLD);
	table_delete(&outside.table, "NUMBER#BC--1", "METADATA");
}

/* --- each fault ----------------------------------------------------------------- */

static const struct scenario {
	const char *name;
	void (*before)(void);
	const struct outside_answer *answers;
	const char *event;
	const char *makes; /* is in the table then; ' for " */
} scenarios[] = {
	{"a sale", adopted, sale, SOLD, "'orderId':'cs_test_1'"},
	{"a sale, in a table that is not adopted", not_adopted, sale, SOLD, "'orderId':'cs_test_1'"},
	{"a sale that the Lambda functions have recorded", recorded_by_functions, sale, SOLD,
	 "'note':'call back','orderId':'cs_test_1'"},
	{"a sale whose number is taken", number_taken, sale, SOLD, "'orderNumber':'BC--1A'"},
	{"a sale whose number was taken, once more", numbered_otherwise, sale, SOLD_LATER,
	 "'PK':'NUMBER#BC--1A'"},
	{"a sale of somebody whom Stripe calls otherwise", adopted, renamed, SOLD,
	 "'PK':'USER#bob'"},
	{"a sale of somebody whom Stripe calls otherwise, not adopted", not_adopted, renamed, SOLD,
	 "'PK':'USER#bob'"},
	{"a sale that is disputed", adopted, disputed, SOLD, "'dispute':{'amount':1000"},
	{"a sale that is disputed alone", adopted, disputed_alone, SOLD, "'dispute':{'amount':1000"},
	{"a failed refund of what is disputed", sold, disputed_alone,
	 EVENT("evt_2", "refund.failed", "{'id':'re_1','object':'refund','charge':'ch_1','payment_intent':'pi_1'}"),
	 "'dispute':{'amount':1000"},
	{"a refund", sold, refunded, REFUND, "'amountRefunded':300"},
	{"a refund of an order that does not say which it is", damaged, refunded, REFUND,
	 "'stripeSessionId':'cs_test_1'"},
	{"a refund before its sale", adopted, refunded, REFUND, "'amountRefunded':300"},
	{"a refund that names its charge alone", sold, refunded,
	 EVENT("evt_2", "refund.updated", "{'id':'re_1','object':'refund','charge':'ch_1'}"),
	 "'amountRefunded':300"},
	{"a refund that names its payment alone", adopted, refunded,
	 EVENT("evt_2", "refund.updated", "{'id':'re_1','object':'refund','payment_intent':'pi_1'}"),
	 "'amountRefunded':300"},
	{"a refund of what was sold that names its payment alone", sold, refunded,
	 EVENT("evt_2", "refund.updated", "{'id':'re_1','object':'refund','payment_intent':'pi_1'}"),
	 "'amountRefunded':300"},
	{"a refund of many", sold, disputed, EVENT("evt_2", "charge.refunded", CHARGE(MANY)),
	 "'refunds':[{'amount':300"},
	{"a sale with more refunds than its charge shows", adopted, many, SOLD, "'refunds':[{'amount':300"},
	{"more refunds than the charge shows", sold, many, EVENT("evt_2", "charge.refunded", CHARGE(SHOWN)),
	 "'refunds':[{'amount':300"},
	{"a dispute", sold, disputed, EVENT("evt_2", "charge.dispute.created", DISPUTE),
	 "'disputes':[{'amount':1000"},
	{"a payment that was given up", sold, sale,
	 EVENT("evt_2", "payment_intent.canceled", "{'id':'pi_1','object':'payment_intent'}"),
	 "'type':'payment_intent.canceled'"},
	{"a session that has expired", adopted, sale,
	 EVENT("evt_2", "checkout.session.expired", "{'id':'cs_test_2','object':'checkout.session',"
	       "'mode':'payment','status':'expired','created':1699999000}"), "'status':'expired'"},
};

/* With " in the place of '. */
static const char *quoted(const char *text)
{
	char *out = keep_text(str_dup(text)), *p;

	for (p = out; *p; p++)
		if (*p == '\'')
			*p = '"';
	return out;
}

/* The table before, and the calls counted from here on. */
static void begin(const struct scenario *one)
{
	outside_begin();
	outside.answers = one->answers;
	one->before();
	outside.calls = outside.store.written = 0;
	outside.ms = 0;
}

/* What the scenario's event makes when nothing fails, and of how many calls; after what another process
 * does, and before another event, where they are named. */
static const char *expected(const struct scenario *one, void (*other)(void), const char *then,
			    unsigned *calls)
{
	const char *items;
	struct err e;

	begin(one);
	if (other)
		other();
	outside.calls = 0;
	check_int(one->name, deliver(one->event, &e), 0);
	*calls = outside.calls;
	if (then)
		must_deliver(then);
	items = outside_items();
	outside_end();
	return items;
}

static const char *row_of(const struct scenario *one, enum outside_fault fault, unsigned at)
{
	return keep_text(str_printf("%s, fault %d at call %u", one->name, (int)fault, at));
}

/* Delivers the scenario's event when that call meets that fault, and once more when all is well. */
static void deliver_twice(const char *row, const struct scenario *one, enum outside_fault fault,
			  unsigned at)
{
	struct err e;

	begin(one);
	outside.at = at;
	outside.fault = fault;
	if (deliver(one->event, &e))
		check(row, e.code == ERR_UNAVAILABLE || e.code == ERR_CONFLICT);
	else
		check(row, fault != OUTSIDE_AWAY);
	outside.at = 0;
	outside.ms = 0;
	check_int(row, deliver(one->event, &e), 0);
}

static void an_event_that_met_a_fault_comes_again_and_makes_what_it_makes_without(void **state)
{
	static const enum outside_fault faults[] = {OUTSIDE_FAILS, OUTSIDE_LOST, OUTSIDE_AWAY,
						    OUTSIDE_CONFLICT}, *fault;
	const struct scenario *one;
	unsigned calls, at;
	const char *whole, *row;

	(void)state;
	for EACH(one, scenarios) {
		whole = expected(one, NULL, NULL, &calls);
		check(one->name, calls > 0 && strstr(whole, quoted(one->makes)));
		for (at = 1; at <= calls; at++) {
			for EACH(fault, faults) {
				row = row_of(one, *fault, at);
				deliver_twice(row, one, *fault, at);
				check_text(row, outside_items(), whole);
				outside_end();
			}
		}
	}
}

/* A refund's order may wait for its lines then, which the sale's own event brings.  Where Stripe calls the
 * buyer otherwise, an order that was made of the event alone stays where that says. */
static void while_stripe_is_away_an_event_makes_what_it_makes_with_the_sales_own_to_come(void **state)
{
	const struct scenario *one;
	unsigned calls, at;
	const char *whole, *row;

	(void)state;
	for EACH(one, scenarios) {
		whole = expected(one, NULL, SOLD, &calls);
		for (at = 1; one->answers != renamed && at <= calls; at++) {
			row = row_of(one, OUTSIDE_ALONE, at);
			deliver_twice(row, one, OUTSIDE_ALONE, at);
			must_deliver(SOLD);
			check_text(row, outside_items(), whole);
			outside_end();
		}
	}
}

/* Delivers a sale while Stripe gives no answer; what stands then.  At the call `at` a write meets another
 * writer. */
static const char *made_alone(const char *row, unsigned at, unsigned *calls)
{
	static const struct outside_answer nothing[] = {{.part = NULL}};
	const char *items;
	struct err e;

	outside_begin();
	outside.answers = nothing;
	outside.at = at;
	outside.fault = OUTSIDE_CONFLICT;
	check_int(row, deliver(SOLD, &e), -1);
	check_err(row, &e, ERR_UNAVAILABLE, "the line items are still to be fetched");
	*calls = outside.calls;
	items = outside_items();
	outside_end();
	return items;
}

static void an_order_whose_lines_are_to_come_is_written_after_another_writer(void **state)
{
	unsigned calls, ignored, at;
	const char *whole = made_alone("alone", 0, &calls);

	(void)state;
	check("alone", strstr(whole, quoted("'itemsPending':true")));
	for (at = 1; at <= calls; at++)
		check_text("overtaken", made_alone("overtaken", at, &ignored), whole);
}

/* Another process records the sale, by another event of it. */
static void record_sale(void)
{
	const struct outside_answer *answers = outside.answers;

	if (answers != renamed)
		outside.answers = sale;
	must_deliver(SOLD_LATER);
	outside.answers = answers;
}

/* And then a refund, of which Stripe tells from now on. */
static void record_sale_and_refund(void)
{
	bool is_renamed = outside.answers == renamed;

	record_sale();
	if (outside.answers == disputed_alone)
		outside.answers = disputed;
	else if (outside.answers != disputed && outside.answers != many)
		outside.answers = is_renamed ? renamed_refunded : refunded;
	must_deliver(EVENT("evt_8", "charge.refunded", CHARGE(REFUNDED)));
}

static void an_event_that_is_overtaken_at_any_call_makes_what_it_makes_after_the_other(void **state)
{
	const struct scenario *one;
	unsigned calls, alone, at;
	const char *whole, *row;
	struct err e;

	(void)state;
	for EACH(one, scenarios) {
		expected(one, NULL, NULL, &alone);
		whole = expected(one, record_sale, NULL, &calls);
		for (at = 1; at <= alone; at++) {
			row = row_of(one, OUTSIDE_OVERTAKEN, at);
			begin(one);
			outside.at = at;
			outside.fault = OUTSIDE_OVERTAKEN;
			outside.overtake = record_sale;
			check_int(row, deliver(one->event, &e), 0);
			check_text(row, outside_items(), whole);
			outside_end();
		}
	}
}

/* What was asked before another process has written is not written over that. */
static void what_stripe_said_before_another_process_wrote_is_not_written(void **state)
{
	const struct scenario *one;
	unsigned calls, at;
	const char *row;
	struct err e;

	(void)state;
	for EACH(one, scenarios) {
		expected(one, NULL, NULL, &calls);
		for (at = 1; at <= calls; at++) {
			row = row_of(one, OUTSIDE_OVERTAKEN, at);
			begin(one);
			outside.at = at;
			outside.fault = OUTSIDE_OVERTAKEN;
			outside.overtake = record_sale_and_refund;
			check_int(row, deliver(one->event, &e), 0);
			check(row, strstr(outside_items(), "\"amountRefunded\":300"));
			check(row, !strstr(outside_items(), "\"amountRefunded\":0"));
			outside_end();
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(an_event_that_met_a_fault_comes_again_and_makes_what_it_makes_without),
		holds(while_stripe_is_away_an_event_makes_what_it_makes_with_the_sales_own_to_come),
		holds(an_order_whose_lines_are_to_come_is_written_after_another_writer),
		holds(an_event_that_is_overtaken_at_any_call_makes_what_it_makes_after_the_other),
		holds(what_stripe_said_before_another_process_wrote_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

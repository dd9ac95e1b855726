/* SPDX-License-Identifier: ISC */
/*
 * What an event leaves in the log and in the counts: whoever looks into them later knows what came of it.
 */
#include "record_fixture.h"

#include "base/log.h"
#include "record/items.h"

static const struct outside_answer disputed[] = {
	{"/v1/disputes", 200, LIST(DISPUTE)},
	{.part = NULL},
};
static const struct outside_answer refunded[] = {
	{"/v1/charges/ch_1", 200, CHARGE(REFUNDED)},
	{.part = NULL},
};

/* A refusal, and no answer for the rest. */
static const struct outside_answer away[] = {{.part = NULL}};
static const struct outside_answer denied[] = {
	{"/v1/checkout/sessions/cs_test_1", 403, "{'error':{'message':'no'}}"},
	{.part = NULL},
};
static const struct outside_answer unknown[] = {
	{"/v1/checkout/sessions/cs_test_1", 404, "{'error':{'code':'resource_missing','message':'no'}}"},
	{.part = NULL},
};

/* Of each kind of object one, at its own address. */
static const struct outside_answer thin[] = {
	{"/v1/charges/ch_1", 200, CHARGE(REFUNDED)},
	{"/v1/refunds/re_1", 200, "{'id':'re_1','object':'refund','charge':'ch_1','payment_intent':'pi_1'}"},
	{"/v1/disputes/dp_1", 200, DISPUTE},
	{"/v1/disputes", 200, LIST(DISPUTE)},
	{"/v1/payment_intents/pi_1", 200, "{'id':'pi_1','object':'payment_intent','latest_charge':null}"},
	{"/v1/checkout/sessions", 200, LIST("")},
	{.part = NULL},
};
#define THIN_OF(type, id) "{'id':'evt_3','object':'v2.core.event','type':'v1." type "','livemode':false," \
	"'created':'2023-11-14T22:00:00Z','related_object':{'id':'" id "'}}"
#define THIN(type) THIN_OF(type, "cs_test_1")
#define SUBSCRIPTION EVENT("evt_4", "checkout.session.completed", "{'id':'cs_test_4','object':'checkout.session'," \
	"'mode':'subscription','created':1699999000}")
#define SETUP EVENT("evt_5", "checkout.session.completed", "{'id':'cs_test_5','object':'checkout.session'," \
	"'mode':'setup','created':1699999000}")

#define EXPIRED EVENT("evt_8", "checkout.session.expired", "{'id':'cs_test_2','object':'checkout.session'," \
	"'mode':'payment','status':'expired','created':1699999000}")
#define OF_ANOTHER "{'id':'evt_1','object':'event','type':'charge.refunded','account':'acct_2','data':{'object':{}}}"
#define LIVE "{'id':'evt_1','object':'event','type':'charge.refunded','livemode':true,'data':{'object':{}}}"
#define NO_MODE "{'id':'evt_1','object':'event','type':'checkout.session.completed','created':1699999200," \
	"'data':{'object':" SALE("cs_test_1", ",'payment_intent':'pi_1'") "}}"

static void refunded_once(void)
{
	sold();
	outside.answers = refunded;
	must_deliver(REFUND);
	outside.answers = away;
}

static void use_key(const char *key)
{
	adopted();
	free(outside.app.config.stripe_secret);
	outside.app.config.stripe_secret = str_dup(key);
}

static void key_of_no_mode(void)
{
	use_key("key_1");
}

static void live_key(void)
{
	use_key("sk_live_1");
}

/* The lines, each without its time.  Kept. */
static const char *said(void)
{
	struct span rest = {buf_text(&outside.log), outside.log.len}, line, time;
	struct buf text;

	buf_init(&text, 1 << 16);
	while (rest.n && span_next(&rest, '\n', &line)) {
		span_next(&line, ' ', &time);
		buf_printf(&text, "%.*s\n", (int)line.n, line.p);
	}
	return keep_text(buf_detach(&text));
}

static void each_event_leaves_its_lines(void **state)
{
	static const struct {
		const char *name;
		void (*before)(void);
		const struct outside_answer *answers;
		const char *event;
		const char *log; /* without the times */
	} table[] = {
		{"a sale", adopted, sale, SOLD,
		 "info Processing checkout completion eventId=evt_1 type=checkout.session.completed "
		 "sessionId=cs_test_1 orderNumber=BC--1\n"
		 "info Order snapshot created orderId=cs_test_1 orderNumber=BC--1 userId=a***@example.com "
		 "status=completed amount=1000 currency=usd items=1 eventId=evt_1 sessionId=cs_test_1\n"
		 "info Webhook processed eventId=evt_1 type=checkout.session.completed storeReads=1 "
		 "stripeCalls=1 storeWrites=1 ms=0 sessionId=cs_test_1 orderNumber=BC--1\n"
		 "info Answered status=200 eventId=evt_1 sessionId=cs_test_1 orderNumber=BC--1\n"},
		{"the same once more", sold, sale, SOLD,
		 "info Processing checkout completion eventId=evt_1 type=checkout.session.completed "
		 "sessionId=cs_test_1 orderNumber=BC--1\n"
		 "info Webhook processed eventId=evt_1 type=checkout.session.completed duplicate=true "
		 "storeReads=1 stripeCalls=0 storeWrites=0 ms=0 sessionId=cs_test_1 orderNumber=BC--1\n"
		 "info Answered status=200 eventId=evt_1 sessionId=cs_test_1 orderNumber=BC--1\n"},
		{"a sale that Stripe does not confirm now", adopted, denied, SOLD,
		 "info Processing checkout completion eventId=evt_1 type=checkout.session.completed "
		 "sessionId=cs_test_1 orderNumber=BC--1\n"
		 "error Failed to fetch line items sessionId=cs_test_1 again=\"on redelivery\" "
		 "error=\"Stripe answered 403 to GET "
		 "/v1/checkout/sessions/cs_test_1?expand[]=line_items.data.price.product&"
		 "expand[]=payment_intent.latest_charge: type=- code=- param=- request=-: no\" "
		 "eventId=evt_1 orderNumber=BC--1\n"
		 "info Order snapshot created orderId=cs_test_1 orderNumber=BC--1 userId=a***@example.com "
		 "status=completed amount=1000 currency=usd items=0 eventId=evt_1 sessionId=cs_test_1\n"
		 "error Failed to create order snapshot eventId=evt_1 type=checkout.session.completed "
		 "error=\"the line items are still to be fetched: Stripe answered 403 to GET "
		 "/v1/checkout/sessions/cs_test_1?expand[]=line_items.data.price.product&"
		 "expand[]=payment_intent.latest_charge: type=- code=- param=- request=-: no\" "
		 "sessionId=cs_test_1 orderNumber=BC--1\n"
		 "info Answered status=200 eventId=evt_1 sessionId=cs_test_1 orderNumber=BC--1\n"},
		{"a sale that Stripe does not know", adopted, unknown, SOLD,
		 "info Processing checkout completion eventId=evt_1 type=checkout.session.completed "
		 "sessionId=cs_test_1 orderNumber=BC--1\n"
		 "error Failed to create order snapshot eventId=evt_1 type=checkout.session.completed "
		 "error=\"Stripe does not know session cs_test_1 under our key: is STRIPE_SECRET of another "
		 "account or sandbox than the webhook endpoint?\" sessionId=cs_test_1 orderNumber=BC--1\n"
		 "info Answered status=200 eventId=evt_1 sessionId=cs_test_1 orderNumber=BC--1\n"},
		{"a refund of no order that is known", adopted, away, REFUND,
		 "error Failed to create order snapshot eventId=evt_2 type=charge.refunded error=\"it is "
		 "away\"\n"
		 "info Answered status=200 eventId=evt_2\n"},
		{"a refund", sold, refunded, REFUND,
		 "info Order snapshot updated orderId=cs_test_1 status=partially_refunded "
		 "amountRefunded=300 eventId=evt_2 sessionId=cs_test_1 orderNumber=BC--1\n"
		 "info Webhook processed eventId=evt_2 type=charge.refunded storeReads=2 stripeCalls=1 "
		 "storeWrites=1 ms=0 sessionId=cs_test_1 orderNumber=BC--1\n"
		 "info Answered status=200 eventId=evt_2 sessionId=cs_test_1 orderNumber=BC--1\n"},
		{"a thin event", adopted, sale, THIN("checkout.session.completed"),
		 "info Processing checkout completion eventId=evt_3 type=checkout.session.completed "
		 "sessionId=cs_test_1 orderNumber=BC--1\n"
		 "info Order snapshot created orderId=cs_test_1 orderNumber=BC--1 userId=a***@example.com "
		 "status=completed amount=1000 currency=usd items=1 eventId=evt_3 sessionId=cs_test_1\n"
		 "info Webhook processed eventId=evt_3 type=checkout.session.completed storeReads=1 "
		 "stripeCalls=1 storeWrites=1 ms=0 sessionId=cs_test_1 orderNumber=BC--1\n"
		 "info Answered status=200 eventId=evt_3 sessionId=cs_test_1 orderNumber=BC--1\n"},
		{"a thin event whose object is unknown", adopted, unknown, THIN("checkout.session.completed"),
		 "error Failed to create order snapshot eventId=evt_3 type=checkout.session.completed "
		 "error=\"Stripe does not know cs_test_1 under our key: is STRIPE_SECRET of another account "
		 "or sandbox than the webhook endpoint?\"\n"
		 "info Answered status=200 eventId=evt_3\n"},
		{"a thin event whose object is refused", adopted, denied, THIN("checkout.session.completed"),
		 "error Failed to create order snapshot eventId=evt_3 type=checkout.session.completed "
		 "error=\"Stripe answered 403 to GET /v1/checkout/sessions/cs_test_1: type=- code=- param=- "
		 "request=-: no\"\n"
		 "info Answered status=200 eventId=evt_3\n"},
		{"a session of a subscription", adopted, sale, SUBSCRIPTION,
		 "warning Subscriptions make no orders: ordersnap records one-time payments alone "
		 "sessionId=cs_test_4 eventId=evt_4 orderNumber=BC--4\n"
		 "info Webhook ignored eventId=evt_4 type=checkout.session.completed why=\"the session is "
		 "not of mode payment\" sessionId=cs_test_4 orderNumber=BC--4\n"
		 "info Answered status=200 eventId=evt_4 sessionId=cs_test_4 orderNumber=BC--4\n"},
		{"a session that only keeps a card", adopted, sale, SETUP,
		 "info Webhook ignored eventId=evt_5 type=checkout.session.completed why=\"the session is "
		 "not of mode payment\" sessionId=cs_test_5 orderNumber=BC--5\n"
		 "info Answered status=200 eventId=evt_5 sessionId=cs_test_5 orderNumber=BC--5\n"},
		{"a session that has expired", adopted, sale, EXPIRED,
		 "info Webhook processed eventId=evt_8 type=checkout.session.expired storeReads=1 "
		 "stripeCalls=0 storeWrites=1 ms=0 sessionId=cs_test_2 orderNumber=BC--2\n"
		 "info Answered status=200 eventId=evt_8 sessionId=cs_test_2 orderNumber=BC--2\n"},
		{"another type", adopted, sale, EVENT("evt_6", "invoice.paid", "{}"),
		 "info Webhook ignored eventId=evt_6 type=invoice.paid why=\"its type is not handled\"\n"
		 "info Answered status=200 eventId=evt_6\n"},
		{"another account", adopted, sale, OF_ANOTHER,
		 "info Webhook ignored eventId=evt_1 type=charge.refunded why=\"it is of another account\"\n"
		 "info Answered status=200 eventId=evt_1\n"},
		{"the other mode", adopted, sale, LIVE,
		 "warning Webhook of the other mode eventId=evt_1 type=charge.refunded why=\"it is of live "
		 "mode, STRIPE_SECRET is a test key\"\n"
		 "info Webhook ignored eventId=evt_1 type=charge.refunded why=\"it is of live mode, "
		 "STRIPE_SECRET is a test key\"\n"
		 "info Answered status=200 eventId=evt_1\n"},
		{"no mode", adopted, sale, NO_MODE,
		 "info Processing checkout completion eventId=evt_1 type=checkout.session.completed "
		 "sessionId=cs_test_1 orderNumber=BC--1\n"
		 "info Order snapshot created orderId=cs_test_1 orderNumber=BC--1 userId=a***@example.com "
		 "status=completed amount=1000 currency=usd items=1 eventId=evt_1 sessionId=cs_test_1\n"
		 "info Webhook processed eventId=evt_1 type=checkout.session.completed storeReads=1 "
		 "stripeCalls=1 storeWrites=1 ms=0 sessionId=cs_test_1 orderNumber=BC--1\n"
		 "info Answered status=200 eventId=evt_1 sessionId=cs_test_1 orderNumber=BC--1\n"},
		{"no event", sold, sale, "{'object':'list'}",
		 "info Answered status=200\n"},
		{"no session", adopted, sale, EVENT("evt_7", "checkout.session.completed", "{'id':'x'}"),
		 "info Answered status=200 eventId=evt_7\n"},
		{"a dispute", sold, disputed, EVENT("evt_9", "charge.dispute.created", DISPUTE),
		 "info Order snapshot updated orderId=cs_test_1 status=partially_refunded "
		 "amountRefunded=300 eventId=evt_9 sessionId=cs_test_1 orderNumber=BC--1\n"
		 "info Webhook processed eventId=evt_9 type=charge.dispute.created storeReads=2 "
		 "stripeCalls=1 storeWrites=1 ms=0 sessionId=cs_test_1 orderNumber=BC--1\n"
		 "info Answered status=200 eventId=evt_9 sessionId=cs_test_1 orderNumber=BC--1\n"},
		{"a refund once more", refunded_once, away, REFUND,
		 "info Webhook processed eventId=evt_2 type=charge.refunded duplicate=true storeReads=1 "
		 "stripeCalls=0 storeWrites=0 ms=0 sessionId=cs_test_1 orderNumber=BC--1\n"
		 "info Answered status=200 eventId=evt_2 sessionId=cs_test_1 orderNumber=BC--1\n"},
		{"a key that does not tell its mode", key_of_no_mode, sale, LIVE,
		 "info Webhook ignored eventId=evt_1 type=charge.refunded why=\"the payment is of no "
		 "order\"\n"
		 "info Answered status=200 eventId=evt_1\n"},
		{"no mode, under a live key", live_key, sale, NO_MODE,
		 "info Processing checkout completion eventId=evt_1 type=checkout.session.completed "
		 "sessionId=cs_test_1 orderNumber=BC--1\n"
		 "info Order snapshot created orderId=cs_test_1 orderNumber=BC--1 userId=a***@example.com "
		 "status=completed amount=1000 currency=usd items=1 eventId=evt_1 sessionId=cs_test_1\n"
		 "info Webhook processed eventId=evt_1 type=checkout.session.completed storeReads=1 "
		 "stripeCalls=1 storeWrites=1 ms=0 sessionId=cs_test_1 orderNumber=BC--1\n"
		 "info Answered status=200 eventId=evt_1 sessionId=cs_test_1 orderNumber=BC--1\n"},
		{"a thin event of a charge", sold, thin, THIN_OF("charge.refunded", "ch_1"),
		 "info Order snapshot updated orderId=cs_test_1 status=partially_refunded "
		 "amountRefunded=300 eventId=evt_3 sessionId=cs_test_1 orderNumber=BC--1\n"
		 "info Webhook processed eventId=evt_3 type=charge.refunded storeReads=2 stripeCalls=1 "
		 "storeWrites=1 ms=0 sessionId=cs_test_1 orderNumber=BC--1\n"
		 "info Answered status=200 eventId=evt_3 sessionId=cs_test_1 orderNumber=BC--1\n"},
		{"a thin event of a refund", sold, thin, THIN_OF("refund.updated", "re_1"),
		 "info Order snapshot updated orderId=cs_test_1 status=partially_refunded "
		 "amountRefunded=300 eventId=evt_3 sessionId=cs_test_1 orderNumber=BC--1\n"
		 "info Webhook processed eventId=evt_3 type=refund.updated storeReads=2 stripeCalls=1 "
		 "storeWrites=1 ms=0 sessionId=cs_test_1 orderNumber=BC--1\n"
		 "info Answered status=200 eventId=evt_3 sessionId=cs_test_1 orderNumber=BC--1\n"},
		{"a thin event of a dispute", sold, thin, THIN_OF("charge.dispute.created", "dp_1"),
		 "info Order snapshot updated orderId=cs_test_1 status=partially_refunded "
		 "amountRefunded=300 eventId=evt_3 sessionId=cs_test_1 orderNumber=BC--1\n"
		 "info Webhook processed eventId=evt_3 type=charge.dispute.created storeReads=2 "
		 "stripeCalls=1 storeWrites=1 ms=0 sessionId=cs_test_1 orderNumber=BC--1\n"
		 "info Answered status=200 eventId=evt_3 sessionId=cs_test_1 orderNumber=BC--1\n"},
		{"a thin event of a capture", sold, thin, THIN_OF("charge.captured", "ch_1"),
		 "info Order snapshot updated orderId=cs_test_1 status=partially_refunded "
		 "amountRefunded=300 eventId=evt_3 sessionId=cs_test_1 orderNumber=BC--1\n"
		 "info Webhook processed eventId=evt_3 type=charge.captured storeReads=2 stripeCalls=1 "
		 "storeWrites=1 ms=0 sessionId=cs_test_1 orderNumber=BC--1\n"
		 "info Answered status=200 eventId=evt_3 sessionId=cs_test_1 orderNumber=BC--1\n"},
		{"a thin event of a fee", sold, thin, THIN_OF("charge.updated", "ch_1"),
		 "info Order snapshot updated orderId=cs_test_1 status=partially_refunded "
		 "amountRefunded=300 eventId=evt_3 sessionId=cs_test_1 orderNumber=BC--1\n"
		 "info Webhook processed eventId=evt_3 type=charge.updated storeReads=2 stripeCalls=1 "
		 "storeWrites=1 ms=0 sessionId=cs_test_1 orderNumber=BC--1\n"
		 "info Answered status=200 eventId=evt_3 sessionId=cs_test_1 orderNumber=BC--1\n"},
		{"a thin event of a payment", sold, thin, THIN_OF("payment_intent.canceled", "pi_1"),
		 "info Webhook ignored eventId=evt_3 type=payment_intent.canceled why=\"the payment is of "
		 "no order\"\n"
		 "info Answered status=200 eventId=evt_3\n"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct err e;

		outside_begin();
		log_configure(&(struct log_options){.level = LOG_LEVEL_INFO, .target = "stderr"});
		outside.answers = row->answers;
		row->before();
		buf_reset(&outside.log);
		if (deliver(row->event, &e))
			check_int(row->name, e.code, strstr(said(), "error ") ? ERR_UNAVAILABLE : ERR_PAYLOAD);
		else
			check(row->name, !strstr(said(), "Failed to create"));
		log_info("Answered", LOG_INT("status", 200)); /* what the request's other lines say of it */
		check_text(row->name, said(), row->log);
		outside_end();
	}
}

static void deliver_dry(const char *event)
{
	struct record_run run = run_now();
	struct process_result result;
	struct err e;

	run.dry_run = true;
	process_event(&run, json_of("%s", event), &result, &e);
	process_result_free(&result);
}

static void what_came_of_an_event_is_counted_by_its_type(void **state)
{
	static const struct metrics_family *const families[] = {
		&process_events, &record_orders_created, &record_orders_updated, &record_orders_pending, NULL,
	};
	static const char *const counted[] = {
		"ordersnap_events_total{type=\"checkout.session.completed\",outcome=\"processed\"} 1\n",
		"ordersnap_events_total{type=\"checkout.session.completed\",outcome=\"duplicate\"} 1\n",
		"ordersnap_events_total{type=\"checkout.session.completed\",outcome=\"ignored\"} 1\n",
		"ordersnap_events_total{type=\"charge.refunded\",outcome=\"processed\"} 2\n",
		"ordersnap_events_total{type=\"refund.updated\",outcome=\"failed\"} 1\n",
		"ordersnap_events_total{type=\"other\",outcome=\"ignored\"} 1\n",
		"ordersnap_orders_created_total{source=\"webhook\"} 2\n",
		"ordersnap_orders_updated_total{source=\"webhook\"} 1\n",
		"ordersnap_orders_pending 1\n",
	}, *const *line;
	const char *folder = unit_folder();
	struct buf text;
	struct err e;

	(void)state;
	outside_begin();
	check_int("open", metrics_open(keep_text(str_printf("%s/metrics", folder)), &e), 0);
	sold();
	outside.answers = refunded;
	must_deliver(SOLD);
	must_deliver(REFUND);
	must_deliver(SUBSCRIPTION);
	must_deliver(EVENT("evt_6", "invoice.paid", "{}"));
	check_int("no answer", deliver(EVENT("evt_3", "refund.updated", "{'id':'re_1','object':'refund',"
					     "'payment_intent':'pi_1'}"), &e), -1);

	/* That nothing changed is no update. */
	buf_reset(&outside.log);
	must_deliver(EVENT("evt_13", "charge.refunded", CHARGE(REFUNDED)));
	check("no order was changed", !strstr(said(), "Order snapshot"));

	/* A sale whose lines can't be had yet is pending, and what is looked at alone is not counted. */
	outside.answers = away;
	check_int("no lines", deliver(EVENT("evt_10", "checkout.session.completed", SALE("cs_test_3", "")), &e), -1);
	buf_reset(&outside.log);
	deliver_dry(SOLD_LATER);
	deliver_dry(EVENT("evt_11", "checkout.session.completed", SALE("cs_test_6", "")));
	check("no order was made", !strstr(said(), "Order snapshot"));
	deliver_dry(EVENT("evt_12", "invoice.paid", "{}"));

	buf_init(&text, 1 << 20);
	check_int("format", metrics_format(&text, families, OUTSIDE_EPOCH, &e), 0);
	for EACH(line, counted)
		check(*line, strstr(buf_text(&text), *line));
	buf_free(&text);
	outside_end();
	unit_remove_folder(folder);
}

/* Of what only the call for all of a sale asks for. */
#define ALL_OF_A_SALE "balance_transaction"

static void a_sale_of_which_stripe_gives_a_part_alone_is_recorded_with_a_warning(void **state)
{
	static const struct {
		int status;
		const char *message, *says;
	} table[] = {
		{403, "no", "The key may not read all of a sale: run `ordersnap check`"},
		{400, "This property cannot be expanded (x).",
		 "Stripe does not expand all of a sale: is there a newer ordersnap?"},
		{400, "no", NULL},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		const char *refusal = keep_text(str_printf("{'error':{'message':'%s'}}", row->message));
		const struct outside_answer answers[] = {{ALL_OF_A_SALE, row->status, refusal}, sale[0],
							 {.part = NULL}};

		outside_begin();
		log_configure(&(struct log_options){.level = LOG_LEVEL_WARNING, .target = "stderr"});
		adopted();
		outside.answers = answers;
		check_int(row->message, deliver(SOLD, &e), row->says ? 0 : -1);
		check(row->message, !row->says || strstr(said(), row->says));
		check(row->message, row->says || !strstr(said(), "all of a sale"));
		outside_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(each_event_leaves_its_lines),
		holds(a_sale_of_which_stripe_gives_a_part_alone_is_recorded_with_a_warning),
		holds(what_came_of_an_event_is_counted_by_its_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

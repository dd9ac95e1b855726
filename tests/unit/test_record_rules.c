/* SPDX-License-Identifier: ISC */
/*
 * The rules of what an event does to the table, one row each: what is recorded, what is ignored, and what is
 * to come again.  What becomes of them when calls fail is for test_record.c.
 */
#include "record_fixture.h"

#include "base/log.h"

#define AT(id, type, created, object) "{'id':'" id "','object':'event','type':'" type "','livemode':false," \
	"'created':" #created ",'data':{'object':" object "}}"
#define HELD ",'refunded':false,'amount_refunded':0,'disputed':false"
#define HELD_CHARGE "{'id':'ch_1','object':'charge','amount':1000,'amount_captured':0,'captured':false," \
	"'status':'succeeded','currency':'usd','payment_intent':'pi_1','created':1699999100" HELD "}"
#define BY_PAYMENT "payment_intent=pi_1"
#define ONE_SESSION "/v1/checkout/sessions/cs_test_1"
#define SIGNATURE "0000000000000000000000000000000000000000000000000000000000000000"
#define WITH_QUOTE ",'metadata':{'quoteSignature':'" SIGNATURE "'}"
#define QUOTED EVENT("evt_1", "checkout.session.completed", SALE("cs_test_1", ",'payment_intent':'pi_1'" WITH_QUOTE))
#define QUOTED_LATER EVENT("evt_9", "checkout.session.async_payment_succeeded", \
			   SALE("cs_test_1", ",'payment_intent':'pi_1'" WITH_QUOTE))
#define EXPIRED EVENT("evt_2", "checkout.session.expired", "{'id':'cs_test_2','object':'checkout.session'," \
	"'mode':'payment','status':'expired','created':1699999000}")
#define BY_PAYMENT_ALONE EVENT("evt_2", "refund.updated", "{'id':'re_1','object':'refund','payment_intent':'pi_1'}")

/* --- what Stripe has ------------------------------------------------------------ */

#define ANSWERS(name, ...) static const struct outside_answer name[] = {__VA_ARGS__, {.part = NULL}}

ANSWERS(refunded, {"/v1/charges/ch_1", 200, CHARGE(REFUNDED)}, {ONE_SESSION, 200, SALE("cs_test_1", LINES
	PAYMENT(CHARGE(REFUNDED)))}, {BY_PAYMENT, 200, LIST(SALE("cs_test_1", ",'payment_intent':'pi_1'"))});
ANSWERS(captured, {"/v1/charges/ch_1", 200, CHARGE(WHOLE)});
ANSWERS(still_held, {"/v1/charges/ch_1", 200, HELD_CHARGE},
	{"/v1/payment_intents/pi_1", 200, "{'id':'pi_1','object':'payment_intent','latest_charge':" HELD_CHARGE "}"});
#define EARLIER(more) "{'id':'ch_0','object':'charge','amount':1000,'currency':'usd','payment_intent':'pi_1'," \
	"'created':1699998000,'disputed':false" more "}"
#define FAILED ",'status':'failed','amount_captured':0,'captured':false,'refunded':false,'amount_refunded':0"
#define RELEASED ",'status':'succeeded','amount_captured':0,'captured':false,'refunded':true,'amount_refunded':1000"
#define PAID_LATER {"/v1/payment_intents/pi_1", 200, \
	"{'id':'pi_1','object':'payment_intent','latest_charge':" CHARGE(WHOLE) "}"}
ANSWERS(failed_earlier, {"/v1/charges/ch_0", 200, EARLIER(FAILED)}, PAID_LATER);
ANSWERS(no_payments, {"/v1/charges/ch_0", 200, EARLIER(FAILED)},
	{"/v1/payment_intents/", 403, "{'error':{'message':'no'}}"});
ANSWERS(payments_away, {"/v1/charges/ch_0", 200, EARLIER(FAILED)},
	{"/v1/payment_intents/", 401, "{'error':{'message':'no'}}"});
ANSWERS(released_earlier, {"/v1/charges/ch_0", 200, EARLIER(RELEASED)}, PAID_LATER);
ANSWERS(denied, {"/v1/", 403, "{'error':{'message':'no'}}"});
ANSWERS(not_our_key, {"/v1/", 401, "{'error':{'message':'no'}}"});
ANSWERS(unknown, {"/v1/", 404, "{'error':{'code':'resource_missing'}}"});
ANSWERS(sessions_denied, {"/v1/charges/ch_1", 200, CHARGE(REFUNDED)}, {"/v1/", 403, "{'error':{'message':'no'}}"});
ANSWERS(of_no_session, {"/v1/charges/ch_1", 200, CHARGE(REFUNDED)}, {BY_PAYMENT, 200, LIST("")});
#define CHARGE_DISPUTED CHARGE(",'refunded':false,'amount_refunded':0,'disputed':true")
ANSWERS(disputed, {"/v1/payment_intents/pi_1", 200, "{'id':'pi_1','object':'payment_intent','latest_charge':"
	CHARGE_DISPUTED "}"}, {"charge=ch_1", 200, LIST(DISPUTE)});
ANSWERS(of_nobody, {BY_PAYMENT, 200, LIST("")}, {"/v1/", 404, "{'error':{'code':'resource_missing'}}"});
ANSWERS(open_session, {"/v1/charges/ch_1", 200, CHARGE(REFUNDED)}, {BY_PAYMENT, 200, LIST(
	"{'id':'cs_test_1','object':'checkout.session','mode':'payment','status':'open','created':1699999000}")});
ANSWERS(of_old_versions, {"/v1/charges/ch_1", 200, CHARGE(REFUNDED)}, {BY_PAYMENT, 200, LIST(
	"{'id':'cs_test_1','object':'checkout.session','mode':'payment','payment_status':'paid','created':1699999000,"
	"'amount_total':1000,'currency':'usd','payment_intent':'pi_1'}")}, {ONE_SESSION, 200, SALE("cs_test_1", LINES
	PAYMENT(CHARGE(REFUNDED)))});
ANSWERS(subscription, {"/v1/charges/ch_1", 200, CHARGE(REFUNDED)}, {BY_PAYMENT, 200, LIST(
	"{'id':'cs_test_1','object':'checkout.session','mode':'subscription','status':'complete',"
	"'created':1699999000}")});
#define UNPAID_SALE(more) "{'id':'cs_test_1','object':'checkout.session','livemode':false,'mode':'payment'," \
	"'status':'complete','created':1699999000,'payment_status':'unpaid','amount_total':1000,'currency':'usd'," \
	"'customer_details':{'email':'ann@example.com'}" more "}"
ANSWERS(given_up, {ONE_SESSION, 200, UNPAID_SALE(LINES
	",'payment_intent':{'id':'pi_1','status':'requires_payment_method'}")},
	{BY_PAYMENT, 200, LIST(UNPAID_SALE(",'payment_intent':'pi_1'"))});
ANSWERS(nameless, {ONE_SESSION, 200, "{'id':'cs_test_1','object':'checkout.session','livemode':false,'mode':"
	"'payment','status':'complete','created':1699999000,'payment_status':'paid','amount_total':1000,"
	"'currency':'usd'" LINES PAYMENT(CHARGE(WHOLE)) "}"});
ANSWERS(away, {"nowhere", 200, ""});
ANSWERS(other_sum, {ONE_SESSION, 200, "{'id':'cs_test_1','object':'checkout.session','livemode':false,'mode':"
	"'payment','status':'complete','created':1699999000,'payment_status':'paid','amount_total':900,"
	"'currency':'usd','customer_details':{'email':'ann@example.com'}" LINES PAYMENT(CHARGE(WHOLE)) "}"});

/* --- what stands before --------------------------------------------------------- */

static struct json_object *order_now(void)
{
	return table_find(&outside.table, SOLD_PK, SOLD_SK);
}

static void change_order(const char *key, const char *value)
{
	struct json_object *order = keep(json_copy(order_now()));

	json_object_object_del(order, key);
	if (value && strcmp(value, "null") == 0)
		json_object_object_add(order, key, NULL);
	else if (value)
		json_set(order, key, json_object_get(json_of("%s", value)));
	outside_put(order);
}

static void of_another_payment(void)
{
	sold();
	change_order("stripePaymentIntentId", "'pi_2'");
}

/* The functions gave two orders one number; the other one was there first. */
static void numbered_alike(void)
{
	sold();
	outside_put(json_of("{'PK':'USER#carl','SK':'ORDER#1#cs_test_9','orderId':'cs_test_9','orderNumber':'BC--1',"
			    "'stripeSessionId':'cs_test_9','version':1}"));
	outside_put(json_of("{'PK':'NUMBER#BC--1','SK':'METADATA','orderId':'cs_test_9','orderPK':'USER#carl',"
			    "'orderSK':'ORDER#1#cs_test_9','version':1}"));
}

static void number_lost(void)
{
	sold();
	change_order("orderNumber", NULL);
}

/* Somebody has edited the order, and what names it. */
static void numberless(void)
{
	struct json_object *pointer;

	sold();
	change_order("orderNumber", "null");
	pointer = keep(json_copy(table_find(&outside.table, "PAYMENT#pi_1", "METADATA")));
	json_object_object_del(pointer, "orderNumber");
	outside_put(pointer);
}

static void held(void)
{
	sold();
	change_order("status", "'pending'");
	change_order("completedAt", NULL);
}

static void unconfirmed(void)
{
	sold();
	change_order("unconfirmed", "true");
}

/* The functions acknowledged each event, and did nothing with those of refunds. */
static void noted_by_functions(void)
{
	sold();
	outside_put(json_of("{'PK':'EVENT#evt_2','SK':'METADATA','status':'received'}"));
}

/* They called an order completed whose payment was on its way, and did nothing when it failed. */
static void unpaid_of_functions(void)
{
	adopted();
	outside_put(json_of("{'PK':'" SOLD_PK "','SK':'" SOLD_SK "','orderId':'cs_test_1','stripeSessionId':"
			    "'cs_test_1','status':'completed','items':[{'name':'Cup'}]}"));
	outside_put(json_of("{'PK':'EVENT#evt_2','SK':'METADATA','status':'failed'}"));
}

static void given_up_noted_by_functions(void)
{
	unpaid_of_functions();
	outside_put(json_of("{'PK':'EVENT#evt_2','SK':'METADATA','status':'received'}"));
}

static void noted(void)
{
	sold();
	outside_put(json_of("{'PK':'EVENT#evt_2','SK':'METADATA','status':'received','version':1}"));
}

/* What names the order says which it is. */
static void damaged(void)
{
	sold();
	change_order("orderId", NULL);
	change_order("stripeSessionId", NULL);
}

/* What names the payment names another session's order. */
static void of_another_session(void)
{
	adopted();
	outside_put(json_of("{'PK':'USER#carl','SK':'ORDER#1#cs_test_9','orderId':'cs_test_9','orderNumber':'BC--9',"
			    "'stripeSessionId':'cs_test_9','version':1}"));
	outside_put(json_of("{'PK':'PAYMENT#pi_1','SK':'METADATA','orderId':'cs_test_9','orderPK':'USER#carl',"
			    "'orderSK':'ORDER#1#cs_test_9','version':1}"));
}

/* What names its order says where it stood under another name; it is gone from there. */
static void gone_from_another_name(void)
{
	adopted();
	outside_put(json_of("{'PK':'SESSION#cs_test_1','SK':'METADATA','orderId':'cs_test_1','orderPK':'USER#carl',"
			    "'orderSK':'" SOLD_SK "','userId':'carl','version':1}"));
}

/* Another order has its number, and what names it by the next one is all that is left. */
static void named_by_letter(void)
{
	struct json_object *order;

	numbered_alike();
	change_order("orderNumber", "'BC--1A'");
	outside_put(json_of("{'PK':'NUMBER#BC--1A','SK':'METADATA','orderId':'cs_test_1','orderPK':'USER#carl',"
			    "'orderSK':'" SOLD_SK "','userId':'carl','version':1}"));
	order = json_copy(order_now());
	json_set_string(order, "PK", "USER#carl");
	outside_put(keep(order));
	table_delete(&outside.table, SOLD_PK, SOLD_SK);
	table_delete(&outside.table, "SESSION#cs_test_1", "METADATA");
	table_delete(&outside.table, "PAYMENT#pi_1", "METADATA");
	table_delete(&outside.table, "EVENT#evt_1", "METADATA");
}

/* An order under its session's own key, and all that names it names another place. */
static void named_elsewhere(void)
{
	static const char *const pointers[] = {"SESSION#cs_test_1", "PAYMENT#pi_1", "NUMBER#BC--1"}, *const *pk;

	sold();
	for EACH(pk, pointers)
		outside_put(json_of("{'PK':'%s','SK':'METADATA','orderId':'cs_test_1','orderPK':'USER#carl',"
				    "'orderSK':'" SOLD_SK "','userId':'carl','version':1}", *pk));
}

static void expiry_noted(void)
{
	adopted();
	outside_put(json_of("{'PK':'SESSION#cs_test_2','SK':'METADATA','status':'open','version':1}"));
	outside_put(json_of("{'PK':'EVENT#evt_2','SK':'METADATA','status':'expired','version':1}"));
}

static void own_alone(void)
{
	adopted();
	outside.app.config.order_sessions = str_dup("own");
}

static void own_alone_sold(void)
{
	sold();
	outside.app.config.order_sessions = str_dup("own");
}

/* The session's item, which says so first, is lost. */
static void own_alone_sold_lost(void)
{
	own_alone_sold();
	table_delete(&outside.table, "SESSION#cs_test_1", "METADATA");
}

static void own_alone_opened(void)
{
	own_alone();
	outside_put(json_of("{'PK':'SESSION#cs_test_2','SK':'METADATA','status':'open','version':1}"));
}

static void kept_for_a_day(void)
{
	adopted();
	outside.app.config.order_ttl_days = 1;
	outside.ms += 86400 * 1000;
}

static void kept_for_a_day_sold(void)
{
	sold();
	outside.app.config.order_ttl_days = 1;
	outside.ms += 86400 * 1000;
}

static void kept_for_a_day_sold_lost(void)
{
	kept_for_a_day_sold();
	table_delete(&outside.table, "SESSION#cs_test_1", "METADATA");
}

static void quote_used(void)
{
	adopted();
	outside_put(json_of("{'PK':'QUOTE#" SIGNATURE "','SK':'CACHE','orderId':'cs_test_9','version':2}"));
}

/* The other order's payment never came. */
static void quote_used_in_vain(void)
{
	quote_used();
	outside_put(json_of("{'PK':'SESSION#cs_test_9','SK':'METADATA','status':'failed','version':1}"));
}

static void quote_paid_twice(void)
{
	quote_used();
	outside.answers = sale;
	must_deliver(QUOTED);
}

static void quote_used_by_it(void)
{
	adopted();
	outside_put(json_of("{'PK':'QUOTE#" SIGNATURE "','SK':'CACHE','orderId':'cs_test_1','version':2}"));
}

/* --- the rules ------------------------------------------------------------------ */

static const struct rule {
	const char *name;
	void (*before)(void);
	const struct outside_answer *answers;
	const char *event;
	enum err_code code; /* ERR_NONE: it is done with */
	const char *told;   /* is in the error, or in the log; "" is in each */
	const char *has;    /* is in the table then; NULL: the table is as before.  ' for " */
	bool again;         /* the owner replays it */
} rules[] = {
	/* when it was paid */
	{"a capture is the payment", held, captured, AT("evt_2", "charge.captured", 1699999900, CHARGE(WHOLE)),
	 ERR_NONE,
	 "", "'completedAt':'2023-11-14T22:11:40Z'", false},
	{"one that is heard of late moves no later payment", sold, captured,
	 AT("evt_2", "charge.captured", 1699999000, CHARGE(WHOLE)), ERR_NONE, "",
	 "'completedAt':'2023-11-14T22:00:00Z'", false},
	{"what is still held is not paid", held, still_held, AT("evt_2", "charge.captured", 1699999900, HELD_CHARGE),
	 ERR_NONE, "", "'status':'pending'", false},
	{"a refund is no payment", sold, refunded, AT("evt_2", "charge.refunded", 1699999900, CHARGE(REFUNDED)),
	 ERR_NONE,
	 "", "'completedAt':'2023-11-14T22:00:00Z'", false},
	{"a charge that failed before the one that paid", sold, failed_earlier,
	 AT("evt_3", "charge.updated", 1699999900, EARLIER(FAILED)), ERR_NONE, "", "'amountCaptured':1000", false},
	{"a charge that failed, and a key that may not read payments", sold, no_payments,
	 AT("evt_3", "charge.updated", 1699999900, EARLIER(FAILED)), ERR_NONE, "", "'amountCaptured':0", false},
	{"a charge that failed, and no key of ours for payments", sold, payments_away,
	 AT("evt_3", "charge.updated", 1699999900, EARLIER(FAILED)), ERR_UNAVAILABLE, "401", NULL, false},
	{"a charge that was released before the one that paid", sold, released_earlier,
	 AT("evt_3", "charge.refunded", 1699999900, EARLIER(RELEASED)), ERR_NONE, "", "'status':'completed'", false},
	{"a dispute that names its payment alone", sold, disputed,
	 EVENT("evt_2", "charge.dispute.created", "{'id':'dp_1','object':'dispute','payment_intent':'pi_1'}"),
	 ERR_NONE, "", "'id':'dp_1','status':'needs_response'", false},
	/* what Stripe refuses */
	{"a charge that the key may not read", sold, denied, REFUND, ERR_UNAVAILABLE, "403", NULL, false},
	{"a charge, and no key of ours", sold, not_our_key, REFUND, ERR_UNAVAILABLE, "401", NULL, false},
	{"a charge that Stripe does not know", sold, unknown, REFUND, ERR_UNAVAILABLE,
	 "does not know charge ch_1", NULL,
	 false},
	{"a payment that the key may not read", sold, denied, BY_PAYMENT_ALONE, ERR_UNAVAILABLE, "403", NULL, false},
	{"a payment that Stripe does not know", sold, unknown, BY_PAYMENT_ALONE, ERR_UNAVAILABLE,
	 "does not know charge pi_1", NULL, false},
	{"sessions that the key may not list", adopted, sessions_denied, REFUND, ERR_UNAVAILABLE, "403", NULL, false},
	{"a charge that Stripe does not know, of a payment of no session", adopted, of_nobody, REFUND,
	 ERR_UNAVAILABLE, "does not know charge ch_1", NULL, false},
	/* whose charge it is */
	{"a payment of no session", adopted, of_no_session, REFUND, ERR_NONE, "of no order", NULL, false},
	{"a payment whose session is open", adopted, open_session, REFUND, ERR_NONE, "is not complete", NULL, false},
	{"a payment whose session has no status", adopted, of_old_versions, REFUND, ERR_NONE, "",
	 "'amountRefunded':300", false},
	{"a payment of a subscription", adopted, subscription, REFUND, ERR_NONE, "not of mode payment", NULL, false},
	{"a pointer to an order of another payment", of_another_payment, of_no_session, REFUND, ERR_NONE,
	 "of no order", NULL,
	 false},
	{"a sale whose payment leads to another session's order", of_another_session, sale, SOLD, ERR_NONE, "",
	 "'PK':'" SOLD_PK "','SK':'" SOLD_SK "'", false},
	{"a sale whose order is gone from where its session says", gone_from_another_name, sale, SOLD, ERR_NONE, "",
	 "'PK':'USER#carl','SK':'" SOLD_SK "'", false},
	{"a refund of an order that does not say which it is", damaged, refunded, REFUND, ERR_NONE, "",
	 "'orderId':'cs_test_1','orderNumber':'BC--1','source':'webhook','status':'partially_refunded',"
	 "'stripePaymentIntentId':'pi_1','stripePaymentStatus':'paid','stripeSessionId':'cs_test_1'", false},
	{"a sale whose order is named by a number with a letter alone", named_by_letter, sale, SOLD, ERR_NONE, "",
	 "'orderNumber':'BC--1A','orderPK':'USER#carl','orderSK':'" SOLD_SK "','status':'completed','stripeSession",
	 false},
	{"a sale whose order is where no pointer says", named_elsewhere, sale, SOLD_LATER, ERR_NONE, "",
	 "'PK':'NUMBER#BC--1','SK':'METADATA','orderId':'cs_test_1','orderNumber':'BC--1','orderPK':'" SOLD_PK "'",
	 false},
	{"a refund of an order whose number leads to another", numbered_alike, refunded, REFUND, ERR_NONE, "",
	 "'PK':'NUMBER#BC--1','SK':'METADATA','orderId':'cs_test_9'", false},
	{"a refund of an order that has lost its number", number_lost, refunded, REFUND, ERR_NONE, "",
	 "'PK':'NUMBER#BC--1','SK':'METADATA','orderId':'cs_test_1','orderNumber':'BC--1'", false},
	{"a refund of an order whose number is null", numberless, refunded, REFUND, ERR_NONE, "",
	 "'orderNumber':'BC--1','orderPK':'" SOLD_PK "','orderSK':'" SOLD_SK "','userId'", false},
	{"a fee of no order", adopted, captured, EVENT("evt_2", "charge.updated", CHARGE(WHOLE)), ERR_NONE,
	 "of no order", NULL,
	 false},
	/* what was done before */
	{"a refund that the functions acknowledged", noted_by_functions, refunded, REFUND, ERR_NONE, "",
	 "'amountRefunded':300", false},
	{"a failed payment that the functions acknowledged", unpaid_of_functions, given_up,
	 EVENT("evt_2", "checkout.session.async_payment_failed", UNPAID_SALE("")), ERR_NONE, "",
	 "'status':'failed','stripePayment", false},
	{"a payment that was given up, as the functions acknowledged", given_up_noted_by_functions, given_up,
	 EVENT("evt_2", "payment_intent.canceled", "{'id':'pi_1','object':'payment_intent'}"), ERR_NONE, "",
	 "'status':'failed','stripePayment", false},
	{"a refund that we acknowledged", noted, refunded, REFUND, ERR_NONE, "duplicate", NULL, false},
	{"a refund that is replayed", noted, refunded, REFUND, ERR_NONE, "", "'amountRefunded':300", true},
	{"an expiry that we acknowledged", expiry_noted, away, EXPIRED, ERR_NONE, "duplicate", NULL, false},
	{"an expiry that is replayed", expiry_noted, away, EXPIRED, ERR_NONE, "",
	 "'PK':'SESSION#cs_test_2','SK':'METADATA','status':'expired'", true},
	{"a sale that is replayed while Stripe is away", held, away, SOLD, ERR_UNAVAILABLE, "still to be fetched",
	 "'unconfirmed':true", true},
	{"a sale that is replayed and changes nothing", sold, refunded, SOLD, ERR_NONE, "stripeCalls=0", NULL, true},
	/* whom Stripe is asked */
	{"a sale told once more in other words changes nothing", sold, away, SOLD_LATER, ERR_NONE, "stripeCalls=0",
	 "'PK':'EVENT#evt_9'", false},
	{"what only an event said is noted to be asked for", held, away, SOLD_LATER, ERR_UNAVAILABLE,
	 "still to be fetched", "'unconfirmed':true", false},
	{"what only an event said is asked for", unconfirmed, sale, SOLD_LATER, ERR_NONE, "stripeCalls=1",
	 "'PK':'EVENT#evt_9'", false},
	{"a payment that was given up after Checkout", adopted, given_up, SOLD, ERR_NONE, "",
	 "'status':'failed'", false},
	{"what Stripe's copy lacks is the event's", adopted, nameless, SOLD, ERR_NONE, "",
	 "'customerEmail':'ann@example.com'", false},
	/* whose sessions are recorded */
	{"a session of another program", own_alone, sale, SOLD, ERR_NONE, "bears no quote's signature", NULL, false},
	{"a session of ours", own_alone, sale, QUOTED, ERR_NONE, "", "'orderId':'cs_test_1'", false},
	{"an order that stands is always ours", own_alone_sold, sale, SOLD_LATER, ERR_NONE, "",
	 "'PK':'EVENT#evt_9'", false},
	{"nor does it matter that its session's item is lost", own_alone_sold_lost, sale, SOLD_LATER, ERR_NONE, "",
	 "'PK':'EVENT#evt_9'", false},
	{"another program's session expires", own_alone, away, EXPIRED, ERR_NONE, "bears no quote's signature",
	 NULL, false},
	{"our session expires", own_alone_opened, away, EXPIRED, ERR_NONE, "", "'status':'expired'", false},
	/* how long they are kept */
	{"a sale that is past its time", kept_for_a_day, sale, SOLD, ERR_NONE, "past ORDER_TTL_DAYS", NULL, false},
	{"an order that stands is brought on", kept_for_a_day_sold, refunded, REFUND, ERR_NONE, "",
	 "'amountRefunded':300",
	 false},
	{"an order that stands, whose session's item is lost", kept_for_a_day_sold_lost, sale, SOLD_LATER, ERR_NONE, "",
	 "'PK':'EVENT#evt_9'", false},
	/* what the owner has to hear */
	{"a quote that was paid twice", quote_used, sale, QUOTED, ERR_NONE, "A quote was paid twice",
	 "'orderId':'cs_test_1'",
	 false},
	{"lines of another sum", adopted, other_sum, SOLD, ERR_NONE, "Order lines do not add up",
	 "'amount':900", false},
};

static const char *quoted_text(const char *text)
{
	char *out = keep_text(str_dup(text)), *p;

	for (p = out; *p; p++)
		if (*p == '\'')
			*p = '"';
	return out;
}

static int record(const struct rule *rule, struct err *e)
{
	struct record_run run = run_now();
	struct process_result result;
	int rc;

	run.again = rule->again;
	run.now = OUTSIDE_EPOCH + outside.ms / 1000;
	*e = (struct err){.code = ERR_NONE};
	rc = process_event(&run, json_of("%s", rule->event), &result, e);
	process_result_free(&result);
	return rc;
}

static void begin(const struct rule *rule)
{
	outside_begin();
	log_configure(&(struct log_options){.level = LOG_LEVEL_INFO, .target = "stderr"});
	outside.answers = rule->answers;
	rule->before();
	buf_reset(&outside.log);
}

static void each_event_follows_its_rule(void **state)
{
	const struct rule *rule;
	const char *before;
	struct err e;

	(void)state;
	for EACH(rule, rules) {
		begin(rule);
		before = outside_items();
		check_int(rule->name, record(rule, &e), rule->code == ERR_NONE ? 0 : -1);
		if (rule->code != ERR_NONE)
			check_int(rule->name, e.code, rule->code);
		check(keep_text(str_printf("%s: %s%s", rule->name, e.text, buf_text(&outside.log))),
		      strstr(rule->code == ERR_NONE ? buf_text(&outside.log) : e.text, rule->told));
		if (rule->has)
			check(keep_text(str_printf("%s: %s", rule->name, outside_items())),
			      strstr(outside_items(), quoted_text(rule->has)));
		else
			check_text(rule->name, outside_items(), before);
		outside_end();
	}
}

static void what_is_as_it_should_be_is_no_line_of_the_log(void **state)
{
	static const struct rule usual[] = {
		{"a quote that its own order has", quote_used_by_it, sale, QUOTED, ERR_NONE, "", "", false},
		{"a quote whose first payment failed", quote_used_in_vain, sale, QUOTED, ERR_NONE, "", "", false},
		{"a quote whose second payment fails", quote_used, given_up, QUOTED, ERR_NONE, "", "", false},
		{"a quote paid twice, as was said", quote_paid_twice, sale, QUOTED_LATER, ERR_NONE, "", "", false},
		{"a sale", adopted, sale, SOLD, ERR_NONE, "", "", false},
	}, *rule;
	struct err e;

	(void)state;
	for EACH(rule, usual) {
		begin(rule);
		check_int(rule->name, record(rule, &e), 0);
		check(rule->name, !strstr(buf_text(&outside.log), "warning"));
		outside_end();
	}
}

static void a_capture_of_what_is_still_held_is_no_time_of_payment(void **state)
{
	static const struct rule rule = {"held", held, still_held,
					 AT("evt_2", "charge.captured", 1699999900, HELD_CHARGE),
					 ERR_NONE, "", "", false};
	struct err e;

	(void)state;
	begin(&rule);
	assert_int_equal(record(&rule, &e), 0);
	assert_null(json_object_object_get(order_now(), "completedAt"));
	outside_end();
}

/* Its session's item, which says so first, is lost, and so is the event's marker. */
static void a_replay_that_writes_nothing_knows_the_order_that_stands(void **state)
{
	struct record_run run;
	struct process_result result;
	const char *before;
	struct err e;

	(void)state;
	outside_begin();
	sold();
	table_delete(&outside.table, "SESSION#cs_test_1", "METADATA");
	table_delete(&outside.table, "EVENT#evt_1", "METADATA");
	before = outside_items();
	outside.answers = sale;
	run = run_now();
	run.dry_run = true;
	assert_int_equal(process_event(&run, json_of("%s", SOLD), &result, &e), 0);
	assert_true(json_equal(result.outcome.before, order_now()));
	assert_string_equal(outside_items(), before);
	process_result_free(&result);
	outside_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(each_event_follows_its_rule),
		holds(what_is_as_it_should_be_is_no_line_of_the_log),
		holds(a_replay_that_writes_nothing_knows_the_order_that_stands),
		holds(a_capture_of_what_is_still_held_is_no_time_of_payment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

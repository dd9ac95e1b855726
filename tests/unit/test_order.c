/* SPDX-License-Identifier: ISC */
/*
 * The order is a pure function of what Stripe says: the example of the
 * contract attribute by attribute, what a late event may not take back, and,
 * over all orders in which events can arrive, that the outcome is the same.
 */
#include "unit.h"

#include "shop/order.h"
#include "shop/order_items.h"
#include "shop/order_mode.h"

#define CREATED 1732612800 /* 2024-11-26T09:20:00Z */

#define SESSION "'object':'checkout.session','id':'cs_test_abc123','created':1732612800," \
		"'mode':'payment'"

static const char paid_session[] =
	"{" SESSION ",'payment_status':'paid','amount_total':2599,'amount_subtotal':2000,"
	"'currency':'usd','total_details':{'amount_discount':100,'amount_tax':199,"
	"'amount_shipping':500},'customer_details':{'email':'jane@shop.example','phone':'+4912',"
	"'name':'Jane Doe'},'payment_intent':'pi_1','customer':'cus_1','livemode':false,"
	"'collected_information':{'shipping_details':{'name':'Jane D','address':{'line1':'Street 1',"
	"'line2':null,'city':'Berlin','state':'','postal_code':'10115','country':'DE'}}},"
	"'metadata':{'userId':'user_12345','quoteSignature':'qq','normalizedHash':'hh',"
	"'gift':'yes'}}";

static const char lines[] =
	"[{'description':'Tee','quantity':2,'amount_total':2598,'amount_subtotal':2001,"
	"'currency':'usd','price':{'id':'price_1','unit_amount':1000,'lookup_key':'tee',"
	"'product':{'id':'prod_1'}}}]";

static const char quote[] = "{'items':[{'name':'Quoted tee','quantity':2,'unitPrice':1000,"
			    "'stripePriceId':'price_1','sku':'tee','collectionId':'c1'}]}";

/* What varies from event to event; the rest is the example's. */
struct delivery {
	const char *session, *lines, *quote; /* JSON, or NULL */
	enum event_kind kind;
	int64_t time;
};

static struct order_input input_of(const struct delivery *event, struct json_object *stored,
				   struct session *session)
{
	struct err e = {.code = ERR_NONE};

	check_int(e.text, session_read(json_of("%s", event->session), session, &e), 0);
	return (struct order_input){
		.stored = stored, .session = session, .asked = true,
		.kind = event->kind,
		.line_items = event->lines ? json_of("%s", event->lines) : NULL,
		.quote = event->quote ? json_of("%s", event->quote) : NULL,
		.pk = "USER#user_12345", .sk = "ORDER#1732612800#cs_test_abc123",
		.number = "BC-ABC123", .user_id = "user_12345", .source = "webhook",
		.created = CREATED, .event_time = event->time, .now = CREATED + 60,
	};
}

static struct json_object *apply(const struct delivery *event, struct json_object *stored)
{
	struct session session;
	struct order_input in = input_of(event, stored, &session);
	const char *before = stored ? keep_text(str_dup(json_text(stored))) : NULL;
	struct json_object *order = keep(order_apply_session(&in));

	check_text("the stored order", stored ? json_text(stored) : NULL, before);
	return order;
}

static const struct delivery paid = {paid_session, lines, quote, EVENT_SESSION_COMPLETED, CREATED + 5};

static void the_example_of_the_contract_comes_out_exactly(void **state)
{
	(void)state;
	check_json("order", apply(&paid, NULL),
		   "{'PK':'USER#user_12345','SK':'ORDER#1732612800#cs_test_abc123',"
		   "'orderId':'cs_test_abc123','orderNumber':'BC-ABC123','userId':'user_12345',"
		   "'customerEmail':'jane@shop.example','customerPhone':'+4912',"
		   "'customerName':'Jane Doe','status':'completed','amount':2599,"
		   "'amountSubtotal':2000,'amountDiscount':100,'amountTax':199,"
		   "'amountShipping':500,'currency':'usd','items':[{'name':'Tee','quantity':2,"
		   "'amountTotal':2598,'amountSubtotal':2001,'currency':'usd',"
		   "'sku':'tee','collectionId':'c1','stripePriceId':'price_1',"
		   "'stripeProductId':'prod_1'}],'itemCount':2,"
		   "'createdAt':'2024-11-26T09:20:00Z','completedAt':'2024-11-26T09:20:05Z',"
		   "'updatedAt':'2024-11-26T09:21:00Z','stripeSessionId':'cs_test_abc123',"
		   "'stripePaymentIntentId':'pi_1','stripeCustomerId':'cus_1',"
		   "'stripePaymentStatus':'paid','shippingAddress':{'name':'Jane D',"
		   "'line1':'Street 1','city':'Berlin','postalCode':'10115','country':'DE'},"
		   "'quoteSignature':'qq','metadata':{'gift':'yes'},'livemode':false,"
		   "'source':'webhook'}");
}

static void what_stripe_did_not_give_is_absent_and_never_null(void **state)
{
	const struct delivery bare = {"{" SESSION ",'payment_status':'unpaid','metadata':{'userId':'u'}}",
				   "[]", NULL, EVENT_SESSION_COMPLETED, CREATED};

	(void)state;
	check_json("bare", apply(&bare, NULL),
		   "{'PK':'USER#user_12345','SK':'ORDER#1732612800#cs_test_abc123',"
		   "'orderId':'cs_test_abc123','orderNumber':'BC-ABC123','userId':'user_12345',"
		   "'status':'pending','createdAt':'2024-11-26T09:20:00Z',"
		   "'stripeSessionId':'cs_test_abc123','stripePaymentStatus':'unpaid',"
		   "'source':'webhook','itemCount':0,'items':[],"
		   "'updatedAt':'2024-11-26T09:21:00Z'}");
}

static void the_whole_address_is_taken_over(void **state)
{
	const struct delivery event = {
		"{" SESSION ",'shipping_details':{'name':'N','address':{'line1':'1','line2':'2',"
		"'city':'C','state':'S','postal_code':'P','country':'DE','other':'x'}}}",
		"[]", NULL, EVENT_SESSION_COMPLETED, CREATED};
	const struct delivery none = {"{" SESSION ",'shipping_details':{'name':'N'}}", "[]", NULL,
				   EVENT_SESSION_COMPLETED, CREATED};
	struct json_object *address = NULL;

	(void)state;
	json_get_object(apply(&event, NULL), "shippingAddress", &address);
	check_json("address", address, "{'name':'N','line1':'1','line2':'2','city':'C','state':'S',"
				       "'postalCode':'P','country':'DE'}");
	assert_int_equal(json_get_object(apply(&none, NULL), "shippingAddress", &address),
			 JSON_ABSENT);
}

static void the_buyers_own_currency_is_noted(void **state)
{
	static const struct {
		const char *details, *presentment;
	} table[] = {
		{"{'presentment_amount':700,'presentment_currency':'eur'}",
		 "{'amount':700,'currency':'eur'}"},
		{"{'presentment_amount':700}", NULL}, {"{'presentment_currency':'eur'}", NULL},
	}, *row;

	(void)state;
	for EACH(row, table) {
		const char *session = keep_text(str_printf("{" SESSION ",'presentment_details':%s}",
							   row->details));
		const struct delivery event = {session, "[]", NULL, EVENT_SESSION_COMPLETED, CREATED};
		struct json_object *presentment = NULL;

		json_get_object(apply(&event, NULL), "presentment", &presentment);
		check_json(row->details, presentment, row->presentment);
	}
}

static void an_order_is_kept_from_the_time_it_was_written(void **state)
{
	struct session session;
	struct order_input in = input_of(&paid, NULL, &session);

	(void)state;
	in.ttl_days = 2;
	assert_int_equal(json_int_or(keep(order_apply_session(&in)), "expiresAt", 0),
			 CREATED + 60 + 2 * 86400);
	in.ttl_days = 1;
	assert_int_equal(json_int_or(keep(order_apply_session(&in)), "expiresAt", 0),
			 CREATED + 60 + 86400);
	in.stored = json_of("{'expiresAt':9}");
	assert_int_equal(json_int_or(keep(order_apply_session(&in)), "expiresAt", 0), 9);
	in.stored = NULL;
	in.ttl_days = 0;
	assert_int_equal(json_int_or(keep(order_apply_session(&in)), "expiresAt", -1), -1);
}

static void amounts_that_a_session_lacks_are_those_of_its_lines(void **state)
{
	const struct delivery old = {"{" SESSION "}", lines, NULL, EVENT_SESSION_COMPLETED, CREATED};
	const struct delivery half = {"{" SESSION ",'amount_total':1,'currency':'gbp'}", lines, NULL,
				   EVENT_SESSION_COMPLETED, CREATED};
	struct json_object *order = apply(&old, NULL);

	(void)state;
	assert_int_equal(json_int_or(order, "amount", -1), 2598);
	assert_int_equal(json_int_or(order, "amountSubtotal", -1), 2001);
	assert_string_equal(json_string_or_null(order, "currency"), "usd");
	order = apply(&half, NULL);
	assert_int_equal(json_int_or(order, "amount", -1), 1);
	assert_int_equal(json_int_or(order, "amountSubtotal", -1), 2001);
	assert_string_equal(json_string_or_null(order, "currency"), "gbp");
}

/* --- line items ---------------------------------------------------------- */

static void without_line_items_the_quotes_are_taken_and_pending_is_noted(void **state)
{
	const struct delivery unfetched = {paid_session, NULL, quote, EVENT_SESSION_COMPLETED, CREATED};
	const struct delivery neither = {paid_session, NULL, NULL, EVENT_SESSION_COMPLETED, CREATED};
	struct json_object *order = apply(&unfetched, NULL), *items = NULL;
	bool pending = false;

	(void)state;
	json_get_array(order, "items", &items);
	check_json("items", items, "[{'name':'Quoted tee','quantity':2,'unitPrice':1000,'sku':'tee',"
				   "'stripePriceId':'price_1','collectionId':'c1'}]");
	assert_int_equal(json_int_or(order, "itemCount", -1), 2);
	assert_int_equal(json_get_bool(order, "itemsPending", &pending), JSON_FOUND);
	assert_true(pending);
	assert_true(order_needs_lines(order));
	order = apply(&neither, NULL);
	json_get_array(order, "items", &items);
	check_json("items", items, "[]");
	assert_true(order_needs_lines(order));
}

static void fetched_line_items_end_the_pending(void **state)
{
	const struct delivery unfetched = {paid_session, NULL, quote, EVENT_SESSION_COMPLETED,
					CREATED + 5};
	struct json_object *order = apply(&paid, apply(&unfetched, NULL));
	bool pending;

	(void)state;
	assert_int_equal(json_get_bool(order, "itemsPending", &pending), JSON_ABSENT);
	assert_false(order_needs_lines(order));
	assert_true(order_same(order, apply(&paid, apply(&paid, NULL))));
}

static void items_once_fetched_are_not_lost_again(void **state)
{
	const struct delivery unfetched = {paid_session, NULL, quote, EVENT_SESSION_COMPLETED,
					CREATED + 4};

	(void)state;
	assert_true(order_same(apply(&unfetched, apply(&paid, NULL)), apply(&paid, NULL)));
}

static void an_order_needs_lines_until_it_has_them(void **state)
{
	(void)state;
	assert_true(order_needs_lines(NULL));
	assert_true(order_needs_lines(json_of("{}")));
	assert_true(order_needs_lines(json_of("{'items':[],'itemsPending':true}")));
	assert_false(order_needs_lines(json_of("{'items':[],'itemsPending':false}")));
	/* The functions wrote none where Stripe could not be asked. */
	assert_true(order_needs_lines(json_of("{'items':[]}")));
	assert_false(order_needs_lines(json_of("{'items':[{}]}")));
}

/* --- status -------------------------------------------------------------- */

#define UNPAID "{" SESSION ",'payment_status':'unpaid'}"
#define PAID "{" SESSION ",'payment_status':'paid'}"
#define FREE "{" SESSION ",'payment_status':'no_payment_required'}"

static void a_sessions_status_follows_from_its_payment(void **state)
{
	static const struct {
		const char *session;
		enum event_kind kind;
		const char *status;
	} table[] = {
		{PAID, EVENT_SESSION_COMPLETED, "completed"},
		{FREE, EVENT_SESSION_COMPLETED, "completed"},
		{UNPAID, EVENT_SESSION_COMPLETED, "pending"},
		{PAID, EVENT_SESSION_SUCCEEDED, "completed"},
		{UNPAID, EVENT_SESSION_SUCCEEDED, "pending"},
		{UNPAID, EVENT_SESSION_FAILED, "failed"},
		{PAID, EVENT_SESSION_FAILED, "completed"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		const struct delivery event = {row->session, "[]", NULL, row->kind, CREATED};
		struct json_object *order = apply(&event, NULL);
		bool completed = strcmp(row->status, "completed") == 0;

		check_text(row->session, json_string_or_null(order, "status"), row->status);
		check(row->session,
		      (json_string_or_null(order, "completedAt") != NULL) == completed);
	}
}

static void an_order_says_whether_a_guest_made_it(void **state)
{
	static const struct {
		const char *user, *more; /* of the session */
		const char *guest;       /* as JSON, NULL: it does not say */
		const char *kind;
	} table[] = {
		{"jane@x.example", ",'metadata':{'userKind':'guest'}", "true", NULL},
		{"jane@x.example", "", "true", NULL}, {"Jane@X.example", "", "true", NULL},
		{"jane@x.example", ",'metadata':{'userKind':''}", "true", NULL},
		{"jane@x.example", ",'metadata':{'userKind':'user'}", NULL, "user"},
		{"jane@x.example", ",'metadata':{'userKind':'claimed'}", NULL, NULL},
		{"user_1", ",'metadata':{'userKind':'user'}", NULL, NULL}, {"user_1", "", NULL, NULL},
		{"user_1", ",'metadata':{'userKind':'guest'}", "true", NULL},
	}, *row;

	(void)state;
	for EACH(row, table) {
		const char *json = keep_text(str_printf(
			"{" SESSION ",'payment_status':'paid','customer_details':{'email':'jane@x.example'}%s}",
			row->more));
		const struct delivery event = {json, "[]", NULL, EVENT_SESSION_COMPLETED, CREATED};
		struct session session;
		struct order_input in = input_of(&event, NULL, &session);
		struct json_object *order, *guest = NULL;

		in.user_id = row->user;
		order = keep(order_apply_session(&in));
		json_object_object_get_ex(order, "guest", &guest);
		check_text(json, guest ? json_text(guest) : NULL, row->guest);
		check_text(json, json_string_or_null(order, "userKind"), row->kind);
	}
}

static void a_status_climbs_and_is_never_taken_back(void **state)
{
	static const struct {
		const char *stored, *session;
		enum event_kind kind;
		const char *status;
	} table[] = {
		{"pending", UNPAID, EVENT_SESSION_COMPLETED, "pending"},
		{"pending", UNPAID, EVENT_SESSION_FAILED, "failed"},
		{"pending", PAID, EVENT_SESSION_SUCCEEDED, "completed"},
		{"failed", UNPAID, EVENT_SESSION_COMPLETED, "failed"},
		{"failed", UNPAID, EVENT_SESSION_FAILED, "failed"},
		{"failed", PAID, EVENT_SESSION_SUCCEEDED, "completed"},
		{"completed", UNPAID, EVENT_SESSION_COMPLETED, "completed"},
		{"completed", UNPAID, EVENT_SESSION_FAILED, "completed"},
		{"completed", PAID, EVENT_SESSION_COMPLETED, "completed"},
		{"partially_refunded", PAID, EVENT_SESSION_COMPLETED, "partially_refunded"},
		{"partially_refunded", UNPAID, EVENT_SESSION_FAILED, "partially_refunded"},
		{"refunded", PAID, EVENT_SESSION_SUCCEEDED, "refunded"},
		{"refunded", UNPAID, EVENT_SESSION_COMPLETED, "refunded"},
		{"something_else", UNPAID, EVENT_SESSION_FAILED, "failed"},
		{"something_else", UNPAID, EVENT_SESSION_COMPLETED, "pending"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		const struct delivery event = {row->session, "[]", NULL, row->kind, CREATED};
		struct json_object *order = apply(&event, json_of("{'status':'%s','source':'webhook'}",
								    row->stored));

		check_text(keep_text(str_printf("%s, %s", row->stored, row->session)),
			   json_string_or_null(order, "status"), row->status);
	}
	check_text("none", json_string_or_null(apply(&paid, json_of("{}")), "status"), "completed");
}

/* They called an order completed as soon as Checkout was. */
static void an_order_of_the_functions_is_completed_when_it_is_paid(void **state)
{
	static const struct {
		const char *stored, *session;
		enum event_kind kind;
		const char *status;
		bool has_time;
	} table[] = {
		{"", UNPAID, EVENT_SESSION_COMPLETED, "pending", false},
		{"", UNPAID, EVENT_SESSION_FAILED, "failed", false},
		{"", PAID, EVENT_SESSION_SUCCEEDED, "completed", true},
		{",'stripePaymentStatus':'unpaid'", UNPAID, EVENT_SESSION_FAILED, "failed", false},
		{",'payment_status':'unpaid','source':'webhook'", UNPAID, EVENT_SESSION_FAILED,
		 "failed", false},
		{",'paymentStatus':'paid'", UNPAID, EVENT_SESSION_COMPLETED, "completed", true},
		{",'stripePaymentStatus':'no_payment_required'", UNPAID, EVENT_SESSION_COMPLETED,
		 "completed", true},
	}, *row;

	(void)state;
	for EACH(row, table) {
		const struct delivery event = {row->session, "[]", NULL, row->kind, CREATED};
		struct json_object *order = apply(&event, json_of("{'status':'completed','completedAt':"
			"'2024-11-26T09:20:00.123456+00:00'%s}", row->stored));

		check_text(row->stored, json_string_or_null(order, "status"), row->status);
		assert_int_equal(json_string_or_null(order, "completedAt") != NULL, row->has_time);
	}
}

static void what_is_null_is_not_there(void **state)
{
	struct json_object *theirs = json_of("{'customerPhone':null,'customerName':null,"
					     "'status':'completed','stripePaymentStatus':'paid'}");
	const struct delivery late = {"{" SESSION ",'payment_status':'unpaid',"
				   "'customer_details':{'name':'N'}}", "[]", NULL, EVENT_SESSION_COMPLETED, CREATED};

	(void)state;
	check_text("a gap", json_string_or_null(apply(&late, theirs), "customerName"), "N");
	check_text("a number", json_string_or_null(apply(&late, json_of("{'orderNumber':null}")), "orderNumber"),
		   "BC-ABC123");
	assert_null(json_string_or_null(apply(&late, json_of("{'source':null}")), "source"));
	assert_true(order_same(json_of("{'a':1,'b':null,'c':null}"), json_of("{'a':1,'d':null}")));
	assert_false(order_same(json_of("{'a':1,'b':null}"), json_of("{'a':1,'b':2}")));
}

static void who_wrote_an_order_first_is_not_said_later(void **state)
{
	(void)state;
	assert_null(json_string_or_null(apply(&paid, json_of("{'status':'completed'}")), "source"));
	check_text("ours", json_string_or_null(apply(&paid, json_of("{'source':'sync'}")), "source"),
		   "sync");
}

static void a_payment_of_an_unknown_time_has_no_time(void **state)
{
	const struct delivery event = {PAID, "[]", NULL, EVENT_SESSION_COMPLETED, 0};
	const char *before = "2024-11-26T09:20:00Z";

	(void)state;
	assert_string_equal(json_string_or_null(apply(&event, NULL), "status"), "completed");
	assert_null(json_string_or_null(apply(&event, NULL), "completedAt"));
	assert_string_equal(json_string_or_null(apply(&event, json_of("{'completedAt':'%s'}", before)),
						"completedAt"), before);
}

static void the_latest_payment_counts(void **state)
{
	static const struct {
		const char *stored, *after;
	} table[] = {
		{"2024-11-26T09:20:04Z", "2024-11-26T09:20:05Z"},
		{"2024-11-26T09:20:05Z", "2024-11-26T09:20:05Z"},
		{"2024-11-26T09:20:06Z", "2024-11-26T09:20:06Z"},
		{"2023-12-31T23:59:59Z", "2024-11-26T09:20:05Z"},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_text(row->stored,
			   json_string_or_null(apply(&paid, json_of("{'status':'completed',"
								    "'completedAt':'%s'}",
								    row->stored)), "completedAt"),
			   row->after);
}

/* --- what stands already ------------------------------------------------- */

static void who_the_order_is_stays(void **state)
{
	struct json_object *order = apply(&paid, json_of(
		"{'PK':'USER#old','SK':'ORDER#1#x','orderNumber':'BC-ABC123B','userId':'old',"
		"'createdAt':'2020-01-01T00:00:00Z','source':'lambda','expiresAt':9,'version':4,"
		"'status':'pending'}"));

	(void)state;
	assert_string_equal(json_string_or_null(order, "PK"), "USER#old");
	assert_string_equal(json_string_or_null(order, "SK"), "ORDER#1#x");
	assert_string_equal(json_string_or_null(order, "orderNumber"), "BC-ABC123B");
	assert_string_equal(json_string_or_null(order, "userId"), "old");
	assert_string_equal(json_string_or_null(order, "createdAt"), "2020-01-01T00:00:00Z");
	assert_string_equal(json_string_or_null(order, "source"), "lambda");
	assert_int_equal(json_int_or(order, "expiresAt", 0), 9);
	assert_int_equal(json_int_or(order, "version", 0), 4);
	assert_string_equal(json_string_or_null(order, "status"), "completed");
	assert_string_equal(json_string_or_null(order, "updatedAt"), "2024-11-26T09:21:00Z");
}

static void a_number_that_is_none_is_made_anew(void **state)
{
	static const char *const numbers[] = {"'orderNumber':null", "'orderNumber':''", "'orderNumber':7", "'x':1"};
	const char *const *number;

	(void)state;
	for EACH(number, numbers)
		check_text(*number, json_string_or_null(apply(&paid, json_of("{%s,'status':'completed'}", *number)),
							"orderNumber"), "BC-ABC123");
}

static void what_ordersnap_does_not_know_survives(void **state)
{
	struct json_object *order = apply(&paid, json_of(
		"{'note':'by hand','dispute':{'id':'dp_1'},'amountRefunded':100,'x':[1,null]}"));
	struct json_object *value;

	(void)state;
	assert_string_equal(json_string_or_null(order, "note"), "by hand");
	assert_int_equal(json_int_or(order, "amountRefunded", 0), 100);
	assert_true(json_object_object_get_ex(order, "dispute", &value));
	check_json("dispute", value, "{'id':'dp_1'}");
	assert_true(json_object_object_get_ex(order, "x", &value));
	check_json("x", value, "[1,null]");
}

static void a_further_event_replaces_and_an_earlier_one_fills_gaps(void **state)
{
	const struct delivery first = {"{" SESSION ",'payment_status':'unpaid','amount_total':1,"
				    "'customer':'cus_9','customer_details':{'phone':'1'}}",
				    "[]", NULL, EVENT_SESSION_COMPLETED, CREATED};
	const struct delivery last = {"{" SESSION ",'payment_status':'paid','amount_total':2,"
				   "'customer_details':{'phone':'2'}}",
				   "[]", NULL, EVENT_SESSION_SUCCEEDED, CREATED};
	struct json_object *order = apply(&last, apply(&first, NULL));

	(void)state;
	assert_int_equal(json_int_or(order, "amount", 0), 2);
	assert_string_equal(json_string_or_null(order, "customerPhone"), "2");
	assert_string_equal(json_string_or_null(order, "stripeCustomerId"), "cus_9");
	assert_string_equal(json_string_or_null(order, "stripePaymentStatus"), "paid");
	assert_true(order_same(order, apply(&first, apply(&last, NULL))));
}

/* Of an event while Stripe can't be asked. */
static struct json_object *apply_alone(const struct delivery *event, struct json_object *stored)
{
	struct session session;
	struct order_input in = input_of(event, stored, &session);

	in.asked = false;
	return keep(order_apply_session(&in));
}

static void the_same_event_once_more_takes_nothing_back(void **state)
{
	const struct delivery asked = {
		"{" SESSION ",'payment_status':'paid','amount_total':2,'customer_details':{'name':'New',"
		"'address':{'country':'DE'}},'locale':'de'}", "[]", NULL, EVENT_SESSION_COMPLETED,
		CREATED + 20};
	const struct delivery snapshot = {
		"{" SESSION ",'payment_status':'paid','amount_total':1,'customer_details':{'name':'Old',"
		"'address':{'country':'US'}},'recovered_from':'cs_0'}", NULL, NULL,
		EVENT_SESSION_COMPLETED, CREATED + 30};
	struct json_object *order = apply_alone(&snapshot, apply(&asked, NULL));

	(void)state;
	assert_int_equal(json_int_or(order, "amount", 0), 2);
	assert_string_equal(json_string_or_null(order, "customerName"), "New");
	assert_string_equal(json_string_or_null(order, "locale"), "de");
	assert_string_equal(json_string_or_null(order, "recoveredFrom"), "cs_0");
	assert_string_equal(json_string_or_null(order, "completedAt"), "2024-11-26T09:20:30Z");
}

/* A key that may read less is told the ids alone; and what an older account knows fills what lacks. */
static void the_names_of_discounts_and_of_the_way_of_shipping_are_kept(void **state)
{
	const struct delivery named = {
		"{" SESSION ",'payment_status':'paid','discounts':[{'coupon':{'id':'c','name':'Ten'}}],"
		"'shipping_cost':{'shipping_rate':{'id':'shr_1','display_name':'Post'}}}",
		"[]", NULL, EVENT_SESSION_COMPLETED, CREATED};
	const struct delivery bare = {
		"{" SESSION ",'payment_status':'paid','discounts':[{'coupon':'c'}],"
		"'shipping_cost':{'shipping_rate':'shr_1'}}",
		"[]", NULL, EVENT_SESSION_COMPLETED, CREATED};
	static const char whole[] = "{'discounts':[{'couponId':'c','name':'Ten'}],"
				    "'shippingRate':{'id':'shr_1','name':'Post'}}";
	struct json_object *const orders[] = {apply(&bare, apply(&named, NULL)),
					      apply_alone(&named, apply(&bare, NULL))};
	struct json_object *const *order;

	(void)state;
	for EACH(order, orders) {
		struct json_object *names = keep(json_object_new_object());

		json_copy_member(names, "discounts", *order, "discounts");
		json_copy_member(names, "shippingRate", *order, "shippingRate");
		check_json(json_text(*order), names, whole);
	}
}

static void an_event_alone_brings_an_order_on(void **state)
{
	const struct delivery first = {"{" SESSION ",'payment_status':'unpaid','amount_total':1}", NULL,
				       NULL, EVENT_SESSION_COMPLETED, CREATED};
	const struct delivery last = {"{" SESSION ",'payment_status':'paid','amount_total':2}", NULL,
				      NULL, EVENT_SESSION_SUCCEEDED, CREATED};
	struct json_object *order = apply_alone(&last, apply_alone(&first, NULL));

	(void)state;
	assert_string_equal(json_string_or_null(order, "status"), "completed");
	assert_int_equal(json_int_or(order, "amount", 0), 2);
	assert_true(order_same(order, apply_alone(&first, apply_alone(&last, NULL))));
}

/* --- whatever the order of events ---------------------------------------- */

static const struct delivery events[] = {
	{"{" SESSION ",'payment_status':'unpaid','amount_total':10,'metadata':{'a':'b'}}", lines,
	 quote, EVENT_SESSION_COMPLETED, CREATED + 10},
	{"{" SESSION ",'payment_status':'paid','amount_total':10,'payment_intent':'pi_1'}", lines,
	 quote, EVENT_SESSION_SUCCEEDED, CREATED + 30},
	{"{" SESSION ",'payment_status':'unpaid','amount_total':10,'customer':'cus_1'}", NULL, quote,
	 EVENT_SESSION_FAILED, CREATED + 20},
	{"{" SESSION ",'payment_status':'paid','amount_total':10,'payment_intent':'pi_1'}", NULL,
	 quote, EVENT_SESSION_COMPLETED, CREATED + 25},
};

/* The k-th permutation of 0..n-1. */
static void permute(size_t k, size_t n, size_t *out)
{
	size_t i, j, digit;

	for (i = 0; i < n; i++)
		out[i] = i;
	for (i = 0; i < n; i++) {
		digit = k % (n - i);
		k /= n - i;
		j = out[i];
		out[i] = out[i + digit];
		out[i + digit] = j;
	}
}

/* Applies the events of the set, in the k-th order, each `times` times. */
static struct json_object *outcome(unsigned set, size_t k, int times)
{
	size_t order_of[LENGTH(events)], i;
	struct json_object *order = NULL;
	int t;

	permute(k, LENGTH(events), order_of);
	for (i = 0; i < LENGTH(events); i++)
		for (t = 0; t < times; t++)
			if (set >> order_of[i] & 1)
				order = apply(&events[order_of[i]], order);
	return order;
}

static void events_may_arrive_in_any_order_and_more_than_once(void **state)
{
	unsigned set;
	size_t k;

	(void)state;
	for (set = 1; set < 1u << LENGTH(events); set++) {
		struct json_object *first = outcome(set, 0, 1);
		const char *name = keep_text(str_printf("set %x", set));

		for (k = 0; k < 24; k++) {
			check(name, order_same(first, outcome(set, k, 1)));
			check(name, order_same(first, outcome(set, k, 2)));
		}
		unit_release(NULL);
	}
}

static void the_outcome_of_all_events_is_the_paid_order(void **state)
{
	struct json_object *order = outcome(15, 0, 1);

	(void)state;
	assert_string_equal(json_string_or_null(order, "status"), "completed");
	assert_string_equal(json_string_or_null(order, "completedAt"), "2024-11-26T09:20:30Z");
	assert_string_equal(json_string_or_null(order, "stripePaymentStatus"), "paid");
	assert_string_equal(json_string_or_null(order, "stripeCustomerId"), "cus_1");
	assert_false(order_needs_lines(order));
}

static void orders_are_the_same_whoever_wrote_them_when(void **state)
{
	struct json_object *a = json_of("{'a':1,'version':1,'updatedAt':'x'}");

	(void)state;
	assert_true(order_same(a, json_of("{'updatedAt':'y','version':2,'a':1}")));
	assert_true(order_same(a, json_of("{'a':1}")));
	assert_false(order_same(a, json_of("{'a':2,'version':1,'updatedAt':'x'}")));
	assert_false(order_same(a, json_of("{'a':1,'b':1,'version':1,'updatedAt':'x'}")));
	assert_false(order_same(a, NULL) || order_same(NULL, a));
	/* the link to a receipt is another one in each answer */
	assert_true(order_same(json_of("{'payment':{'type':'card','receiptUrl':'x'}}"),
			       json_of("{'payment':{'receiptUrl':'y','type':'card'}}")));
	assert_false(order_same(json_of("{'payment':{'type':'card','receiptUrl':'x'}}"),
				json_of("{'payment':{'receiptUrl':'y','type':'link'}}")));
	assert_false(order_same(json_of("{'payment':{'type':'card'}}"),
				json_of("{'payment':{'receiptUrl':'y','type':'card'}}")));
	assert_false(order_same(json_of("{'payment':{'receiptUrl':'y','type':'card'}}"),
				json_of("{'payment':{'type':'card'}}")));
	assert_false(order_same(json_of("{'other':{'receiptUrl':'x'}}"), json_of("{'other':{'receiptUrl':'y'}}")));
	assert_true(order_same(NULL, NULL));
	assert_int_equal(json_int_or(a, "version", 0), 1);
}

/* --- the items next to it ------------------------------------------------ */

#define NAMES "'orderPK':'USER#user_12345','orderSK':'ORDER#1732612800#cs_test_abc123'," \
	      "'orderId':'cs_test_abc123','orderNumber':'BC-ABC123','userId':'user_12345'"

static void a_pointer_names_the_order(void **state)
{
	struct json_object *order = json_copy(apply(&paid, NULL));

	(void)state;
	keep(order);
	check_json("pointer", keep(order_pointer(order, str_dup("PAYMENT#pi_1"))),
		   "{'PK':'PAYMENT#pi_1','SK':'METADATA'," NAMES "}");
	json_set_int(order, "expiresAt", 77);
	check_json("pointer", keep(order_pointer(order, str_dup("NUMBER#BC-ABC123"))),
		   "{'PK':'NUMBER#BC-ABC123','SK':'METADATA','expiresAt':77," NAMES "}");
}

static void a_payments_pointer_has_a_copy_of_the_order(void **state)
{
	struct json_object *order = apply(&paid, NULL), *copy = NULL;
	struct json_object *item = keep(order_payment_pointer(order, str_dup("PAYMENT#pi_1")));

	(void)state;
	assert_int_equal(json_get_object(item, "order", &copy), JSON_FOUND);
	assert_true(json_equal(copy, order));
	json_object_object_del(item, "order");
	check_json("pointer", item, "{'PK':'PAYMENT#pi_1','SK':'METADATA'," NAMES "}");
}

static void a_day_entry_lists_what_a_shop_wants_to_see(void **state)
{
	struct json_object *order = json_copy(apply(&paid, NULL));

	(void)state;
	keep(order);
	json_set_int(order, "expiresAt", 77);
	check_json("day", keep(order_day_entry(order, CREATED)),
		   "{'PK':'DAY#2024-11-26','SK':'ORDER#1732612800#cs_test_abc123'," NAMES ","
		   "'amount':2599,'currency':'usd','status':'completed',"
		   "'createdAt':'2024-11-26T09:20:00Z','expiresAt':77}");
}

static void the_session_item_finds_the_order(void **state)
{
	struct json_object *order = apply(&paid, NULL);

	(void)state;
	check_json("session", keep(order_session_item(order, NULL, CREATED)),
		   "{'PK':'SESSION#cs_test_abc123','SK':'METADATA'," NAMES ","
		   "'stripeSessionId':'cs_test_abc123','quoteSignature':'qq',"
		   "'createdAt':'2024-11-26T09:20:00Z','status':'completed',"
		   "'updatedAt':'2024-11-26T09:20:00Z'}");
}

static void the_session_item_keeps_what_stood_in_it(void **state)
{
	struct json_object *order = apply(&paid, NULL);
	struct json_object *open = json_of("{'PK':'x','checkoutUrl':'u','expiresAt':5,'version':3}");
	struct json_object *done = json_of("{'orderPK':'USER#old','expiresAt':5,'version':3}");
	struct json_object *item = keep(order_session_item(order, open, CREATED));

	(void)state;
	assert_string_equal(json_string_or_null(item, "checkoutUrl"), "u");
	assert_string_equal(json_string_or_null(item, "PK"), "SESSION#cs_test_abc123");
	assert_int_equal(json_int_or(item, "version", 0), 3);
	assert_false(json_object_object_get_ex(item, "expiresAt", NULL));
	check_json("stored", open, "{'PK':'x','checkoutUrl':'u','expiresAt':5,'version':3}");
	item = keep(order_session_item(order, done, CREATED));
	assert_false(json_object_object_get_ex(item, "expiresAt", NULL));
	assert_string_equal(json_string_or_null(item, "orderPK"), "USER#user_12345");
}

static void the_session_item_is_kept_as_long_as_its_order(void **state)
{
	struct json_object *order = json_copy(apply(&paid, NULL));
	struct json_object *earlier = json_of("{'orderPK':'USER#user_12345','expiresAt':5}");

	(void)state;
	keep(order);
	json_set_int(order, "expiresAt", 77);
	assert_int_equal(json_int_or(keep(order_session_item(order, NULL, 3)), "expiresAt", 0), 77);
	assert_int_equal(json_int_or(keep(order_session_item(order, earlier, 3)), "expiresAt", 0), 77);
}

static void an_order_is_unconfirmed_until_stripe_was_asked(void **state)
{
	static const struct {
		const char *order;
		bool unconfirmed;
		const char *after;
	} table[] = {
		{"{'items':[{}]}", true, "{'items':[{}],'unconfirmed':true}"},
		{"{'items':[{}],'unconfirmed':true}", false, "{'items':[{}]}"},
		{"{'items':[{}]}", false, "{'items':[{}]}"},
		/* One that waits for its lines says so already. */
		{"{'items':[],'itemsPending':true}", true, "{'items':[],'itemsPending':true}"},
		{"{'items':[],'itemsPending':true,'unconfirmed':true}", true, "{'items':[],'itemsPending':true}"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct json_object *order = json_of("%s", row->order);

		order_set_unconfirmed(order, row->unconfirmed);
		check_json(row->order, order, row->after);
	}
}

static void an_order_expires_after_the_days_that_it_is_kept(void **state)
{
	static const struct {
		int64_t ttl, now;
		bool expired;
	} table[] = {
		{0, INT64_MAX, false}, {-1, INT64_MAX, false}, {1, 1000 + 86399, false},
		{1, 1000 + 86400, true}, {30, 1000 + 30 * 86400 - 1, false}, {30, 1000 + 30 * 86400, true},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_int(keep_text(str_printf("%d days", (int)row->ttl)),
			  order_has_expired(1000, row->ttl, row->now), row->expired);
}

static void an_order_is_of_the_mode_that_it_or_its_session_says(void **state)
{
	static const struct {
		const char *order;
		enum order_mode mode;
	} table[] = {
		{"{'livemode':true,'orderId':'cs_test_1'}", ORDER_MODE_LIVE},
		{"{'livemode':false,'orderId':'cs_live_1'}", ORDER_MODE_TEST},
		{"{'orderId':'cs_live_1'}", ORDER_MODE_LIVE}, {"{'orderId':'cs_test_1'}", ORDER_MODE_TEST},
		{"{'orderId':'cs_1'}", ORDER_MODE_UNKNOWN}, {"{}", ORDER_MODE_UNKNOWN},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_int(row->order, order_mode_of(json_of("%s", row->order)), row->mode);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(the_example_of_the_contract_comes_out_exactly),
		holds(what_stripe_did_not_give_is_absent_and_never_null),
		holds(the_whole_address_is_taken_over),
		holds(the_buyers_own_currency_is_noted),
		holds(an_order_is_kept_from_the_time_it_was_written),
		holds(amounts_that_a_session_lacks_are_those_of_its_lines),
		holds(without_line_items_the_quotes_are_taken_and_pending_is_noted),
		holds(fetched_line_items_end_the_pending),
		holds(items_once_fetched_are_not_lost_again),
		holds(an_order_needs_lines_until_it_has_them),
		holds(a_sessions_status_follows_from_its_payment),
		holds(an_order_says_whether_a_guest_made_it),
		holds(a_status_climbs_and_is_never_taken_back),
		holds(an_order_of_the_functions_is_completed_when_it_is_paid),
		holds(what_is_null_is_not_there),
		holds(who_wrote_an_order_first_is_not_said_later),
		holds(a_payment_of_an_unknown_time_has_no_time),
		holds(the_latest_payment_counts),
		holds(who_the_order_is_stays),
			holds(a_number_that_is_none_is_made_anew),
		holds(what_ordersnap_does_not_know_survives),
		holds(a_further_event_replaces_and_an_earlier_one_fills_gaps),
		holds(the_same_event_once_more_takes_nothing_back),
		holds(the_names_of_discounts_and_of_the_way_of_shipping_are_kept),
		holds(an_event_alone_brings_an_order_on),
		holds(events_may_arrive_in_any_order_and_more_than_once),
		holds(the_outcome_of_all_events_is_the_paid_order),
		holds(orders_are_the_same_whoever_wrote_them_when),
		holds(a_pointer_names_the_order),
		holds(a_payments_pointer_has_a_copy_of_the_order),
		holds(a_day_entry_lists_what_a_shop_wants_to_see),
		holds(the_session_item_finds_the_order),
		holds(the_session_item_keeps_what_stood_in_it),
		holds(the_session_item_is_kept_as_long_as_its_order),
		holds(an_order_is_unconfirmed_until_stripe_was_asked),
		holds(an_order_expires_after_the_days_that_it_is_kept),
		holds(an_order_is_of_the_mode_that_it_or_its_session_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

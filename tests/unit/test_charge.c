/* SPDX-License-Identifier: ISC */
/*
 * Refunds and disputes: what counts is the charge as it is when asked.
 */
#include "unit.h"

#include "shop/charge.h"
#include "shop/order_rank.h"

static void a_payment_is_found_from_a_charge_a_refund_or_a_dispute(void **state)
{
	static const struct {
		const char *object, *charge, *intent;
	} table[] = {
		{"{'object':'charge','id':'ch_1','payment_intent':'pi_1'}", "ch_1", "pi_1"},
		{"{'object':'charge','id':'ch_1','charge':'ch_2'}", "ch_1", NULL},
		{"{'object':'refund','id':'re_1','charge':'ch_1','payment_intent':'pi_1'}", "ch_1",
		 "pi_1"},
		{"{'object':'dispute','id':'dp_1','charge':{'id':'ch_1'},'payment_intent':"
		 "{'id':'pi_1'}}", "ch_1", "pi_1"},
		{"{'object':'refund','id':'re_1','charge':null,'payment_intent':null}", NULL, NULL},
		{"{'object':'payment_intent','id':'pi_1','latest_charge':'ch_1','payment_intent':'x'}",
		 "ch_1", "pi_1"},
		{"{'object':'payment_intent','id':'pi_1','latest_charge':{'id':'ch_1'},'charge':'x'}",
		 "ch_1", "pi_1"},
		{"{'object':'payment_intent','id':'pi_1','latest_charge':null}", NULL, "pi_1"},
		{"{'id':'x'}", NULL, NULL},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct payment_ref ref = payment_ref_of(stripe_of("%s", row->object));

		check_text(row->object, ref.charge, row->charge);
		check_text(row->object, ref.payment_intent, row->intent);
	}
	assert_null(payment_ref_of(NULL).charge);
}

static void a_charge_is_read_or_is_none(void **state)
{
	static const struct {
		const char *json;
		int rc;
	} table[] = {
		{"{'id':'ch_1','amount':100,'amount_refunded':0}", 0},
		{"{'id':'ch_1','amount':100,'amount_refunded':100}", 0},
		{"{'id':'ch_1','amount':100,'amount_refunded':101}", -1},
		{"{'id':'ch_1','amount':100,'amount_captured':115,'amount_refunded':115}", 0},
		{"{'id':'ch_1','amount':100,'amount_captured':115,'amount_refunded':116}", -1},
		{"{'id':'ch_1','amount':100,'amount_refunded':-1}", -1},
		{"{'id':'ch_1','amount':-1,'amount_refunded':-1}", -1},
		{"{'id':'ch_1','amount':-1,'amount_captured':5,'amount_refunded':0}", -1},
		{"{'id':'ch_1','amount':100}", -1}, {"{'id':'ch_1','amount_refunded':0}", -1},
		{"{'amount':100,'amount_refunded':0}", -1},
		{"{'id':'ch_1','amount':'100','amount_refunded':0}", -1}, {"{}", -1},
	}, *row;
	struct charge charge;
	struct err e;

	(void)state;
	for EACH(row, table) {
		check_int(row->json, charge_read(stripe_of("%s", row->json), &charge, &e), row->rc);
		if (row->rc)
			check_err(row->json, &e, ERR_UNAVAILABLE, "is no charge");
	}
	assert_int_equal(charge_read(stripe_of("{'id':'ch_1','amount':100,'amount_refunded':40,"
					     "'currency':'eur','payment_intent':'pi_1'}"), &charge, &e),
			 0);
	assert_string_equal(charge.id, "ch_1");
	assert_string_equal(charge.payment_intent, "pi_1");
	assert_string_equal(charge.currency, "eur");
	assert_int_equal(charge.amount, 100);
	assert_int_equal(charge.refunded, 40);
}

static void what_a_charge_says_of_its_capture_is_believed_as_far_as_it_can_be(void **state)
{
	static const struct {
		const char *json; /* with an id, and nothing refunded */
		enum charge_state state;
		int64_t captured;
	} table[] = {
		{"'amount':9,'captured':true,'amount_captured':5,'status':'succeeded'", CHARGE_PAID, 5},
		{"'amount':9,'captured':true,'amount_captured':-1,'status':'succeeded'", CHARGE_PAID, 9},
		{"'amount':9,'captured':false,'amount_captured':5,'status':'succeeded'", CHARGE_PAID, 5},
		{"'amount':9,'captured':false,'amount_captured':5,'status':'failed'", CHARGE_OTHER, 0},
		{"'amount':0,'captured':false,'status':'succeeded'", CHARGE_HELD, 0},
	}, *row;
	struct charge charge;
	struct err e;

	(void)state;
	for EACH(row, table) {
		struct json_object *json = stripe_of("{'id':'ch','amount_refunded':0,%s}", row->json);

		check_int(row->json, charge_read(json, &charge, &e), 0);
		check_int(row->json, charge.state, row->state);
		check_int(row->json, charge.captured, row->captured);
		check_int(row->json, charge.refunded, 0);
	}
}

static void the_latest_dispute_counts(void **state)
{
	static const struct {
		const char *disputes, *id;
	} table[] = {
		{"[]", NULL},
		{"[{'id':'a','created':1}]", "a"},
		{"[{'id':'a','created':1},{'id':'b','created':2}]", "b"},
		{"[{'id':'b','created':2},{'id':'a','created':1}]", "b"},
		{"[{'id':'a','created':2},{'id':'b','created':1}]", "a"},
		{"[{'id':'a','created':1},{'id':'b','created':1}]", "b"},
		{"[{'id':'b','created':1},{'id':'a','created':1}]", "b"},
		{"[{'created':1},{'id':'a','created':1}]", "a"},
		{"[{'id':'a','created':1},{'created':1}]", "a"},
		{"[{'id':'a'},{'id':'b'},{'id':'c','created':0}]", "c"},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_text(row->disputes, json_string_or_null(
				dispute_latest(stripe_of("%s", row->disputes)), "id"), row->id);
}

static void refunds_change_the_status_and_the_amount_refunded(void **state)
{
	static const struct {
		const char *status;
		int64_t refunded; /* of 1000 */
		const char *after;
	} table[] = {
		{"completed", 0, "completed"}, {"completed", 1, "partially_refunded"},
		{"completed", 999, "partially_refunded"}, {"completed", 1000, "refunded"},
		{"partially_refunded", 1000, "refunded"}, {"refunded", 1000, "refunded"},
		{"refunded", 500, "partially_refunded"}, {"refunded", 0, "completed"},
		{"partially_refunded", 0, "completed"}, {"pending", 0, "pending"},
		{"failed", 0, "failed"}, {"pending", 1000, "refunded"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		const struct charge charge = {.id = "ch", .currency = "usd", .amount = 1000,
						    .captured = 1000, .refunded = row->refunded};
		struct json_object *stored = json_of("{'status':'%s','amount':1000,'currency':'usd',"
						     "'version':4,'x':1,'dispute':{'id':'d'}}",
						     row->status);
		struct json_object *order = keep(order_apply_charge(stored, &charge, NULL,
								    1732612800));

		check_json(row->status, order,
			   keep_text(str_printf("{'status':'%s','amount':1000,'currency':'usd',"
						"'version':4,'x':1,'dispute':{'id':'d'},"
						"'amountRefunded':%d,'updatedAt':"
						"'2024-11-26T09:20:00Z'}", row->after,
						(int)row->refunded)));
		check_text(row->status, json_string_or_null(stored, "status"), row->status);
	}
}

static void a_refund_in_another_currency_counts_by_its_proportion(void **state)
{
	static const struct {
		const char *order, *currency;
		int64_t amount, refunded, counted;
	} table[] = {
		{"'amount':1000,'currency':'usd'", "usd", 900, 450, 450},
		{"'amount':1000,'currency':'usd'", "eur", 900, 450, 500},
		{"'amount':1000,'currency':'usd'", "eur", 900, 900, 1000},
		{"'amount':1000,'currency':'usd'", "eur", 900, 0, 0},
		{"'amount':1000,'currency':'usd'", "eur", 0, 0, 0},
		{"'amount':1000,'currency':'usd'", "eur", 0, 450, 1000},
		{"'amount':9000000000000000000,'currency':'usd'", "eur", 900, 900, 9000000000000000000},
		{"'amount':-1,'currency':'usd'", "eur", 1, 1, 0},
		{"'amount':60000000,'currency':'usd'", "idr", 1000000000000, 250000000000, 15000000},
		{"'amount':1000,'currency':'usd'", "eur", 900, 1, 1},
		{"'amount':100,'currency':'usd'", "eur", 900, 899, 99},
		{"'amount':1000,'currency':'usd'", NULL, 900, 450, 450},
		{"'amount':1000", "eur", 900, 450, 450}, {"'currency':'usd'", "eur", 900, 450, 450},
	}, *row;

	(void)state;
	for EACH(row, table) {
		const struct charge charge = {.id = "ch", .currency = row->currency,
						    .amount = row->amount, .captured = row->amount,
						    .refunded = row->refunded};
		struct json_object *order = keep(order_apply_charge(
			json_of("{'status':'completed',%s}", row->order), &charge, NULL, 0));

		check_int(keep_text(str_printf("%s, %d", row->order, (int)row->refunded)),
			  json_int_or(order, "amountRefunded", -1), row->counted);
	}
}

/* A charge of 8500 usd in Stripe's words, and what it makes of an order of 8500 usd.
 * https://docs.stripe.com/api/charges/object
 * https://docs.stripe.com/payments/place-a-hold-on-a-payment-method */
#define REFUNDS(more, data) ",'refunds':{'object':'list','has_more':" more ",'data':[" data "]}"

static void what_was_never_captured_was_neither_paid_nor_refunded(void **state)
{
	static const struct {
		const char *what, *charge, *before, *after;
		int64_t captured, refunded; /* captured -1: not said */
	} table[] = {
		{"paid at once", "'captured':true,'amount_captured':8500,'amount_refunded':0",
		 "completed", "completed", 8500, 0},
		{"held", "'captured':false,'amount_captured':0,'amount_refunded':0",
		 "pending", "pending", 0, 0},
		{"held, of a session that says paid",
		 "'captured':false,'amount_captured':0,'amount_refunded':0", "completed", "pending", 0, 0},
		{"released", "'captured':false,'amount_captured':0,'amount_refunded':8500,'refunded':true",
		 "pending", "failed", 0, 0},
		{"released, of a session that says paid",
		 "'captured':false,'amount_captured':0,'amount_refunded':8500", "completed", "failed", 0, 0},
		{"released, and once taken for refunded",
		 "'captured':false,'amount_captured':0,'amount_refunded':8500", "refunded", "failed", 0, 0},
		{"released, an old version", "'captured':false,'amount_refunded':8500",
		 "pending", "failed", -1, 0},
		{"captured later", "'captured':true,'amount_captured':8500,'amount_refunded':0",
		 "pending", "completed", 8500, 0},
		{"captured in part", "'captured':true,'amount_captured':5000,'amount_refunded':3500",
		 "pending", "completed", 5000, 0},
		{"captured in part, and once taken for refunded",
		 "'captured':true,'amount_captured':5000,'amount_refunded':3500",
		 "partially_refunded", "completed", 5000, 0},
		{"captured in part, the rest not told as refunded",
		 "'captured':true,'amount_captured':5000,'amount_refunded':0", "pending", "completed", 5000, 0},
		{"captured in part, and some of that refunded",
		 "'captured':true,'amount_captured':5000,'amount_refunded':4500",
		 "completed", "partially_refunded", 5000, 1000},
		{"captured in part, and all of that refunded",
		 "'captured':true,'amount_captured':5000,'amount_refunded':8500,'refunded':true",
		 "completed", "refunded", 5000, 5000},
		/* since 2025-03-31: the rest is no refund */
		{"captured in part, and less than the rest refunded",
		 "'captured':true,'amount_captured':5000,'amount_refunded':1000",
		 "completed", "partially_refunded", 5000, 1000},
		{"captured in part, and more than the rest refunded",
		 "'captured':true,'amount_captured':5000,'amount_refunded':4500" REFUNDS("false",
		 "{'amount':4000,'created':1732700000,'status':'succeeded'},"
		 "{'amount':900,'created':1732700000,'status':'failed'},"
		 "{'amount':500,'created':1732700000,'status':'pending'}"),
		 "completed", "partially_refunded", 5000, 4500},
		{"captured in part, and a refund of more than the rest that was canceled",
		 "'captured':true,'amount_captured':5000,'amount_refunded':4500" REFUNDS("false",
		 "{'amount':4500,'created':1732700000,'status':'succeeded'},"
		 "{'amount':900,'created':1732700000,'status':'canceled'}"),
		 "completed", "partially_refunded", 5000, 4500},
		{"captured in part, and less refunds there than it says",
		 "'captured':true,'amount_captured':5000,'amount_refunded':4500" REFUNDS("false",
		 "{'amount':1000,'created':1732700000,'status':'succeeded'}"),
		 "completed", "partially_refunded", 5000, 1000},
		{"captured in part, and all of that refunded at once",
		 "'captured':true,'amount_captured':5000,'amount_refunded':5000" REFUNDS("false",
		 "{'amount':5000,'created':1732700000,'status':'succeeded'}"),
		 "completed", "refunded", 5000, 5000},
		{"captured in part, and as much as the rest refunded, a day later",
		 "'captured':true,'amount_captured':5000,'amount_refunded':3500" REFUNDS("false",
		 "{'amount':3500,'created':1732700000,'status':'succeeded'}")
		 ",'balance_transaction':{'created':1732612861}",
		 "completed", "partially_refunded", 5000, 3500},
		{"captured in part, and the rest refunded by the capture",
		 "'captured':true,'amount_captured':5000,'amount_refunded':3500" REFUNDS("false",
		 "{'amount':3500,'created':1732612860,'status':'succeeded'}")
		 ",'balance_transaction':{'created':1732612800}",
		 "completed", "completed", 5000, 0},
		{"captured in part, with a refund as large as the rest, of whatever time",
		 "'captured':true,'amount_captured':5000,'amount_refunded':3500" REFUNDS("false",
		 "{'amount':3500,'created':1732700000,'status':'succeeded'}"),
		 "completed", "completed", 5000, 0},
		{"captured in part, and refunds that can't be",
		 "'captured':true,'amount_captured':5000,'amount_refunded':4500" REFUNDS("false",
		 "{'amount':9223372036854775806,'created':1732700000},{'amount':4500,'created':1732700000}"),
		 "completed", "partially_refunded", 5000, 1000},
		{"captured in part, and not all refunds there",
		 "'captured':true,'amount_captured':5000,'amount_refunded':4500" REFUNDS("true",
		 "{'amount':4500,'created':1732700000,'status':'succeeded'}"),
		 "completed", "partially_refunded", 5000, 1000},
		/* https://docs.stripe.com/payments/multicapture: `captured` comes with the last part */
		{"captured in parts, of which more are to come",
		 "'captured':false,'amount_captured':5000,'amount_refunded':0", "pending", "completed", 5000, 0},
		{"captured in parts, and as much as is still held refunded",
		 "'status':'succeeded','captured':false,'amount_captured':5000,'amount_refunded':3500" REFUNDS("false",
		 "{'amount':3500,'created':1732612800,'status':'succeeded'}")
		 ",'balance_transaction':{'created':1732612800}", "completed", "partially_refunded", 5000, 3500},
		{"captured in parts, and all of that refunded",
		 "'captured':false,'amount_captured':5000,'amount_refunded':5000", "completed", "refunded", 5000, 5000},
		{"given up, of a payment that said so",
		 "'captured':false,'amount_captured':0,'amount_refunded':0", "failed", "failed", 0, 0},
		{"more captured than authorized",
		 "'captured':true,'amount_captured':9000,'amount_refunded':0", "pending", "completed", 9000, 0},
		{"more captured than authorized, and some of that refunded",
		 "'captured':true,'amount_captured':9000,'amount_refunded':8500", "completed", "partially_refunded",
		 9000, 8500},
		{"more captured than authorized, and all of that refunded",
		 "'captured':true,'amount_captured':9000,'amount_refunded':9000,'refunded':true",
		 "completed", "refunded", 9000, 9000},
		{"under way", "'captured':true,'amount_captured':8500,'amount_refunded':0,'status':'pending'",
		 "pending", "pending", 8500, 0},
		{"declined", "'captured':false,'amount_captured':0,'amount_refunded':0,'status':'failed'",
		 "failed", "failed", 0, 0},
		{"an old version", "'amount_refunded':1000", "completed", "partially_refunded", -1, 1000},
		{"an old version, all refunded", "'amount_refunded':8500", "completed", "refunded", -1, 8500},
		{"a refund that failed", "'captured':true,'amount_captured':8500,'amount_refunded':0",
		 "refunded", "completed", 8500, 0},
	}, *row;

	(void)state;
	for EACH(row, table) {
		const char *status = strstr(row->charge, "status") ? "" : ",'status':'succeeded'";
		struct json_object *json = stripe_of("{'id':'ch','amount':8500,'currency':'usd',%s%s}",
						   row->charge, status);
		struct json_object *stored = json_of("{'status':'%s','amount':8500,'currency':'usd',"
						     "'completedAt':'2024-11-26T09:20:05Z'}", row->before);
		struct json_object *order;
		struct charge charge;
		struct err e;
		bool paid;

		check_int(row->what, charge_read(json, &charge, &e), 0);
		order = keep(order_apply_charge(stored, &charge, NULL, 0));
		check_text(row->what, json_string_or_null(order, "status"), row->after);
		check_int(row->what, json_int_or(order, "amountCaptured", -1), row->captured);
		check_int(row->what, json_int_or(order, "amountRefunded", -1), row->refunded);
		paid = strcmp(row->after, "pending") != 0 && strcmp(row->after, "failed") != 0;
		check_int(row->what, json_string_or_null(order, "completedAt") != NULL, paid);
		/* What changes an order is asked for. */
		if (strcmp(row->before, row->after) != 0)
			check(row->what, charge_matters(stored, json));
		check_int(row->what, order_is_paid(order), paid);
	}
}

static void a_capture_says_that_the_session_is_paid(void **state)
{
	const struct charge charge = {.id = "ch", .state = CHARGE_PAID, .amount = 10, .captured = 10,
				      .paid_at = 1732612800};
	struct json_object *order = keep(order_apply_charge(
		json_of("{'status':'pending','stripePaymentStatus':'unpaid'}"), &charge, NULL, 0));

	(void)state;
	assert_string_equal(json_string_or_null(order, "stripePaymentStatus"), "paid");
	assert_true(order_is_paid(order));
	assert_string_equal(json_string_or_null(order, "completedAt"), "2024-11-26T09:20:00Z");
	order = keep(order_apply_charge(
		json_of("{'status':'completed','stripePaymentStatus':'no_payment_required'}"), &charge, NULL,
		0));
	assert_string_equal(json_string_or_null(order, "stripePaymentStatus"), "no_payment_required");
}

static void a_bank_debit_or_a_voucher_is_paid_after_checkout(void **state)
{
	static const char *const delayed[] = {
		"acss_debit", "au_becs_debit", "bacs_debit", "boleto", "customer_balance", "konbini", "multibanco",
		"nz_bank_account", "oxxo", "sepa_debit", "sofort", "us_bank_account",
	}, *const *type;
	static const struct {
		const char *charge;
		bool delayed;
	} table[] = {
		{"{'payment_method_details':{'type':'card'}}", false},
		{"{'payment_method_details':{'type':'klarna'}}", false},
		{"{'payment_method_details':{'type':null}}", false},
		{"{'payment_method_details':null}", false}, {"{}", false},
	}, *row;

	(void)state;
	for EACH(type, delayed)
		check(*type, charge_is_delayed(json_of("{'payment_method_details':{'type':'%s'}}", *type)));
	for EACH(row, table)
		check(row->charge, charge_is_delayed(json_of("%s", row->charge)) == row->delayed);
	assert_false(charge_is_delayed(NULL));
}

static void a_dispute_is_noted_and_replaces_another(void **state)
{
	const struct charge charge = {.id = "ch", .currency = "usd", .amount = 10};
	struct json_object *dispute = json_of("{'object':'dispute','id':'dp_2','status':'lost',"
					      "'reason':'fraudulent','amount':10,'currency':'eur','created':5}");
	struct json_object *order, *noted = NULL;

	(void)state;
	order = keep(order_apply_charge(json_of("{'status':'completed','dispute':{'id':'dp_1','x':1}}"),
					&charge, dispute, 0));
	json_get_object(order, "dispute", &noted);
	check_json("dispute", noted, "{'id':'dp_2','status':'lost','reason':'fraudulent','amount':10,"
						"'currency':'eur'}");
	assert_string_equal(json_string_or_null(order, "status"), "completed");
	order = keep(order_apply_charge(json_of("{}"), &charge, NULL, 0));
	assert_null(json_string_or_null(order, "status"));
}

static void the_charge_of_a_session_is_the_one_that_is_expanded_in_it(void **state)
{
	static const struct {
		const char *session, *id;
	} table[] = {
		{"{'payment_intent':{'latest_charge':{'id':'ch_1'}}}", "ch_1"},
		{"{'payment_intent':{'latest_charge':'ch_1'}}", NULL},
		{"{'payment_intent':{'latest_charge':null}}", NULL}, {"{'payment_intent':{}}", NULL},
		{"{'payment_intent':'pi_1'}", NULL}, {"{'payment_intent':null}", NULL}, {"{}", NULL},
		{"{'latest_charge':{'id':'ch_1'}}", NULL},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_text(row->session, json_string_or_null(
				charge_of_session(stripe_of("%s", row->session)), "id"), row->id);
	assert_null(charge_of_session(NULL));
}

static void a_payment_has_failed_when_its_intent_wants_another_or_was_canceled(void **state)
{
	static const struct {
		const char *paid, *intent;
		bool failed;
	} table[] = {
		{"unpaid", "requires_payment_method", true}, {"unpaid", "canceled", true},
		{"unpaid", "processing", false}, {"unpaid", "requires_capture", false},
		{"unpaid", "requires_action", false}, {"unpaid", "succeeded", false},
		{"paid", "succeeded", false}, {"paid", "requires_payment_method", false},
		{"paid", "canceled", false}, {"no_payment_required", "canceled", false},
		{"", "canceled", false}, {"unpaid", "", false},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_int(keep_text(str_printf("%s, %s", row->paid, row->intent)),
			  payment_has_failed(stripe_of("{'payment_status':'%s','payment_intent':"
						     "{'status':'%s'}}", row->paid, row->intent)),
			  row->failed);
	assert_false(payment_has_failed(json_of("{'payment_status':'unpaid','payment_intent':'pi'}")));
	assert_false(payment_has_failed(json_of("{'payment_status':'unpaid','payment_intent':null}")));
	assert_false(payment_has_failed(json_of("{'payment_intent':{'status':'canceled'}}")));
}

static void a_charge_matters_where_it_or_the_order_tells_of_a_refund_or_a_dispute(void **state)
{
	static const struct {
		const char *order, *charge;
		bool matters;
	} table[] = {
		{"{'status':'completed'}", "{'amount_refunded':0,'disputed':false}", false},
		{"{'status':'completed'}", "{}", false},
		{"{'status':'completed'}", "{'amount_refunded':1}", true},
		{"{'status':'completed'}", "{'disputed':true}", true},
		{"{'status':'completed','amountRefunded':0}", "{'amount_refunded':0}", false},
		{"{'status':'completed','amountRefunded':5}", "{'amount_refunded':0}", true},
		{"{'status':'refunded'}", "{'amount_refunded':0}", true},
		{"{'status':'partially_refunded'}", "{'amount_refunded':0}", true},
		{"{'status':'pending'}", "{'amount_refunded':0}", false},
		{"{}", "{'amount_refunded':7}", true},
		/* captured in part, though nothing is told as refunded */
		{"{'status':'completed'}", "{'id':'ch','amount':9,'amount_refunded':0,'amount_captured':5,"
					   "'captured':true,'status':'succeeded'}", true},
		{"{'status':'completed'}", "{'id':'ch','amount':9,'amount_refunded':0,'amount_captured':9,"
					   "'captured':true,'status':'succeeded'}", false},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_int(keep_text(str_printf("%s, %s", row->order, row->charge)),
			  charge_matters(json_of("%s", row->order), stripe_of("%s", row->charge)),
			  row->matters);
	assert_true(charge_matters(NULL, json_of("{'disputed':true}")));
	assert_false(charge_matters(NULL, json_of("{'amount_refunded':0}")));
}

static void a_sale_was_paid_when_its_event_or_its_charge_says(void **state)
{
	static const char card[] = "{'payment_intent':{'latest_charge':{'created':50,"
				   "'payment_method_details':{'type':'card'}}}}";
	static const char held[] = "{'payment_intent':{'latest_charge':{'created':50,"
				   "'balance_transaction':{'created':70},"
				   "'payment_method_details':{'type':'card'}}}}";
	static const char debit[] = "{'payment_intent':{'latest_charge':{'created':50,"
				    "'payment_method_details':{'type':'sepa_debit'}}}}";
	static const struct {
		const char *what;
		enum event_kind kind;
		bool thin, told;
		const char *session;
		int64_t time;
	} table[] = {
		{"told by its copy", EVENT_SESSION_COMPLETED, false, true, card, 10},
		{"told by its copy, debit", EVENT_SESSION_COMPLETED, false, true, debit, 10},
		{"thin, by card", EVENT_SESSION_COMPLETED, true, true, card, 10},
		{"thin, by debit", EVENT_SESSION_COMPLETED, true, true, debit, 0},
		{"thin, and nobody asked", EVENT_SESSION_COMPLETED, true, true, NULL, 10},
		{"not told, by card", EVENT_SESSION_COMPLETED, false, false, card, 50},
		{"not told, captured later", EVENT_SESSION_COMPLETED, false, false, held, 70},
		{"not told, by debit", EVENT_SESSION_COMPLETED, false, false, debit, 0},
		{"not told, and nobody asked", EVENT_SESSION_COMPLETED, false, false, NULL, 0},
		{"the debit has come", EVENT_SESSION_SUCCEEDED, false, false, debit, 10},
		{"the debit has come, thin", EVENT_SESSION_SUCCEEDED, true, true, debit, 10},
		{"it failed", EVENT_SESSION_FAILED, false, false, debit, 10},
	}, *row;

	(void)state;
	for EACH(row, table) {
		const struct event event = {.kind = row->kind, .thin = row->thin, .created = 10};

		check_int(row->what, payment_time(&event, row->told,
						  row->session ? json_of("%s", row->session) : NULL),
			  row->time);
	}
}

static void an_order_takes_from_its_charge_what_that_tells(void **state)
{
	static const struct {
		const char *what, *order, *charge;
		bool told;
		const char *after;
	} table[] = {
		{"nothing of a refund", "{'status':'completed','amount':100,'currency':'usd'}",
		 "{'id':'ch','amount':100,'amount_refunded':0,'amount_captured':100,'receipt_url':'r'}", false,
		 "{'status':'completed','amount':100,'currency':'usd','amountCaptured':100,"
		 "'payment':{'receiptUrl':'r'}}"},
		{"nothing of a refund, but it was asked for it", "{'status':'completed','amount':100}",
		 "{'id':'ch','amount':100,'amount_refunded':0,'status':'succeeded'}", true,
		 "{'status':'completed','amount':100,'amountRefunded':0,'updatedAt':'2024-11-26T09:20:00Z'}"},
		{"a refund", "{'status':'completed','amount':100}",
		 "{'id':'ch','amount':100,'amount_refunded':100}", false,
		 "{'status':'refunded','amount':100,'amountRefunded':100,'updatedAt':'2024-11-26T09:20:00Z'}"},
		{"a refund of what was captured in part, in the buyer's currency",
		 "{'status':'completed','amount':1000,'currency':'usd'}",
		 "{'id':'ch','amount':2000,'currency':'eur','captured':true,'status':'succeeded',"
		 "'amount_captured':1000,'amount_refunded':500}", false,
		 "{'status':'partially_refunded','amount':1000,'currency':'usd','amountCaptured':500,"
		 "'amountRefunded':250,'updatedAt':'2024-11-26T09:20:00Z'}"},
		{"a charge that can't be read, of which nothing counts", "{'status':'completed'}",
		 "{'id':'ch','receipt_url':'r'}", false, "{'status':'completed','payment':{'receiptUrl':'r'}}"},
		{"a person who was erased", "{'status':'completed','amount':100,'erasedAt':'t'}",
		 "{'id':'ch','amount':100,'amount_refunded':0,'receipt_url':'r',"
		 "'payment_method_details':{'type':'card','card':{'last4':'4242','brand':'visa'}}}", false,
		 "{'status':'completed','amount':100,'erasedAt':'t','payment':{'type':'card','brand':'visa'}}"},
		{"a refund to a person who was erased", "{'status':'completed','amount':9,'erasedAt':'t'}",
		 "{'id':'ch','amount':9,'amount_refunded':9,'receipt_url':'r','status':'succeeded'}", false,
		 "{'status':'refunded','amount':9,'erasedAt':'t','amountRefunded':9,"
		 "'updatedAt':'2024-11-26T09:20:00Z','payment':{}}"},
	}, *row;
	struct json_object *stored = json_of("{'status':'completed'}");
	const struct sale_charge nothing = {.charge = NULL};
	struct err e;

	(void)state;
	for EACH(row, table) {
		const struct sale_charge of = {.charge = json_of("%s", row->charge)};
		struct json_object *order = json_of("%s", row->order);

		check_json(row->what, keep(order_take_charge(order, &of, row->told, 1732612800, &e)), row->after);
		check_json(row->what, order, row->order);
	}
	assert_ptr_equal(keep(order_take_charge(stored, &nothing, true, 0, &e)), stored);
}

static void what_counts_of_a_charge_that_cant_be_read_is_an_error(void **state)
{
	static const struct {
		const char *charge;
		bool told;
	} table[] = {
		{"{'id':'ch','receipt_url':'r'}", true}, {"{'id':'ch','amount_refunded':5}", false},
		{"{'id':'ch','disputed':true}", false},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		const struct sale_charge of = {.charge = json_of("%s", row->charge)};

		check(row->charge, !order_take_charge(json_of("{'status':'completed'}"), &of, row->told, 0, &e));
		check_err(row->charge, &e, ERR_UNAVAILABLE, "is no charge");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_payment_is_found_from_a_charge_a_refund_or_a_dispute),
		holds(a_charge_is_read_or_is_none),
		holds(what_a_charge_says_of_its_capture_is_believed_as_far_as_it_can_be),
		holds(the_latest_dispute_counts),
		holds(refunds_change_the_status_and_the_amount_refunded),
		holds(a_refund_in_another_currency_counts_by_its_proportion),
		holds(what_was_never_captured_was_neither_paid_nor_refunded),
		holds(a_capture_says_that_the_session_is_paid),
		holds(a_bank_debit_or_a_voucher_is_paid_after_checkout),
		holds(a_dispute_is_noted_and_replaces_another),
		holds(the_charge_of_a_session_is_the_one_that_is_expanded_in_it),
		holds(a_payment_has_failed_when_its_intent_wants_another_or_was_canceled),
		holds(a_charge_matters_where_it_or_the_order_tells_of_a_refund_or_a_dispute),
		holds(a_sale_was_paid_when_its_event_or_its_charge_says),
		holds(an_order_takes_from_its_charge_what_that_tells),
		holds(what_counts_of_a_charge_that_cant_be_read_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

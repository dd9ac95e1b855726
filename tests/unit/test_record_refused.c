/* SPDX-License-Identifier: ISC */
/*
 * Events that are not recorded now: of an answer that can't be read, or while a key can't be had.
 */
#include "record_fixture.h"

#include "record/ask_charge.h"
#include "record/webhook.h"

/* What is no charge's sum. */
#define UNREADABLE CHARGE(",'refunded':true,'amount_refunded':2000,'disputed':false")
static const struct outside_answer unreadable[] = {
	{"/v1/checkout/sessions/cs_test_1", 200, SALE("cs_test_1", LINES PAYMENT(UNREADABLE))},
	{"/v1/charges/ch_1", 200, UNREADABLE},
	{.part = NULL},
};

/* A session of another payment than was asked for. */
static const struct outside_answer of_another[] = {
	{"/v1/checkout/sessions/cs_test_1", 200,
	 SALE("cs_test_1", LINES ",'payment_intent':{'id':'pi_2','latest_charge':null}")},
	{"payment_intent=pi_1", 200, LIST(SALE("cs_test_1", ",'payment_intent':'pi_2'"))},
	{"/v1/charges/ch_1", 200, CHARGE(REFUNDED)},
	{.part = NULL},
};

/* A list of something that is no session. */
static const struct outside_answer of_no_object[] = {
	{"payment_intent=pi_1", 200, "{'object':'list','has_more':false,'data':[['cs_test_1']]}"},
	{"/v1/charges/ch_1", 200, CHARGE(REFUNDED)},
	{.part = NULL},
};
static const struct outside_answer of_null[] = {
	{"payment_intent=pi_1", 200, "{'object':'list','has_more':false,'data':[null]}"},
	{"/v1/charges/ch_1", 200, CHARGE(REFUNDED)},
	{.part = NULL},
};

static void begin(void (*before)(void), const struct outside_answer *answers)
{
	outside_begin();
	outside.answers = answers;
	before();
	outside.calls = 0;
}

/* An event that is to come again, and of which nothing was written. */
static void check_refused(const char *row, const char *event, enum err_code code, const char *part)
{
	const char *before = outside_items();
	struct err e;

	check_int(row, deliver(event, &e), -1);
	check_err(row, &e, code, part);
	check_text(row, outside_items(), before);
}

static void an_answer_that_can_not_be_read_writes_nothing(void **state)
{
	(void)state;
	begin(adopted, unreadable);
	check_refused("a sale", SOLD, ERR_UNAVAILABLE, "no charge");
	outside_end();

	begin(sold, unreadable);
	check_refused("a refund", REFUND, ERR_UNAVAILABLE, "no charge");
	outside_end();
}

static void a_refund_whose_list_of_sessions_holds_none_comes_again(void **state)
{
	(void)state;
	begin(adopted, of_no_object);
	check_refused("an array", REFUND, ERR_UNAVAILABLE, "no object");
	outside_end();
	begin(adopted, of_null);
	check_refused("null", REFUND, ERR_UNAVAILABLE, "no object");
	outside_end();
}

static void a_refund_whose_session_is_of_another_payment_comes_again(void **state)
{
	struct err e;

	(void)state;
	begin(adopted, of_another);
	check_int("a refund", deliver(REFUND, &e), -1);
	check_err("a refund", &e, ERR_CONFLICT, "the order of payment pi_1 is not there yet");
	check("no marker", !table_find(&outside.table, "EVENT#evt_2", "METADATA"));
	outside_end();
}

/* A payment that nobody has tried to pay has no charge that could have been refunded. */
static void a_refund_of_a_payment_without_a_charge_comes_again(void **state)
{
	static const struct outside_answer unpaid[] = {
		{"/v1/payment_intents/pi_1", 200, "{'id':'pi_1','object':'payment_intent','latest_charge':null}"},
		{"/v1/charges", 200, CHARGE(WHOLE)},
		{.part = NULL},
	};

	(void)state;
	begin(sold, unpaid);
	check_refused("a refund", EVENT("evt_2", "refund.updated", "{'id':'re_1','object':'refund',"
					"'payment_intent':'pi_1'}"), ERR_UNAVAILABLE, "payment pi_1 has no charge");
	outside_end();
}

static void use_live_key(void)
{
	struct config *config = &outside.app.config;

	free(config->stripe_secret);
	config->stripe_secret = str_dup("sk_live_1");
	config->checkout_success_url = str_dup("https://shop.example/thanks");
}

/* A live key that is in a parameter is looked at when Stripe is to be asked. */
static void with_a_live_key_an_address_of_the_example_stops_each_question(void **state)
{
	static const char *const events[] = {
		EVENT("evt_2", "charge.refunded", CHARGE(REFUNDED)),
		EVENT("evt_3", "payment_intent.canceled", "{'id':'pi_1','object':'payment_intent'}"),
	};
	const char *const *event;
	struct err e;

	(void)state;
	for EACH(event, events) {
		struct json_object *live = json_of("%s", *event);
		const struct record_run *run;
		struct process_result result;

		outside_begin();
		use_live_key();
		json_object_object_add(live, "livemode", json_object_new_boolean(true));
		run = &(struct record_run){.app = &outside.app, .source = "webhook", .now = OUTSIDE_EPOCH,
					   .deadline = deadline_in(APP_REQUEST_MS)};
		check_int(*event, process_event(run, live, &result, &e), -1);
		check_err(*event, &e, ERR_CONFIG, "CHECKOUT_SUCCESS_URL");
		check_int(*event, outside.store.written, 0);
		process_result_free(&result);
		outside_end();
	}
}

/* So it does where a charge has more refunds than it shows. */
static void with_a_live_key_an_address_of_the_example_stops_the_rest_of_a_charge(void **state)
{
	struct sale_charge found = {.charge = stripe_of(CHARGE(REFUNDED ",'refunds':{'object':'list','data':[],"
								"'has_more':true}"))};
	struct err e;

	(void)state;
	outside_begin();
	use_live_key();
	assert_int_equal(ask_rest_of_charge(&outside.app, deadline_in(1000), &found, &e), -1);
	check_err("the rest", &e, ERR_CONFIG, "CHECKOUT_SUCCESS_URL");
	assert_null(found.refunds);
	assert_int_equal(outside.calls, 0);
	outside_end();
}

/* A key that SSM does not give: nothing was looked at, and the event comes again. */
static void an_event_comes_again_while_a_secret_can_not_be_read(void **state)
{
	struct json_object *answer;
	const struct webhook_delivery delivery = {
		.signature = "t=1700000000,v1=0000000000000000000000000000000000000000000000000000000000000000",
		.body = span_of("{}"),
		.deadline = APP_REQUEST_MS,
	};
	struct config *config = &outside.app.config;
	struct err e;

	(void)state;
	outside_begin();
	outside.app.aws = (struct aws_settings){.region = "eu-central-1", .key_id = "AKIA1", .secret = "s",
						.endpoint = "https://aws.example"};
	free(config->stripe_secret);
	config->stripe_secret = NULL;
	config->stripe_secret_parameter = str_dup("/shop/stripe");
	check_refused("the key", SOLD, ERR_UNAVAILABLE, "/shop/stripe");

	outside.ms = 0;
	free(config->stripe_webhook_secret);
	config->stripe_webhook_secret = NULL;
	config->stripe_webhook_secret_parameter = str_dup("/shop/webhook");
	check_int("the webhook's secret", webhook_receive(&outside.app, &delivery, &answer, &e), -1);
	check_err("the webhook's secret", &e, ERR_UNAVAILABLE, "/shop/webhook");
	outside_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(an_answer_that_can_not_be_read_writes_nothing),
		holds(a_refund_whose_list_of_sessions_holds_none_comes_again),
		holds(a_refund_whose_session_is_of_another_payment_comes_again),
		holds(a_refund_of_a_payment_without_a_charge_comes_again),
		holds(with_a_live_key_an_address_of_the_example_stops_each_question),
		holds(with_a_live_key_an_address_of_the_example_stops_the_rest_of_a_charge),
		holds(an_event_comes_again_while_a_secret_can_not_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

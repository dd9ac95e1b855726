/* SPDX-License-Identifier: ISC */
/*
 * A sale as Stripe tells of it, and its delivery, for the tests of src/record/.
 */
#ifndef ORDERSNAP_TESTS_RECORD_FIXTURE_H
#define ORDERSNAP_TESTS_RECORD_FIXTURE_H

#include "outside.h"

#include "base/clock.h"
#include "record/process.h"
#include "record/record_session.h"
#include "shop/adoption.h"

/* --- what Stripe has ------------------------------------------------------------ */

#define SALE(id, more) "{'id':'" id "','object':'checkout.session','livemode':false,'mode':'payment'," \
	"'status':'complete','created':1699999000,'payment_status':'paid','amount_total':1000," \
	"'amount_subtotal':1000,'currency':'usd','customer_details':{'email':'ann@example.com'}" more "}"
#define LINES ",'line_items':{'object':'list','has_more':false,'data':[{'id':'li_1','object':'item'," \
	"'quantity':1,'amount_total':1000,'amount_subtotal':1000,'currency':'usd','description':'Cup'}]}"
#define CHARGE(more) "{'id':'ch_1','object':'charge','amount':1000,'amount_captured':1000,'captured':true," \
	"'paid':true,'status':'succeeded','currency':'usd','payment_intent':'pi_1','created':1699999100" more "}"
#define REFUNDED ",'refunded':false,'amount_refunded':300,'disputed':false"
#define WHOLE ",'refunded':false,'amount_refunded':0,'disputed':false"
#define PAYMENT(charge) ",'payment_intent':{'id':'pi_1','object':'payment_intent','status':'succeeded'," \
	"'latest_charge':" charge "}"
#define LIST(data) "{'object':'list','has_more':false,'data':[" data "]}"
#define DISPUTE "{'id':'dp_1','object':'dispute','status':'needs_response','amount':1000,'currency':'usd'," \
	"'created':1699999500,'payment_intent':'pi_1','charge':" CHARGE(",'refunded':false," \
	"'amount_refunded':300,'disputed':true") "}"

#define EVENT(id, type, object) "{'id':'" id "','object':'event','type':'" type "','livemode':false," \
	"'created':1699999200,'data':{'object':" object "}}"
#define REFUND EVENT("evt_2", "charge.refunded", CHARGE(REFUNDED))
#define SOLD_LATER EVENT("evt_9", "checkout.session.async_payment_succeeded", \
			 SALE("cs_test_1", ",'payment_intent':'pi_1'"))
#define SOLD EVENT("evt_1", "checkout.session.completed", SALE("cs_test_1", ",'payment_intent':'pi_1'"))

/* A sale as nearly all are. */
static const struct outside_answer sale[] = {
	{"/v1/checkout/sessions/cs_test_1", 200, SALE("cs_test_1", LINES PAYMENT(CHARGE(WHOLE)))},
	{"payment_intent=pi_1", 200, LIST(SALE("cs_test_1", ",'payment_intent':'pi_1'"))},
	{"/v1/charges/ch_1", 200, CHARGE(WHOLE)},
	{"/v1/payment_intents/pi_1", 200, "{'id':'pi_1','object':'payment_intent','latest_charge':"
					  CHARGE(WHOLE) "}"},
	{.part = NULL},
};

/* --- an event ------------------------------------------------------------------- */

static inline struct record_run run_now(void)
{
	return (struct record_run){.app = &outside.app, .source = "webhook", .now = OUTSIDE_EPOCH,
				   .deadline = deadline_in(APP_REQUEST_MS)};
}

/* Delivers an event; *e is empty where it is done with. */
static inline int deliver(const char *event, struct err *e)
{
	const struct record_run run = run_now();
	struct process_result result;
	int rc;

	*e = (struct err){.code = ERR_NONE};
	rc = process_event(&run, json_of("%s", event), &result, e);
	process_result_free(&result);
	return rc;
}

static inline void must_deliver(const char *event)
{
	struct err e;

	check_int(e.text, deliver(event, &e), 0);
}

/* --- what stands before --------------------------------------------------------- */

#define SOLD_PK "USER#ann@example.com"
#define SOLD_SK "ORDER#1699999000#cs_test_1"

static inline void adopted(void)
{
	outside_put(keep(adoption_item(1600000000)));
}

static inline void sold(void)
{
	const struct outside_answer *answers = outside.answers;

	adopted();
	outside.answers = sale;
	must_deliver(SOLD);
	outside.answers = answers;
}

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Events and sessions of every API version, read into one shape.  A session's
 * contents are written out as one line, so that a row shows all that was read and
 * nothing more.
 */
#include "unit.h"

#include <inttypes.h>

#include "shop/event.h"
#include "shop/session.h"

static void say_text(struct buf *out, const char *name, const char *text)
{
	if (text)
		buf_printf(out, " %s=%s", name, text);
}

static void say_json(struct buf *out, const char *name, struct json_object *value)
{
	if (value)
		buf_printf(out, " %s=%s", name, json_text(value));
}

static void say_amount(struct buf *out, const char *name, const struct amount *amount)
{
	if (amount->known)
		buf_printf(out, " %s=%" PRId64, name, amount->value);
}

static const char *said(const struct session *f)
{
	struct buf out;
	char *p;

	buf_init(&out, 4096);
	buf_printf(&out, "%s %" PRId64 " %s %s", f->id, f->created, f->mode,
		   f->paid ? "paid" : "unpaid");
	say_text(&out, "status", f->payment_status);
	say_text(&out, "intent", f->payment_intent);
	say_text(&out, "customer", f->customer);
	say_text(&out, "reference", f->client_reference_id);
	say_text(&out, "email", f->email);
	say_text(&out, "phone", f->phone);
	say_text(&out, "name", f->name);
	say_amount(&out, "total", &f->total);
	say_amount(&out, "subtotal", &f->subtotal);
	say_amount(&out, "discount", &f->discount);
	say_amount(&out, "tax", &f->tax);
	say_amount(&out, "shipping", &f->shipping);
	say_text(&out, "currency", f->currency);
	say_amount(&out, "presentment", &f->presentment);
	say_text(&out, "presented", f->presentment_currency);
	say_json(&out, "address", f->address);
	say_json(&out, "metadata", f->metadata);
	if (f->livemode_given == JSON_FOUND)
		buf_printf(&out, " livemode=%d", f->livemode);
	for (p = out.data; *p; p++)
		*p = *p == '"' ? '\'' : *p;
	return keep_text(buf_detach(&out));
}

static int read_with(const char *more, struct session *session, struct err *e)
{
	memset(session, 0x55, sizeof *session);
	return session_read(stripe_of("{'object':'checkout.session','id':'cs_1'%s%s}",
				    *more ? "," : "", more), session, e);
}

struct shape {
	const char *more, *said;
};

static void check_shapes(const struct shape *row, size_t n)
{
	struct session session;
	struct err e = {.code = ERR_NONE};

	for (; n; n--, row++) {
		check_int(row->more, read_with(row->more, &session, &e), 0);
		check_text(row->more, said(&session), row->said);
	}
}

static void a_session_of_today_is_read_whole(void **state)
{
	static const struct shape table[] = {
		{"'created':1732612800,'mode':'payment','payment_status':'paid','amount_total':2500,"
		 "'amount_subtotal':2000,'currency':'usd','total_details':{'amount_discount':100,"
		 "'amount_tax':200,'amount_shipping':400},'payment_intent':'pi_1','customer':'cus_1',"
		 "'client_reference_id':'u1','customer_email':'given@x.y','customer_details':{"
		 "'email':'jane@x.y','phone':'+49','name':'Jane'},'collected_information':{"
		 "'shipping_details':{'name':'J','address':{'line1':'1'}}},'metadata':{'a':'b'},"
		 "'livemode':true",
		 "cs_1 1732612800 payment paid status=paid intent=pi_1 customer=cus_1 reference=u1 "
		 "email=jane@x.y phone=+49 name=Jane total=2500 subtotal=2000 discount=100 tax=200 "
		 "shipping=400 currency=usd address={'name':'J','address':{'line1':'1'}} "
		 "metadata={'a':'b'} livemode=1"},
		{"'created':253402300799", "cs_1 253402300799 payment paid"},
		{"'livemode':false,'amount_total':0", "cs_1 0 payment paid total=0 livemode=0"},
	};

	(void)state;
	check_shapes(table, LENGTH(table));
}

static void a_bare_session_of_old_is_a_paid_payment(void **state)
{
	static const struct shape table[] = {
		{"", "cs_1 0 payment paid"},
		{"'created':null,'payment_status':null,'mode':null,'amount_total':null,"
		 "'amount_subtotal':null,'currency':null,'metadata':null,'customer':null,"
		 "'payment_intent':null,'total_details':null,'customer_details':null,"
		 "'collected_information':null,'shipping_details':null,'livemode':null,"
		 "'presentment_details':null,'currency_conversion':null", "cs_1 0 payment paid"},
		{"'mode':''", "cs_1 0 payment paid"},
		{"'subscription':'sub_1'", "cs_1 0 subscription paid"},
		{"'subscription':{'id':'sub_1'}", "cs_1 0 subscription paid"},
		{"'subscription':null", "cs_1 0 payment paid"},
		{"'mode':'setup'", "cs_1 0 setup paid"},
		{"'mode':'payment','subscription':'sub_1'", "cs_1 0 payment paid"},
	};

	(void)state;
	check_shapes(table, LENGTH(table));
}

static void paid_is_paid_or_nothing_to_pay(void **state)
{
	static const struct shape table[] = {
		{"'payment_status':'paid'", "cs_1 0 payment paid status=paid"},
		{"'payment_status':'no_payment_required','payment_intent':null",
		 "cs_1 0 payment paid status=no_payment_required"},
		{"'payment_status':'unpaid'", "cs_1 0 payment unpaid status=unpaid"},
		{"'payment_status':'something_new'", "cs_1 0 payment unpaid status=something_new"},
		{"'payment_status':''", "cs_1 0 payment unpaid status="},
	};

	(void)state;
	check_shapes(table, LENGTH(table));
}

static void ids_may_be_expanded(void **state)
{
	static const struct shape table[] = {
		{"'payment_intent':{'id':'pi_2','amount':1},'customer':{'id':'cus_2'}",
		 "cs_1 0 payment paid intent=pi_2 customer=cus_2"},
		{"'payment_intent':{},'customer':{'id':null}", "cs_1 0 payment paid"},
	};

	(void)state;
	check_shapes(table, LENGTH(table));
}

static void shipping_is_in_three_places_the_newest_first(void **state)
{
#define COLLECTED "'collected_information':{'shipping_details':{'name':'new'}}"
#define DETAILS "'shipping_details':{'name':'middle'}"
#define SHIPPING "'shipping':{'name':'old'}"
	static const struct shape table[] = {
		{COLLECTED "," DETAILS "," SHIPPING,
		 "cs_1 0 payment paid name=new address={'name':'new'}"},
		{SHIPPING "," DETAILS, "cs_1 0 payment paid name=middle address={'name':'middle'}"},
		{SHIPPING, "cs_1 0 payment paid name=old address={'name':'old'}"},
		{"'collected_information':{}," DETAILS,
		 "cs_1 0 payment paid name=middle address={'name':'middle'}"},
		{"'collected_information':{'shipping_details':null}," SHIPPING,
		 "cs_1 0 payment paid name=old address={'name':'old'}"},
		{"'collected_information':null,'shipping_details':null," SHIPPING,
		 "cs_1 0 payment paid name=old address={'name':'old'}"},
		{"'customer_details':{'name':'Bill','address':{'line1':'billing'}}",
		 "cs_1 0 payment paid name=Bill"},
	};

	(void)state;
	check_shapes(table, LENGTH(table));
}

static void the_customer_is_in_the_details_first(void **state)
{
	static const struct shape table[] = {
		{"'customer_email':'given@x.y'", "cs_1 0 payment paid email=given@x.y"},
		{"'customer_email':'given@x.y','customer_details':{'email':null}",
		 "cs_1 0 payment paid email=given@x.y"},
		{"'customer_email':'given@x.y','customer_details':{'email':''}",
		 "cs_1 0 payment paid email=given@x.y"},
		{"'customer_email':'given@x.y','customer_details':{'email':'own@x.y'}",
		 "cs_1 0 payment paid email=own@x.y"},
		{"'customer_email':'','customer_details':{'phone':'','name':''},"
		 "'client_reference_id':''", "cs_1 0 payment paid"},
		{"'shipping_details':{'name':'Ship'},'customer_details':{'name':'Buy'}",
		 "cs_1 0 payment paid name=Buy address={'name':'Ship'}"},
		{"'shipping_details':{'name':'Ship'},'customer_details':{'name':''}",
		 "cs_1 0 payment paid name=Ship address={'name':'Ship'}"},
		{"'customer_details':{'name':null,'individual_name':'Jane','business_name':'Doe Ltd'}",
		 "cs_1 0 payment paid name=Jane"},
		{"'customer_details':{'business_name':'Doe Ltd'},"
		 "'collected_information':{'individual_name':'Jane'}", "cs_1 0 payment paid name=Jane"},
		{"'customer_details':{'individual_name':'','business_name':'Doe Ltd'},"
		 "'collected_information':{'business_name':'Other'}",
		 "cs_1 0 payment paid name=Doe Ltd"},
		{"'collected_information':{'business_name':'Doe Ltd'}",
		 "cs_1 0 payment paid name=Doe Ltd"},
		{"'customer_details':{'phone':'1'},'shipping':{'phone':'2'}",
		 "cs_1 0 payment paid phone=1 address={'phone':'2'}"},
		{"'customer_details':{'phone':null},'shipping':{'phone':'2'}",
		 "cs_1 0 payment paid phone=2 address={'phone':'2'}"},
	};

	(void)state;
	check_shapes(table, LENGTH(table));
}

static void the_shops_own_amounts_are_told_from_what_the_buyer_saw(void **state)
{
#define SUMS "'amount_total':1000,'amount_subtotal':900,'currency':'eur'," \
	     "'total_details':{'amount_discount':1,'amount_tax':2,'amount_shipping':3}"
	static const struct shape table[] = {
		{SUMS ",'presentment_details':{'presentment_amount':1100,"
		      "'presentment_currency':'usd'}",
		 "cs_1 0 payment paid total=1000 subtotal=900 discount=1 tax=2 shipping=3 "
		 "currency=eur presentment=1100 presented=usd"},
		{SUMS ",'presentment_details':{}",
		 "cs_1 0 payment paid total=1000 subtotal=900 discount=1 tax=2 shipping=3 "
		 "currency=eur"},
		{SUMS ",'currency_conversion':{'amount_total':800,'amount_subtotal':700,"
		      "'fx_rate':'0.8','source_currency':'gbp'}",
		 "cs_1 0 payment paid total=800 subtotal=700 currency=gbp presentment=1000 "
		 "presented=eur"},
		{SUMS ",'presentment_details':{'presentment_amount':5,'presentment_currency':'usd'},"
		      "'currency_conversion':{'amount_total':800,'source_currency':'gbp'}",
		 "cs_1 0 payment paid total=1000 subtotal=900 discount=1 tax=2 shipping=3 "
		 "currency=eur presentment=5 presented=usd"},
	};

	(void)state;
	check_shapes(table, LENGTH(table));
}

static void amounts_go_to_the_end_of_what_json_may_hold(void **state)
{
	static const struct shape table[] = {
		{"'amount_total':9223372036854775806",
		 "cs_1 0 payment paid total=9223372036854775806"},
		{"'amount_subtotal':4294967296", "cs_1 0 payment paid subtotal=4294967296"},
	};

	(void)state;
	check_shapes(table, LENGTH(table));
}

static void an_essential_field_of_a_wrong_type_is_refused(void **state)
{
	static const struct {
		const char *more, *text;
	} table[] = {
		{"'id':7", "the session has no id"}, {"'id':''", "the session has no id"},
		{"'id':null", "the session has no id"},
		{"'object':'payment_intent'", "data.object is no checkout.session"},
		{"'object':null", "data.object is no checkout.session"},
		{"'created':'1732612800'", "created is no time"}, {"'created':-1", "created is no time"},
		{"'created':1.5", "created is no time"}, {"'created':253402300800", "created is no time"},
		{"'metadata':'x'", "metadata is no object"}, {"'metadata':[]", "metadata is no object"},
		{"'payment_status':true", "payment_status is no string"},
		{"'currency':978", "currency is no string"},
		{"'amount_total':'2500'", "amount_total is no amount"},
		{"'amount_total':25.5", "amount_total is no amount"},
		{"'amount_total':-1", "amount_total is no amount"},
		{"'amount_total':9223372036854775807", "amount_total is no amount"},
		{"'amount_subtotal':-5", "amount_subtotal is no amount"},
		{"'amount_subtotal':{}", "amount_subtotal is no amount"},
		{"'total_details':{'amount_discount':'1'}", "amount_discount is no amount"},
		{"'total_details':{'amount_tax':-1}", "amount_tax is no amount"},
		{"'total_details':{'amount_shipping':1.0}", "amount_shipping is no amount"},
		{"'presentment_details':{'presentment_amount':'1'}", "presentment_amount is no amount"},
		{"'currency_conversion':{'amount_total':-1}", "amount_total is no amount"},
		{"'currency_conversion':{'amount_subtotal':'x'}", "amount_subtotal is no amount"},
	}, *row;
	struct session session;
	struct err e;

	(void)state;
	for EACH(row, table) {
		check_int(row->more, read_with(row->more, &session, &e), -1);
		check_err(row->more, &e, ERR_PAYLOAD, row->text);
	}
	assert_int_equal(session_read(NULL, &session, &e), -1);
	assert_int_equal(session_read(json_of("[]"), &session, &e), -1);
}

static void a_field_that_is_not_essential_is_left_out_when_wrong(void **state)
{
	static const struct shape table[] = {
		{"'customer_details':7,'collected_information':'x','shipping':[],'total_details':'x',"
		 "'client_reference_id':5,'payment_intent':6,'customer':[],'livemode':'yes','mode':3,"
		 "'customer_email':{}", "cs_1 0 payment paid"},
	};

	(void)state;
	check_shapes(table, LENGTH(table));
}

static void a_session_id_has_at_most_255_bytes(void **state)
{
	struct session session;
	struct err e;

	(void)state;
	assert_int_equal(read_with(keep_text(str_printf("'id':'%s'", repeat("x", 255))), &session, &e),
			 0);
	assert_int_equal(read_with(keep_text(str_printf("'id':'%s'", repeat("x", 256))), &session, &e),
			 -1);
}

static int read_event(const char *more, struct event *event, struct err *e)
{
	memset(event, 0x55, sizeof *event);
	return event_read(stripe_of("{'object':'event','id':'evt_1','data':{'object':{'id':'cs_1'}}%s%s}",
				  *more ? "," : "", more), event, e);
}

static void an_event_is_told_by_its_type(void **state)
{
	static const struct {
		const char *type;
		enum event_kind kind;
	} table[] = {
		{"checkout.session.completed", EVENT_SESSION_COMPLETED},
		{"checkout.session.async_payment_succeeded", EVENT_SESSION_SUCCEEDED},
		{"checkout.session.async_payment_failed", EVENT_SESSION_FAILED},
		{"checkout.session.expired", EVENT_SESSION_EXPIRED},
		{"charge.refunded", EVENT_REFUND}, {"refund.created", EVENT_REFUND},
		{"refund.updated", EVENT_REFUND}, {"refund.failed", EVENT_REFUND},
		{"charge.refund.updated", EVENT_REFUND},
		{"charge.updated", EVENT_CHARGE_UPDATED}, {"charge.captured", EVENT_CHARGE_CAPTURED},
		{"payment_intent.canceled", EVENT_PAYMENT_CANCELED},
		{"payment_intent.succeeded", EVENT_OTHER},
		{"charge.dispute.created", EVENT_DISPUTE}, {"charge.dispute.closed", EVENT_DISPUTE},
		{"charge.dispute.anything_new", EVENT_DISPUTE}, {"charge.dispute", EVENT_OTHER},
		{"charge.disputed", EVENT_OTHER}, {"charge.refund", EVENT_OTHER},
		{"charge.refunded.x", EVENT_OTHER}, {"refund", EVENT_OTHER},
		{"v1.checkout.session.completed", EVENT_OTHER},
		{"checkout.session.completed2", EVENT_OTHER}, {"checkout.session", EVENT_OTHER},
		{"Checkout.Session.Completed", EVENT_OTHER}, {"customer.created", EVENT_OTHER},
		{"", EVENT_OTHER},
	}, *row;
	struct event event;
	struct err e;

	(void)state;
	for EACH(row, table) {
		const char *more = keep_text(str_printf("'type':'%s','created':1732612801,"
							"'livemode':true,'account':'acct_1'",
							row->type));

		check_int(row->type, read_event(more, &event, &e), 0);
		check_int(row->type, event.kind, row->kind);
		check_text(row->type, event.type, row->type);
		check_text(row->type, event.id, "evt_1");
		check_text(row->type, event.account, "acct_1");
		check(row->type, event.livemode_given == JSON_FOUND && event.livemode);
		check(row->type, !event.thin && !event.related_id);
		if (row->kind == EVENT_OTHER)
			continue;
		check_int(row->type, event.created, 1732612801);
		check_json(row->type, event.object, "{'id':'cs_1'}");
	}
}

static void an_event_may_lack_what_is_not_needed(void **state)
{
	struct event event;
	struct err e;

	(void)state;
	assert_int_equal(read_event("", &event, &e), 0);
	assert_int_equal(event.kind, EVENT_OTHER);
	assert_string_equal(event.type, "");
	assert_null(event.account);
	assert_int_equal(event.livemode_given, JSON_ABSENT);
	assert_int_equal(read_event("'type':'checkout.session.completed','account':null", &event, &e),
			 0);
	assert_int_equal(event.created, 0);
	assert_null(event.account);
	assert_int_equal(event_read(json_of("{'object':'v2.core.event','id':'evt_2','type':'x'}"),
				    &event, &e), 0);
	assert_int_equal(event.kind, EVENT_OTHER);
}

static void what_is_subscribed_to_is_what_is_handled(void **state)
{
	const char *const *type;
	struct event event;
	struct err e;
	size_t n = 0;

	(void)state;
	for (type = event_types; *type; type++, n++) {
		bool of_charge = type >= event_types_of_charges;

		check_int(*type, read_event(keep_text(str_printf("'type':'%s'", *type)), &event, &e), 0);
		check(*type, event.kind != EVENT_OTHER);
		check(*type, of_charge == (event_is_of_charge(event.kind) &&
					   event.kind != EVENT_CHARGE_UPDATED));
	}
	assert_int_equal(n, 17);
}

static int read_thin(const char *more, struct event *event, struct err *e)
{
	memset(event, 0x55, sizeof *event);
	return event_read(stripe_of("{'object':'v2.core.event','id':'evt_2','created':"
				  "'2024-11-26T09:20:00.123Z','related_object':{'id':'cs_1',"
				  "'type':'checkout.session'}%s%s}", *more ? "," : "", more), event, e);
}

static void a_thin_event_names_its_object(void **state)
{
	static const struct {
		const char *type;
		enum event_kind kind;
	} table[] = {
		{"v1.checkout.session.completed", EVENT_SESSION_COMPLETED},
		{"v1.charge.refunded", EVENT_REFUND}, {"v1.charge.dispute.created", EVENT_DISPUTE},
		{"v1.customer.created", EVENT_OTHER}, {"v2.checkout.session.completed", EVENT_OTHER},
	}, *row;
	struct event event;
	struct err e;

	(void)state;
	for EACH(row, table) {
		check_int(row->type, read_thin(keep_text(str_printf("'type':'%s'", row->type)), &event,
					       &e), 0);
		check_int(row->type, event.kind, row->kind);
		check(row->type, event.thin && !event.object);
		check_text(row->type, event.type, row->type + (row->type[1] == '1' ? 3 : 0));
		if (row->kind == EVENT_OTHER)
			continue;
		check_int(row->type, event.created, 1732612800);
		check_text(row->type, event.related_id, "cs_1");
	}
}

static void a_thin_event_that_names_nothing_is_refused(void **state)
{
#define THIN "'type':'v1.checkout.session.completed'"
	static const char *const table[] = {
		THIN ",'created':1732612800", THIN ",'created':null", THIN ",'created':'yesterday'",
		THIN ",'related_object':null", THIN ",'related_object':{}", THIN ",'related_object':'cs'",
		THIN ",'related_object':{'id':''}", THIN ",'related_object':{'id':7}",
	};
	const char *const *row;
	struct event event;
	struct err e;

	(void)state;
	for EACH(row, table) {
		check_int(*row, read_thin(*row, &event, &e), -1);
		check_int(*row, e.code, ERR_PAYLOAD);
	}
}

static void what_is_no_event_is_refused(void **state)
{
	static const char *const table[] = {
		"{}", "[]", "'event'", "{'object':'charge','id':'x'}", "{'object':'event'}",
		"{'object':'event','id':''}", "{'object':'event','id':7}", "{'object':'Event','id':'e'}",
		"{'object':'event','id':null}", "{'object':null,'id':'e'}", "{'id':'e'}",
		"{'object':'event','id':'e','type':7}", "{'object':'events','id':'e'}",
		"{'object':'event','id':'e','type':'checkout.session.completed'}",
		"{'object':'event','id':'e','type':'checkout.session.completed','data':{}}",
		"{'object':'event','id':'e','type':'checkout.session.completed','data':[]}",
		"{'object':'event','id':'e','type':'checkout.session.completed','data':{'object':'cs'}}",
		"{'object':'event','id':'e','type':'checkout.session.completed','data':{'object':null}}",
		"{'object':'event','id':'e','type':'checkout.session.completed','created':'1',"
		"'data':{'object':{}}}",
		"{'object':'event','id':'e','type':'checkout.session.completed','created':-1,"
		"'data':{'object':{}}}",
	};
	const char *const *row;
	struct event event;
	struct err e;

	(void)state;
	for EACH(row, table) {
		check_int(*row, event_read(json_of("%s", *row), &event, &e), -1);
		check_int(*row, e.code, ERR_PAYLOAD);
	}
	assert_int_equal(event_read(NULL, &event, &e), -1);
}

static void an_event_id_has_at_most_255_bytes(void **state)
{
	struct event event;
	struct err e;

	(void)state;
	assert_int_equal(read_event(keep_text(str_printf("'id':'%s'", repeat("e", 255))), &event, &e),
			 0);
	assert_int_equal(read_event(keep_text(str_printf("'id':'%s'", repeat("e", 256))), &event, &e),
			 -1);
}

static void four_names_of_metadata_are_ours(void **state)
{
	(void)state;
	assert_true(metadata_is_ours("userId"));
	assert_true(metadata_is_ours("userKind"));
	assert_true(metadata_is_ours("quoteSignature"));
	assert_true(metadata_is_ours("normalizedHash"));
	assert_false(metadata_is_ours("userid") || metadata_is_ours("user_id") ||
		     metadata_is_ours("") || metadata_is_ours("userId2") || metadata_is_ours("gift"));
}

static void a_client_can_set_neither_ours_nor_the_users_other_name(void **state)
{
	(void)state;
	assert_true(metadata_is_reserved("userId") && metadata_is_reserved("userKind") &&
		    metadata_is_reserved("user_id"));
	assert_false(metadata_is_reserved("user") || metadata_is_reserved("gift") ||
		     metadata_is_reserved(""));
}

/* A session of these members. */
static struct session session_of(const char *members)
{
	struct session session;
	struct err e;

	assert_int_equal(session_read(json_of("{'object':'checkout.session','id':'cs_1'%s}", members), &session,
				      &e), 0);
	return session;
}

static void a_session_has_a_quote_where_its_metadata_names_one(void **state)
{
	static const struct {
		const char *members;
		bool has;
	} table[] = {
		{"", false}, {",'metadata':{}", false}, {",'metadata':{'quoteSignature':''}", false},
		{",'metadata':{'quoteSignature':'q'}", true}, {",'metadata':{'quotesignature':'q'}", false},
	}, *row;

	(void)state;
	for EACH(row, table) {
		const struct session session = session_of(row->members);

		check_int(row->members, session_has_quote(&session), row->has);
	}
}

static void what_stripe_does_not_tell_any_more_comes_from_the_events_copy(void **state)
{
	static const char full[] = ",'created':5,'payment_intent':'pi_1','customer':'cus_1',"
				   "'client_reference_id':'r','currency':'eur','amount_total':3,"
				   "'amount_subtotal':2,'livemode':true,'metadata':{'userId':'7'},"
				   "'customer_details':{'email':'e@x','phone':'p','name':'n'},"
				   "'shipping_details':{'name':'s','address':{'city':'c'}}";
	static const char other[] = ",'created':6,'payment_intent':'pi_2','customer':'cus_2',"
				    "'client_reference_id':'t','currency':'usd','amount_total':0,"
				    "'amount_subtotal':0,'livemode':false,'metadata':{'userId':'8'},"
				    "'customer_details':{'email':'f@x','phone':'q','name':'m'},"
				    "'shipping_details':{'name':'s2','address':{'city':'d'}}";
	const struct session older = session_of(full);
	struct session bare = session_of(",'metadata':{}"), whole = session_of(other), none = session_of("");
	const struct session was = whole;

	(void)state;
	session_fill_gaps(&bare, &older);
	session_fill_gaps(&none, &older);
	session_fill_gaps(&whole, &older);
	assert_ptr_equal(bare.older, older.json);
	assert_int_equal(bare.created, 5);
	assert_string_equal(bare.payment_intent, "pi_1");
	assert_string_equal(bare.customer, "cus_1");
	assert_string_equal(bare.client_reference_id, "r");
	assert_string_equal(bare.email, "e@x");
	assert_string_equal(bare.phone, "p");
	assert_string_equal(bare.name, "n");
	assert_string_equal(bare.currency, "eur");
	assert_true(bare.total.known && bare.total.value == 3);
	assert_true(bare.subtotal.known && bare.subtotal.value == 2);
	assert_ptr_equal(bare.address, older.address);
	assert_ptr_equal(bare.metadata, older.metadata);
	assert_ptr_equal(none.metadata, older.metadata);
	assert_true(bare.livemode_given == JSON_FOUND && bare.livemode);

	/* What it does tell stays, and that it is nothing to pay, too. */
	assert_int_equal(whole.created, 6);
	assert_string_equal(whole.payment_intent, "pi_2");
	assert_string_equal(whole.customer, "cus_2");
	assert_string_equal(whole.client_reference_id, "t");
	assert_string_equal(whole.email, "f@x");
	assert_string_equal(whole.phone, "q");
	assert_string_equal(whole.name, "m");
	assert_string_equal(whole.currency, "usd");
	assert_true(whole.total.known && whole.total.value == 0);
	assert_true(whole.subtotal.known && whole.subtotal.value == 0);
	assert_ptr_equal(whole.address, was.address);
	assert_ptr_equal(whole.metadata, was.metadata);
	assert_true(whole.livemode_given == JSON_FOUND && !whole.livemode);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_session_of_today_is_read_whole),
		holds(a_bare_session_of_old_is_a_paid_payment),
		holds(paid_is_paid_or_nothing_to_pay),
		holds(ids_may_be_expanded),
		holds(shipping_is_in_three_places_the_newest_first),
		holds(the_customer_is_in_the_details_first),
		holds(the_shops_own_amounts_are_told_from_what_the_buyer_saw),
		holds(amounts_go_to_the_end_of_what_json_may_hold),
		holds(an_essential_field_of_a_wrong_type_is_refused),
		holds(a_field_that_is_not_essential_is_left_out_when_wrong),
		holds(a_session_id_has_at_most_255_bytes),
		holds(an_event_is_told_by_its_type),
		holds(what_is_subscribed_to_is_what_is_handled),
		holds(an_event_may_lack_what_is_not_needed),
		holds(a_thin_event_names_its_object),
		holds(a_thin_event_that_names_nothing_is_refused),
		holds(what_is_no_event_is_refused),
		holds(an_event_id_has_at_most_255_bytes),
		holds(four_names_of_metadata_are_ours),
		holds(a_client_can_set_neither_ours_nor_the_users_other_name),
		holds(a_session_has_a_quote_where_its_metadata_names_one),
		holds(what_stripe_does_not_tell_any_more_comes_from_the_events_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * The orders of the Lambda functions: which they are, and what they lack.
 */
#include "unit.h"

#include "shop/adoption.h"

#define NOW 1795771800 /* 2026-11-27T09:30:00Z */

static void an_adoption_is_complete_until_another_is_needed(void **state)
{
	struct json_object *done = keep(adoption_item(NOW));
	struct json_object *again = keep(adoption_item_again(done, NOW + 60));

	(void)state;
	check_json("done", done, "{'PK':'SYSTEM','SK':'ADOPTED','adoptedAt':'2026-11-27T09:30:00Z'}");
	check_json("again", again, "{'PK':'SYSTEM','SK':'ADOPTED','adoptedAt':'2026-11-27T09:30:00Z',"
				   "'again':'2026-11-27T09:31:00Z'}");
	check_json("none yet", keep(adoption_item_again(NULL, NOW)),
		   "{'PK':'SYSTEM','SK':'ADOPTED','again':'2026-11-27T09:30:00Z'}");
	assert_true(adoption_is_complete(done));
	assert_false(adoption_is_complete(again));
	assert_false(adoption_is_complete(NULL));
}

static void two_items_are_about_this_very_table(void **state)
{
	static const struct {
		const char *item;
		bool own;
	} table[] = {
		{"{'PK':'SYSTEM','SK':'ADOPTED'}", true}, {"{'PK':'SYSTEM','SK':'ADOPTING'}", true},
		{"{'PK':'SYSTEM','SK':'STRIPE_ORDER_SYNC'}", false}, {"{'PK':'USER#1','SK':'ADOPTED'}", false},
		{"{'PK':'SYSTEM'}", false}, {"{'SK':'ADOPTED'}", false},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_int(row->item, adoption_is_own_item(json_of("%s", row->item)), row->own);
}

static void an_item_of_theirs_is_younger_by_the_first_time_that_it_tells(void **state)
{
	static const struct {
		const char *item;
		bool knows, younger;
	} table[] = {
		{"{'updatedAt':'2026-11-27T09:30:00Z'}", true, true},
		{"{'updatedAt':'2026-11-27T09:29:00Z'}", true, true}, /* it may have been on its way */
		{"{'updatedAt':'2026-11-27T09:28:59Z'}", true, false},
		{"{'updatedAt':'2026-11-27T09:28:59Z','createdAt':'2027-01-01T00:00:00Z'}", true, false},
		{"{'updatedAt':'yesterday','processedAt':'2026-11-27T09:28:59Z'}", true, false},
		{"{'processedAt':'2026-11-27T09:30:01Z'}", true, true},
		{"{'completedAt':'2026-11-27T09:30:01Z'}", true, true},
		{"{'createdAt':'2026-11-27T09:30:01Z'}", true, true},
		{"{'createdAt':'2026-11-27T09:28:59Z'}", true, false},
		{"{'createdAt':'yesterday'}", false, true}, {"{}", false, true},
		{"{'version':1,'updatedAt':'2027-01-01T00:00:00Z'}", true, false},
	}, *row;
	struct json_object *adopted = keep(adoption_item(NOW));

	(void)state;
	for EACH(row, table) {
		struct json_object *item = json_of("%s", row->item);

		check_int(row->item, adoption_knows_time(item), row->knows);
		check_int(row->item, adoption_is_younger(adopted, item), row->younger);
	}
	assert_false(adoption_is_younger(adopted, NULL));
	/* While no adoption was made, or its time can't be read, all are. */
	assert_true(adoption_is_younger(NULL, json_of("{'updatedAt':'2020-01-01T00:00:00Z'}")));
	assert_true(adoption_is_younger(json_of("{'adoptedAt':'?'}"),
					json_of("{'updatedAt':'2020-01-01T00:00:00Z'}")));
}

static void an_order_of_theirs_gets_what_it_lacks(void **state)
{
	static const struct {
		const char *order, *session, *adopted;
	} table[] = {
		/* Which order it is may stand in its key alone. */
		{"{'SK':'ORDER#1#cs_1','status':'completed','items':[{}]}", NULL,
		 "{'SK':'ORDER#1#cs_1','status':'completed','items':[{}],'stripeSessionId':'cs_1','orderId':'cs_1'}"},
		{"{'SK':'ORDER#1#x','status':'failed','items':[{}],'orderId':'cs_1'}", NULL,
		 "{'SK':'ORDER#1#x','status':'failed','items':[{}],'orderId':'cs_1','stripeSessionId':'cs_1'}"},
		{"{'SK':'ORDER#1#x','status':'failed','items':[{}],'orderId':'a','stripeSessionId':'b'}", NULL,
		 "{'SK':'ORDER#1#x','status':'failed','items':[{}],'orderId':'a','stripeSessionId':'b'}"},
		{"{'SK':'ORDER#1#cs_1','status':'failed','items':[{}],'orderId':''}", NULL,
		 "{'SK':'ORDER#1#cs_1','status':'failed','items':[{}],'orderId':'cs_1','stripeSessionId':'cs_1'}"},
		/* It was called completed while its payment was under way. */
		{"{'SK':'ORDER#1#cs_1','orderId':'cs_1','status':'completed','completedAt':'t','items':[{}],"
		 "'paymentStatus':'unpaid'}", NULL,
		 "{'SK':'ORDER#1#cs_1','orderId':'cs_1','status':'pending','items':[{}],"
		 "'paymentStatus':'unpaid','stripeSessionId':'cs_1'}"},
		{"{'SK':'ORDER#1#cs_1','orderId':'cs_1','status':'completed','completedAt':'t','items':[{}]}",
		 "{'paymentStatus':'unpaid'}",
		 "{'SK':'ORDER#1#cs_1','orderId':'cs_1','status':'pending','items':[{}],"
		 "'stripePaymentStatus':'unpaid','stripeSessionId':'cs_1'}"},
		{"{'SK':'ORDER#1#cs_1','orderId':'cs_1','status':'completed','completedAt':'t','items':[{}],"
		 "'stripePaymentStatus':'paid'}", "{'paymentStatus':'unpaid'}",
		 "{'SK':'ORDER#1#cs_1','orderId':'cs_1','status':'completed','completedAt':'t','items':[{}],"
		 "'stripePaymentStatus':'paid','stripeSessionId':'cs_1'}"},
		/* Its lines could not be had. */
		{"{'SK':'ORDER#1#cs_1','orderId':'cs_1','status':'failed','items':[]}", NULL,
		 "{'SK':'ORDER#1#cs_1','orderId':'cs_1','status':'failed','items':[],'itemsPending':true,"
		 "'stripeSessionId':'cs_1'}"},
		{"{'SK':'ORDER#1#cs_1','orderId':'cs_1'}", NULL,
		 "{'SK':'ORDER#1#cs_1','orderId':'cs_1','itemsPending':true,'stripeSessionId':'cs_1'}"},
	}, *row;
	static const char *const none[] = {"{'SK':'ORDER#1#'}", "{'SK':'METADATA','orderId':'cs_1'}",
					   "{'orderId':'cs_1'}"};
	const char *const *text;

	(void)state;
	for EACH(row, table) {
		struct json_object *order = json_of("%s", row->order);
		struct json_object *session = row->session ? json_of("%s", row->session) : NULL;

		check_json(row->order, keep(adoption_order(order, session)), row->adopted);
		check_json(row->order, order, row->order);
	}
	for EACH(text, none)
		check(*text, !adoption_order(json_of("%s", *text), NULL));
}

/* Orders of one session, in the order in which their word counts. */
static void of_two_orders_the_newer_ones_word_counts(void **state)
{
	static const struct {
		const char *kept, *gone, *x; /* whose x it is */
	} table[] = {
		{"'status':'completed'", "'status':'pending','source':'webhook'", "kept"},
		{"'status':'pending','source':'webhook'", "'status':'completed'", "gone"},
		{"'status':'completed','source':'webhook'", "'status':'completed'", "kept"},
		{"'status':'completed'", "'status':'completed','source':'webhook'", "gone"},
		{"'updatedAt':'2026-11-27T00:00:00Z'", "'updatedAt':'2026-11-26T00:00:00Z'", "kept"},
		{"'updatedAt':'2026-11-26T00:00:00Z'", "'updatedAt':'2026-11-27T00:00:00Z'", "gone"},
		{"'updatedAt':'2026-11-26T00:00:00Z'", "'updatedAt':'2026-11-26T00:00:00Z'", "kept"},
		/* Theirs say it by their keys: 1700000000 and 1600000000. */
		{"'a':1", "'b':1", "kept"}, {"'updatedAt':'?'", "'b':1", "kept"},
		{"'a':1", "'updatedAt':'2026-11-26T00:00:00Z'", "gone"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		const char *what = keep_text(str_printf("%s, %s", row->kept, row->gone));
		struct json_object *one = json_of("{'SK':'ORDER#1700000000#cs_1','x':'kept',%s}", row->kept);
		struct json_object *other = json_of("{'SK':'ORDER#1600000000#cs_1','x':'gone',%s}", row->gone);

		check_text(what, json_string_or_null(keep(adoption_merge(one, other)), "x"), row->x);
	}
}

static void two_orders_of_one_session_become_one(void **state)
{
	static const struct {
		const char *kept, *gone, *merged;
	} table[] = {
		/* Keys, ids, number and buyer are the kept one's, and what that has none of stays out. */
		{"{'PK':'a','SK':'ORDER#1#c','orderId':'c','stripeSessionId':'c','orderNumber':'N-1',"
		 "'userId':'1','createdAt':'t','source':'s','expiresAt':9,'updatedAt':'2026-11-26T00:00:00Z',"
		 "'items':[1],'itemCount':1}",
		 "{'PK':'b','SK':'ORDER#2#c','orderId':'d','stripeSessionId':'d','orderNumber':'N-2',"
		 "'userId':'2','createdAt':'u','source':'r','expiresAt':8,'updatedAt':'2026-11-27T00:00:00Z',"
		 "'items':[2,3],'itemCount':2}",
		 "{'PK':'a','SK':'ORDER#1#c','orderId':'c','stripeSessionId':'c','orderNumber':'N-1',"
		 "'userId':'1','createdAt':'t','source':'s','expiresAt':9,'updatedAt':'2026-11-27T00:00:00Z',"
		 "'items':[2,3],'itemCount':2}"},
		{"{'SK':'ORDER#1#c','items':[1],'old':1,'both':1}",
		 "{'SK':'ORDER#2#c','items':[2],'new':2,'both':2,'empty':null,'expiresAt':8,'userId':'2'}",
		 "{'SK':'ORDER#1#c','items':[2],'old':1,'new':2,'both':2}"},
		/* Lines come from one of them, with their count and whether they are still to come. */
		{"{'SK':'ORDER#1#c','items':[1],'itemCount':1}",
		 "{'SK':'ORDER#2#c','items':[],'itemCount':0,'itemsPending':true,'x':1}",
		 "{'SK':'ORDER#1#c','items':[1],'itemCount':1,'x':1}"},
		{"{'SK':'ORDER#1#c','items':[],'itemsPending':true}",
		 "{'SK':'ORDER#2#c','items':[1],'itemCount':1}",
		 "{'SK':'ORDER#1#c','items':[1],'itemCount':1}"},
		/* What they called completed is not paid where ours knows that it is not. */
		{"{'SK':'ORDER#1#c','items':[1],'status':'completed','completedAt':'t'}",
		 "{'SK':'ORDER#2#c','items':[1],'status':'failed','stripePaymentStatus':'unpaid','source':'webhook'}",
		 "{'SK':'ORDER#1#c','items':[1],'status':'failed','stripePaymentStatus':'unpaid'}"},
		{"{'SK':'ORDER#1#c','items':[1],'status':'pending','stripePaymentStatus':'unpaid','source':'sync'}",
		 "{'SK':'ORDER#2#c','items':[1],'status':'completed','completedAt':'t'}",
		 "{'SK':'ORDER#1#c','items':[1],'status':'pending','stripePaymentStatus':'unpaid','source':'sync'}"},
		/* A person who was erased from one of them stays so. */
		{"{'SK':'ORDER#1#c','items':[1],'erasedAt':'t','userId':'erased-1'}",
		 "{'SK':'ORDER#2#c','items':[1],'userId':'2','customerEmail':'a@x.example','payment':{'last4':'1'}}",
		 "{'SK':'ORDER#1#c','items':[1],'erasedAt':'t','userId':'erased-1','payment':{}}"},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_json(row->gone, keep(adoption_merge(json_of("%s", row->kept), json_of("%s", row->gone))),
			   row->merged);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(an_adoption_is_complete_until_another_is_needed),
		holds(two_items_are_about_this_very_table),
		holds(an_item_of_theirs_is_younger_by_the_first_time_that_it_tells),
		holds(an_order_of_theirs_gets_what_it_lacks),
		holds(of_two_orders_the_newer_ones_word_counts),
		holds(two_orders_of_one_session_become_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

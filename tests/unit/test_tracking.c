/* SPDX-License-Identifier: ISC */
/*
 * The owner's mark, and which orders wait for one.
 */
#include "unit.h"

#include "shop/tracking.h"

#define NOW 1764201600 /* 2025-11-27T00:00:00Z */

static void an_order_waits_while_it_is_paid_and_has_something_to_ship(void **state)
{
	static const struct {
		const char *order;
		bool waits;
	} table[] = {
		{"'status':'completed','items':[{}],'shippingAddress':{}", true},
		{"'status':'partially_refunded','items':[{}],'shippingAddress':{}", true},
		{"'status':'refunded','items':[{}],'shippingAddress':{}", false},
		{"'status':'pending','items':[{}],'shippingAddress':{}", false},
		{"'status':'failed','items':[{}],'shippingAddress':{}", false},
		{"'status':'completed','stripePaymentStatus':'unpaid','shippingAddress':{}", false},
		{"'items':[{}],'shippingAddress':{}", false},
		{"'status':'completed','items':[{}],'shippingAddress':{},'tracking':{}", false},
		{"'status':'completed','items':[{}],'shippingAddress':{},'tracking':null", true},
		{"'status':'completed','items':[{}],'shippingAddress':null", false},
		{"'status':'completed','items':[{}],'amountShipping':0", false},
		{"'status':'completed','items':[{}],'amountShipping':500", true},
		{"'status':'completed','items':[{}],'shippingRate':{'name':'Free'}", true},
		{"'status':'completed','items':[],'itemsPending':true", true},
		{"'status':'completed'", true},
		{"'status':'completed','items':[{}],'unconfirmed':true", true},
		{"'status':'completed','items':[{}],'erasedAt':'2025-11-27T00:00:00Z'", true},
		{"'status':'completed','items':[{}]", false},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct json_object *order = json_of("{%s}", row->order);

		check_int(row->order, tracking_is_awaited(order), row->waits);
	}
}

static void a_mark_keeps_what_it_is_not_given(void **state)
{
	static const struct {
		const char *before;
		struct tracking mark;
		const char *after;
	} table[] = {
		{"", {true, NULL, NULL, NULL},
		 "'tracking':{'status':'shipped','shippedAt':'2025-11-27T00:00:00Z'},"},
		{"'tracking':{'shippedAt':'x','number':'1','url':'u'},", {true, "P", NULL, NULL},
		 "'tracking':{'shippedAt':'x','number':'1','url':'u','carrier':'P','status':'shipped'},"},
		{"'tracking':{'shippedAt':'x','number':'1','url':'u'},", {true, NULL, "1", NULL},
		 "'tracking':{'shippedAt':'x','number':'1','url':'u','status':'shipped'},"},
		{"'tracking':{'shippedAt':'x','number':'1','url':'u'},", {true, NULL, "2", NULL},
		 "'tracking':{'shippedAt':'x','number':'2','status':'shipped'},"},
		{"'tracking':{'shippedAt':'x','number':9400110898825022579,'url':'u'},",
		 {true, NULL, "9400110898825022579", NULL},
		 "'tracking':{'shippedAt':'x','number':'9400110898825022579','url':'u','status':'shipped'},"},
		{"'tracking':{'shippedAt':'x'},", {false, NULL, NULL, NULL}, ""},
		{"", {false, NULL, NULL, NULL}, ""},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		struct json_object *order = json_of("{%s'a':1}", row->before);
		struct json_object *want = json_of("{%s'a':1,'updatedAt':'2025-11-27T00:00:00Z'}",
						   row->after);
		struct json_object *got = tracking_apply(order, &row->mark, NOW, &e);

		assert_true(json_equal(got, want));
		json_object_put(got);
	}
}

static void an_order_without_its_person_takes_no_number(void **state)
{
	static const struct tracking marks[] = {{true, NULL, "1", NULL}, {true, NULL, NULL, "https://x"}};
	struct json_object *order = json_of("{'orderNumber':'BC-1','erasedAt':'2025-11-27T00:00:00Z'}");
	const struct tracking *mark;
	struct err e;

	(void)state;
	for EACH(mark, marks) {
		assert_null(tracking_apply(order, mark, NOW, &e));
		assert_int_equal(e.code, ERR_BAD_REQUEST);
	}
}

static void a_mark_is_text_that_can_stand_in_an_order(void **state)
{
	const struct {
		const char *what;
		struct tracking mark;
		const char *wrong; /* NULL: it can */
	} table[] = {
		{"all of it", {true, "DHL", "00340434161094", "https://dhl.example/?a=1&b=2"}, NULL},
		{"nothing", {true, NULL, NULL, NULL}, NULL},
		{"umlauts", {true, "Österreichische Post", "É1", "http://post.example/"}, NULL},
		{"the longest", {true, repeat("ä", 200), repeat("1", 200), NULL}, NULL},
		{"a carrier that is too long", {true, repeat("ä", 201), NULL, NULL}, "the carrier must"},
		{"a number that is too long", {true, NULL, repeat("1", 201), NULL}, "the tracking number must"},
		{"an empty number", {true, NULL, "", NULL}, "the tracking number must"},
		{"a blank carrier", {true, "  ", NULL, NULL}, "the carrier must"},
		{"a line feed", {true, NULL, "1\n2", NULL}, "the tracking number must"},
		{"a C1 control", {true, "a\xC2\x9B" "b", NULL, NULL}, "the carrier must"},
		{"no UTF-8", {true, "a\xFF", NULL, NULL}, "the carrier must"},
		{"a cut letter at the end", {true, NULL, "a\xC3", NULL}, "the tracking number must"},
		{"ftp", {true, NULL, NULL, "ftp://dhl.example/"}, "the url must"},
		{"script", {true, NULL, NULL, "javascript:alert(1)"}, "the url must"},
		{"a blank", {true, NULL, NULL, "https://dhl.example/a b"}, "the url must"},
		{"a quote", {true, NULL, NULL, "https://dhl.example/\"onclick"}, "the url must"},
		{"a tag", {true, NULL, NULL, "https://dhl.example/<b>"}, "the url must"},
		{"a control", {true, NULL, NULL, "https://dhl.example/\x1B[2J"}, "the url must"},
		{"the longest url", {true, NULL, NULL, keep_text(str_printf("https://%s", repeat("a", 1992)))}, NULL},
		{"a longer one", {true, NULL, NULL, keep_text(str_printf("https://%s", repeat("a", 1993)))},
		 "the url must"},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		check_int(row->what, tracking_check(&row->mark, &e), row->wrong ? -1 : 0);
		if (row->wrong)
			check_err(row->what, &e, ERR_BAD_REQUEST, row->wrong);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(an_order_waits_while_it_is_paid_and_has_something_to_ship),
		holds(a_mark_keeps_what_it_is_not_given),
		holds(an_order_without_its_person_takes_no_number),
		holds(a_mark_is_text_that_can_stand_in_an_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(an_order_waits_while_it_is_paid_and_has_something_to_ship),
		holds(a_mark_keeps_what_it_is_not_given),
		holds(an_order_without_its_person_takes_no_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * Who leaves an order, and what stays.
 */
#include "unit.h"

#include "shop/charge.h"
#include "shop/erasure.h"
#include "shop/order.h"

#define NOW 1764201600 /* 2025-11-27T00:00:00Z */

static const char SALE[] =
	"'SK':'ORDER#1#cs_1','orderId':'cs_1','orderNumber':'BC-1','amount':8500,'currency':'usd',"
	"'items':[{'name':'Ring','quantity':1}],'createdAt':'2025-11-26T00:00:00Z'";

static struct json_object *order_of(const char *keys, const char *person)
{
	return json_of("{%s,%s%s%s}", keys, SALE, *person ? "," : "", person);
}

static void check_erased(const char *keys, const char *person, const char *keys_after,
			 const char *left)
{
	struct json_object *order = order_of(keys, person);
	struct json_object *erased = erasure_apply(order, NOW);
	struct json_object *want = order_of(keys_after, left);

	json_set_string(want, "erasedAt", "2025-11-27T00:00:00Z");
	json_set_string(want, "updatedAt", "2025-11-27T00:00:00Z");
	check_text(person, json_object_to_json_string_ext(want, JSON_C_TO_STRING_PLAIN),
		   json_object_to_json_string_ext(erased, JSON_C_TO_STRING_PLAIN));
	assert_true(erasure_is_done(erased));
	assert_false(erasure_is_done(order));
	assert_false(erasure_moves(erased));
	json_object_put(erased);
}

static void who_bought_leaves_and_the_sale_stays(void **state)
{
	static const char USER[] = "'PK':'USER#u','userId':'u'";
	static const char *const leave[] = {
		"'customerName':'J'", "'customerEmail':'j@x.example'", "'customerPhone':'1'",
		"'customerBusinessName':'J'", "'customerTaxIds':[{'value':'1'}]",
		"'shippingAddress':{'line1':'1'}", "'billingAddress':{'line1':'1'}",
		"'customFields':[{'value':'J'}]", "'consent':{'promotions':'opt_in'}",
		"'customerTaxExempt':'reverse'", "'metadata':{'note':'J'}", "'receiptUrl':'https://x'",
		"'stripeCustomerId':'cus_1'", "'clientReferenceId':'j'", "'shippingAddress':null",
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(leave); i++)
		check_erased(USER, leave[i], USER, "");
	check_erased(USER, "'payment':{'type':'card','last4':'4242','receiptUrl':'https://x'}", USER,
		     "'payment':{'type':'card'}");
	check_erased(USER, "'tracking':{'carrier':'DHL','number':'1','url':'https://x',"
		     "'shippedAt':'2025-11-26T00:00:00Z'}", USER,
		     "'tracking':{'carrier':'DHL','shippedAt':'2025-11-26T00:00:00Z'}");
	check_erased(USER, "'dispute':{'id':'dp_1','evidence':{'customer_name':'J'}}", USER,
		     "'dispute':{'id':'dp_1'}");
	check_erased(USER, "'disputes':[{'id':'dp_1','evidence':{'customer_name':'J'}},1]", USER,
		     "'disputes':[{'id':'dp_1'},1]");
}

static void an_order_whose_key_is_an_address_moves(void **state)
{
	static const struct {
		const char *keys, *after;
	} table[] = {
		{"'PK':'USER#j@x.example','userId':'j@x.example'",
		 "'PK':'USER#erased-BC-1','userId':'erased-BC-1'"},
		{"'PK':'USER#J@X.example','userId':'J@X.example'",
		 "'PK':'USER#erased-BC-1','userId':'erased-BC-1'"},
		{"'PK':'USER#user_1','userId':'user_1'", "'PK':'USER#user_1','userId':'user_1'"},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_erased(row->keys, "'customerName':'J'", row->after, "");
}

static void the_key_of_an_erased_order_is_known_before_and_behind(void **state)
{
	char *pk = erasure_key(order_of("'PK':'USER#J@X.example','userId':'J@X.example'", ""));

	(void)state;
	assert_string_equal(pk, "USER#erased-BC-1");
	assert_true(erasure_is_key(pk));
	free(pk);
	assert_null(erasure_key(order_of("'PK':'USER#user_1','userId':'user_1'", "")));
	assert_false(erasure_is_key("USER#user_1"));
	assert_false(erasure_is_key(NULL));
}

/* An order from elsewhere may have any number. */
static void an_erased_order_with_an_at_in_its_number_is_no_address(void **state)
{
	struct json_object *order = order_of("'PK':'USER#j@x.example','userId':'j@x.example'", "");
	struct json_object *erased;

	(void)state;
	json_set_string(order, "orderNumber", "@BC@1@");
	erased = erasure_apply(order, NOW);
	assert_string_equal(json_string_or_null(erased, "PK"), "USER#erased--BC-1-");
	assert_string_equal(json_string_or_null(erased, "userId"), "erased--BC-1-");
	assert_string_equal(json_string_or_null(erased, "orderNumber"), "@BC@1@");
	assert_true(erasure_is_done(erased));
	assert_false(erasure_moves(erased));
	json_object_put(erased);
}

static void what_stripe_says_later_does_not_bring_the_person_back(void **state)
{
	struct json_object *stored = order_of("'PK':'USER#erased-BC-1','userId':'erased-BC-1'",
					      "'status':'completed','itemCount':1,"
					      "'stripePaymentStatus':'paid',"
					      "'erasedAt':'2025-11-27T00:00:00Z'");
	struct session session;
	struct order_input in = {
		.stored = stored, .session = &session, .kind = EVENT_SESSION_COMPLETED,
		.pk = "USER#j@x.example", .sk = "ORDER#1#cs_1", .number = "BC-1",
		.user_id = "j@x.example", .source = "webhook", .created = 1, .now = NOW,
	};
	struct json_object *order;
	struct err e;

	(void)state;
	assert_int_equal(session_read(json_of(
		"{'id':'cs_1','object':'checkout.session','created':1,'mode':'payment',"
		"'payment_status':'paid','amount_total':8500,'currency':'usd','customer':'cus_1',"
		"'metadata':{'note':'J'},'customer_details':{'email':'j@x.example','name':'J',"
		"'phone':'1'},'collected_information':{'shipping_details':{'name':'J',"
		"'address':{'line1':'1'}}}}"), &session, &e), 0);
	order = order_apply_session(&in);
	assert_null(strstr(json_object_to_json_string(order), "j@x.example"));
	assert_null(json_object_object_get(order, "customerName"));
	assert_null(json_object_object_get(order, "shippingAddress"));
	assert_null(json_object_object_get(order, "metadata"));
	assert_string_equal(json_string_or_null(order, "PK"), "USER#erased-BC-1");
	assert_string_equal(json_string_or_null(order, "erasedAt"), "2025-11-27T00:00:00Z");
	assert_int_equal(json_int_or(order, "amount", 0), 8500);
	json_object_put(order);
}

/* What an order is made of shares its members with it, and is held against it afterwards. */
static void the_order_that_was_read_stays_as_it_is(void **state)
{
	static const char SESSION[] =
		"{'id':'cs_1','object':'checkout.session','created':1,'mode':'payment',"
		"'payment_status':'paid','amount_total':8500,'currency':'usd',"
		"'shipping_cost':{'shipping_rate':'shr_1'},"
		"'discounts':[{'promotion_code':{'id':'promo_1','code':'TEN'},'coupon':{'id':'c1','name':'T'}}],"
		"'total_details':{'amount_discount':5,'breakdown':{'discounts':[{'amount':5,"
		"'discount':{'promotion_code':'promo_1'}}]}}}";
	static const char STANDS[] =
		"'status':'completed','itemCount':1,'stripePaymentStatus':'paid','shippingRate':{'id':'shr_1',"
		"'name':'Post'},'discounts':[{'promotionCodeId':'promo_1','name':'Ten'},{'promotionCodeId':"
		"'promo_1'}],'payment':{'type':'card','last4':'4242','receiptUrl':'https://x'},"
		"'dispute':{'id':'dp_1','evidence':{'a':1}},'disputes':[{'id':'dp_1','evidence':{'a':1}}]";
	static const char *const more[] = {"", ",'erasedAt':'2025-11-27T00:00:00Z'"};
	struct sale_charge of = {.charge = json_of(
		"{'id':'ch_1','object':'charge','status':'succeeded','amount':8500,'amount_refunded':100,"
		"'currency':'usd','payment_method_details':{'type':'card','card':{'last4':'1'}}}")};
	size_t i;

	(void)state;
	for (i = 0; i < 2 * LENGTH(more); i++) {
		char *stands = keep_text(str_printf("%s%s", STANDS, more[i / 2]));
		struct json_object *stored = order_of("'PK':'USER#u','userId':'u'", stands), *order;
		char *text = keep_text(str_dup(json_text(stored)));
		struct session session;
		struct order_input in = {
			.stored = stored, .session = &session, .asked = i % 2, .created = 1, .now = NOW,
			.kind = EVENT_SESSION_COMPLETED, .pk = "USER#u", .sk = "ORDER#1#cs_1",
			.number = "BC-1", .user_id = "u", .source = "webhook",
		};

		assert_int_equal(session_read(json_of("%s", SESSION), &session, NULL), 0);
		order = keep(order_apply_session(&in));
		check_text(more[i / 2], json_text(stored), text);
		text = keep_text(str_dup(json_text(order)));
		assert_non_null(keep(order_take_charge(order, &of, false, NOW, NULL)));
		check_text(more[i / 2], json_text(order), text);
	}
}

/* An ordersnap that knows no erasure, as after a rollback, gives an order its person back. */
static void an_erasure_holds_until_somebody_writes_the_person_again(void **state)
{
	static const char USER[] = "'PK':'USER#u','userId':'u'";
	static const char ADDRESS[] = "'PK':'USER#j@x.example','userId':'j@x.example'";
	static const char DONE[] = "'erasedAt':'2025-11-27T00:00:00Z','dispute':{'id':'dp_1'},"
				   "'disputes':[{'id':'dp_1'}],'payment':{'type':'card'}";
	static const char *const back[] = {
		"'customerName':'J'", "'shippingAddress':{'line1':'1'}", "'metadata':{}",
		"'payment':{'last4':'1'}", "'disputes':[{'id':'dp_1','evidence':{'a':1}}]",
	};
	size_t i;

	(void)state;
	assert_false(erasure_holds(NULL));
	assert_false(erasure_holds(order_of(USER, "")));
	assert_true(erasure_holds(order_of(USER, DONE)));
	assert_false(erasure_holds(order_of(ADDRESS, DONE)));
	for (i = 0; i < LENGTH(back); i++) {
		const char *person = keep_text(str_printf("%s,%s", DONE, back[i]));

		assert_false(erasure_holds(order_of(USER, person)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(who_bought_leaves_and_the_sale_stays),
		holds(an_order_whose_key_is_an_address_moves),
		holds(the_key_of_an_erased_order_is_known_before_and_behind),
		holds(an_erased_order_with_an_at_in_its_number_is_no_address),
		holds(what_stripe_says_later_does_not_bring_the_person_back),
		holds(the_order_that_was_read_stays_as_it_is),
		holds(an_erasure_holds_until_somebody_writes_the_person_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

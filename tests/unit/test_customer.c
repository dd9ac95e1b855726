/* SPDX-License-Identifier: ISC */
/*
 * What a customer may see, and where a list of orders goes on.
 */
#include "unit.h"

#include "orders/cursor.h"
#include "shop/customer.h"

struct who {
	const char *user, *email;
};

static const struct who jane = {"user_1", "jane@shop.example"};
static const struct who unverified = {"user_1", NULL};
static const struct who address = {"jane@shop.example", NULL};
static const struct who plus = {"u", "a+b@x.example"}, no_plus = {"u", "ab@x.example"};
static const struct who capitals = {"u", "Jane@Shop.Example"};
static const struct who pipe = {"auth0|7", "jane@shop.example"};

static void partitions_are_those_of_the_name_and_of_the_verified_address(void **state)
{
	static const struct {
		const struct who *who;
		const char *pks; /* by blanks */
	} table[] = {
		{&unverified, "USER#user_1"}, {&jane, "USER#user_1 USER#jane@shop.example"},
		{&address, "USER#jane@shop.example"},
		{&plus, "USER#u USER#a+b@x.example USER#ab@x.example"},
		{&no_plus, "USER#u USER#ab@x.example"},
		{&capitals, "USER#u USER#jane@shop.example USER#Jane@Shop.Example"},
		{&pipe, "USER#auth0|7 USER#jane@shop.example USER#auth07"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct customer c;
		struct buf pks;
		size_t i;

		assert_int_equal(customer_init(&c, row->who->user, row->who->email, CUSTOMER_ANY_MODE), 0);
		buf_init(&pks, 4096);
		for (i = 0; i < c.count; i++)
			buf_printf(&pks, "%s%s", i ? " " : "", c.pks[i]);
		check_text(row->pks, keep_text(buf_detach(&pks)), row->pks);
		customer_free(&c);
	}
}

static void a_name_that_is_empty_or_too_long_is_nobodys(void **state)
{
	const char *const names[] = {NULL, "", "  ", repeat("x", 257)};
	struct customer c;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(names); i++) {
		check_int(names[i], customer_init(&c, names[i], NULL, CUSTOMER_ANY_MODE), -1);
		customer_free(&c);
	}
}

static void an_order_is_seen_by_whom_it_belongs_to(void **state)
{
	static const struct {
		const char *order;
		const struct who *who;
		bool sees;
	} table[] = {
		/* the user's own, whatever address was typed at Checkout */
		{"{'PK':'USER#user_1','userId':'user_1','customerEmail':'other@shop.example'}", &unverified, true},
		{"{'PK':'USER#user_1','userId':'user_1'}", &unverified, true},
		{"{'PK':'USER#user_2','userId':'user_2','customerEmail':'jane@shop.example'}", &jane, false},
		/* a guest's, by the verified address alone */
		{"{'PK':'USER#jane@shop.example','userId':'jane@shop.example','guest':true,"
		 "'customerEmail':'Jane@Shop.example'}", &jane, true},
		{"{'PK':'USER#jane@shop.example','userId':'jane@shop.example',"
		 "'customerEmail':'jane@shop.example'}", &jane, true},
		{"{'PK':'USER#jane@shop.example','userId':'jane@shop.example','guest':true,"
		 "'customerEmail':'jane@shop.example'}", &unverified, false},
		{"{'PK':'USER#jane@shop.example','userId':'jane@shop.example','guest':true,"
		 "'customerEmail':'jane@shop.example'}", &capitals, true},
		{"{'PK':'USER#jane@shop.example','userId':'jane@shop.example','guest':true}", &jane, false},
		/* a name that looks like an address is no proof of it */
		{"{'PK':'USER#jane@shop.example','userId':'jane@shop.example',"
		 "'customerEmail':'jane@shop.example'}", &address, false},
		{"{'PK':'USER#jane@shop.example','userId':'jane@shop.example','guest':true,"
		 "'customerEmail':'jane@shop.example'}", &address, false},
		{"{'PK':'USER#jane@shop.example','userId':'jane@shop.example','userKind':'user',"
		 "'customerEmail':'jane@shop.example'}", &address, true},
		/* ... nor is the address a proof of being the account of that name */
		{"{'PK':'USER#jane@shop.example','userId':'jane@shop.example','userKind':'user',"
		 "'customerEmail':'jane@shop.example'}", &jane, false},
		/* whom somebody said to be is no account, but the address is a proof */
		{"{'PK':'USER#user_1','userId':'user_1','userKind':'claimed',"
		 "'customerEmail':'other@shop.example'}", &jane, false},
		{"{'PK':'USER#user_1','userId':'user_1','userKind':'claimed',"
		 "'customerEmail':'jane@shop.example'}", &jane, true},
		{"{'PK':'USER#user_1','userId':'user_1','userKind':'claimed',"
		 "'customerEmail':'jane@shop.example'}", &unverified, false},
		/* two users of one spelling in the functions' table */
		{"{'PK':'USER#ab@x.example','userId':'ab@x.example','customerEmail':'a+b@x.example'}", &plus, true},
		{"{'PK':'USER#ab@x.example','userId':'ab@x.example','customerEmail':'a+b@x.example'}", &no_plus, false},
		{"{'PK':'USER#ab@x.example','userId':'ab@x.example','customerEmail':'ab@x.example'}", &no_plus, true},
		{"{'PK':'USER#ab@x.example','userId':'ab@x.example','customerEmail':'ab@x.example'}", &plus, false},
		{"{'PK':'USER#auth07','userId':'auth07','customerEmail':'jane@shop.example'}", &pipe, true},
		{"{'PK':'USER#auth07','userId':'auth07','customerEmail':'joe@shop.example'}", &pipe, false},
		/* what is no order */
		{"{}", &jane, false},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct customer c;

		assert_int_equal(customer_init(&c, row->who->user, row->who->email, CUSTOMER_ANY_MODE), 0);
		check(row->order, customer_may_see(&c, json_of("%s", row->order)) == row->sees);
		customer_free(&c);
	}
}

static void an_order_may_be_anothers_whose_address_was_spelt_alike(void **state)
{
	static const struct {
		const char *user, *order;
		bool alike;
	} table[] = {
		{"ab@x.example", "{'PK':'USER#ab@x.example','customerEmail':'a+b@x.example'}", true},
		{"AB@x.example", "{'PK':'USER#ab@x.example','customerEmail':'a+b@x.example'}", true},
		{"ab@x.example", "{'PK':'USER#ab@x.example','customerEmail':'AB@x.example'}", false},
		{"a+b@x.example", "{'PK':'USER#ab@x.example','customerEmail':'a+b@x.example'}", false},
		/* who claimed the name, and gave another address; an account of that name */
		{"ab@x.example",
		 "{'PK':'USER#ab@x.example','customerEmail':'j@x.example','userKind':'claimed'}", false},
		{"ab@x.example", "{'PK':'USER#ab@x.example','customerEmail':'a+b@x.example','userKind':'user'}", false},
		{"ab", "{'PK':'USER#ab','customerEmail':'a+b'}", false},
		{"ab@x.example", "{'PK':'USER#ab@x.example'}", false},
		{"ab@x.example", "{}", false},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct customer c;

		assert_int_equal(customer_init(&c, row->user, row->user, CUSTOMER_ANY_MODE), 0);
		check(row->order, customer_spelt_alike(&c, json_of("%s", row->order)) == row->alike);
		customer_free(&c);
	}
}

static void orders_of_the_other_mode_are_left_out(void **state)
{
	static const struct {
		enum customer_mode mode;
		const char *order;
		bool fits;
	} table[] = {
		{CUSTOMER_LIVE_MODE, "{'livemode':true}", true}, {CUSTOMER_LIVE_MODE, "{'livemode':false}", false},
		{CUSTOMER_TEST_MODE, "{'livemode':true}", false}, {CUSTOMER_TEST_MODE, "{'livemode':false}", true},
		{CUSTOMER_ANY_MODE, "{'livemode':true}", true}, {CUSTOMER_LIVE_MODE, "{}", true},
		{CUSTOMER_LIVE_MODE, "{'livemode':null}", true},
	}, *row;

	(void)state;
	for EACH(row, table)
		check(row->order, customer_mode_fits(row->mode, json_of("%s", row->order)) == row->fits);
}

static void what_is_shown_stands_in_a_list_at_every_level(void **state)
{
	struct json_object *order = json_of(
		"{'PK':'a','SK':'b','version':3,'orderId':'cs_1','orderNumber':'BC-1','userId':'u',"
		"'status':'completed','amount':5,'amountFee':1,'amountNet':4,'currency':'usd',"
		"'stripePaymentIntentId':'pi_1','stripeCustomerId':'cus_1','stripeSessionId':'cs_1',"
		"'quoteSignature':'q','metadata':{'note':'rude customer'},'source':'webhook','livemode':true,"
		"'dispute':{'id':'dp_1'},'disputes':[],'completedAt':null,'customerEmail':['x'],"
		"'items':[{'name':'N','quantity':1,'stripePriceId':'p','color':null},'junk'],"
		"'shippingAddress':{'name':'J','line2':null,'country':'CA','geo':1},"
		"'payment':{'type':'card','brand':'visa','last4':'4242','fingerprint':'f'},"
		"'refunds':[{'id':'re_1','amount':2,'currency':'usd','status':'succeeded','reason':'fraudulent'}],"
		"'shippingRate':{'id':'shr_1','name':'Post','amount':3},'taxes':'x','presentment':5,"
		"'tracking':{'carrier':'DHL','number':'1','cost':9},"
		"'discounts':[{'code':'TEN','couponId':'co','promotionCodeId':'pr','amount':1}]}");

	(void)state;
	check_json("all", keep(customer_view(order)),
		   "{'orderId':'cs_1','orderNumber':'BC-1','status':'completed','amount':5,'currency':'usd',"
		   "'items':[{'name':'N','quantity':1}],'shippingAddress':{'name':'J','country':'CA'},"
		   "'payment':{'type':'card','brand':'visa','last4':'4242'},"
		   "'refunds':[{'amount':2,'currency':'usd','status':'succeeded'}],"
		   "'shippingRate':{'name':'Post','amount':3},'tracking':{'carrier':'DHL','number':'1'},"
		   "'discounts':[{'code':'TEN','amount':1}]}");
	check_json("status", keep(customer_status_view(order)),
		   "{'status':'completed','orderNumber':'BC-1','amount':5,'currency':'usd',"
		   "'items':[{'name':'N','quantity':1},{'name':'?'}]}");
}

enum { TEXT = 1, WHOLE = 2, FLAG = 4, OBJECT = 8, LIST = 16, DIGITS = 32 };

/* An order with one field of another kind is shown without it, and with all else. */
static void what_is_of_another_kind_is_left_out_alone(void **state)
{
	static const struct {
		const char *path; /* `%s` is the field's value */
		const char *left; /* what is shown without it */
		unsigned kinds;   /* that it may have */
	} table[] = {
		{"'orderNumber':%s", "", TEXT},
		{"'status':%s", "", TEXT},
		{"'createdAt':%s", "", TEXT},
		{"'currency':%s", "", TEXT},
		{"'amount':%s", "", WHOLE},
		{"'amountCaptured':%s", "", WHOLE},
		{"'amountRefunded':%s", "", WHOLE},
		{"'itemCount':%s", "", WHOLE},
		{"'itemsPending':%s", "", FLAG},
		{"'shippingAddress':%s", "", OBJECT},
		{"'shippingAddress':{'line2':%s}", "'shippingAddress':{}", TEXT},
		{"'payment':%s", "", OBJECT},
		{"'payment':{'last4':%s}", "'payment':{}", TEXT},
		{"'presentment':{'amount':%s}", "'presentment':{}", WHOLE},
		{"'items':%s", "", LIST},
		{"'items':[{'name':%s}]", "'items':[{}]", TEXT},
		{"'items':[{'quantity':%s}]", "'items':[{}]", WHOLE},
		{"'items':[{'unitPrice':%s}]", "'items':[{}]", WHOLE},
		{"'items':[{'name':'N'},%s]", "'items':[{'name':'N'}]", OBJECT},
		{"'refunds':[{'amount':%s}]", "'refunds':[{}]", WHOLE},
		{"'taxes':[{'rate':%s}]", "'taxes':[{}]", TEXT},
		{"'tracking':%s", "", OBJECT},
		{"'tracking':{'url':%s}", "'tracking':{}", TEXT},
		{"'tracking':{'number':%s}", "'tracking':{}", TEXT | WHOLE | DIGITS},
	}, *row;
	static const struct {
		const char *value;
		unsigned kinds;
	} odd[] = {
		{"null", 0}, {"''", TEXT}, {"'12'", TEXT}, {"'a\\u0000b'", 0}, {"12", WHOLE},
		{"-9007199254740993", WHOLE}, {"9400110898825022579", DIGITS}, {"9223372036854775807", DIGITS},
		{"1.5", 0}, {"12.0", 0}, {"1e3", 0},
		{"true", FLAG}, {"{}", OBJECT}, {"[]", LIST},
	}, *one;

	(void)state;
	for EACH(row, table) {
		for EACH(one, odd) {
			char *field = keep_text(str_printf(row->path, one->value));
			bool fits = (row->kinds & one->kinds) != 0;
			const char *left = fits ? field : row->left;
			struct json_object *order = json_of("{'orderId':'cs_1',%s}", field);
			char *wanted = keep_text(str_printf("{'orderId':'cs_1'%s%s}", *left ? "," : "", left));

			if (row->kinds & DIGITS && one->kinds & (WHOLE | DIGITS)) /* a number that is a name */
				wanted = keep_text(str_printf("{'orderId':'cs_1','tracking':{'number':'%s'}}",
							      one->value));
			check_json(field, keep(customer_view(order)), wanted);
			keep(customer_status_view(order));
		}
	}
}

static void a_cursor_is_of_one_user_and_whole(void **state)
{
	char *cursor = keep_text(cursor_format("user_1", "ORDER#1732612800#cs_test_1"));
	char *foreign = keep_text(cursor_format("user_1", "PRICE#1"));
	size_t n = strlen(cursor), i;

	(void)state;
	check_text("its own", keep_text(cursor_parse("user_1", cursor)), "ORDER#1732612800#cs_test_1");
	assert_null(cursor_parse("user_2", cursor));
	assert_null(cursor_parse("user_1", foreign));
	assert_null(cursor_parse("user_1", ""));
	assert_null(cursor_parse("user_1", "garbage"));
	assert_null(cursor_parse("user_1", repeat("0", 4096)));
	for (i = 0; i < n; i++) {
		char *bad = keep_text(str_dup(cursor));

		bad[i] = bad[i] == '0' ? '1' : '0';
		assert_null(cursor_parse("user_1", bad));
		bad[i] = '\0';
		assert_null(cursor_parse("user_1", bad));
		bad[i] = 'G';
		assert_null(cursor_parse("user_1", bad));
	}
	assert_null(cursor_parse("user_1", keep_text(str_printf("%s00", cursor))));
	assert_null(cursor_parse("user_1", keep_text(str_printf("%sa", cursor))));
}

/* Anybody can make one for themselves: no store is asked for what it can't read. */
static void a_cursor_that_is_made_up_of_no_text_is_none(void **state)
{
	static const char *const places[] = {"ORDER#1\xFF", "ORDER#\xC3", "ORDER#\xED\xA0\x80"};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(places); i++)
		assert_null(cursor_parse("user_1", keep_text(cursor_format("user_1", places[i]))));
	assert_string_equal(keep_text(cursor_parse("user_1", keep_text(cursor_format("user_1", "ORDER#\xC3\xA4")))),
			    "ORDER#\xC3\xA4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(partitions_are_those_of_the_name_and_of_the_verified_address),
		holds(a_name_that_is_empty_or_too_long_is_nobodys),
		holds(an_order_is_seen_by_whom_it_belongs_to),
		holds(an_order_may_be_anothers_whose_address_was_spelt_alike),
		holds(orders_of_the_other_mode_are_left_out),
		holds(what_is_shown_stands_in_a_list_at_every_level),
		holds(what_is_of_another_kind_is_left_out_alone),
		holds(a_cursor_is_of_one_user_and_whole),
		holds(a_cursor_that_is_made_up_of_no_text_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

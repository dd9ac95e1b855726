/* SPDX-License-Identifier: ISC */
/*
 * Prices: only an active one-time price of an active product with a fixed
 * amount is quoted.
 */
#include "unit.h"

#include "shop/price.h"

#define PRICE "'id':'price_1','currency':'usd','active':true,'type':'one_time'," \
	      "'unit_amount':1999,'lookup_key':'tee'"
#define PRODUCT "'product':{'id':'prod_1','active':true,'name':'Tee'}"

/* A price with `change` behind all else: the last of two members counts. */
static struct json_object *price_with(const char *change)
{
	return stripe_of("{" PRICE "," PRODUCT "%s%s}", *change ? "," : "", change);
}

static void a_price_that_cannot_be_quoted_says_why(void **state)
{
	static const struct {
		const char *change, *problem;
	} table[] = {
		{"", NULL}, {"'unit_amount':0", NULL}, {"'unit_amount':99999999", NULL},
		{"'lookup_key':null", NULL}, {"'recurring':null", NULL},
		{"'id':null", "it is no price"}, {"'id':5", "it is no price"},
		{"'currency':null", "it is no price"}, {"'currency':7", "it is no price"},
		{"'active':false", "it is not active"}, {"'active':null", "it is not active"},
		{"'active':'true'", "it is not active"}, {"'active':1", "it is not active"},
		{"'product':'prod_1'", "its product is not active"},
		{"'product':null", "its product is not active"},
		{"'product':{'id':'prod_1','active':false}", "its product is not active"},
		{"'product':{'id':'prod_1'}", "its product is not active"},
		{"'product':{'id':'prod_1','deleted':true}", "its product is not active"},
		{"'type':'recurring'", "it is recurring"}, {"'type':null", "it is recurring"},
		{"'type':1", "it is recurring"},
		{"'unit_amount':null", "it has no fixed amount"},
		{"'unit_amount':-1", "it has no fixed amount"},
		{"'unit_amount':19.99", "it has no fixed amount"},
		{"'unit_amount':'1999'", "it has no fixed amount"},
		{"'unit_amount':null,'unit_amount_decimal':'0.5'", "it has no fixed amount"},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_text(row->change, price_problem(price_with(row->change), NULL), row->problem);
	assert_string_equal(price_problem(NULL, NULL), "it is no price");
	assert_string_equal(price_problem(json_of("{'object':'list','data':[]}"), NULL), "it is no price");
}

static void only_a_product_with_the_mark_is_sold(void **state)
{
	static const char *const without[] = {"{}", "{'Shop':'1'}", "{'shop':''}", "{'shop':1}",
					      "null"};
	const char *product = "'product':{'id':'prod_1','active':true,'metadata':%s}";
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(without); i++)
		check_text(without[i], price_problem(price_with(keep_text(str_printf(product, without[i]))),
						     "shop"),
			   "its product is not for sale here");
	assert_null(price_problem(price_with(keep_text(str_printf(product, "{'shop':'no'}"))), "shop"));
}

static void a_price_is_kept_with_what_a_quote_needs(void **state)
{
	struct json_object *item = keep(price_item(price_with(""), &(struct price_key){"tee", "CACHE#test#ab"},
						1732613100));

	(void)state;
	check_json("item", item,
		   "{'PK':'PRICE#tee','SK':'CACHE#test#ab','stripePriceId':'price_1',"
		   "'stripeProductId':'prod_1','lookupKey':'tee','name':'Tee','sku':'tee',"
		   "'unitPrice':1999,'currency':'usd','expiresAt':1732613100}");
	item = keep(price_item(price_with("'metadata':{'variantId':'v'},'product':{'id':'prod_1','metadata':"
					  "{'collection':'c'}}"), &(struct price_key){"tee", "CACHE"}, 1));
	check_text("collection", json_string_or_null(item, "collectionId"), "c");
	check_text("variant", json_string_or_null(item, "variantId"), "v");
}

/* What Stripe charges for a quantity. */
static void a_package_that_is_begun_costs_as_its_price_says(void **state)
{
	static const struct {
		const char *package; /* NULL: none */
		int64_t quantity, amount;
	} table[] = {
		{NULL, 1, 1999}, {NULL, 12, 23988},
		{"'divide_by':12,'round':'up'", 1, 1999}, {"'divide_by':12,'round':'up'", 12, 1999},
		{"'divide_by':12,'round':'up'", 13, 3998}, {"'divide_by':12,'round':'up'", 24, 3998},
		{"'divide_by':12,'round':'down'", 12, 1999}, {"'divide_by':12,'round':'down'", 23, 1999},
		{"'divide_by':12,'round':'down'", 11, 0}, {"'divide_by':1,'round':'down'", 7, 13993},
	}, *row;

	(void)state;
	for EACH(row, table) {
		const char *package = row->package ? row->package : "";
		const char *change = keep_text(row->package
			? str_printf("'transform_quantity':{%s}", package)
			: str_dup("'transform_quantity':null"));
		struct json_object *item;
		int64_t amount;

		check_text(change, price_problem(price_with(change), NULL), NULL);
		item = keep(price_item(price_with(change), &(struct price_key){"x", "s"}, 1));
		check_int(change, price_amount(item, row->quantity, &amount), 0);
		check_int(change, amount, row->amount);
	}
	assert_int_equal(price_amount(json_of("{'unitPrice':4611686018427387904}"), 2, &(int64_t){0}), -1);
}

static void an_item_that_can_not_be_computed_with_is_not_whole(void **state)
{
	static const struct {
		const char *item;
		bool whole;
	} table[] = {
		{"{'currency':'usd','unitPrice':1999}", true}, {"{'currency':'usd','unitPrice':0}", true},
		{"{'currency':'usd','unitPrice':1999,'transformQuantity':{'divide_by':12,'round':'up'}}", true},
		{"{'unitPrice':1999}", false}, {"{'currency':'usd'}", false}, {"{}", false},
		{"{'currency':'usd','unitPrice':-1}", false}, {"{'currency':'usd','unitPrice':'1999'}", false},
		{"{'currency':'usd','unitPrice':19.99}", false}, {"{'currency':'usd','unitPrice':null}", false},
		{"{'currency':'usd','unitPrice':1999,'transformQuantity':{'round':'up'}}", false},
		{"{'currency':'usd','unitPrice':1999,'transformQuantity':12}", false},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_int(row->item, price_item_is_whole(json_of("%s", row->item)), row->whole);
}

static void a_price_that_no_quantity_tells_the_amount_of_is_refused_with_the_reason(void **state)
{
	static const struct {
		const char *change, *problem;
	} table[] = {
		{"'billing_scheme':'per_unit'", NULL},
		{"'billing_scheme':'tiered','unit_amount':null,'tiers_mode':'volume'", "it has tiers"},
		{"'unit_amount':null,'custom_unit_amount':{'minimum':500}", "the buyer chooses its amount"},
		{"'unit_amount':null,'unit_amount_decimal':'12.5'", "it has no fixed amount"},
		{"'type':'recurring','recurring':{'usage_type':'metered'}", "it is recurring"},
		{"'transform_quantity':{'divide_by':0,'round':'up'}",
		 "it is of packages that can't be counted"},
		{"'transform_quantity':{'divide_by':12,'round':'nearest'}",
		 "it is of packages that can't be counted"},
		{"'transform_quantity':{'divide_by':12}", "it is of packages that can't be counted"},
		{"'transform_quantity':{}", "it is of packages that can't be counted"},
		{"'transform_quantity':'12'", "it is of packages that can't be counted"},
		{"'currency_options':{'eur':{'unit_amount':5}}", NULL},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_text(row->change, price_problem(price_with(row->change), NULL), row->problem);
}

static void the_item_is_named_by_what_asked_for_it(void **state)
{
	struct json_object *item = keep(price_item(price_with("'lookup_key':null"),
						&(struct price_key){"price_1", "CACHE#live#ab"}, 5));

	(void)state;
	check_json("item", item,
		   "{'PK':'PRICE#price_1','SK':'CACHE#live#ab','stripePriceId':'price_1',"
		   "'stripeProductId':'prod_1','name':'Tee','unitPrice':1999,'currency':'usd',"
		   "'expiresAt':5}");
}

static void the_sku_is_the_lookup_key_then_the_prices_then_the_products(void **state)
{
	static const struct {
		const char *change, *sku;
	} table[] = {
		{"'metadata':{'sku':'m'}", "tee"},
		{"'lookup_key':null,'metadata':{'sku':'m'}", "m"},
		{"'lookup_key':'','metadata':{'sku':'m'}", "m"},
		{"'lookup_key':null,'metadata':{'sku':'m'},'product':{'metadata':{'sku':'p'}}", "m"},
		{"'lookup_key':null,'metadata':{'sku':''},'product':{'metadata':{'sku':'p'}}", "p"},
		{"'lookup_key':null,'metadata':{},'product':{'metadata':{'sku':'p'}}", "p"},
		{"'lookup_key':null,'product':{'metadata':{'sku':'p'}}", "p"},
		{"'lookup_key':null,'product':{'metadata':{'sku':''}}", NULL},
		{"'lookup_key':null,'product':{'metadata':{'SKU':'p'}}", NULL},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct json_object *item = keep(price_item(price_with(row->change),
							&(struct price_key){"x", "s"}, 1));

		check_text(row->change, json_string_or_null(item, "sku"), row->sku);
	}
}

static void what_is_not_there_is_kept_with_the_reason(void **state)
{
	struct json_object *item = keep(price_missing_item(
		&(struct price_key){"a#b", "CACHE#test#ab"}, "there is no such price", 60));

	(void)state;
	check_json("item", item, "{'PK':'PRICE#a%23b','SK':'CACHE#test#ab','expiresAt':60,"
				 "'problem':'there is no such price'}");
}

static void each_key_and_mode_has_prices_of_its_own(void **state)
{
	const char *a = keep_text(price_sk("test", "sk_test_a", NULL));

	(void)state;
	assert_string_equal(a, keep_text(price_sk("test", "sk_test_a", NULL)));
	assert_string_not_equal(a, keep_text(price_sk("test", "sk_test_b", NULL)));
	assert_string_not_equal(a, keep_text(price_sk("live", "sk_test_a", NULL)));
	assert_string_not_equal(a, keep_text(price_sk("test", "sk_test_a", "shop")));
	assert_int_equal(strlen(a), strlen("CACHE#test#") + 16);
	assert_null(strstr(a, "sk_"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_price_that_cannot_be_quoted_says_why),
		holds(only_a_product_with_the_mark_is_sold),
		holds(a_price_is_kept_with_what_a_quote_needs),
		holds(a_package_that_is_begun_costs_as_its_price_says),
		holds(an_item_that_can_not_be_computed_with_is_not_whole),
		holds(a_price_that_no_quantity_tells_the_amount_of_is_refused_with_the_reason),
		holds(the_item_is_named_by_what_asked_for_it),
		holds(what_is_not_there_is_kept_with_the_reason),
		holds(each_key_and_mode_has_prices_of_its_own),
		holds(the_sku_is_the_lookup_key_then_the_prices_then_the_products),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * The items of an order: what the buyer saw, what Stripe counted, and what the
 * shop itself knows of a line, from the nearest place that says it.
 */
#include "unit.h"

#include "shop/lines.h"

static struct json_object *items_of(const char *lines, const char *quote)
{
	return keep(lines_from_stripe(stripe_of("[%s]", lines), quote ? json_of("%s", quote) : NULL));
}

static void a_full_line_becomes_an_item(void **state)
{
	(void)state;
	check_json("full", items_of("{'id':'li_1','description':'Tee black','quantity':2,"
				    "'amount_total':3800,'amount_subtotal':3998,'currency':'usd',"
				    "'amount_discount':398,'amount_tax':200,"
				    "'metadata':{'sku':'tee','collectionId':'c','variantId':'v'},"
				    "'price':{'id':'price_1','unit_amount':1999,'currency':'eur',"
				    "'product':{'id':'prod_1','name':'Tee'}}}", NULL),
		   "[{'name':'Tee black','quantity':2,'amountTotal':3800,'amountSubtotal':3998,"
		   "'amountDiscount':398,'amountTax':200,"
		   "'unitPrice':1999,'currency':'usd','sku':'tee','collectionId':'c',"
		   "'variantId':'v','stripePriceId':'price_1','stripeProductId':'prod_1'}]");
}

static void what_a_line_does_not_say_is_absent(void **state)
{
	static const struct {
		const char *line, *items;
	} table[] = {
		{"{}", "[{'quantity':1}]"},
		{"{'description':null,'quantity':null,'amount_total':null,'amount_subtotal':null,"
		 "'price':null,'metadata':null,'currency':null}", "[{'quantity':1}]"},
		{"{'description':'','currency':'','price':{'id':'','product':null}}",
		 "[{'quantity':1}]"},
		{"{'quantity':0}", "[{'quantity':0}]"},
		{"{'price':'price_1'}", "[{'quantity':1}]"},
		{"{'price':{'id':'p','product':'prod_2','currency':'eur'}}",
		 "[{'quantity':1,'currency':'eur','stripePriceId':'p','stripeProductId':'prod_2'}]"},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_json(row->line, items_of(row->line, NULL), row->items);
	check_json("none", items_of("", NULL), "[]");
}

static void the_name_is_what_the_buyer_saw(void **state)
{
	static const char quote[] = "{'items':[{'stripePriceId':'p','name':'quoted'}]}";
	static const struct {
		const char *line, *name;
	} table[] = {
		{"{'description':'seen','price':{'id':'p','nickname':'nick','product':{'name':'prod'}}}",
		 "seen"},
		{"{'description':null,'price':{'id':'p','nickname':'nick','product':{'name':'prod'}}}",
		 "prod"},
		{"{'description':'','price':{'id':'p','nickname':'nick','product':{'name':''}}}",
		 "nick"},
		{"{'price':{'id':'p','nickname':'nick','product':'prod_1'}}", "nick"},
		{"{'price':{'id':'p','nickname':null}}", "quoted"},
		{"{'price':{'id':'other'}}", NULL},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct json_object *items = items_of(row->line, quote);

		check_text(row->line,
			   json_string_or_null(json_object_array_get_idx(items, 0), "name"),
			   row->name);
	}
}

static void the_unit_price_multiplies_to_the_line_or_there_is_none(void **state)
{
	static const struct {
		const char *line;
		int64_t unit; /* -1: none */
	} table[] = {
		{"{'quantity':2,'amount_subtotal':14,'price':{'unit_amount':7}}", 7},
		{"{'quantity':2,'amount_subtotal':0,'price':{'unit_amount':0}}", 0},
		{"{'quantity':2,'amount_subtotal':10,'price':{'unit_amount':7}}", 5},
		{"{'quantity':2,'amount_subtotal':10,'price':{'unit_amount':0}}", 5},
		{"{'quantity':2,'price':{'unit_amount':7}}", 7},
		/* A price in another currency: currency_options, adaptive pricing. */
		{"{'quantity':2,'amount_subtotal':5600,'currency':'eur',"
		 "'price':{'unit_amount':3000,'currency':'usd'}}", 2800},
		{"{'quantity':3,'amount_subtotal':5600,'currency':'eur',"
		 "'price':{'unit_amount':3000,'currency':'usd'}}", -1},
		{"{'quantity':2,'amount_subtotal':6000,'currency':'eur',"
		 "'price':{'unit_amount':3000,'currency':'usd'}}", 3000},
		{"{'quantity':2,'currency':'eur','price':{'unit_amount':3000,'currency':'usd'}}", -1},
		{"{'quantity':2,'amount_subtotal':6000,'currency':'usd',"
		 "'price':{'unit_amount':3000,'currency':'USD'}}", 3000},
		/* A package price, one with tiers, one with fractions, one that the buyer chose. */
		{"{'quantity':13,'amount_subtotal':2000,'price':{'unit_amount':1000,"
		 "'transform_quantity':{'divide_by':12,'round':'up'}}}", -1},
		{"{'quantity':12,'amount_subtotal':1200,'price':{'unit_amount':1200,"
		 "'transform_quantity':{'divide_by':12,'round':'up'}}}", 100},
		{"{'quantity':7,'amount_subtotal':6500,'price':{'unit_amount':null,"
		 "'billing_scheme':'tiered'}}", -1},
		{"{'quantity':3,'amount_subtotal':37,'price':{'unit_amount':null,"
		 "'unit_amount_decimal':'12.34'}}", -1},
		{"{'quantity':100,'amount_subtotal':1250,'price':{'unit_amount':null,"
		 "'unit_amount_decimal':'12.5'}}", -1},
		{"{'quantity':1,'amount_subtotal':2500,'price':{'unit_amount':null,"
		 "'custom_unit_amount':{'minimum':500}}}", 2500},
		/* Tax within the price, and a discount: the subtotal has neither taken off. */
		{"{'quantity':2,'amount_subtotal':2400,'amount_tax':400,'amount_total':2400,"
		 "'price':{'unit_amount':1200,'tax_behavior':'inclusive'}}", 1200},
		{"{'quantity':2,'amount_subtotal':2400,'amount_discount':600,'amount_total':1800,"
		 "'price':{'unit_amount':1200}}", 1200},
		{"{'quantity':9,'amount_subtotal':10,'price':{'unit_amount':9223372036854775807}}", -1},
		{"{'quantity':2,'amount_subtotal':10,'price':{'unit_amount':null}}", 5},
		{"{'quantity':2,'amount_subtotal':10,'price':{'unit_amount':1.5}}", 5},
		{"{'quantity':3,'amount_subtotal':10,'price':{'unit_amount':null}}", -1},
		{"{'quantity':1,'amount_subtotal':10}", 10},
		{"{'quantity':null,'amount_subtotal':10}", 10},
		{"{'quantity':0,'amount_subtotal':10}", -1},
		{"{'quantity':-1,'amount_subtotal':10}", -1},
		{"{'quantity':2,'amount_total':10}", -1},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct json_object *items = items_of(row->line, NULL);

		check_int(row->line, json_int_or(json_object_array_get_idx(items, 0), "unitPrice", -1),
			  row->unit);
	}
}

/* From the nearest place: each row takes the nearer one away. */
static void what_the_shop_knows_comes_from_the_nearest_place(void **state)
{
	static const char *const keys[] = {"sku", "collectionId", "variantId", "color"};
	static const struct {
		const char *line, *price, *product, *quoted, *value;
	} table[] = {
		{"line", "price", "product", "quote", "line"}, {"", "price", "product", "quote", "price"},
		{"", "", "product", "quote", "product"}, {"", "", "", "quote", "quote"},
		{"", "", "", "", NULL},
	}, *row;
	size_t i;

	(void)state;
	for EACH(row, table) {
		for (i = 0; i < LENGTH(keys); i++) {
			const char *k = keys[i];
			struct json_object *items = keep(lines_from_stripe(
				stripe_of("[{'metadata':{'%s':'%s'},'price':{'id':'p','metadata':"
					"{'%s':'%s'},'product':{'metadata':{'%s':'%s'}}}}]",
					k, row->line, k, row->price, k, row->product),
				json_of("{'items':[{'stripePriceId':'p','%s':'%s'}]}", k,
					row->quoted)));

			check_text(k, json_string_or_null(json_object_array_get_idx(items, 0), k),
				   row->value);
		}
	}
}

static void a_product_may_have_the_names_of_the_functions_catalogue(void **state)
{
	struct json_object *item = json_object_array_get_idx(keep(lines_from_stripe(
		stripe_of("[{'price':{'id':'p','lookup_key':'shop:1:2:usd','product':{'metadata':"
			"{'sku':'N-RED','collection':'necklaces','variant_id':'v7','color':'red'}}}}]"),
		json_of("{'items':[{'stripePriceId':'p','sku':'shop:1:2:usd','collectionId':'1'}]}"))), 0);

	(void)state;
	check_text("sku", json_string_or_null(item, "sku"), "N-RED");
	check_text("collectionId", json_string_or_null(item, "collectionId"), "necklaces");
	check_text("variantId", json_string_or_null(item, "variantId"), "v7");
	check_text("color", json_string_or_null(item, "color"), "red");
}

static void the_lookup_key_is_the_last_place_for_a_sku_only(void **state)
{
	static const char line[] = "{'price':{'id':'p','lookup_key':'key'}}";

	(void)state;
	check_json("alone", items_of(line, NULL),
		   "[{'quantity':1,'sku':'key','stripePriceId':'p'}]");
	check_json("quoted without one", items_of(line, "{'items':[{'stripePriceId':'p'}]}"),
		   "[{'quantity':1,'stripePriceId':'p'}]");
	check_json("quoted", items_of(line, "{'items':[{'stripePriceId':'p','sku':'quoted'}]}"),
		   "[{'quantity':1,'sku':'quoted','stripePriceId':'p'}]");
}

static void a_price_says_what_it_is_by_its_own_metadata_or_its_products(void **state)
{
	static const struct {
		const char *price, *collection, *variant;
	} table[] = {
		{"{}", NULL, NULL}, {"{'product':'prod_1','lookup_key':'key'}", NULL, NULL},
		{"{'metadata':{'collectionId':'c'},'product':{'metadata':{'collectionId':'x','variant_id':'v'}}}",
		 "c", "v"},
		{"{'metadata':{'collectionId':''},'product':{'metadata':{'collection':'c','variantId':'v'}}}",
		 "c", "v"},
		{"{'metadata':null,'product':{'metadata':{'collectionId':'c','collection':'x'}}}", "c", NULL},
		{"{'metadata':{'collection':'c','variant_id':'v'},'product':{'metadata':{'collectionId':'x'}}}",
		 "c", "v"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		check_text(row->price, lines_price_says(stripe_of("%s", row->price), "collectionId"),
			   row->collection);
		check_text(row->price, lines_price_says(stripe_of("%s", row->price), "variantId"), row->variant);
	}
	check_text("no such name", lines_price_says(stripe_of("{'metadata':{'size':'1'}}"), "size"), NULL);
}

static void a_price_that_is_twice_in_the_quote_keeps_both_variants_apart(void **state)
{
	static const char quote[] = "{'items':[{'stripePriceId':'p','variantId':'red'},"
				    "{'stripePriceId':'q','variantId':'blue'},"
				    "{'stripePriceId':'p','variantId':'green'}]}";

	(void)state;
	check_json("twice", items_of("{'price':{'id':'p'}},{'price':{'id':'p'}},{'price':{'id':'q'}},"
				     "{'price':{'id':'p'}},{'price':{'id':'r'}}", quote),
		   "[{'quantity':1,'variantId':'red','stripePriceId':'p'},"
		   "{'quantity':1,'variantId':'green','stripePriceId':'p'},"
		   "{'quantity':1,'variantId':'blue','stripePriceId':'q'},"
		   "{'quantity':1,'stripePriceId':'p'},{'quantity':1,'stripePriceId':'r'}]");
	check_json("other first", items_of("{'price':{'id':'q'}},{'price':{'id':'p'}}", quote),
		   "[{'quantity':1,'variantId':'blue','stripePriceId':'q'},"
		   "{'quantity':1,'variantId':'red','stripePriceId':'p'}]");
}

static void a_quote_without_usable_items_is_no_harm(void **state)
{
	static const char *const quotes[] = {"{}", "{'items':null}", "{'items':{}}", "{'items':[]}",
					     "{'items':[null,7,{'stripePriceId':null}]}"};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(quotes); i++)
		check_json(quotes[i], items_of("{'price':{'id':'p'}}", quotes[i]),
			   "[{'quantity':1,'stripePriceId':'p'}]");
}

static void a_quotes_items_are_copied(void **state)
{
	struct json_object *quote = json_of("{'items':[{'name':'Tee','quantity':2}]}");
	struct json_object *items = keep(lines_from_quote(quote));

	(void)state;
	check_json("copied", items, "[{'name':'Tee','quantity':2}]");
	json_object_array_add(items, json_object_new_int(1));
	check_json("untouched", quote, "{'items':[{'name':'Tee','quantity':2}]}");
	check_json("none", keep(lines_from_quote(NULL)), "[]");
	check_json("empty", keep(lines_from_quote(json_of("{}"))), "[]");
}

static void the_count_is_the_sum_of_the_quantities(void **state)
{
	(void)state;
	assert_int_equal(lines_count(NULL), 0);
	assert_int_equal(lines_count(json_of("[]")), 0);
	assert_int_equal(lines_count(json_of("[{'quantity':2},{'quantity':3},{}]")), 5);
	assert_int_equal(lines_count(json_of("[{'quantity':'7'},{'quantity':1}]")), 1);
}

static void a_line_is_called_by_what_it_has(void **state)
{
	static const struct {
		const char *line, *name;
	} table[] = {
		{"{'name':'Cup','sku':'C-1','stripePriceId':'price_1'}", "Cup"},
		{"{'name':'','sku':'C-1','stripePriceId':'price_1'}", "C-1"},
		{"{'name':null,'stripePriceId':'price_1'}", "price_1"},
		{"{'name':7}", "?"}, {"{}", "?"},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_text(row->line, lines_item_name(json_of("%s", row->line)), row->name);
}

static void a_sum_needs_every_line_to_have_it(void **state)
{
	static const struct {
		const char *items;
		bool has;
		int64_t sum;
	} table[] = {
		{"[]", false, 0}, {"[{'a':1}]", true, 1}, {"[{'a':0}]", true, 0},
		{"[{'a':1},{'a':2},{'a':3}]", true, 6}, {"[{'a':1},{}]", false, 0},
		{"[{},{'a':1}]", false, 0}, {"[{'a':1},{'a':'2'}]", false, 0},
		{"[{'a':9223372036854775806},{'a':1}]", true, INT64_MAX},
		{"[{'a':9223372036854775806},{'a':2}]", false, 0},
		{"[{'a':-5},{'a':2}]", true, -3},
	}, *row;

	int64_t none;

	(void)state;
	assert_false(lines_sum(NULL, "a", &none));
	for EACH(row, table) {
		int64_t sum = 77;

		check(row->items, lines_sum(json_of("%s", row->items), "a", &sum) == row->has);
		check_int(row->items, sum, row->has ? row->sum : 77);
	}
}

static void a_line_comes_to_its_total_else_to_its_price_times_its_quantity(void **state)
{
	static const struct {
		const char *item;
		bool has;
		int64_t total;
	} table[] = {
		{"{'amountTotal':5,'unitPrice':3,'quantity':2}", true, 5}, {"{'amountTotal':0}", true, 0},
		{"{'unitPrice':3,'quantity':2}", true, 6}, {"{'unitPrice':3}", true, 3},
		{"{'unitPrice':3,'quantity':0}", true, 0}, {"{'quantity':2}", false, 0}, {"{}", false, 0},
		{"{'unitPrice':9223372036854775806,'quantity':2}", false, 0},
	}, *row;

	(void)state;
	for EACH(row, table) {
		int64_t total = 0;

		check_int(row->item, lines_item_total(json_of("%s", row->item), &total), row->has);
		if (row->has)
			check_int(row->item, total, row->total);
	}
}

static void an_order_has_the_count_of_its_lines_or_else_its_own(void **state)
{
	static const struct {
		const char *order;
		bool has;
		int64_t count;
	} table[] = {
		{"{'itemCount':1,'items':[{'quantity':2}]}", true, 2}, {"{'itemCount':0}", true, 0},
		{"{'itemCount':5,'items':[{'name':'x'}]}", true, 5}, {"{'itemCount':5,'items':[]}", true, 5},
		{"{'items':[{'quantity':2},{'quantity':3},{}]}", true, 5}, {"{'items':[]}", true, 0},
		{"{}", false, 0}, {"{'items':null}", false, 0},
		{"{'items':[{'quantity':9223372036854775806},{'quantity':2}]}", true, INT64_MAX},
	}, *row;

	(void)state;
	for EACH(row, table) {
		int64_t count = 0;

		check_int(row->order, lines_order_count(json_of("%s", row->order), &count), row->has);
		check_int(row->order, count, row->count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_full_line_becomes_an_item),
		holds(what_a_line_does_not_say_is_absent),
		holds(the_name_is_what_the_buyer_saw),
		holds(the_unit_price_multiplies_to_the_line_or_there_is_none),
		holds(what_the_shop_knows_comes_from_the_nearest_place),
		holds(a_product_may_have_the_names_of_the_functions_catalogue),
		holds(the_lookup_key_is_the_last_place_for_a_sku_only),
		holds(a_price_says_what_it_is_by_its_own_metadata_or_its_products),
		holds(a_price_that_is_twice_in_the_quote_keeps_both_variants_apart),
		holds(a_quote_without_usable_items_is_no_harm),
		holds(a_quotes_items_are_copied),
		holds(the_count_is_the_sum_of_the_quantities),
		holds(a_line_is_called_by_what_it_has),
		holds(a_sum_needs_every_line_to_have_it),
		holds(a_line_comes_to_its_total_else_to_its_price_times_its_quantity),
		holds(an_order_has_the_count_of_its_lines_or_else_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

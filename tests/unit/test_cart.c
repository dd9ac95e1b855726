/* SPDX-License-Identifier: ISC */
/*
 * Carts: what is bought and how many is taken, all else is refused with the
 * item's name or never looked at.
 */
#include "unit.h"

#include "shop/cart.h"

static struct cart cart;

static int read_body(struct json_object *body, struct err *e)
{
	memset(&cart, 0x55, sizeof cart);
	return cart_read(body, &(struct cart_rules){.lookup_key = NULL}, &cart, e);
}

static void a_full_line_is_read(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(read_body(json_of("{'items':[{'sku':'tee-black','quantity':2,"
					   "'collectionId':'c1','variantId':'v1'},"
					   "{'stripePriceId':'price_1','quantity':1}],"
					   "'currency':'usd'}"), &e), 0);
	assert_int_equal(cart.count, 2);
	assert_string_equal(cart.lines[0].sku, "tee-black");
	assert_null(cart.lines[0].price_id);
	assert_string_equal(cart.lines[0].collection_id, "c1");
	assert_string_equal(cart.lines[0].variant_id, "v1");
	assert_int_equal(cart.lines[0].quantity, 2);
	assert_string_equal(cart_line_name(&cart.lines[0]), "tee-black");
	assert_string_equal(cart.lines[1].price_id, "price_1");
	assert_null(cart.lines[1].sku);
	assert_null(cart.lines[1].collection_id);
	assert_null(cart.lines[1].variant_id);
	assert_int_equal(cart.lines[1].quantity, 1);
	assert_string_equal(cart_line_name(&cart.lines[1]), "price_1");
	assert_string_equal(cart.currency, "usd");
}

static void a_price_id_wins_over_a_sku(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(read_body(json_of("{'items':[{'sku':'a','stripePriceId':'price_1',"
					   "'quantity':1}]}"), &e), 0);
	assert_null(cart.lines[0].sku);
	assert_string_equal(cart.lines[0].price_id, "price_1");
	assert_null(cart.currency);
}

static void what_else_a_client_sends_is_not_looked_at(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(read_body(json_of("{'items':[{'sku':'a','quantity':1,'unitPrice':0,"
					   "'price':'free','amount':-1}],'subtotal':0,'total':{}}"),
				   &e), 0);
	assert_int_equal(cart.count, 1);
}

static void null_is_the_same_as_absent(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(read_body(json_of("{'items':[{'sku':'a','quantity':1,'stripePriceId':null,"
					   "'collectionId':null,'variantId':null}],"
					   "'currency':null}"), &e), 0);
	assert_int_equal(read_body(json_of("{'items':[{'stripePriceId':'p','sku':null,"
					   "'quantity':1}]}"), &e), 0);
	assert_null(cart.currency);
}

static void a_body_that_is_no_cart_is_refused(void **state)
{
	static const struct {
		const char *body, *text;
	} table[] = {
		{"[]", "the body must be a JSON object"},
		{"'cart'", "the body must be a JSON object"},
		{"{}", "items must be an array"},
		{"{'items':null}", "items must be an array"},
		{"{'items':{}}", "items must be an array"},
		{"{'items':'a'}", "items must be an array"},
		{"{'items':[]}", "items is empty"},
		{"{'items':[null]}", "items[0] must be an object"},
		{"{'items':['a']}", "items[0] must be an object"},
		{"{'items':[[]]}", "items[0] must be an object"},
		{"{'items':[{'sku':'a','quantity':1},1]}", "items[1] must be an object"},
		{"{'items':[{'quantity':1}]}", "items[0].sku or stripePriceId is required"},
		{"{'items':[{'sku':'a','quantity':1}],'currency':'us'}", "currency must be three letters"},
		{"{'items':[{'sku':'a','quantity':1}],'currency':'usdd'}",
		 "currency must be three letters"},
		{"{'items':[{'sku':'a','quantity':1}],'currency':''}", "currency must be three letters"},
		{"{'items':[{'sku':'a','quantity':1}],'currency':'u1d'}",
		 "currency must be three letters"},
		{"{'items':[{'sku':'a','quantity':1}],'currency':'us '}",
		 "currency must be three letters"},
		{"{'items':[{'sku':'a','quantity':1}],'currency':1}", "currency must be a string"},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		check_int(row->body, read_body(json_of("%s", row->body), &e), -1);
		check_err(row->body, &e, ERR_BAD_REQUEST, row->text);
	}
	assert_int_equal(read_body(NULL, &e), -1);
}

static void quantities_are_whole_numbers_from_1_to_999(void **state)
{
	static const struct {
		const char *quantity;
		bool fits;
	} table[] = {
		{"1", true}, {"2", true}, {"998", true}, {"999", true}, {"0", false}, {"1000", false},
		{"-1", false}, {"1.5", false}, {"1.0", false}, {"1e2", false}, {"'2'", false},
		{"null", false}, {"true", false}, {"[1]", false}, {"4294967297", false},
		{"9223372036854775807", false}, {"18446744073709551617", false},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		struct json_object *body = json_of("{'items':[{'sku':'x','quantity':1},{'sku':'a',"
						   "'quantity':%s}]}", row->quantity);

		check_int(row->quantity, read_body(body, &e), row->fits ? 0 : -1);
		if (!row->fits)
			check_err(row->quantity, &e, ERR_BAD_REQUEST,
				  "items[1].quantity must be a whole number from 1 to 999");
	}
	assert_int_equal(read_body(json_of("{'items':[{'sku':'a'}]}"), &e), -1);
	check_err("none", &e, ERR_BAD_REQUEST, "items[0].quantity");
}

static int read_text(const char *key, const char *value, struct err *e)
{
	struct json_object *line = json_of("{'sku':'s','quantity':1}");
	struct json_object *items = json_object_new_array(), *body = json_of("{}");

	json_set_string(line, key, value);
	json_object_array_add(items, json_copy(line));
	json_set(body, "items", items);
	return read_body(body, e);
}

static void texts_have_their_limits_in_characters(void **state)
{
	static const struct {
		const char *key, *letter;
		size_t max;
	} table[] = {
		{"sku", "a", 200}, {"sku", "\xC3\xA4", 200}, {"stripePriceId", "a", 255},
		{"collectionId", "a", 500}, {"collectionId", "\xF0\x9F\x98\x80", 500},
		{"variantId", "a", 500}, {"variantId", "\xE2\x82\xAC", 500},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		const char *error = keep_text(str_printf("items[0].%s must be", row->key));

		check_int(row->key, read_text(row->key, repeat(row->letter, row->max), &e), 0);
		check_int(row->key, read_text(row->key, repeat(row->letter, row->max + 1), &e), -1);
		check_err(row->key, &e, ERR_BAD_REQUEST, error);
		check_int(row->key, read_text(row->key, "", &e), -1);
		check_err(row->key, &e, ERR_BAD_REQUEST, error);
		check_int(row->key, read_text(row->key, row->letter, &e), 0);
	}
}

static void texts_have_no_control_characters(void **state)
{
	static const char *const keys[] = {"sku", "stripePriceId", "collectionId", "variantId"};
	static const char *const texts[] = {"\n", "a\x1F", ("\x01" "a"), "a\x7F", "\xFF", "a\xC3"};
	struct err e;
	size_t i, j;

	(void)state;
	for (i = 0; i < LENGTH(keys); i++)
		for (j = 0; j < LENGTH(texts); j++)
			check_int(keys[i], read_text(keys[i], texts[j], &e), -1);
	assert_int_equal(read_text("sku", " a~", &e), 0);
}

static void a_text_of_another_type_is_refused(void **state)
{
	static const char *const keys[] = {"sku", "stripePriceId", "collectionId", "variantId"};
	static const char *const values[] = {"1", "true", "{}", "['a']", "'a\\u0000b'"};
	struct err e;
	size_t i, j;

	(void)state;
	for (i = 0; i < LENGTH(keys); i++) {
		for (j = 0; j < LENGTH(values); j++) {
			struct json_object *body = json_of("{'items':[{'%s':%s,'quantity':1,'%s':"
							   "'p'}]}", keys[i], values[j],
							   i ? "sku" : "stripePriceId");

			check_int(values[j], read_body(body, &e), -1);
			check_err(values[j], &e, ERR_BAD_REQUEST, keys[i]);
		}
	}
}

/* It becomes part of a URL. */
static void a_price_id_is_letters_digits_and_underscores(void **state)
{
	static const char *const right[] = {"price_1AbC", "p", "_", "0"};
	static const char *const wrong[] = {"price/1", "..", "price_1?x", "price-1", "price 1",
					    "price_1#", "price%31", ("pr\xC3\xAD" "ce")};
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(right); i++)
		check_int(right[i], read_text("stripePriceId", right[i], &e), 0);
	for (i = 0; i < LENGTH(wrong); i++) {
		check_int(wrong[i], read_text("stripePriceId", wrong[i], &e), -1);
		check_err(wrong[i], &e, ERR_BAD_REQUEST,
			  "items[0].stripePriceId must be the id of a price");
	}
}

static struct json_object *lines(size_t n)
{
	return json_of("{'items':[{'sku':'first','quantity':1}%s]}",
		       repeat(",{'sku':'a','quantity':1}", n - 1));
}

static void a_cart_has_at_most_100_lines(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(read_body(lines(100), &e), 0);
	assert_int_equal(cart.count, 100);
	assert_string_equal(cart.lines[99].sku, "a");
	assert_int_equal(read_body(lines(101), &e), -1);
	check_err("101", &e, ERR_BAD_REQUEST, "items[100]: a cart has at most 100 lines");
}

static void a_collection_and_a_variant_make_a_lookup_key(void **state)
{
	static const struct cart_rules rules = {.lookup_key = "club:{collectionId}:{variantId}:{currency}"};
	static const struct {
		const char *line, *currency, *key;
	} table[] = {
		{"'collectionId':'c','variantId':'v'", "null", "club:c:v:usd"},
		{"'collectionId':'c','variantId':'v'", "'EUR'", "club:c:v:eur"},
		{"'collectionId':'{variantId}','variantId':'{currency}{x'", "null",
		 "club:{variantId}:{currency}{x:usd"},
		{"'sku':null,'stripePriceId':null,'collectionId':'c','variantId':'v','options':{}",
		 "'usd'", "club:c:v:usd"},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		struct json_object *body = json_of("{'items':[{%s,'quantity':1}],'currency':%s}",
						   row->line, row->currency);

		check_int(row->line, cart_read(body, &rules, &cart, &e), 0);
		check_text(row->line, cart.lines[0].made, row->key);
		check_text(row->line, cart_line_name(&cart.lines[0]), row->key);
		check_text(row->line, cart.lines[0].sku, row->key);
		cart_free(&cart);
	}
}

static void a_line_that_names_its_price_makes_no_lookup_key(void **state)
{
	static const char *const table[] = {"'sku':'a'", "'stripePriceId':'price_1'"}, *const *row;
	static const struct cart_rules rules = {.lookup_key = "{collectionId}{variantId}"};
	struct err e;

	(void)state;
	for EACH(row, table) {
		struct json_object *body = json_of("{'items':[{%s,'quantity':1,'collectionId':'c',"
						   "'variantId':'v'}]}", *row);

		check_int(*row, cart_read(body, &rules, &cart, &e), 0);
		assert_null(cart.lines[0].made);
	}
}

/* An id that is passed over is not looked at either. */
static void where_lookup_keys_alone_count_a_prices_id_is_no_name(void **state)
{
	static const struct {
		const char *line, *template, *name, *text;
	} table[] = {
		{"'sku':'a','stripePriceId':'price_1'", NULL, "a", NULL},
		{"'sku':'a','stripePriceId':7", NULL, "a", NULL},
		{"'stripePriceId':'price_1'", NULL, NULL, "items[0].sku is required"},
		{"'stripePriceId':'price_1','collectionId':'c','variantId':'v'", "{collectionId}{variantId}", "cv",
		 NULL},
		{"'stripePriceId':'price_1','variantId':'v'", "{collectionId}{variantId}", NULL,
		 "items[0].sku, or collectionId and variantId, is required"},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		const struct cart_rules rules = {.lookup_key = row->template, .lookup_keys_only = true};

		check_int(row->line, cart_read(json_of("{'items':[{%s,'quantity':1}]}", row->line), &rules, &cart,
					       &e), row->text ? -1 : 0);
		if (row->text) {
			check_err(row->line, &e, ERR_BAD_REQUEST, row->text);
			continue;
		}
		check_text(row->line, cart_line_name(&cart.lines[0]), row->name);
		assert_null(cart.lines[0].price_id);
		cart_free(&cart);
	}
}

static void half_a_name_or_too_long_a_key_is_refused(void **state)
{
	static const char both[] = "sku or stripePriceId, or collectionId and variantId, is required";
	static const struct cart_rules rules = {.lookup_key = "{collectionId}:{variantId}"};
	const char *many = keep_text(str_printf("'collectionId':'%0300d','variantId':'v'", 0));
	const char *two = keep_text(str_printf("'collectionId':'%0500d','variantId':'%0500d'", 0, 0));
	const char *edge = keep_text(str_printf("'collectionId':'%0198d','variantId':'v'", 0));
	const char *over = keep_text(str_printf("'collectionId':'%0199d','variantId':'v'", 0));
	const struct {
		const char *line, *text;
	} table[] = {
		{"'collectionId':'c'", both}, {"'variantId':'v'", both}, {"'x':1", both},
		{many, "lookup key of more than 200 characters"},
		{two, "lookup key of more than 200 characters"},
		{over, "lookup key of more than 200 characters"}, {edge, NULL},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		struct json_object *body = json_of("{'items':[{'collectionId':'1','variantId':'2',"
						   "'quantity':1},{%s,'quantity':1}]}", row->line);

		check_int(row->line, cart_read(body, &rules, &cart, &e),
			  row->text ? -1 : 0);
		if (row->text)
			check_err(row->line, &e, ERR_BAD_REQUEST, row->text);
		cart_free(&cart);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_full_line_is_read),
		holds(a_price_id_wins_over_a_sku),
		holds(a_collection_and_a_variant_make_a_lookup_key),
		holds(a_line_that_names_its_price_makes_no_lookup_key),
		holds(where_lookup_keys_alone_count_a_prices_id_is_no_name),
		holds(half_a_name_or_too_long_a_key_is_refused),
		holds(what_else_a_client_sends_is_not_looked_at),
		holds(null_is_the_same_as_absent),
		holds(a_body_that_is_no_cart_is_refused),
		holds(quantities_are_whole_numbers_from_1_to_999),
		holds(texts_have_their_limits_in_characters),
		holds(texts_have_no_control_characters),
		holds(a_text_of_another_type_is_refused),
		holds(a_price_id_is_letters_digits_and_underscores),
		holds(a_cart_has_at_most_100_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

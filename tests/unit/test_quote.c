/* SPDX-License-Identifier: ISC */
/*
 * Quotes: what is signed can't be changed, and two are never the same.
 */
#include "unit.h"

#include "base/digest.h"
#include "shop/quote.h"

#define NOW 1732612800 /* 2024-11-26T09:20:00Z */


static struct json_object *tee(void)
{
	return json_of("{'PK':'PRICE#tee','SK':'CACHE','stripePriceId':'price_1',"
		       "'stripeProductId':'prod_1','name':'Tee','sku':'tee','unitPrice':1999,"
		       "'currency':'usd','expiresAt':1}");
}

static struct json_object *mug(void)
{
	return json_of("{'stripePriceId':'price_2','unitPrice':500,'currency':'usd'}");
}

static const struct cart *cart_of_two(void)
{
	static struct cart cart;

	memset(&cart, 0, sizeof cart);
	cart.count = 2;
	cart.lines[0] = (struct cart_line){.sku = "tee", .collection_id = "c1", .variant_id = "v1",
					   .quantity = 2};
	cart.lines[1] = (struct cart_line){.price_id = "price_2", .quantity = 3};
	return &cart;
}

static struct quote_input input_of(const struct cart *cart, struct json_object *const *prices)
{
	struct quote_input in = {.cart = cart, .prices = prices, .secret = "secret", .now = NOW,
				 .ttl_minutes = 15};

	memset(in.nonce, 0xAB, sizeof in.nonce);
	return in;
}

static struct json_object *quote_of_two(void)
{
	struct json_object *prices[] = {tee(), mug()};
	struct quote_input in = input_of(cart_of_two(), prices);
	struct err e;

	return keep(quote_new(&in, &e));
}

static void a_quote_has_all_that_it_promises(void **state)
{
	struct json_object *quote = quote_of_two();
	const char *signature = json_string_or_null(quote, "quoteSignature");
	const char *hash = json_string_or_null(quote, "normalizedHash");

	(void)state;
	assert_int_equal(strlen(signature), 64);
	assert_int_equal(strspn(signature, "0123456789abcdef"), 64);
	assert_int_equal(strlen(hash), 64);
	check_json("quote", quote,
		   keep_text(str_printf(
			   "{'quoteCreatedAt':'2024-11-26T09:20:00Z','created':1732612800,"
			   "'validUntil':1732613700,'nonce':'%s','normalizedHash':'%s',"
			   "'currency':'usd','subtotal':5498,'items':["
			   "{'name':'Tee','quantity':2,'unitPrice':1999,'amountSubtotal':3998,"
			   "'currency':'usd','sku':'tee','collectionId':'c1','variantId':'v1',"
			   "'stripePriceId':'price_1','stripeProductId':'prod_1'},"
			   "{'quantity':3,'unitPrice':500,'amountSubtotal':1500,'currency':'usd',"
			   "'stripePriceId':'price_2'}],'expiresAt':1732617300,"
			   "'PK':'QUOTE#%s','SK':'CACHE','quoteSignature':'%s'}",
			   repeat("ab", 16), hash, signature, signature)));
}

/* The request's word is for what the price leaves open. */
static void a_line_is_of_what_its_price_says(void **state)
{
	static const struct {
		const char *own;
		bool made; /* the lookup key, of the request's ids */
		const char *collection, *variant;
	} table[] = {
		{"", false, "c1", "v1"}, {",'collectionId':'c'", false, "c", "v1"},
		{",'variantId':'v'", false, "c1", "v"}, {",'collectionId':'c','variantId':'v'", false, "c", "v"},
		{",'collectionId':'','variantId':7", false, "c1", "v1"},
		{",'collectionId':'c','variantId':'v'", true, "c1", "v1"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct json_object *prices[] = {json_of("{'stripePriceId':'p','unitPrice':1,'currency':'usd'%s}",
							row->own)};
		struct cart cart = {.count = 1};
		struct quote_input in = input_of(&cart, prices);
		struct json_object *quote, *items, *line;
		char made[] = "k";
		struct err e;

		cart.lines[0] = (struct cart_line){.sku = "k", .made = row->made ? made : NULL,
						   .collection_id = "c1", .variant_id = "v1", .quantity = 1};
		quote = keep(quote_new(&in, &e));
		check_int(row->own, json_get_array(quote, "items", &items), JSON_FOUND);
		line = json_object_array_get_idx(items, 0);
		check_text(row->own, json_string_or_null(line, "collectionId"), row->collection);
		check_text(row->own, json_string_or_null(line, "variantId"), row->variant);
	}
}

static void a_client_sees_what_it_needs_of_it(void **state)
{
	struct json_object *quote = quote_of_two(), *public = keep(quote_public(quote));

	(void)state;
	assert_string_equal(json_string_or_null(public, "quoteSignature"),
			    json_string_or_null(quote, "quoteSignature"));
	json_object_object_del(public, "quoteSignature");
	json_object_object_del(public, "normalizedHash");
	check_json("public", public,
		   "{'quoteCreatedAt':'2024-11-26T09:20:00Z','expiresAt':1732613700,'items':["
		   "{'name':'Tee','quantity':2,'unitPrice':1999,'amountSubtotal':3998,"
		   "'currency':'usd','sku':'tee','collectionId':'c1','variantId':'v1',"
		   "'stripePriceId':'price_1','stripeProductId':'prod_1'},"
		   "{'quantity':3,'unitPrice':500,'amountSubtotal':1500,'currency':'usd',"
		   "'stripePriceId':'price_2'}],"
		   "'pricingSummary':{'items':5,'subtotal':5498,'currency':'usd'}}");
	assert_non_null(json_string_or_null(quote, "normalizedHash"));
	assert_string_equal(json_string_or_null(keep(quote_public(quote)), "normalizedHash"),
			    json_string_or_null(quote, "normalizedHash"));
}

static void the_same_input_gives_the_same_signature(void **state)
{
	(void)state;
	assert_true(json_equal(quote_of_two(), quote_of_two()));
}

/* The canonical text is a contract between what was stored and what checks it
 * later: it may not change from one version of the program to the next. */
static void the_signature_is_over_the_canonical_text(void **state)
{
	static const char text[] =
		"[1732612800,1732613700,\"abababababababababababababababab\",\"usd\",5498,"
		"[[\"price_1\",2,1999,\"usd\",\"tee\",\"c1\",\"v1\"],"
		"[\"price_2\",3,500,\"usd\",null,null,null]]]";
	static const char lines[] = "[[\"price_1\",2,1999,\"usd\",\"tee\",\"c1\",\"v1\"],"
				    "[\"price_2\",3,500,\"usd\",null,null,null]]";
	const struct span message = span_of(text);
	struct json_object *quote = quote_of_two();
	char out[DIGEST_HEX];

	(void)state;
	digest_hmac_hex(span_of("secret"), &message, 1, out);
	assert_string_equal(json_string_or_null(quote, "quoteSignature"), out);
	digest_sha256_hex(span_of(lines), out);
	assert_string_equal(json_string_or_null(quote, "normalizedHash"), out);
}

static void a_quote_is_authentic_with_its_own_secret_only(void **state)
{
	struct json_object *quote = quote_of_two();

	(void)state;
	assert_true(quote_is_authentic(quote, "secret"));
	assert_false(quote_is_authentic(quote, "Secret"));
	assert_false(quote_is_authentic(quote, "secret "));
	assert_false(quote_is_authentic(quote, ""));
	json_set_int(quote, "version", 3);
	assert_true(quote_is_authentic(quote, "secret"));
}

static void no_signed_field_can_be_changed(void **state)
{
	static const char *const of_quote[] = {"created", "validUntil", "nonce", "currency",
					       "subtotal"};
	static const char *const of_line[] = {"stripePriceId", "quantity", "unitPrice", "currency",
					      "sku", "collectionId", "variantId"};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(of_quote); i++) {
		struct json_object *quote = quote_of_two();

		json_set_int(quote, of_quote[i], 7);
		check(of_quote[i], !quote_is_authentic(quote, "secret"));
		quote = quote_of_two();
		json_object_object_del(quote, of_quote[i]);
		check(of_quote[i], !quote_is_authentic(quote, "secret"));
	}
	for (i = 0; i < 2 * LENGTH(of_line); i++) {
		struct json_object *quote = quote_of_two(), *items = NULL;

		json_get_array(quote, "items", &items);
		json_set_string(json_object_array_get_idx(items, i % 2), of_line[i / 2], "other");
		check(of_line[i / 2], !quote_is_authentic(quote, "secret"));
	}
}

static void lines_cannot_be_added_removed_or_swapped(void **state)
{
	struct json_object *quote = quote_of_two(), *items = NULL, *first;

	(void)state;
	json_get_array(quote, "items", &items);
	first = json_copy(json_object_array_get_idx(items, 0));
	json_object_array_add(items, first);
	assert_false(quote_is_authentic(quote, "secret"));
	json_object_array_del_idx(items, 2, 1);
	assert_true(quote_is_authentic(quote, "secret"));
	json_object_array_del_idx(items, 1, 1);
	assert_false(quote_is_authentic(quote, "secret"));
	json_object_object_del(quote, "items");
	assert_false(quote_is_authentic(quote, "secret"));
	assert_false(quote_is_authentic(json_of("{'items':[]}"), "secret"));
}

static struct json_object *quote_with(struct quote_input in)
{
	struct err e;

	return keep(quote_new(&in, &e));
}

static const char *member(struct json_object *quote, const char *key)
{
	return json_string_or_null(quote, key);
}

static void another_nonce_time_or_ttl_gives_another_signature_and_the_same_hash(void **state)
{
	struct json_object *prices[] = {tee(), mug()};
	const struct quote_input in = input_of(cart_of_two(), prices);
	struct quote_input others[] = {in, in, in};
	struct json_object *quote = quote_with(in);
	size_t i;

	(void)state;
	others[0].nonce[QUOTE_NONCE_BYTES - 1]++;
	others[1].now++;
	others[2].ttl_minutes++;
	for (i = 0; i < LENGTH(others); i++) {
		struct json_object *other = quote_with(others[i]);

		assert_string_not_equal(member(quote, "quoteSignature"),
					member(other, "quoteSignature"));
		assert_string_equal(member(quote, "normalizedHash"), member(other, "normalizedHash"));
	}
}

static void the_hash_does_not_depend_on_the_order_of_the_lines(void **state)
{
	struct json_object *prices[] = {tee(), mug()}, *swapped[] = {prices[1], prices[0]};
	struct json_object *quote = quote_with(input_of(cart_of_two(), prices)), *other;
	struct cart cart = *cart_of_two();

	(void)state;
	cart.lines[0] = cart_of_two()->lines[1];
	cart.lines[1] = cart_of_two()->lines[0];
	other = quote_with(input_of(&cart, swapped));
	assert_string_equal(member(quote, "normalizedHash"), member(other, "normalizedHash"));
	assert_string_not_equal(member(quote, "quoteSignature"), member(other, "quoteSignature"));
	cart.lines[0].quantity++;
	other = quote_with(input_of(&cart, swapped));
	assert_string_not_equal(member(quote, "normalizedHash"), member(other, "normalizedHash"));
}

static void impossible_carts_are_refused_by_item(void **state)
{
	static const struct {
		const char *first, *second, *currency, *text;
	} table[] = {
		{"'unitPrice':1,'currency':'usd'", "'unitPrice':1,'currency':'eur'", NULL,
		 "items[1] (price_2) is priced in eur, the first item in usd"},
		{"'unitPrice':1,'currency':'usd'", "'unitPrice':1,'currency':'usd'", "eur",
		 "items[0] (tee) is priced in usd, not in eur"},
		{"'unitPrice':1,'currency':'usd'", "'unitPrice':1,'currency':'eur'", "usd",
		 "items[1] (price_2) is priced in eur, not in usd"},
		{"'unitPrice':4611686018427387904,'currency':'usd'", "'unitPrice':1,'currency':'usd'",
		 NULL, "items[0]: the amount is too large"},
		{"'unitPrice':1,'currency':'usd'", "'unitPrice':3074457345618258603,'currency':'usd'",
		 NULL, "items[1]: the amount is too large"},
		{"'unitPrice':4611686018427387903,'currency':'usd'",
		 "'unitPrice':1,'currency':'usd'", NULL, "items: the sum is too large"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct json_object *prices[] = {json_of("{%s}", row->first),
						json_of("{%s}", row->second)};
		struct cart cart = *cart_of_two();
		struct quote_input in = input_of(&cart, prices);
		struct err e = {.code = ERR_NONE};

		cart.currency = row->currency;
		check(row->text, keep(quote_new(&in, &e)) == NULL);
		check_err(row->text, &e, ERR_BAD_REQUEST, row->text);
	}
}

static void the_wished_currency_may_be_in_any_case(void **state)
{
	static const char *const wishes[] = {"usd", "USD", "Usd", NULL};
	struct json_object *prices[] = {tee(), mug()};
	struct cart cart = *cart_of_two();
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(wishes); i++) {
		cart.currency = wishes[i];
		assert_string_equal(member(quote_with(input_of(&cart, prices)), "currency"), "usd");
	}
}

static void a_quote_may_be_free(void **state)
{
	struct json_object *prices[] = {json_of("{'unitPrice':0,'currency':'usd'}"),
					json_of("{'unitPrice':0,'currency':'usd'}")};
	struct json_object *quote = quote_with(input_of(cart_of_two(), prices));

	(void)state;
	assert_int_equal(json_int_or(quote, "subtotal", -1), 0);
	assert_true(quote_is_authentic(quote, "secret"));
}

static void a_quote_is_kept_while_its_sessions_events_may_come(void **state)
{
	(void)state;
	assert_int_equal(quote_kept_until(1000), 1000 + 3 * 86400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_quote_has_all_that_it_promises),
		holds(a_line_is_of_what_its_price_says),
		holds(a_client_sees_what_it_needs_of_it),
		holds(the_same_input_gives_the_same_signature),
		holds(the_signature_is_over_the_canonical_text),
		holds(a_quote_is_authentic_with_its_own_secret_only),
		holds(no_signed_field_can_be_changed),
		holds(lines_cannot_be_added_removed_or_swapped),
		holds(another_nonce_time_or_ttl_gives_another_signature_and_the_same_hash),
		holds(the_hash_does_not_depend_on_the_order_of_the_lines),
		holds(impossible_carts_are_refused_by_item),
		holds(the_wished_currency_may_be_in_any_case),
		holds(a_quote_may_be_free),
		holds(a_quote_is_kept_while_its_sessions_events_may_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

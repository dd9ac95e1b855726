/* SPDX-License-Identifier: ISC */
/*
 * From a cart to its quote: which prices are asked of Stripe, which are kept and for how long, and what
 * can't be sold.
 */
#include "outside.h"

#include "base/clock.h"
#include "checkout/quoting.h"
#include "shop/cart.h"

#define REQUEST_MS 7500
#define PRICE(id, more) "{'id':'" id "','object':'price','active':true,'type':'one_time','currency':'usd'," \
	"'unit_amount':1000,'product':{'id':'prod_1','active':true,'name':'Cup'}" more "}"
#define LIST(prices) "{'object':'list','data':[" prices "]}"
#define CUP PRICE("price_1", ",'lookup_key':'CUP'")
#define KEYS "/v1/prices?"

static const struct outside_answer shop[] = {
	{KEYS, 200, LIST(PRICE("price_8", ",'lookup_key':'OTHER'") "," CUP ","
			 PRICE("price_9", ",'lookup_key':'price_2'"))},
	{"/v1/prices/price_2", 200, PRICE("price_2", "")},
	{"/v1/prices/price_404", 404, "{'error':{'code':'resource_missing'}}"},
	{"/v1/prices/price_403", 403, "{'error':{'message':'no'}}"},
	{"/v1/prices/price_500", 500, "{}"},
	{.part = NULL},
};

#define ONE(line) "{'items':[{" line ",'quantity':1}]}"
#define BY_SKU(sku) ONE("'sku':'" sku "'")
#define BY_ID(id) ONE("'stripePriceId':'" id "'")

static void begin(const struct outside_answer *answers, int64_t cache_seconds)
{
	outside_begin();
	outside.answers = answers;
	outside.app.config.quote_signature_secret = str_dup("a secret of the tests alone");
	outside.app.config.quote_ttl_minutes = 60;
	outside.app.config.price_cache_seconds = cache_seconds;
}

/* The ids of the quote's prices with blanks between, or the error's text.  Kept. */
static const char *quoted(const char *cart, struct err *e)
{
	struct json_object *answer = NULL, *items = NULL;
	struct buf ids;
	size_t i;

	*e = (struct err){.code = ERR_NONE};
	outside.calls = 0;
	if (quoting_create(&outside.app, json_of("%s", cart), deadline_in(REQUEST_MS), &answer, e))
		return keep_text(str_dup(e->text));
	json_get_array(keep(answer), "items", &items);
	buf_init(&ids, 4096);
	for (i = 0; i < json_object_array_length(items); i++)
		buf_printf(&ids, "%s%s", i ? " " : "", json_string_or_null(json_object_array_get_idx(items, i),
									   "stripePriceId"));
	return keep_text(buf_detach(&ids));
}

static struct json_object *price_item(const char *name)
{
	const char *pk = keep_text(str_printf("PRICE#%s", name));
	size_t i;

	for (i = 0; i < outside.table.n; i++)
		if (strcmp(json_string_or_null(outside.table.items[i], "PK"), pk) == 0)
			return outside.table.items[i];
	return NULL;
}

#define OWN_CALLS 2 /* the table is read, and written */

static void a_price_is_asked_for_once_while_it_is_kept(void **state)
{
	static const struct {
		int64_t seconds, ms;
		unsigned asked;
	} table[] = {
		{300, 0, 0}, {300, 299999, 0}, {300, 300000, 1}, {10, 9999, 0}, {10, 10000, 1},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		const char *name = keep_text(str_printf("%d s, after %d ms", (int)row->seconds, (int)row->ms));

		begin(shop, row->seconds);
		check_text(name, quoted(BY_SKU("CUP"), &e), "price_1");
		check_int(name, outside.calls, OWN_CALLS + 1);
		outside.ms = row->ms;
		check_text(name, quoted(BY_SKU("CUP"), &e), "price_1");
		check_int(name, outside.calls, OWN_CALLS + row->asked);
		outside_end();
	}

	/* Not at all. */
	begin(shop, 0);
	check_text("off", quoted(BY_SKU("CUP"), &e), "price_1");
	check_text("off", quoted(BY_SKU("CUP"), &e), "price_1");
	check_int("off", outside.calls, 2);
	check("off", !price_item("CUP"));
	outside_end();
}

static void what_can_not_be_sold_is_kept_for_a_minute(void **state)
{
	static const struct {
		const char *cart, *part, *name;
	} table[] = {
		{BY_SKU("GONE"), "items[0] can't be sold: no active price has this lookup key (sku \"GONE\")", "GONE"},
		{BY_ID("price_404"), "items[0] can't be sold: there is no such price (stripePriceId \"price_404\")",
		 "price_404"},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		begin(shop, 300);
		check(row->part, strstr(quoted(row->cart, &e), row->part));
		check_int(row->part, e.code, ERR_BAD_REQUEST);
		check_int(row->part, outside.calls, OWN_CALLS + 1);
		check_int(row->part, json_int_or(price_item(row->name), "expiresAt", 0), OUTSIDE_EPOCH + 60);
		outside.ms = 59999;
		check(row->part, strstr(quoted(row->cart, &e), row->part));
		check_int(row->part, outside.calls, 1);
		outside.ms = 60000;
		check(row->part, strstr(quoted(row->cart, &e), row->part));
		check_int(row->part, outside.calls, OWN_CALLS + 1);
		outside_end();
	}

	/* No longer than others are. */
	begin(shop, 30);
	quoted(BY_SKU("GONE"), &e);
	check_int("30 s", json_int_or(price_item("GONE"), "expiresAt", 0), OUTSIDE_EPOCH + 30);
	outside_end();

	/* What else of the cart was learned is kept too. */
	begin(shop, 300);
	quoted("{'items':[{'sku':'CUP','quantity':1},{'sku':'GONE','quantity':1}]}", &e);
	check_int("both", e.code, ERR_BAD_REQUEST);
	check_int("both", json_int_or(price_item("CUP"), "expiresAt", 0), OUTSIDE_EPOCH + 300);
	check_text("both", json_string_or_null(price_item("GONE"), "problem"),
		   "no active price has this lookup key");
	outside_end();
}

/* A key that may not read prices, or a Stripe that fails, says nothing of the price. */
static void a_failure_is_no_price_that_is_not_sold(void **state)
{
	static const struct {
		const char *cart, *name;
		enum err_code code;
	} table[] = {
		{BY_ID("price_403"), "price_403", ERR_REFUSED}, {BY_ID("price_500"), "price_500", ERR_UNAVAILABLE},
		{BY_ID("price_away"), "price_away", ERR_UNAVAILABLE},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		begin(shop, 300);
		quoted(row->cart, &e);
		check_int(row->name, e.code, row->code);
		check(row->name, !price_item(row->name));
		outside_end();
	}
}

/* A sku may read like another price's id: each line has its own price, and the table one of the two. */
static void a_sku_that_reads_like_a_prices_id_is_another_price(void **state)
{
	struct err e;

	(void)state;
	begin(shop, 300);
	check_text("both", quoted("{'items':[{'sku':'price_2','quantity':1},{'stripePriceId':'price_2','quantity':1},"
				  "{'sku':'price_2','quantity':2}]}", &e), "price_9 price_2 price_9");
	check_text("kept", json_string_or_null(price_item("price_2"), "stripePriceId"), "price_9");
	check_text("the id alone", quoted(BY_ID("price_2"), &e), "price_2");
	check_int("asked", outside.calls, OWN_CALLS + 1);
	check_text("the sku", quoted(BY_SKU("price_2"), &e), "price_9");
	outside_end();
}

static void forget_cup(void)
{
	table_delete(&outside.table, "PRICE#CUP", json_string_or_null(price_item("CUP"), "SK"));
}

/* What another process has found to be sold no more does not come back with a quote that had read it. */
static void a_price_that_was_read_is_not_written_again(void **state)
{
	struct err e;

	(void)state;
	begin(shop, 300);
	quoted(BY_SKU("CUP"), &e);
	outside.at = 2;
	outside.fault = OUTSIDE_OVERTAKEN;
	outside.overtake = forget_cup;
	check_text("the quote", quoted(BY_SKU("CUP"), &e), "price_1");
	check("forgotten", !price_item("CUP"));
	outside_end();
}

/* Somebody has edited the table. */
static void a_kept_price_that_can_not_be_computed_with_is_asked_for_anew(void **state)
{
	static const struct {
		const char *member, *value; /* NULL: it is not there */
	} table[] = {
		{"currency", NULL}, {"unitPrice", NULL}, {"unitPrice", "'1000'"}, {"unitPrice", "1000.5"},
		{"unitPrice", "-1000"}, {"transformQuantity", "{'divide_by':0,'round':'up'}"},
	}, *row;
	struct json_object *edited, *amount;
	struct err e;

	(void)state;
	for EACH(row, table) {
		begin(shop, 300);
		quoted(BY_SKU("CUP"), &e);
		edited = json_share(price_item("CUP"));
		json_object_object_del(edited, row->member);
		if (row->value)
			json_set(edited, row->member, json_object_get(json_of("%s", row->value)));
		table_put(&outside.table, edited);
		check_text(row->member, quoted("{'currency':'usd','items':[{'sku':'CUP','quantity':1}]}", &e),
			   "price_1");
		check_int(row->member, outside.calls, OWN_CALLS + 1);
		check_text(row->member, json_string_or_null(price_item("CUP"), "currency"), "usd");
		amount = json_object_object_get(price_item("CUP"), "unitPrice");
		check_text(row->member, json_text(amount), "1000");
		outside_end();
	}
}

static void a_cart_as_large_as_can_be_is_asked_for_by_tens(void **state)
{
	struct outside_answer answers[] = {{KEYS, 200, NULL}, {.part = NULL}};
	struct buf cart, prices;
	struct err e;
	int i;

	(void)state;
	buf_init(&cart, 1 << 16);
	buf_init(&prices, 1 << 16);
	buf_puts(&cart, "{'items':[");
	for (i = 0; i < CART_MAX_LINES; i++) {
		buf_printf(&cart, "%s{'sku':'K%d','quantity':1}", i ? "," : "", i);
		buf_printf(&prices, "%s" PRICE("price_%d", ",'lookup_key':'K%d'"), i ? "," : "", i, i);
	}
	buf_puts(&cart, "]}");
	answers[0].body = keep_text(str_printf(LIST("%s"), buf_text(&prices)));
	begin(answers, 300);
	check("a quote", str_starts(quoted(buf_text(&cart), &e), "price_0 price_1 price_2 "));
	check_int(e.text, outside.calls, OWN_CALLS + CART_MAX_LINES / 10);

	/* The quote and 99 prices are a write; the last price waits for the next. */
	check_int("kept", outside.table.n, 100);
	check("the next", str_starts(quoted(buf_text(&cart), &e), "price_0 price_1 price_2 "));
	check_int("the next", outside.calls, OWN_CALLS + 1);
	buf_free(&prices);
	buf_free(&cart);
	outside_end();
}

/* A Stripe that takes a fifth of a second for each price. */
static int answer_slowly(const struct http_request *request, struct buf *body)
{
	const char *id = strstr(request->url, "price_");

	outside.ms += 200;
	if (!deadline_left(request->deadline))
		return 0;
	buf_printf(body, "{\"id\":\"%.*s\",\"active\":true,\"type\":\"one_time\",\"currency\":\"usd\","
		   "\"unit_amount\":1000,\"product\":{\"id\":\"prod_1\",\"active\":true,\"name\":\"Cup\"}}",
		   (int)strcspn(id, "?"), id);
	return 200;
}

/* The prices that came in time are kept: who tries again gets further. */
static void a_cart_of_many_ids_is_quoted_at_last_by_a_slow_stripe(void **state)
{
	struct buf cart;
	struct err e;
	int i, tries = 0;

	(void)state;
	buf_init(&cart, 1 << 16);
	for (i = 0; i < CART_MAX_LINES; i++)
		buf_printf(&cart, "%s{'stripePriceId':'price_%d','quantity':1}", i ? "," : "{'items':[", i);
	buf_puts(&cart, "]}");
	begin(NULL, 300);
	outside.serve = answer_slowly;
	do {
		quoted(buf_text(&cart), &e);
		check("only the time was short", e.code == ERR_NONE || e.code == ERR_UNAVAILABLE);
	} while (e.code != ERR_NONE && ++tries < 10);
	check_int(e.text, e.code, ERR_NONE);
	check("by parts", tries > 0);
	buf_free(&cart);
	outside_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_price_is_asked_for_once_while_it_is_kept),
		holds(what_can_not_be_sold_is_kept_for_a_minute),
		holds(a_failure_is_no_price_that_is_not_sold),
		holds(a_sku_that_reads_like_a_prices_id_is_another_price),
		holds(a_price_that_was_read_is_not_written_again),
		holds(a_kept_price_that_can_not_be_computed_with_is_asked_for_anew),
		holds(a_cart_as_large_as_can_be_is_asked_for_by_tens),
		holds(a_cart_of_many_ids_is_quoted_at_last_by_a_slow_stripe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

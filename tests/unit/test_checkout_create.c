/* SPDX-License-Identifier: ISC */
/*
 * From a cart to a quote and from that to a session, when Stripe or the table answers otherwise than usual:
 * what the buyer is told, what is tried again, and what is kept.
 */
#include "outside.h"

#include "base/clock.h"
#include "checkout/checkout.h"
#include "checkout/quoting.h"
#include "format/iso8601.h"
#include "record/process.h"

#define REQUEST_MS 7500

#define PRICE(id, more) "{'id':'" id "','object':'price','active':true,'type':'one_time','currency':'usd'," \
	"'unit_amount':1000,'product':{'id':'prod_1','active':true,'name':'Cup'}" more "}"
#define PRICES(list) {"/v1/prices?", 200, "{'object':'list','data':[" list "]}"}
#define SESSION "{'id':'cs_test_1','object':'checkout.session','url':'https://pay.example/1','status':'open'," \
	"'mode':'payment','created':1699999990,'expires_at':1700086000}"
#define SESSIONS "/v1/checkout/sessions"
#define END {NULL, 0, NULL, 0, false} /* of what comes once */

/* A cart of one price by its lookup key, and of one by its id. */
#define CART "{'items':[{'sku':'CUP','quantity':2},{'stripePriceId':'price_2','quantity':1}]}"

static const struct outside_answer shop[] = {
	PRICES(PRICE("price_1", ",'lookup_key':'CUP'")),
	{"/v1/prices/price_2", 200, PRICE("price_2", "")},
	{SESSIONS, 200, SESSION},
	{.part = NULL},
};

static void begin(const struct outside_answer *answers)
{
	struct config *config = &outside.app.config;

	outside_begin();
	outside.answers = answers;
	config->quote_signature_secret = str_dup("a secret of the tests alone");
	config->checkout_success_url = str_dup("https://shop.example/thanks");
	config->checkout_cancel_url = str_dup("https://shop.example/cart");
	config->checkout_mode = str_dup("payment");
	config->quote_ttl_minutes = 60;
	config->session_ttl_minutes = 120;
	config->price_cache_seconds = 300;
}

/* A quote's signature, or the error's text.  Kept. */
static const char *quote(const char *cart, struct err *e)
{
	struct json_object *answer = NULL;

	*e = (struct err){.code = ERR_NONE};
	if (quoting_create(&outside.app, json_of("%s", cart), deadline_in(REQUEST_MS), &answer, e))
		return keep_text(str_dup(e->text));
	return json_string_or_null(keep(answer), "quoteSignature");
}

static const char *quoted(void)
{
	struct err e;
	const char *signature = quote(CART, &e);

	check_int(e.text, e.code, ERR_NONE);
	return signature;
}

/* Asks for a session of the quote; `more` is of the request. */
static int click(const char *signature, const char *more, struct json_object **answer, struct err *e)
{
	int rc;

	*e = (struct err){.code = ERR_NONE};
	*answer = NULL;
	rc = checkout_create(&outside.app, json_of("{'quoteSignature':'%s'%s}", signature, more), NULL,
			     deadline_in(REQUEST_MS), answer, e);
	keep(*answer);
	return rc;
}

static struct json_object *item_of(const char *prefix, const char *name)
{
	char *pk = keep_text(str_printf("%s%s", prefix, name));
	size_t i;

	for (i = 0; i < outside.table.n; i++)
		if (strcmp(json_string_or_null(outside.table.items[i], "PK"), pk) == 0)
			return outside.table.items[i];
	return NULL;
}

/* --- the quote ------------------------------------------------------------------------ */

static void a_quote_is_good_for_one_order_and_for_its_time(void **state)
{
	static const struct {
		const char *key, *value; /* what becomes of the item; JSON, NULL: it goes */
		enum err_code code;
	} table[] = {
		{"x", "1", ERR_NONE}, {"orderId", "'cs_9'", ERR_ORDERED}, {"subtotal", "1", ERR_NOT_FOUND},
		{"validUntil", "1800000000", ERR_NOT_FOUND}, {"validUntil", NULL, ERR_NOT_FOUND},
		{"items", "[]", ERR_NOT_FOUND}, {"currency", "'eur'", ERR_NOT_FOUND},
	}, *row;
	struct json_object *answer;
	const char *signature;
	struct err e;

	(void)state;
	for EACH(row, table) {
		const char *name = keep_text(str_printf("%s %s", row->key, row->value ? row->value : "gone"));
		struct json_object *item;

		begin(shop);
		signature = quoted();
		item = keep(json_copy(item_of("QUOTE#", signature)));
		json_object_object_del(item, row->key);
		if (row->value)
			json_set(item, row->key, json_object_get(json_of("%s", row->value)));
		outside_put(item);
		check_int(name, click(signature, "", &answer, &e), row->code == ERR_NONE ? 0 : -1);
		check_int(name, e.code, row->code);
		outside_end();
	}

	/* To the second; and a signature that nobody gave. */
	begin(shop);
	signature = quoted();
	outside.ms = 3599 * 1000;
	check_int("in time", click(signature, "", &answer, &e), 0);
	outside.ms = 3600 * 1000;
	check_int("over", click(signature, "", &answer, &e), -1);
	check_int("over", e.code, ERR_GONE);
	outside.calls = 0;
	check_int("none", click("x", "", &answer, &e), -1);
	check_int("none", e.code, ERR_NOT_FOUND);
	check_int("none", outside.calls, 0);

	/* The secret was rolled since. */
	outside.ms = 0;
	outside.app.config.quote_signature_secret_previous = outside.app.config.quote_signature_secret;
	outside.app.config.quote_signature_secret = str_dup("another secret of the tests");
	check_int("rolled", click(signature, "", &answer, &e), 0);
	outside_end();
}

static void a_session_and_its_quote_are_kept_as_long_as_they_can_be_paid(void **state)
{
	static const char *const answered[] = {"sessionId", "stripeSessionId"}, *const *key;
	struct json_object *answer, *item, *longer;
	const char *signature;
	struct err e;

	(void)state;
	begin(shop);
	signature = quoted();
	check_int("the quote's own time", json_int_or(item_of("QUOTE#", signature), "expiresAt", 0) <
					   OUTSIDE_EPOCH + 86400 * 2, true);
	outside.calls = 0;
	check_int(e.text, click(signature, ",'userId':'u1','customerEmail':'ann@example.com'", &answer, &e), 0);
	for EACH(key, answered)
		check_text(*key, json_string_or_null(answer, *key), "cs_test_1");
	check_text("page", json_string_or_null(answer, "checkoutUrl"), "https://pay.example/1");
	check_int("calls", outside.calls, 3);
	item = item_of("SESSION#", "cs_test_1");
	check_json("the session's item", item, keep_text(str_printf(
		"{'PK':'SESSION#cs_test_1','SK':'METADATA','stripeSessionId':'cs_test_1','quoteSignature':'%s',"
		"'userId':'u1','status':'open','createdAt':'2023-11-14T22:13:10Z','expiresAt':%d,'version':1}",
		signature, 1700086000 + 3 * 86400)));
	longer = item_of("QUOTE#", signature);
	check_int("redelivery", json_int_or(longer, "expiresAt", 0), 1700086000 + 3 * 86400);
	check_int("version", json_int_or(longer, "version", 0), 2);

	/* The second click finds both, and writes nothing. */
	check_int(e.text, click(signature, ",'userId':'u1','customerEmail':'ann@example.com'", &answer, &e), 0);
	check_int("nothing", json_int_or(item_of("QUOTE#", signature), "version", 0), 2);
	check_int("nothing", json_int_or(item_of("SESSION#", "cs_test_1"), "version", 0), 1);
	outside_end();
}

/* Stripe tells of the end when it has come, and for three days until it is heard. */
static void that_a_session_has_expired_is_noted_whenever_it_is_told(void **state)
{
	static const int64_t told[] = {1, 60, 3 * 86400 - 1}, *after; /* seconds since it ended */

	(void)state;
	for EACH(after, told) {
		struct record_run run = {.app = &outside.app, .source = "webhook"};
		struct process_result result;
		struct json_object *answer;
		struct err e;

		begin(shop);
		check_int("sold", click(quoted(), "", &answer, &e), 0);
		outside.ms = (1700086000 + *after - OUTSIDE_EPOCH) * 1000;
		run.now = clock_epoch();
		run.deadline = deadline_in(REQUEST_MS);
		check_int(e.text, process_event(&run, json_of("{'id':'evt_1','object':'event','created':1700086000,"
			"'type':'checkout.session.expired','data':{'object':{'id':'cs_test_1','mode':'payment',"
			"'object':'checkout.session','status':'expired','after_expiration':{'recovery':{"
			"'url':'https://again'}}}}}"), &result, &e), 0);
		process_result_free(&result);
		check_text("status", json_string_or_null(item_of("SESSION#", "cs_test_1"), "status"), "expired");
		check_text("again", json_string_or_null(item_of("SESSION#", "cs_test_1"), "recoveryUrl"),
			   "https://again");
		outside_end();
	}
}

/* The owner, or a program of his, has ended it before its time, and Stripe still has its answer for the key. */
static void a_session_that_has_expired_is_not_given_again(void **state)
{
	static const struct {
		const char *status; /* of its item; NULL: there is none */
		bool replayed;
		enum outside_fault fault; /* of the read; OUTSIDE_FAULTS: none */
		const char *given;
	} table[] = {
		{"expired", true, OUTSIDE_FAULTS, "cs_test_1"}, {"open", true, OUTSIDE_FAULTS, "cs_test_0"},
		{NULL, true, OUTSIDE_FAULTS, "cs_test_0"}, {"completed", true, OUTSIDE_FAULTS, "cs_test_0"},
		{"expired", false, OUTSIDE_FAULTS, "cs_test_0"}, {"expired", true, OUTSIDE_FAILS, "cs_test_0"},
	}, *row;
	static const char kept[] = "{'id':'cs_test_0','object':'checkout.session','url':'https://pay.example/0',"
				   "'status':'open'}";

	(void)state;
	for EACH(row, table) {
		const struct outside_once once[] = {{SESSIONS, 200, kept, 1, row->replayed}, END};
		struct json_object *answer;
		const char *signature;
		struct err e;

		begin(shop);
		outside.once = once;
		signature = quoted();
		if (row->status)
			outside_put(json_of("{'PK':'SESSION#cs_test_0','SK':'METADATA','status':'%s'}", row->status));
		outside.calls = 0;
		outside.at = row->fault == OUTSIDE_FAULTS ? 0 : 3;
		outside.fault = row->fault;
		check_int(row->status, click(signature, "", &answer, &e), 0);
		check_text(row->status, json_string_or_null(answer, "sessionId"), row->given);
		outside_end();
	}
}

/* It is away when the next one is asked for. */
static void an_expired_session_is_not_given_where_there_is_no_other(void **state)
{
	static const struct outside_once once[] = {
		{SESSIONS, 200, SESSION, 1, true}, {SESSIONS, 400, "{'error':{}}", 1, false}, END,
	};
	struct json_object *answer;
	const char *signature;
	struct err e;

	(void)state;
	begin(shop);
	outside.once = once;
	signature = quoted();
	outside_put(json_of("{'PK':'SESSION#cs_test_1','SK':'METADATA','status':'expired'}"));
	check_int("refused", click(signature, "", &answer, &e), -1);
	check_err("refused", &e, ERR_REFUSED, "400");
	outside_end();
}

/* Where the owner wants it longer it is kept for longer. */
static void a_sessions_item_is_kept_as_long_as_the_settings_say(void **state)
{
	struct json_object *answer;
	struct err e;

	(void)state;
	begin(shop);
	outside.app.config.session_ttl_minutes = 525600;
	check_int("sold", click(quoted(), "", &answer, &e), 0);
	check_int("a year", json_int_or(item_of("SESSION#", "cs_test_1"), "expiresAt", 0),
		  OUTSIDE_EPOCH + 525600 * 60);
	outside_end();
}

/* --- the session's item beside others --------------------------------------------------- */

/* The webhook was faster than we. */
static void pay(void)
{
	outside_put(json_of("{'PK':'SESSION#cs_test_1','SK':'METADATA','orderPK':'USER#u1','status':'completed',"
			    "'version':4}"));
}

static void what_the_webhook_wrote_of_a_session_is_left(void **state)
{
	struct json_object *answer;
	const char *signature;
	struct err e;

	(void)state;
	begin(shop);
	signature = quoted();
	outside.calls = 0;
	outside.at = 3;
	outside.fault = OUTSIDE_OVERTAKEN;
	outside.overtake = pay;
	check_int(e.text, click(signature, "", &answer, &e), 0);
	check_text("theirs", json_string_or_null(item_of("SESSION#", "cs_test_1"), "status"), "completed");
	check_int("the quote's life", json_int_or(item_of("QUOTE#", signature), "expiresAt", 0),
		  1700086000 + 3 * 86400);
	check("no complaint", !strstr(buf_text(&outside.log), "Failed to write session"));
	outside_end();
}

static void a_session_that_can_not_be_noted_is_paid_all_the_same(void **state)
{
	static const struct {
		enum outside_fault fault;
		unsigned calls; /* the quote, the session, and the tries to note it */
		bool complaint;
	} table[] = {{OUTSIDE_FAILS, 3, true}, {OUTSIDE_CONFLICT, 5, false}, {OUTSIDE_AWAY, 3, true}}, *row;
	struct json_object *answer;
	const char *signature;
	struct err e;

	(void)state;
	for EACH(row, table) {
		const char *name = keep_text(str_printf("fault %d", (int)row->fault));

		begin(shop);
		signature = quoted();
		outside.calls = 0;
		outside.at = 3;
		outside.fault = row->fault;
		check_int(name, click(signature, "", &answer, &e), 0);
		check_int(name, outside.calls, row->calls);
		check_int(name, strstr(buf_text(&outside.log), "Failed to write session") != NULL, row->complaint);
		outside_end();
	}
}

/* --- failures of Stripe ------------------------------------------------------------------- */

#define FAILURES(n, again) {SESSIONS, 500, "{}", n, again}

static void a_failure_that_stripe_keeps_for_its_key_is_left_behind(void **state)
{
	static const struct {
		const char *name;
		struct outside_once first[3];
		const char *generations; /* of the keys that were sent; the last digit */
		int rc;
		int64_t ms; /* so long it took; -1: whatever */
	} table[] = {
		{"none", {END, END, END}, "0", 0, 0},
		{"a failure", {FAILURES(1, false), END, END}, "01", 0, 400},
		{"two", {FAILURES(2, false), END, END}, "012", 0, 800},
		{"three are enough", {FAILURES(3, false), END, END}, "012", -1, 800},
		{"kept ones are walked past", {FAILURES(7, true), END, END}, "01234567", 0, 0},
		{"kept ones, then a new one", {FAILURES(5, true), FAILURES(1, false), END}, "0123456", 0, 400},
		{"a refusal that was kept", {{SESSIONS, 400, "{'error':{}}", 2, true}, END, END}, "012", 0, 0},
		{"one that was kept, then a new one", {{SESSIONS, 400, "{'error':{}}", 1, true},
			{SESSIONS, 400, "{'error':{}}", 1, false}, END}, "01", -1, 0},
		{"of kept refusals there is an end", {{SESSIONS, 400, "{'error':{}}", 99, true}, END, END},
		 "01234", -1, 0},
		{"a refusal that was kept, then a failure", {{SESSIONS, 400, "{'error':{}}", 1, true},
			FAILURES(1, false), END}, "012", 0, 400},
		{"two at once with one key", {{SESSIONS, 409, "{}", 1, false}, END, END}, "00", 0, -1},
		{"a first click that takes long", {{SESSIONS, 409, "{'error':{'code':'idempotency_key_in_use'}}", 6,
			false}, END, END}, "0000000", 0, -1},
		{"no answer", {{SESSIONS, 0, "", 9, false}, END, END}, "000", -1, -1},
		{"for ever two at once", {{SESSIONS, 409, "{}", 9, false}, END, END}, "000", -1, -1},
		{"a refusal", {{SESSIONS, 400, "{'error':{}}", 1, false}, END, END}, "0", -1, 0},
		{"a key that is refused", {{SESSIONS, 401, "{'error':{}}", 1, false}, END, END}, "0", -1, 0},
		{"what is no session", {{SESSIONS, 200, "{'object':'list'}", 1, false}, END, END}, "0", -1, 0},
		{"another object", {{SESSIONS, 200, "{'id':'cs_test_1','object':'price','url':'https://pay.example/1'}",
				     1, false}, END, END}, "0", -1, 0},
		{"a session without a name", {{SESSIONS, 200, "{'id':'','object':'checkout.session',"
			"'url':'https://pay.example/1'}", 1, false}, END, END}, "0", -1, 0},
		{"a session without a page", {{SESSIONS, 200, "{'id':'cs_test_1','object':'checkout.session',"
			"'url':null}", 1, false}, END, END}, "0", -1, 0},
		{"a page that is no text", {{SESSIONS, 200, "{'id':'cs_test_1','object':'checkout.session',"
			"'url':['https://pay.example/1']}", 1, false}, END, END}, "0", -1, 0},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct json_object *answer;
		struct span rest, key;
		const char *signature;
		char digits[32];
		size_t n = 0;
		struct err e;

		begin(shop);
		outside.once = row->first;
		signature = quoted();
		check_int(row->name, click(signature, "", &answer, &e), row->rc);
		rest = (struct span){buf_text(&outside.keys), outside.keys.len};
		while (rest.n && span_next(&rest, '\n', &key) && n < sizeof digits - 1)
			digits[n++] = key.p[key.n - 1];
		digits[n] = '\0';
		check_text(row->name, digits, row->generations);
		if (row->ms >= 0)
			check_int(row->name, outside.ms, row->ms);
		outside_end();
	}
}

static void a_first_click_is_waited_for_as_long_as_a_request_lasts(void **state)
{
	static const struct outside_once under_way[] = {
		{SESSIONS, 409, "{'error':{'code':'idempotency_key_in_use'}}", 999, false}, END,
	};
	struct json_object *answer;
	const char *signature;
	struct err e;

	(void)state;
	begin(shop);
	outside.once = under_way;
	signature = quoted();
	check_int("for ever", click(signature, "", &answer, &e), -1);
	check_err("for ever", &e, ERR_UNAVAILABLE, "idempotency_key_in_use");
	check("nearly all of the time", outside.ms > REQUEST_MS / 2 && outside.ms <= REQUEST_MS);
	outside_end();
}

/* What a failure says is no reason to think that a price is gone. */
static void a_failure_forgets_no_price(void **state)
{
	static const struct outside_once failures[] = {
		{SESSIONS, 500, "{'error':{'param':'line_items','message':'why'}}", 9, false}, END,
	};
	struct json_object *answer;
	const char *signature;
	struct err e;

	(void)state;
	begin(shop);
	outside.once = failures;
	signature = quoted();
	check_int("it fails", click(signature, "", &answer, &e), -1);
	check_err("it fails", &e, ERR_UNAVAILABLE, "500");
	check("known", item_of("PRICE#", "CUP"));
	outside_end();
}

/* --- refusals of Stripe ------------------------------------------------------------------- */

/* What is known of the prices in the table: "CUP price_2". */
static const char *known(void)
{
	return keep_text(str_printf("%s%s", item_of("PRICE#", "CUP") ? "CUP" : "",
				    item_of("PRICE#", "price_2") ? " price_2" : ""));
}

static void a_refusal_says_who_can_mend_it(void **state)
{
	static const struct {
		const char *refusal, *more;
		enum err_code code;
		const char *part, *known;
	} table[] = {
		/* the buyer */
		{"'code':'email_invalid','param':'customer_email'", "",
		 ERR_BAD_REQUEST, "customerEmail must be", "CUP price_2"},
		{"'code':'amount_too_small'", "",
		 ERR_BAD_REQUEST, "the cart's total can't be paid: why", "CUP price_2"},
		{"'param':'customer_email'", ",'customerEmail':'a@x'",
		 ERR_BAD_REQUEST, "customerEmail is not taken: why", "CUP price_2"},
		{"'param':'customer_email'", "", ERR_REFUSED, "", "CUP price_2"},
		{"'param':'success_url'", ",'successUrl':'https://shop.example/x'",
		 ERR_BAD_REQUEST, "successUrl is not taken", "CUP price_2"},
		{"'param':'success_url'", "", ERR_REFUSED, "", "CUP price_2"},
		{"'param':'cancel_url'", ",'cancelUrl':'https://shop.example/x'",
		 ERR_BAD_REQUEST, "cancelUrl is not taken", "CUP price_2"},
		{"'param':'cancel_url'", "", ERR_REFUSED, "", "CUP price_2"},
		{"'param':'locale'", ",'locale':'de'", ERR_BAD_REQUEST, "locale is not taken", "CUP price_2"},
		{"'param':'shipping_address_collection[allowed_countries][0]'",
		 ",'shippingAddressCollection':{'allowed_countries':['DE']}", ERR_BAD_REQUEST,
		 "shippingAddressCollection.allowed_countries is not taken", "CUP price_2"},
		{"'param':'metadata[gift]'", ",'metadata':{'gift':'yes'}",
		 ERR_BAD_REQUEST, "metadata is not taken", "CUP price_2"},
		{"'param':'metadata[userId]'", "", ERR_REFUSED, "", "CUP price_2"},
		{"'param':'payment_intent_data[metadata][gift]'", ",'metadata':{'gift':'yes'}", ERR_BAD_REQUEST,
		 "metadata is not taken", "CUP price_2"},
		{"'param':'client_reference_id'", ",'userId':'u1'",
		 ERR_BAD_REQUEST, "userId is not taken", "CUP price_2"},
		/* the quote's prices: what is known of them is forgotten */
		{"'param':'line_items[0][price]'", "", ERR_OUTDATED, "items[0] (CUP) is no longer sold", " price_2"},
		{"'param':'line_items[1][price]'", "", ERR_OUTDATED, "items[1] (price_2) is no longer sold", "CUP"},
		{"'param':'line_items[1]'", "", ERR_OUTDATED, "items[1] (price_2)", "CUP"},
		{"'param':'line_items'", "", ERR_OUTDATED, "no longer sold together", ""},
		{"'code':'product_inactive'", "", ERR_OUTDATED, "no longer sold together", ""},
		{"'param':'line_items[1][quantity]'", "",
		 ERR_BAD_REQUEST, "items[1].quantity is not taken", "CUP price_2"},
		{"'param':'line_items[1][tax_rates]'", "", ERR_REFUSED, "", "CUP price_2"},
		{"'param':'line_items[2][price]'", "", ERR_REFUSED, "", "CUP price_2"},
		{"'param':'line_items[-1][price]'", "", ERR_REFUSED, "", "CUP price_2"},
		{"'param':'line_items[x][price]'", "", ERR_REFUSED, "", "CUP price_2"},
		{"'param':'line_items_x'", "", ERR_REFUSED, "", "CUP price_2"},
		/* the owner */
		{"'param':'mode'", "", ERR_REFUSED, "why", "CUP price_2"},
		{"'param':'shipping_options[0][shipping_rate]'", "", ERR_REFUSED, "CHECKOUT_SESSION_FILE: ",
		 "CUP price_2"},
		{"'code':'amount_too_large','param':'shipping_options[0][shipping_rate_data][fixed_amount]'", "",
		 ERR_REFUSED, "CHECKOUT_SESSION_FILE: ", "CUP price_2"},
		{"'code':'email_invalid','param':'payment_intent_data[receipt_email]'", ",'customerEmail':'a@x'",
		 ERR_REFUSED, "CHECKOUT_SESSION_FILE: ", "CUP price_2"},
		{"'param':'metadata[season]'", ",'metadata':{'season':'1'}",
		 ERR_REFUSED, "CHECKOUT_SESSION_FILE: ", "CUP price_2"},
		/* both have some */
		{"'param':'metadata'", ",'metadata':{'gift':'yes'}",
		 ERR_BAD_REQUEST, "metadata is not taken", "CUP price_2"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		const struct outside_once refusal[] = {
			{SESSIONS, 400, keep_text(str_printf("{'error':{'type':'invalid_request_error',"
							     "'message':'why',%s}}", row->refusal)), 1, false},
			END,
		};
		struct json_object *answer;
		const char *signature;
		struct err e;

		begin(shop);
		outside.app.session_options = json_object_get(json_of("{'shipping_options':[{}],"
			"'payment_intent_data':{'receipt_email':'x'},'metadata':{'season':'0'}}"));
		outside.once = refusal;
		signature = quoted();
		check_text(row->refusal, known(), "CUP price_2");
		check_int(row->refusal, click(signature, row->more, &answer, &e), -1);
		check_err(row->refusal, &e, row->code, row->part);
		check_text(row->refusal, known(), row->known);
		check_int(row->refusal, strstr(buf_text(&outside.log), "Stripe refused session") != NULL,
			  row->code != ERR_REFUSED);
		outside_end();
	}
}

/* A cart names a thing by its collection and variant; its product has a sku of its own, which may read like
 * the lookup key. */
static void a_price_is_forgotten_under_each_name_and_where_nothing_may_be_deleted(void **state)
{
	static const char cart[] = "{'items':[{'collectionId':'c','variantId':'v','quantity':1}]}";
	static const struct outside_once refusal[] = {
		{SESSIONS, 400, "{'error':{'param':'line_items[0][price]','message':'why'}}", 1, false}, END,
	};
	static const char *const skus[] = {"MUG", "s:c:v:usd"}, *const *sku;
	struct json_object *answer, *price;
	const char *signature;
	bool denied;
	struct err e;

	(void)state;
	for EACH(sku, skus) {
		const struct outside_answer answers[] = {
			PRICES("{'id':'price_3','active':true,'type':'one_time','currency':'usd','unit_amount':1,"
			       "'lookup_key':'s:c:v:usd','product':{'id':'p','active':true,'metadata':{}}}"),
			{.part = NULL},
		};
		struct outside_answer made[2] = {answers[0], answers[1]};

		made[0].body = keep_text(str_printf("%.*s{'sku':'%s'}}}]}", (int)(strstr(answers[0].body, "{}}}]}") -
						    answers[0].body), answers[0].body, *sku));
		for (denied = false;; denied = true) {
			begin(made);
			outside.once = refusal;
			outside.app.config.quote_lookup_key = str_dup("s:{collectionId}:{variantId}:{currency}");
			signature = quote(cart, &e);
			check_text(*sku, e.text, "");
			check(*sku, item_of("PRICE#", "s:c:v:usd"));
			outside.calls = 0;
			outside.at = denied ? 3 : 0;
			outside.fault = OUTSIDE_FAILS;
			check_int(*sku, click(signature, "", &answer, &e), -1);
			check_int(*sku, e.code, ERR_OUTDATED);
			price = item_of("PRICE#", "s:c:v:usd");
			check_int(*sku, price != NULL, denied);
			check_int(*sku, json_int_or(price, "expiresAt", 0), denied);
			check("no complaint", !strstr(buf_text(&outside.log), "Failed to forget price"));
			outside_end();
			if (denied)
				break;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_quote_is_good_for_one_order_and_for_its_time),
		holds(a_session_and_its_quote_are_kept_as_long_as_they_can_be_paid),
		holds(that_a_session_has_expired_is_noted_whenever_it_is_told),
		holds(a_session_that_has_expired_is_not_given_again),
		holds(an_expired_session_is_not_given_where_there_is_no_other),
		holds(a_sessions_item_is_kept_as_long_as_the_settings_say),
		holds(what_the_webhook_wrote_of_a_session_is_left),
		holds(a_session_that_can_not_be_noted_is_paid_all_the_same),
		holds(a_failure_that_stripe_keeps_for_its_key_is_left_behind),
		holds(a_first_click_is_waited_for_as_long_as_a_request_lasts),
		holds(a_failure_forgets_no_price),
		holds(a_refusal_says_who_can_mend_it),
		holds(a_price_is_forgotten_under_each_name_and_where_nothing_may_be_deleted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * An order as it may stand in a table, whoever wrote it: each attribute of any kind, or null.  Whatever
 * shows it shows no more than it should, and nothing that drives a screen.
 */
#include "targets.h"

#include <string.h>

#include "cli/listing_csv.h"
#include "cli/order_text.h"
#include "cli/show_order.h"
#include "format/json_canonical.h"
#include "shop/checkout.h"
#include "shop/customer.h"
#include "shop/erasure.h"
#include "shop/item_keys.h"
#include "shop/lines.h"
#include "shop/order.h"
#include "shop/order_money.h"
#include "shop/order_rank.h"
#include "shop/order_size.h"
#include "shop/outbox.h"
#include "shop/quote.h"
#include "shop/session_options.h"
#include "shop/tracking.h"

#define NOW 1700000100

static struct json_object *parse(const uint8_t *data, size_t n)
{
	return json_parse((struct span){(const char *)data, n});
}

/* What is printed is lines of clean text. */
static void check_screen(const char *text, size_t size)
{
	const unsigned char *p = (const unsigned char *)text, *end = p + size;
	size_t n;

	for (; p < end; p += n) {
		n = utf8_sequence(p, (size_t)(end - p));
		HOLDS(n && (strchr("\r\n\t", *p) || !unicode_is_control(utf8_code_point(p, n))));
	}
}

static void check_printed(struct json_object *order)
{
	char *text = NULL;
	size_t size, rows = 0, quotes = 0, i;
	FILE *to = open_memstream(&text, &size);
	struct csv csv;

	HOLDS(to);
	show_order(to, order, 80);
	fclose(to);
	check_screen(text, size);
	free(text);

	/* Two orders are two rows. */
	to = open_memstream(&text, &size);
	HOLDS(to);
	csv_init(&csv, to);
	listing_csv_order(&csv, order);
	listing_csv_order(&csv, order);
	csv_free(&csv);
	fclose(to);
	check_screen(text, size);
	for (i = 0; i < size; i++) {
		quotes += text[i] == '"';
		rows += text[i] == '\n' && quotes % 2 == 0;
	}
	HOLDS(rows == 2 && quotes % 2 == 0);
	free(text);

	to = open_memstream(&text, &size);
	HOLDS(to);
	csv_init(&csv, to);
	listing_csv_lines(&csv, order);
	csv_free(&csv);
	fclose(to);
	HOLDS(size > 0); /* no order is missing */
	free(text);
}

/* What a customer sees has nothing of the table's own, and what is shown of that is the same. */
static void check_customer(struct json_object *order)
{
	static const char *const hidden[] = {"PK", "SK", "userId", "version", "metadata", "quoteSignature",
					     "source", "stripeSessionId", "dispute", "amountFee", "amountNet"};
	struct json_object *view = customer_view(order), *again = customer_view(view);
	struct json_object *status = customer_status_view(order);
	struct json_walk walk = json_walk_of(status);
	struct customer customer;
	size_t i;

	for (i = 0; i < sizeof hidden / sizeof *hidden; i++)
		HOLDS(!json_object_object_get_ex(view, hidden[i], NULL));
	HOLDS(json_equal(view, again));
	while (json_walk_next(&walk))
		HOLDS(strstr(" status orderNumber amount currency items ", walk.key));
	if (customer_init(&customer, "u", "jane@shop.example", CUSTOMER_LIVE_MODE) == 0)
		customer_may_see(&customer, order);
	customer_free(&customer);
	json_object_put(status);
	json_object_put(again);
	json_object_put(view);
}

/* Who was erased is erased: once is enough, and no attribute of the person is left. */
static void check_erasure(struct json_object *order)
{
	static const char *const personal[] = {"customerName", "customerPhone", "shippingAddress",
					       "billingAddress", "customerEmail"};
	struct json_object *erased, *again;
	size_t i;

	if (!json_string_or_null(order, "orderNumber") || !json_string_or_null(order, "PK") ||
	    !json_string_or_null(order, "userId"))
		return;
	erased = erasure_apply(order, NOW);
	again = erasure_apply(erased, NOW);
	for (i = 0; i < sizeof personal / sizeof *personal; i++)
		HOLDS(!json_object_object_get_ex(erased, personal[i], NULL));
	HOLDS(erasure_is_done(erased) && !erasure_moves(erased) && json_equal(erased, again));
	json_object_put(again);
	json_object_put(erased);
}

/* No unit of the amount counts twice. */
static void check_money(struct json_object *order)
{
	struct order_money money;
	int64_t lines, total;

	if (order_money_of(order, &money) && money.amount >= 0) {
		HOLDS(money.unpaid >= 0 && money.refunded >= 0 && money.lost >= 0 && money.disputed >= 0);
		HOLDS(money.unpaid <= money.amount && money.refunded <= money.amount - money.unpaid);
		HOLDS(money.lost + money.disputed <= money.amount - money.unpaid - money.refunded);
	}
	order_adds_up(order, &lines, &total);
}

static void check_told(struct json_object *order)
{
	struct json_object *item = outbox_item(NULL, order, NOW), *begun, *message;

	HOLDS(!outbox_item(order, order, NOW)); /* nothing has happened */
	if (item) {
		HOLDS(outbox_is_item(item) && outbox_due(item) > 0);
		begun = outbox_begun(item, NOW);
		message = outbox_message(begun, order);
		free(outbox_words(begun));
		HOLDS(json_object_is_type(message, json_type_object));
		json_object_put(message);
		json_object_put(begun);
	}
	json_object_put(item);
}

static void check_tracking(struct json_object *order)
{
	const struct tracking sent = {.shipped = true, .carrier = "DHL", .number = "1"};
	struct json_object *marked, *again;
	struct err e;

	marked = tracking_apply(order, &sent, NOW, &e);
	if (!marked) {
		HOLDS(e.code == ERR_BAD_REQUEST && erasure_is_done(order));
		return;
	}
	again = tracking_apply(marked, &sent, NOW + 1, &e);
	HOLDS(again && order_same(marked, again) && !tracking_is_awaited(marked));
	json_object_put(again);
	json_object_put(marked);
}

int fuzz_order(const uint8_t *data, size_t n)
{
	struct json_object *order = parse(data, n), *copy;
	struct item_keys keys;

	if (json_object_is_type(order, json_type_object)) {
		check_printed(order);
		check_customer(order);
		check_erasure(order);
		check_told(order);
		check_money(order);
		check_tracking(order);
		order_is_paid(order);
		order_needs_lines(order);
		if (item_keys_of_order(&keys, order) == 0)
			item_keys_free(&keys);
		copy = json_copy(order);
		if (order_cut_lines(copy))
			HOLDS(order_size(copy) < order_size(order));
		json_object_put(copy);
	}
	json_object_put(order);
	return 0;
}

/* --- going to pay --------------------------------------------------------------------------- */

static bool has_once(const char *form, const char *name, const char *value)
{
	char *text = str_printf("&%s=%s", name, value), *whole = str_printf("&%s&", form);
	const char *first = strstr(whole, text);
	bool once = first && !strstr(first + 1, text);

	free(whole);
	free(text);
	return once;
}

/* The form has what is ordersnap's own once, whatever was asked for, and is one that can be sent. */
static void check_form(struct json_object *body, struct json_object *quote,
		       const struct checkout_policy *policy)
{
	struct checkout_request request;
	struct buf form;
	struct err e = {.code = ERR_NONE};
	const char *p;

	if (checkout_read(body, NULL, policy, &request, &e)) {
		HOLDS(*e.text && (e.code == ERR_BAD_REQUEST || e.code == ERR_UNAUTHORIZED));
		checkout_request_free(&request);
		return;
	}
	buf_init(&form, 1 << 20);
	if (checkout_form(&request, quote, policy, &form, &e) == 0) {
		for (p = buf_text(&form); *p; p++)
			HOLDS(*p > ' ' && *p < 0x7F && !strchr("#\"<>'", *p));
		HOLDS(has_once(buf_text(&form), "mode", "payment"));
		HOLDS(!checkout_is_signature(request.quote_signature) ||
		      has_once(buf_text(&form), "metadata[quoteSignature]", request.quote_signature));
	} else {
		HOLDS(*e.text);
	}
	buf_free(&form);
	checkout_request_free(&request);
}

/* The owner's file, read once. */
static struct json_object *owners_options(void)
{
	static struct json_object *options;
	static const char text[] =
		"{\"shipping_address_collection\": {\"allowed_countries\": [\"CA\", \"US\"]},"
		"\"shipping_options\": [{\"shipping_rate\": \"shr_1\"}, {\"shipping_rate_data\": {"
		"\"display_name\": \"Post\", \"type\": \"fixed_amount\","
		"\"fixed_amount\": {\"amount\": 500, \"currency\": \"usd\"}}}],"
		"\"metadata\": {\"shop\": \"1\"}, \"phone_number_collection\": {\"enabled\": true}}";
	struct err e;

	if (!options)
		HOLDS(session_options_read("/f", span_of(text), &options, &e) == 0);
	return options;
}

int fuzz_checkout(const uint8_t *data, size_t n)
{
	struct checkout_policy policy = {
		.mode = "payment", .success_url = "https://shop.example/thanks",
		.cors_origins = "https://shop.example", .session_ttl_minutes = 60,
	};
	struct fuzz_halves in = fuzz_halves(data, n);
	struct json_object *body = parse(in.first, in.n_first), *quote = parse(in.second, in.n_second);
	struct json_object *shown;

	if (body && json_object_is_type(quote, json_type_object)) {
		check_form(body, quote, &policy);
		policy.options = owners_options();
		check_form(body, quote, &policy);
		HOLDS(!quote_is_authentic(quote, "a secret that nobody finds by chance"));
		shown = quote_public(quote);
		HOLDS(json_object_is_type(shown, json_type_object));
		json_object_put(shown);
		json_object_put(lines_from_quote(quote));
	}
	json_object_put(quote);
	json_object_put(body);
	return 0;
}

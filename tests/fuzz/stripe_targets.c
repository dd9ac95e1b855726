/* SPDX-License-Identifier: ISC */
/*
 * What Stripe answers to each kind of call, and what is made of it: prices that are quoted, sessions and
 * charges that become an order.
 */
#include "targets.h"

#include <string.h>

#include "base/clock.h"
#include "fake_http.h"
#include "format/json_canonical.h"
#include "shop/charge.h"
#include "shop/lines.h"
#include "shop/order.h"
#include "shop/order_size.h"
#include "shop/price.h"
#include "store/value.h"
#include "stripe/account.h"
#include "stripe/api.h"
#include "stripe/list.h"

#define DEADLINE_MS 8000
#define NOW 1700000100
#define CHARGE "{\"id\":\"ch_1\",\"object\":\"charge\",\"amount\":6000,\"amount_refunded\":1000,\"currency\":\"usd\"}"
#define MOST_REQUESTS 450 /* that fit into the deadline */

/* An order can be written: it comes back from the table as it was. */
static void check_order(struct json_object *order)
{
	struct json_object *back, *again;
	struct buf wire;

	HOLDS(json_string_or_null(order, "status") && json_string_or_null(order, "orderId"));
	again = json_parse(span_of(json_text(order)));
	HOLDS(again && json_equal(order, again));
	buf_init(&wire, 1 << 26);
	aws_item_write(&wire, order);
	HOLDS(order_size(order) >= wire.len / 16);
	back = json_parse((struct span){buf_text(&wire), wire.len});
	json_object_put(again);
	if (back) { /* it may be too deep on the wire, see fuzz_item() */
		again = aws_item_to_json(back);
		HOLDS(again && json_same(order, again));
		json_object_put(again);
	}
	json_object_put(back);
	buf_free(&wire);
}

/* The order of the session and its charge, twice: the second time changes nothing. */
static void take_session(struct json_object *json, struct json_object *lines)
{
	struct sale_charge of = {.charge = charge_of_session(json)};
	struct order_input in = {
		.asked = true, .kind = EVENT_SESSION_COMPLETED, .line_items = lines,
		.pk = "USER#u", .sk = "ORDER#1700000000#cs_1", .number = "BC-1", .user_id = "u",
		.source = "webhook", .created = 1700000000, .event_time = 1700000060, .now = NOW,
	};
	struct json_object *paid, *charged, *again;
	struct session session;
	struct err e;

	if (session_read(json, &session, &e)) {
		HOLDS(e.code == ERR_PAYLOAD && *e.text);
		return;
	}
	in.session = &session;
	paid = order_apply_session(&in);
	HOLDS(json_object_is_type(json_object_object_get(paid, "items"), json_type_array));
	check_order(paid);
	charged = order_take_charge(paid, &of, false, NOW, &e);
	if (charged) {
		check_order(charged);
		again = order_take_charge(charged, &of, false, NOW, &e);
		HOLDS(again && order_same(again, charged));
		json_object_put(again);
	} else {
		HOLDS(e.code == ERR_UNAVAILABLE);
	}
	in.stored = charged ? charged : paid;
	again = order_apply_session(&in);
	check_order(again);
	json_object_put(again);
	json_object_put(charged);
	json_object_put(paid);
}

/* A price that can be quoted has what a quote needs. */
static void take_price(struct json_object *price)
{
	static const struct price_key key = {"N-RED", "CACHE#test#0"};
	struct json_object *item;
	int64_t amount;

	if (price_problem(price, NULL))
		return;
	item = price_item(price, &key, NOW);
	HOLDS(json_string_or_null(item, "stripePriceId") && json_string_or_null(item, "currency"));
	HOLDS(json_int_or(item, "unitPrice", -1) >= 0);
	if (price_amount(item, 3, &amount) == 0)
		HOLDS(amount >= 0);
	json_object_put(item);
}

static void take_charge(struct json_object *json, struct json_object *refunds)
{
	struct sale_charge of = {.charge = json, .refunds = refunds};
	struct json_object *stored = json_parse(span_of(
		"{\"orderId\":\"cs_1\",\"status\":\"completed\",\"amount\":6000,\"currency\":\"usd\"}"));
	struct json_object *order, *again;
	struct err e;

	order = order_take_charge(stored, &of, true, NOW, &e);
	if (order) {
		check_order(order);
		HOLDS(json_int_or(order, "amountRefunded", -1) >= 0);
		again = order_take_charge(order, &of, true, NOW + 1, &e);
		HOLDS(order_same(order, again));
		json_object_put(again);
	} else {
		HOLDS(e.code == ERR_UNAVAILABLE && *e.text);
	}
	json_object_put(order);
	json_object_put(stored);
}

/* Calls whose answer is a list of all there is. */
static int fetch_list(struct stripe_client *client, char of, struct err *e)
{
	static const char *const names[] = {"N-RED", "R-SIL"};
	struct json_object *all = NULL;
	size_t i;
	int rc = -1;

	if (of == 'p')
		rc = stripe_prices_by_lookup_key(client, names, 2, deadline_in(DEADLINE_MS), &all, e);
	if (of == 'l')
		rc = stripe_session_line_items(client, "cs_1", deadline_in(DEADLINE_MS), &all, e);
	if (of == 'd')
		rc = stripe_disputes_of_charge(client, "ch_1", deadline_in(DEADLINE_MS), &all, e);
	if (of == 'r')
		rc = stripe_refunds_of_charge(client, "ch_1", deadline_in(DEADLINE_MS), &all, e);
	if (rc)
		return rc;
	HOLDS(json_object_is_type(all, json_type_array));
	for (i = 0; of == 'p' && i < json_object_array_length(all); i++)
		take_price(json_object_array_get_idx(all, i));
	if (of == 'l') {
		struct json_object *items = lines_from_stripe(all, NULL);

		HOLDS(json_object_array_length(items) <= json_object_array_length(all));
		lines_count(items);
		json_object_put(items);
	}
	if (of == 'd')
		dispute_latest(all);
	if (of == 'r') {
		struct json_object *charge = json_parse(span_of(CHARGE));

		take_charge(charge, all);
		json_object_put(charge);
	}
	json_object_put(all);
	return 0;
}

/* Calls whose answer is one object. */
static int fetch_one(struct stripe_client *client, char of, struct err *e)
{
	struct json_object *one = NULL, *lines = NULL;
	const char *id = of == 'C' ? "ch_1" : of == 'I' ? "pi_1" : of == 'P' ? "price_1" : "cs_1", *told;
	int rc = -1;

	if (of == 'S')
		rc = stripe_session_with_sale(client, id, deadline_in(DEADLINE_MS), &one, &lines, e);
	if (of == 'C')
		rc = stripe_charge_with_sale(client, id, deadline_in(DEADLINE_MS), &one, e);
	if (of == 'I')
		rc = stripe_payment_retrieve(client, id, deadline_in(DEADLINE_MS), &one, e);
	if (of == 'P')
		rc = stripe_price_retrieve(client, id, deadline_in(DEADLINE_MS), &one, e);
	if (of == 'N')
		rc = stripe_session_create(client, "mode=payment", "key", deadline_in(DEADLINE_MS), &one, e);
	if (of == 'O')
		rc = stripe_session_of_payment(client, "pi_1", deadline_in(DEADLINE_MS), &one, e);
	if (rc)
		return rc;
	HOLDS(json_object_is_type(one, json_type_object) || (of == 'O' && !one));
	told = json_string_or_null(one, "id");
	HOLDS(!told || of == 'N' || of == 'O' || strcmp(told, id) == 0);
	HOLDS(!lines || json_object_is_type(lines, json_type_array));
	if (of == 'S')
		take_session(one, lines);
	if (of == 'C')
		take_charge(one, NULL);
	if (of == 'P')
		take_price(one);
	json_object_put(lines);
	json_object_put(one);
	return 0;
}

static void skip_endpoint(void *context, struct json_object *endpoint)
{
	(void)context;
	(void)endpoint;
}

/* Lists that are walked through, a page at a time. */
static int walk(struct stripe_client *client, char of, struct err *e)
{
	static const char *const types[] = {"charge.refunded", NULL};
	static const struct stripe_event_filter filter = {.types = types, .undelivered = true};
	struct stripe_pages pages = {
		.list = of == 'e' ? stripe_events : stripe_complete_sessions, .of = &filter, .from = 1600000000,
	};
	struct json_object *page;
	int rc, n = 0;

	if (of == 'w')
		return stripe_webhook_endpoints(client, deadline_in(DEADLINE_MS), skip_endpoint, NULL, e);
	while (!(rc = stripe_pages_next(&pages, client, deadline_in(DEADLINE_MS), &page, e)) && page && n++ < 20) {
		HOLDS(json_object_is_type(page, json_type_array));
		json_object_put(page);
	}
	stripe_pages_end(&pages);
	return rc;
}

int fuzz_stripe(const uint8_t *data, size_t n)
{
	struct stripe_client *client = stripe_client_new("sk_test_fuzz", "https://api.stripe.com/");
	const char of = (char)(n ? *data : 0);
	struct err e = {.code = ERR_NONE};
	int rc = 0;

	fake_http_answer((struct span){(const char *)data + !!n, n - !!n});
	if (of && strchr("pldr", of))
		rc = fetch_list(client, of, &e);
	else if (of && strchr("SCIPNO", of))
		rc = fetch_one(client, of, &e);
	else if (of && strchr("esw", of))
		rc = walk(client, of, &e);
	/* A failure passes, or Stripe has refused; which one is told by the last answer. */
	HOLDS(rc == 0 || (*e.text && (e.code == ERR_UNAVAILABLE || e.code == ERR_REFUSED)));
	HOLDS(rc == 0 || e.code != ERR_REFUSED ||
	      (e.upstream >= 100 && e.upstream < 500 && e.upstream != 409 && e.upstream != 429));
	HOLDS(fake_http_requests() <= MOST_REQUESTS);
	HOLDS(span_utf8_length(span_of(stripe_last_refusal(client)->message)) >= 0);
	stripe_client_free(client);
	return 0;
}

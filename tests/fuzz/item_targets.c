/* SPDX-License-Identifier: ISC */
/*
 * JSON from outside: what Stripe sends, what a table has, what a browser posts.
 */
#include "targets.h"

#include <string.h>

#include "format/json_canonical.h"
#include "shop/cart.h"
#include "shop/charge.h"
#include "shop/event.h"
#include "shop/session.h"
#include "shop/keys.h"
#include "shop/order.h"
#include "store/value.h"
#include "transfer/transfer.h"

static struct json_object *parse(const uint8_t *data, size_t n)
{
	return json_parse((struct span){(const char *)data, n});
}

int fuzz_item(const uint8_t *data, size_t n)
{
	struct json_object *json = parse(data, n), *item, *wire, *back;
	struct buf text;

	item = aws_item_to_json(json); /* an answer of DynamoDB: any */
	json_object_put(item);
	if (json_object_is_type(json, json_type_object)) {
		buf_init(&text, INT32_MAX);
		aws_item_write(&text, json); /* what we write comes back as it was, */
		wire = json_parse((struct span){buf_text(&text), text.len});
		back = aws_item_to_json(wire);
		HOLDS(!wire || (back && json_same(json, back)));
		HOLDS(wire || text.len > JSON_MAX_DEPTH); /* unless it is too deep on the wire */
		json_object_put(back);
		json_object_put(wire);
		buf_free(&text);
	}
	json_object_put(json);
	return 0;
}

static struct json_object *apply(const struct session *session, enum event_kind kind,
				 struct json_object *stored, struct json_object *lines)
{
	const struct order_input input = {
		.stored = stored, .session = session, .kind = kind, .line_items = lines,
		.pk = "USER#u", .sk = "ORDER#1700000000#cs_1", .number = "BC-1", .user_id = "u",
		.source = "webhook", .created = 1700000000, .event_time = 1700000060,
		.now = 1700000100,
	};

	return order_apply_session(&input);
}

int fuzz_event(const uint8_t *data, size_t n)
{
	struct json_object *json = parse(data, n), *first, *second, *lines = NULL, *list = NULL;
	struct session session;
	struct event event;
	struct err e;

	if (!json || event_read(json, &event, &e) || !event.object ||
	    session_read(event.object, &session, &e)) {
		json_object_put(json);
		return 0;
	}
	json_get_object(event.object, "line_items", &list);
	json_get_array(list, "data", &lines);
	first = apply(&session, event.kind, NULL, lines);
	second = apply(&session, event.kind, first, lines);
	HOLDS(order_same(first, second)); /* the same event twice */
	json_object_put(second);
	json_object_put(first);
	json_object_put(json);
	return 0;
}

int fuzz_charge(const uint8_t *data, size_t n)
{
	struct fuzz_halves in = fuzz_halves(data, n);
	struct json_object *order = parse(in.first, in.n_first);
	struct json_object *json = parse(in.second, in.n_second);
	struct json_object *first, *second;
	struct charge charge;
	struct err e;

	if (json_object_is_type(order, json_type_object) && json && !charge_read(json, &charge, &e)) {
		first = order_apply_charge(order, &charge, NULL, 1700000000);
		second = order_apply_charge(first, &charge, NULL, 1700000000);
		HOLDS(order_same(first, second));
		HOLDS(json_int_or(first, "amountRefunded", -1) >= 0);
		json_object_put(second);
		json_object_put(first);
	}
	json_object_put(json);
	json_object_put(order);
	return 0;
}

int fuzz_import(const uint8_t *data, size_t n)
{
	struct err e;
	struct json_object *item = transfer_item((struct span){(const char *)data, n}, &e);

	if (item) {
		HOLDS(json_string_or_null(item, "PK") && json_string_or_null(item, "SK"));
		transfer_kind_of(item);
		transfer_size(item);
	} else {
		HOLDS(e.code == ERR_BAD_REQUEST && *e.text);
	}
	json_object_put(item);
	return 0;
}

int fuzz_cart(const uint8_t *data, size_t n)
{
	static const struct cart_rules rules = {.lookup_key = "s:{collectionId}:{variantId}:{currency}"};
	struct json_object *body = parse(data, n);
	static struct cart cart;
	struct err e;
	size_t i;

	if (body && cart_read(body, &rules, &cart, &e) == 0) {
		HOLDS(cart.count >= 1 && cart.count <= CART_MAX_LINES);
		for (i = 0; i < cart.count; i++) {
			HOLDS(cart.lines[i].quantity >= 1 && cart.lines[i].quantity <= CART_MAX_QUANTITY);
			HOLDS(cart_line_name(&cart.lines[i]));
		}
		cart_free(&cart);
	} else if (body) {
		HOLDS(*e.text);
	}
	json_object_put(body);
	return 0;
}

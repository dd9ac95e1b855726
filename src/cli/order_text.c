/* SPDX-License-Identifier: ISC */
/*
 * Words for what an order is.
 */
#include "cli/order_text.h"

#include "format/iso8601.h"
#include "shop/money.h"

#define STATUS_MAX 1024

static void add_mark(struct buf *text, const char *mark, const char *more)
{
	buf_printf(text, "%s%s%s%s", text->len ? ", " : "", mark, more ? ": " : "",
		   more ? more : "");
}

char *order_text_status(struct json_object *order)
{
	const char *status = json_string_or_null(order, "status");
	struct json_object *dispute;
	bool pending = false;
	struct buf text;

	buf_init(&text, STATUS_MAX);
	add_mark(&text, status ? status : "?", NULL);
	if (json_get_object(order, "dispute", &dispute) == JSON_FOUND)
		add_mark(&text, "disputed", json_string_or_null(dispute, "status"));
	json_get_bool(order, "itemsPending", &pending);
	if (pending)
		add_mark(&text, "items pending", NULL);
	return buf_detach(&text);
}

char *order_text_time(struct json_object *order, const char *key)
{
	const char *text = json_string_or_null(order, key);
	char time[ISO8601_SIZE];
	int64_t epoch;

	if (!text || iso8601_parse(text, &epoch))
		return str_dup(text);
	iso8601_time(epoch, time);
	return str_printf("%.10s %.8s", time, time + 11);
}

char *order_text_money(struct json_object *order, const char *key)
{
	int64_t amount;

	if (json_get_int(order, key, &amount) != JSON_FOUND)
		return NULL;
	return money_text(amount, json_string_or_null(order, "currency"));
}

/* The first of the attributes that has a text. */
static char *first_of(struct json_object *order, const char *const *keys, const char *otherwise)
{
	for (; *keys; keys++) {
		const char *text = json_string_or_null(order, *keys);

		if (!str_empty(text))
			return str_dup(text);
	}
	return str_dup(otherwise);
}

char *order_text_number(struct json_object *order)
{
	static const char *const keys[] = {"orderNumber", "orderId", NULL};

	return first_of(order, keys, "?");
}

char *order_text_customer(struct json_object *order)
{
	static const char *const keys[] = {"customerName", "customerEmail", "userId", NULL};

	return first_of(order, keys, "");
}

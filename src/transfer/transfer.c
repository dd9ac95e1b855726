/* SPDX-License-Identifier: ISC */
/*
 * Items as lines: which kind they are, and whether a line is one.
 */
#include "transfer/transfer.h"

#include <string.h>

#include "base/clock.h"
#include "format/json_canonical.h"
#include "shop/adoption.h"
#include "shop/keys.h"
#include "shop/outbox.h"

static const struct {
	const char *name, *plural, *pk, *sk; /* what the keys begin with */
} kinds[TRANSFER_KINDS] = {
	[TRANSFER_ORDER] = {"order", "orders", "USER#", KEY_ORDER_PREFIX},
	[TRANSFER_SESSION] = {"session", "sessions", "SESSION#", ""},
	[TRANSFER_EVENT] = {"event", "events", "EVENT#", ""},
	[TRANSFER_PAYMENT] = {"payment", "payments", "PAYMENT#", ""},
	[TRANSFER_NUMBER] = {"number", "numbers", "NUMBER#", ""},
	[TRANSFER_DAY] = {"day", "days", "DAY#", ""},
	[TRANSFER_QUOTE] = {"quote", "quotes", "QUOTE#", ""},
	[TRANSFER_PRICE] = {"price", "prices", "PRICE#", ""},
	[TRANSFER_SYSTEM] = {"system", "system", KEY_SYSTEM, ""},
	[TRANSFER_OTHER] = {"other", "others", "", ""},
};

enum transfer_kind transfer_kind_of(struct json_object *item)
{
	const char *pk = json_string_or_null(item, "PK"), *sk = json_string_or_null(item, "SK");
	int i;

	for (i = 0; pk && sk && i < TRANSFER_OTHER; i++)
		if (str_starts(pk, kinds[i].pk) && str_starts(sk, kinds[i].sk))
			return (enum transfer_kind)i;
	return TRANSFER_OTHER;
}

bool transfer_leaves_out(struct json_object *item)
{
	return adoption_is_own_item(item) || outbox_is_item(item);
}

int transfer_next_page(struct store *store, struct json_object **last, struct json_object **items,
		       struct err *e)
{
	const struct store_key after = {json_string_or_null(*last, "PK"),
					json_string_or_null(*last, "SK")};
	struct json_object *next;

	if (store_scan(store, *last ? &after : NULL, STORE_MAX_ITEMS, items, &next,
		       deadline_in(TRANSFER_VERB_MS), e))
		return -1;
	json_object_put(*last);
	*last = next;
	return 0;
}

const char *transfer_kind_plural(enum transfer_kind kind)
{
	return kinds[kind].plural;
}

int transfer_kinds_from(const char *list, unsigned *set, struct err *e)
{
	struct span rest = span_of(list), word;
	unsigned found = 0;
	int i;

	while (span_next(&rest, ',', &word)) {
		word = span_trim(word);
		for (i = 0; i < TRANSFER_OTHER && !span_equals(word, kinds[i].name); i++)
			;
		if (i == TRANSFER_OTHER)
			return err_set(e, ERR_BAD_REQUEST, "\"%.*s\" is not a kind of item; there are "
				       "order, session, event, payment, number, day, quote, price and system",
				       (int)word.n, word.p);
		found |= 1u << i;
	}
	*set = found;
	return 0;
}

/* What the names and the values take. */
static size_t size_of_members(struct json_object *object)
{
	struct json_walk walk = json_walk_of(object);
	size_t size = 0;

	while (json_walk_next(&walk))
		size += strlen(walk.key) + transfer_size(walk.value);
	return size;
}

/* What a map and a list take, and each of their members. */
#define SIZE_OF_MANY 3
#define SIZE_OF_ONE 1

size_t transfer_size(struct json_object *value)
{
	size_t size = SIZE_OF_MANY, n, i;

	switch (json_object_get_type(value)) {
	case json_type_string:
		return (size_t)json_object_get_string_len(value);
	case json_type_int:
	case json_type_double:
		return strlen(json_text(value)) / 2 + 2;
	case json_type_array:
		n = json_object_array_length(value);
		for (i = 0; i < n; i++)
			size += SIZE_OF_ONE + transfer_size(json_object_array_get_idx(value, i));
		return size;
	case json_type_object:
		n = (size_t)json_object_object_length(value);
		return size + n * SIZE_OF_ONE + size_of_members(value);
	case json_type_boolean:
	case json_type_null:
		break;
	}
	return 1;
}

struct json_object *transfer_item(struct span line, struct err *e)
{
	struct json_object *item = json_parse(line);
	const char *missing = NULL;

	if (str_empty(json_string_or_null(item, "PK")))
		missing = "PK";
	else if (str_empty(json_string_or_null(item, "SK")))
		missing = "SK";
	if (!item)
		err_set(e, ERR_BAD_REQUEST, "not JSON");
	else if (!json_object_is_type(item, json_type_object))
		err_set(e, ERR_BAD_REQUEST, "not a JSON object");
	else if (missing)
		err_set(e, ERR_BAD_REQUEST, "%s is missing, empty or not a string: this is no item of "
			"the table", missing);
	else if (size_of_members(item) > TRANSFER_ITEM_MAX)
		err_set(e, ERR_BAD_REQUEST, "larger than an item can be (%d KB)",
			TRANSFER_ITEM_MAX / 1024);
	else
		return item;
	json_object_put(item);
	return NULL;
}

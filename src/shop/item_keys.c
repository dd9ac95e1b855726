/* SPDX-License-Identifier: ISC */
/*
 * Telling keys from an event.
 */
#include "shop/item_keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "shop/adoption.h"
#include "shop/keys.h"

static void set_key(struct item_keys *keys, enum item_kind item, char *pk, char *sk)
{
	free(keys->pk[item]);
	free(keys->sk[item]);
	keys->pk[item] = pk;
	keys->sk[item] = sk;
}

void item_keys_set_number(struct item_keys *keys, char *number)
{
	free(keys->number);
	keys->number = number;
	set_key(keys, ITEM_NUMBER, key_number(number), str_dup(KEY_METADATA));
}

void item_keys_init(struct item_keys *keys, const struct event *event,
		    const struct session *session, const char *number_prefix,
		    int64_t now)
{
	const char *quote = json_string_or_null(session->metadata, "quoteSignature");

	memset(keys, 0, sizeof *keys);

	/* Whose it is, and how old. */
	keys->user_id = user_id_from(json_string_or_null(session->metadata, "userId"));
	if (!keys->user_id)
		keys->user_id = user_id_from(json_string_or_null(session->metadata, "user_id"));
	if (!keys->user_id)
		keys->user_id = user_id_from_email(session->email);
	if (!keys->user_id)
		keys->user_id = str_dup(session->id);
	keys->created = session->created;
	if (!keys->created && event)
		keys->created = event->created;
	if (!keys->created)
		keys->created = now;

	/* The event's marker, the session, its order, and what leads to it. */
	if (event)
		set_key(keys, ITEM_EVENT, key_event(event->id), str_dup(KEY_METADATA));
	set_key(keys, ITEM_SESSION, key_session(session->id), str_dup(KEY_METADATA));
	set_key(keys, ITEM_ORDER, key_user(keys->user_id), key_order(keys->created, session->id));
	set_key(keys, ITEM_DAY, key_day(keys->created), key_order(keys->created, session->id));
	if (session->payment_intent)
		set_key(keys, ITEM_PAYMENT, key_payment(session->payment_intent),
			str_dup(KEY_METADATA));
	if (!str_empty(quote))
		set_key(keys, ITEM_QUOTE, key_quote(quote), str_dup(KEY_CACHE));
	set_key(keys, ITEM_ADOPTED, str_dup(KEY_SYSTEM), str_dup(KEY_ADOPTED));
	item_keys_set_number(keys, order_number(number_prefix, session->id));
}

void item_keys_free(struct item_keys *keys)
{
	size_t i;

	for (i = 0; i < ITEM_KINDS; i++)
		set_key(keys, (enum item_kind)i, NULL, NULL);
	free(keys->number);
	free(keys->user_id);
	memset(keys, 0, sizeof *keys);
}

unsigned item_keys_set_order(struct item_keys *keys, const char *pk, const char *sk)
{
	int64_t created;

	if (!pk || key_order_created(sk, &created))
		return 0;
	if (strcmp(pk, keys->pk[ITEM_ORDER]) == 0 && strcmp(sk, keys->sk[ITEM_ORDER]) == 0)
		return 0;
	keys->created = created;
	set_key(keys, ITEM_ORDER, str_dup(pk), str_dup(sk));
	set_key(keys, ITEM_DAY, key_day(created), str_dup(sk));
	return 1u << ITEM_ORDER | 1u << ITEM_DAY;
}

unsigned item_keys_update(struct item_keys *keys, const struct session *session,
			  bool order_is_known)
{
	struct item_keys fresh;
	unsigned again = 0;
	size_t i;

	/* Each key that is another one now is taken over, but for the number, which follows
	 * from the session's id. */
	item_keys_init(&fresh, NULL, session, "", keys->created);
	for (i = 0; i < ITEM_KINDS; i++) {
		bool is_orders = i == ITEM_ORDER || i == ITEM_DAY;

		if (i == ITEM_NUMBER || !fresh.pk[i] || (is_orders && order_is_known) ||
		    (keys->pk[i] && strcmp(keys->pk[i], fresh.pk[i]) == 0 &&
		     strcmp(keys->sk[i], fresh.sk[i]) == 0))
			continue;
		set_key(keys, (enum item_kind)i, fresh.pk[i], fresh.sk[i]);
		fresh.pk[i] = fresh.sk[i] = NULL;
		again |= 1u << i;
	}
	if (!order_is_known) {
		keys->created = fresh.created;
		free(keys->user_id);
		keys->user_id = fresh.user_id;
		fresh.user_id = NULL;
	}
	item_keys_free(&fresh);
	return again;
}

void item_keys_of_payment(struct item_keys *keys, const struct event *event,
			  const char *intent)
{
	memset(keys, 0, sizeof *keys);
	set_key(keys, ITEM_EVENT, key_event(event->id), str_dup(KEY_METADATA));
	if (intent)
		set_key(keys, ITEM_PAYMENT, key_payment(intent), str_dup(KEY_METADATA));
}

int item_keys_from_payment(struct item_keys *keys, struct json_object *pointer)
{
	const char *pk = json_string_or_null(pointer, "orderPK");
	const char *sk = json_string_or_null(pointer, "orderSK");
	const char *id = json_string_or_null(pointer, "orderId");
	const char *number = json_string_or_null(pointer, "orderNumber");
	int64_t created;

	if (!pk || !id || str_empty(number) || key_order_created(sk, &created) ||
	    !item_keys_names(pointer, id))
		return -1;
	keys->created = created;
	set_key(keys, ITEM_ORDER, str_dup(pk), str_dup(sk));
	set_key(keys, ITEM_DAY, key_day(created), key_order(created, id));
	set_key(keys, ITEM_SESSION, key_session(id), str_dup(KEY_METADATA));
	item_keys_set_number(keys, str_dup(number));
	return 0;
}

int item_keys_of_order(struct item_keys *keys, struct json_object *order)
{
	const char *pk = json_string_or_null(order, "PK"), *sk = json_string_or_null(order, "SK");
	const char *id = json_string_or_null(order, "stripeSessionId");
	const char *number = json_string_or_null(order, "orderNumber");
	const char *intent = json_string_or_null(order, "stripePaymentIntentId");

	memset(keys, 0, sizeof *keys);
	if (!pk || key_order_created(sk, &keys->created) || str_empty(id) || str_empty(number))
		return -1;
	set_key(keys, ITEM_ORDER, str_dup(pk), str_dup(sk));
	set_key(keys, ITEM_DAY, key_day(keys->created), key_order(keys->created, id));
	set_key(keys, ITEM_SESSION, key_session(id), str_dup(KEY_METADATA));
	if (!str_empty(intent))
		set_key(keys, ITEM_PAYMENT, key_payment(intent), str_dup(KEY_METADATA));
	item_keys_set_number(keys, str_dup(number));
	return 0;
}

const char *item_keys_owner(struct json_object *pointer)
{
	const char *id = json_string_or_null(pointer, "orderId");

	return str_empty(id) ? key_order_session(json_string_or_null(pointer, "orderSK")) : id;
}

bool item_keys_names(struct json_object *pointer, const char *session_id)
{
	const char *sk = json_string_or_null(pointer, "orderSK");
	const char *id = json_string_or_null(pointer, "orderId");
	char *own;
	int64_t created;
	bool names;

	if (!json_string_or_null(pointer, "orderPK") || key_order_created(sk, &created) ||
	    (id && strcmp(id, session_id) != 0))
		return false;
	own = key_order(created, session_id);
	names = strcmp(sk, own) == 0;
	free(own);
	return names;
}

void item_keys_leave_others(struct item_keys *keys, struct json_object *const *read)
{
	static const enum item_kind pointers[] = {ITEM_SESSION, ITEM_NUMBER, ITEM_PAYMENT};
	const char *id = json_string_or_null(read[ITEM_ORDER], "orderId");
	size_t i;

	for (i = 0; i < sizeof pointers / sizeof *pointers; i++) {
		struct json_object *pointer = read[pointers[i]];

		if (json_string_or_null(pointer, "orderPK") && id && !item_keys_names(pointer, id))
			set_key(keys, pointers[i], NULL, NULL);
	}
}

unsigned item_keys_from_pointer(struct item_keys *keys, struct json_object *pointer)
{
	const char *pk = json_string_or_null(pointer, "orderPK");
	const char *user = json_string_or_null(pointer, "userId");

	if (pk && !str_empty(user)) {
		free(keys->user_id);
		keys->user_id = str_dup(user);
	}
	return item_keys_set_order(keys, pk, json_string_or_null(pointer, "orderSK"));
}

unsigned item_keys_from_order(struct item_keys *keys, struct json_object *order)
{
	const char *number = json_string_or_null(order, "orderNumber");

	if (str_empty(number) || strcmp(number, keys->number) == 0)
		return 0;
	item_keys_set_number(keys, str_dup(number));
	return 1u << ITEM_NUMBER;
}

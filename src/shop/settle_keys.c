/* SPDX-License-Identifier: ISC */
/*
 * Telling keys from an event.
 */
#include "shop/settle_keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "shop/keys.h"

static char *user_of(const struct session_facts *session)
{
	char *user = user_id_from(json_string_or_null(session->metadata, "userId"));

	if (!user)
		user = user_id_from(session->client_reference_id);
	if (!user)
		user = user_id_from_email(session->email);
	return user ? user : str_dup(session->id);
}

static void set_key(struct settle_keys *keys, enum settle_item item, char *pk, char *sk)
{
	free(keys->pk[item]);
	free(keys->sk[item]);
	keys->pk[item] = pk;
	keys->sk[item] = sk;
}

void settle_keys_set_number(struct settle_keys *keys, char *number)
{
	free(keys->number);
	keys->number = number;
	set_key(keys, SETTLE_NUMBER, key_number(number), str_dup(KEY_METADATA));
}

void settle_keys_init(struct settle_keys *keys, const struct event_facts *event,
		      const struct session_facts *session, const char *number_prefix,
		      int64_t now)
{
	const char *quote = json_string_or_null(session->metadata, "quoteSignature");

	memset(keys, 0, sizeof *keys);
	keys->user_id = user_of(session);
	keys->created = session->created;
	if (!keys->created && event)
		keys->created = event->created;
	if (!keys->created)
		keys->created = now;
	if (event)
		set_key(keys, SETTLE_EVENT, key_event(event->id), str_dup(KEY_METADATA));
	set_key(keys, SETTLE_SESSION, key_session(session->id), str_dup(KEY_METADATA));
	set_key(keys, SETTLE_ORDER, key_user(keys->user_id), key_order(keys->created, session->id));
	set_key(keys, SETTLE_DAY, key_day(keys->created), key_order(keys->created, session->id));
	if (session->payment_intent)
		set_key(keys, SETTLE_PAYMENT, key_payment(session->payment_intent),
			str_dup(KEY_METADATA));
	if (!str_empty(quote))
		set_key(keys, SETTLE_QUOTE, key_quote(quote), str_dup(KEY_CACHE));
	settle_keys_set_number(keys, order_number(number_prefix, session->id));
}

void settle_keys_free(struct settle_keys *keys)
{
	size_t i;

	for (i = 0; i < SETTLE_ITEMS; i++)
		set_key(keys, (enum settle_item)i, NULL, NULL);
	free(keys->number);
	free(keys->user_id);
	memset(keys, 0, sizeof *keys);
}

unsigned settle_keys_set_order(struct settle_keys *keys, const char *pk, const char *sk)
{
	int64_t created;

	if (!pk || key_order_created(sk, &created))
		return 0;
	if (strcmp(pk, keys->pk[SETTLE_ORDER]) == 0 && strcmp(sk, keys->sk[SETTLE_ORDER]) == 0)
		return 0;
	keys->created = created;
	set_key(keys, SETTLE_ORDER, str_dup(pk), str_dup(sk));
	set_key(keys, SETTLE_DAY, key_day(created), str_dup(sk));
	return 1u << SETTLE_ORDER | 1u << SETTLE_DAY;
}

unsigned settle_keys_from_session(struct settle_keys *keys, struct json_object *session_item)
{
	return settle_keys_set_order(keys, json_string_or_null(session_item, "orderPK"),
				     json_string_or_null(session_item, "orderSK"));
}

unsigned settle_keys_from_order(struct settle_keys *keys, struct json_object *order)
{
	const char *number = json_string_or_null(order, "orderNumber");

	if (str_empty(number) || strcmp(number, keys->number) == 0)
		return 0;
	settle_keys_set_number(keys, str_dup(number));
	return 1u << SETTLE_NUMBER;
}

/* SPDX-License-Identifier: ISC */
/*
 * The items of an order.  The one idea: what stands beside an order is a function of it.
 */
#include "shop/order_items.h"

#include <stdlib.h>
#include <string.h>

#include "base/seconds.h"
#include "base/str.h"
#include "format/iso8601.h"
#include "shop/erasure.h"
#include "shop/keys.h"
#include "shop/order.h"
#include "shop/order_rank.h"
#include "shop/outbox.h"

/* --- the items beside it -------------------------------------------------------- */

/* What each of them names its order by. */
static void name_order(struct json_object *item, struct json_object *order)
{
	json_copy_member(item, "orderPK", order, "PK");
	json_copy_member(item, "orderSK", order, "SK");
	json_copy_member(item, "orderId", order, "orderId");
	json_copy_member(item, "orderNumber", order, "orderNumber");
	json_copy_member(item, "userId", order, "userId");
}

/* {"PK": "NUMBER#BC-1", "SK": "METADATA", "orderPK": "USER#7",
 *  "orderSK": "ORDER#1795771800#cs_1", "orderId": "cs_1", "orderNumber": "BC-1", "userId": "7"} */
struct json_object *order_pointer(struct json_object *order, char *pk)
{
	struct json_object *item = json_object_new_object();

	json_set_string(item, "PK", pk);
	json_set_string(item, "SK", KEY_METADATA);
	name_order(item, order);
	json_copy_member(item, "expiresAt", order, "expiresAt");
	free(pk);
	return item;
}

struct json_object *order_payment_pointer(struct json_object *order, char *pk)
{
	struct json_object *item = order_pointer(order, pk);

	json_set(item, "order", json_object_get(order));
	return item;
}

/* {"PK": "DAY#2026-11-27", "SK": "ORDER#1795771800#cs_1", "orderPK": "USER#7",
 *  "amount": 4000, "currency": "eur", "status": "completed", "createdAt": ...} */
struct json_object *order_day_entry(struct json_object *order, int64_t created)
{
	struct json_object *item = json_object_new_object();
	char *pk = key_day(created);
	char *sk = key_order(created, json_string_or_null(order, "orderId"));

	json_set_string(item, "PK", pk);
	json_set_string(item, "SK", sk);
	name_order(item, order);
	json_copy_member(item, "amount", order, "amount");
	json_copy_member(item, "currency", order, "currency");
	json_copy_member(item, "status", order, "status");
	json_copy_member(item, "itemsPending", order, "itemsPending");
	json_copy_member(item, "unconfirmed", order, "unconfirmed");
	json_copy_member(item, "createdAt", order, "createdAt");
	json_copy_member(item, "expiresAt", order, "expiresAt");
	free(sk);
	free(pk);
	return item;
}

/* {"PK": "SESSION#cs_1", "SK": "METADATA", "orderPK": ..., "stripeSessionId": "cs_1",
 *  "status": "completed", "updatedAt": ...} and what checkout noted in it before.
 * (The status of ordersnap 0.1.0 was `complete`.) */
struct json_object *order_session_item(struct json_object *order, struct json_object *stored,
				       int64_t now)
{
	struct json_object *item = stored ? json_share(stored) : json_object_new_object();
	char *pk = key_session(json_string_or_null(order, "stripeSessionId"));
	bool failed = order_rank_of(order) == ORDER_RANK_FAILED;
	char text[ISO8601_SIZE];

	json_set_string(item, "PK", pk);
	json_set_string(item, "SK", KEY_METADATA);
	name_order(item, order);
	json_copy_member(item, "stripeSessionId", order, "stripeSessionId");
	json_copy_member(item, "quoteSignature", order, "quoteSignature");
	json_copy_member(item, "createdAt", order, "createdAt");
	json_set_string(item, "status", failed ? "failed" : "completed");
	json_set_string(item, "updatedAt", iso8601_time(now, text));
	json_object_object_del(item, "expiresAt");
	json_copy_member(item, "expiresAt", order, "expiresAt");
	free(pk);
	return item;
}

/* What is derived stands where it was read, whatever a damaged order says of itself. */
static void place(struct json_object *item, const struct item_keys *keys, enum item_kind which)
{
	json_set_string(item, "PK", keys->pk[which]);
	json_set_string(item, "SK", keys->sk[which]);
}

static struct json_object *session_beside(const struct order_change *c, struct json_object *order)
{
	struct json_object *item = order_session_item(order, c->read[ITEM_SESSION], c->now);

	/* What checkout noted of the person goes with the order's. */
	if (erasure_is_done(order))
		erasure_strip(item);
	place(item, c->keys, ITEM_SESSION);
	return item;
}

static struct json_object *number_beside(const struct order_change *c, struct json_object *order)
{
	return order_pointer(order, str_dup(c->keys->pk[ITEM_NUMBER]));
}

static struct json_object *payment_beside(const struct order_change *c, struct json_object *order)
{
	return order_payment_pointer(order, str_dup(c->keys->pk[ITEM_PAYMENT]));
}

static struct json_object *day_beside(const struct order_change *c, struct json_object *order)
{
	struct json_object *item = order_day_entry(order, c->keys->created);

	place(item, c->keys, ITEM_DAY);
	return item;
}

/* What is derived from an order beside it, where there is a key for it. */
static const struct beside {
	enum item_kind which;
	struct json_object *(*derive)(const struct order_change *c, struct json_object *order);
} beside[] = {
	{ITEM_SESSION, session_beside},
	{ITEM_NUMBER, number_beside},
	{ITEM_DAY, day_beside},
	{ITEM_PAYMENT, payment_beside},
};

#define BESIDE (sizeof beside / sizeof *beside)

/* --- what stands ---------------------------------------------------------------- */

unsigned order_items_astray(const struct item_keys *keys, struct json_object *const *read,
			    int64_t now)
{
	struct json_object *order = read[ITEM_ORDER], *copy = NULL, *item;
	const struct order_change c = {.keys = keys, .read = read, .order = order, .now = now};
	unsigned astray = 0;
	size_t i;

	if (!json_string_or_null(order, "stripeSessionId") || !json_string_or_null(order, "orderId"))
		return 0;
	for (i = 0; i < BESIDE; i++) {
		enum item_kind which = beside[i].which;

		if (!keys->pk[which])
			continue;
		if (which == ITEM_PAYMENT) {
			/* The copy that it has is good where it says the same as the order. */
			item = order_pointer(order, str_dup(keys->pk[which]));
			json_get_object(read[which], "order", &copy);
			json_set(item, "order", json_object_get(order_same(copy, order) ? copy : order));
		} else {
			item = beside[i].derive(&c, order);
		}
		/* The session's status word is no fault. */
		if (which == ITEM_SESSION && read[which])
			json_copy_member(item, "status", read[which], "status");
		if (!order_same(item, read[which]))
			astray |= 1u << which;
		json_object_put(item);
	}
	return astray;
}

/* --- what is to be -------------------------------------------------------------- */

static void add(struct order_item *items, size_t *n, struct json_object *item,
		struct json_object *read, bool check)
{
	items[(*n)++] = (struct order_item){.item = item, .read = read, .check = check};
}

/* The items beside the order, which is `order` afterwards.  One that says already what it
 * should is left out, but only where the order's step leaves it as it is. */
static void add_derived(const struct order_change *c, struct json_object *order,
			struct order_item *items, size_t *n)
{
	struct json_object *stored = c->read[ITEM_ORDER];
	size_t i;

	for (i = 0; i < BESIDE; i++) {
		enum item_kind which = beside[i].which;
		struct json_object *item, *before;
		bool is_right;

		if (!c->keys->pk[which])
			continue;
		item = beside[i].derive(c, order);
		is_right = stored && order_same(item, c->read[which]);
		if (is_right) {
			before = beside[i].derive(c, stored);
			is_right = order_same(before, item);
			json_object_put(before);
		}
		if (is_right)
			json_object_put(item);
		else
			add(items, n, item, c->read[which], false);
	}
}

/* The quote of an order names it from then on, so that no other session is made of
 * it.  Its life stays as it was; one that ends before it is written is a conflict,
 * after which there is none to write. */
static void add_quote(const struct order_change *c, struct json_object *order,
		      struct order_item *items, size_t *n)
{
	struct json_object *quote = c->read[ITEM_QUOTE], *item;

	if (!quote || json_string_or_null(quote, "orderId"))
		return;
	item = json_copy(quote);
	json_copy_member(item, "orderId", order, "orderId");
	json_copy_member(item, "orderNumber", order, "orderNumber");
	add(items, n, item, quote, false);
}

/* The session of no order: open until it expires.  One that is complete stays so,
 * whenever its expiry is heard of. */
static void add_expired(const struct order_change *c, struct order_item *items, size_t *n)
{
	struct json_object *session = c->read[ITEM_SESSION], *item;
	const char *status = json_string_or_null(session, "status");
	char time[ISO8601_SIZE];

	if (!session || (status && strcmp(status, "open") != 0))
		return;
	item = json_copy(session);
	json_set_string(item, "status", "expired");
	json_set_string(item, "recoveryUrl", c->recovery_url);
	json_set_string(item, "updatedAt", iso8601_time(c->now, time));
	add(items, n, item, session, false);
}

size_t order_items(const struct order_change *c, struct order_item items[ORDER_ITEMS_MAX])
{
	struct json_object *stored = c->read[ITEM_ORDER], *order = json_object_get(c->order), *told;
	bool put = order && (c->put_always || !order_same(order, stored));
	size_t n = 0;

	/* The payment's pointer has a copy of the order, with the version it will have.  Where
	 * the order says nothing new, all is derived from the one that stands. */
	if (put) {
		json_set_int(order, "version", json_int_or(stored, "version", 0) + 1);
	} else if (order) {
		json_object_put(order);
		order = json_object_get(stored);
	}

	/* That the event was recorded; what is derived from the order, or said of a session
	 * without one. */
	if (c->marker && !order_same(c->marker, c->read[ITEM_EVENT]))
		add(items, &n, json_object_get(c->marker), c->read[ITEM_EVENT], false);
	if (order) {
		add_derived(c, order, items, &n);
		add_quote(c, order, items, &n);
	} else if (c->expired) {
		add_expired(c, items, &n);
	}

	/* What the shop is told of, where the change is more than a fee or a name. */
	told = put && c->tell ? outbox_item(stored, order, c->now) : NULL;
	if (told)
		add(items, &n, told, NULL, false);

	/* The order itself is in the list whenever anything is. */
	if (put)
		add(items, &n, json_object_get(order), stored, false);
	else if (stored && n)
		add(items, &n, json_object_get(stored), stored, true);
	json_object_put(order);
	return n;
}

void order_items_free(struct order_item *items, size_t n)
{
	while (n)
		json_object_put(items[--n].item);
}

/* As the functions say it of an event. */
static const char *status_of_event(enum event_kind kind)
{
	switch (kind) {
	case EVENT_SESSION_COMPLETED:
	case EVENT_SESSION_SUCCEEDED:
		return "completed";
	case EVENT_SESSION_FAILED:
		return "failed";
	case EVENT_SESSION_EXPIRED:
		return "expired";
	default:
		return "received";
	}
}

/* {"PK": "EVENT#evt_1", "SK": "METADATA", "eventId": "evt_1", "type": "...",
 *  "status": "completed", "sessionId": "cs_1", "orderId": "cs_1", "orderNumber": "BC-1",
 *  "processedAt": "2026-11-27T09:30:00.000Z", "expiresAt": 1795771800} */
struct json_object *order_event_marker(const struct event *event, const char *session_id,
				       struct json_object *order, int64_t now, int64_t ttl_days)
{
	struct json_object *marker = json_object_new_object();
	char *pk = key_event(event->id);
	char time[ISO8601_SIZE];

	json_set_string(marker, "PK", pk);
	json_set_string(marker, "SK", KEY_METADATA);
	json_set_string(marker, "eventId", event->id);
	json_set_string(marker, "type", event->type);
	json_set_string(marker, "status", status_of_event(event->kind));
	json_set_string(marker, "sessionId", session_id);
	json_copy_member(marker, "orderId", order, "orderId");
	json_copy_member(marker, "orderNumber", order, "orderNumber");
	json_set_string(marker, "processedAt", iso8601_time(now, time));
	json_set_int(marker, "expiresAt", now + ttl_days * DAY);
	free(pk);
	return marker;
}

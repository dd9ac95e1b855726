/* SPDX-License-Identifier: ISC */
/*
 * The items of an order.
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
#include "shop/outbox.h"


static const enum item_kind beside[] = {ITEM_SESSION, ITEM_NUMBER, ITEM_DAY,
					  ITEM_PAYMENT};

#define BESIDE (sizeof beside / sizeof *beside)

/* What is derived from an order beside it, of each kind; NULL where it has no
 * such item. */
static struct json_object *derived(const struct order_change *c, struct json_object *order,
				   enum item_kind which)
{
	const char *pk = c->keys->pk[which];
	struct json_object *item;

	if (!pk)
		return NULL;
	switch (which) {
	case ITEM_SESSION:
		item = order_session_item(order, c->read[ITEM_SESSION], c->now);
		/* What checkout noted of the person goes with the order's. */
		if (erasure_is_done(order))
			erasure_strip(item);
		return item;
	case ITEM_NUMBER:
		return order_pointer(order, str_dup(pk));
	case ITEM_PAYMENT:
		return order_payment_pointer(order, str_dup(pk));
	case ITEM_DAY:
		return order_day_entry(order, c->keys->created);
	default:
		return NULL;
	}
}

/* Whether the order's step leaves what is derived from it as it is. */
static bool is_unchanged(const struct order_change *c, enum item_kind which,
			 struct json_object *now)
{
	struct json_object *stored = c->read[ITEM_ORDER], *before;
	bool same;

	if (!stored)
		return false;
	before = derived(c, stored, which);
	same = order_same(before, now);
	json_object_put(before);
	return same;
}

/* --- what stands ------------------------------------------------------------------ */

/* The payment's pointer, with the copy that it has where that says the same as the
 * order. */
static struct json_object *payment_pointer(const struct order_change *c)
{
	struct json_object *order = c->order, *copy = NULL;
	struct json_object *item = order_pointer(order, str_dup(c->keys->pk[ITEM_PAYMENT]));

	json_get_object(c->read[ITEM_PAYMENT], "order", &copy);
	json_set(item, "order", json_object_get(order_same(copy, order) ? copy : order));
	return item;
}

static bool is_astray(const struct order_change *c, enum item_kind which)
{
	struct json_object *item;
	bool same;

	if (!c->keys->pk[which])
		return false;
	item = which == ITEM_PAYMENT ? payment_pointer(c) : derived(c, c->order, which);
	if (which == ITEM_SESSION && c->read[which])
		json_copy_member(item, "status", c->read[which], "status");
	same = order_same(item, c->read[which]);
	json_object_put(item);
	return !same;
}

unsigned order_items_astray(const struct item_keys *keys, struct json_object *const *read,
			    int64_t now)
{
	const struct order_change c = {.keys = keys, .read = read, .order = read[ITEM_ORDER],
				       .now = now};
	unsigned astray = 0;
	size_t i;

	if (!json_string_or_null(c.order, "stripeSessionId") ||
	    !json_string_or_null(c.order, "orderId"))
		return 0;
	for (i = 0; i < BESIDE; i++)
		if (is_astray(&c, beside[i]))
			astray |= 1u << beside[i];
	return astray;
}

/* --- what is to be ---------------------------------------------------------------- */

static void add(struct order_item *items, size_t *n, struct json_object *item,
		struct json_object *read, bool check)
{
	items[(*n)++] = (struct order_item){.item = item, .read = read, .check = check};
}

/* The items beside the order, which is `order` afterwards. */
static void add_derived(const struct order_change *c, struct json_object *order,
			struct order_item *items, size_t *n)
{
	size_t i;

	for (i = 0; i < BESIDE; i++) {
		enum item_kind which = beside[i];
		struct json_object *item = derived(c, order, which);

		if (item && !(order_same(item, c->read[which]) && is_unchanged(c, which, item)))
			add(items, n, item, c->read[which], false);
		else
			json_object_put(item);
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

/* What the shop is told of, where the change is more than a fee or a name. */
static void add_outbox(struct json_object *order, struct json_object *stored, int64_t now,
		       struct order_item *items, size_t *n)
{
	struct json_object *item = outbox_item(stored, order, now);

	if (item)
		add(items, n, item, NULL, false);
}

size_t order_items(const struct order_change *c, struct order_item items[ORDER_ITEMS_MAX])
{
	struct json_object *stored = c->read[ITEM_ORDER], *order = json_object_get(c->order);
	bool put = order && (c->put_always || !order_same(order, stored));
	size_t n = 0;

	/* The payment's pointer has a copy of the order, with the version it will have. */
	if (put)
		json_set_int(order, "version", json_int_or(stored, "version", 0) + 1);
	else if (order) {
		json_object_put(order);
		order = json_object_get(stored);
	}
	if (c->marker && !order_same(c->marker, c->read[ITEM_EVENT]))
		add(items, &n, json_object_get(c->marker), c->read[ITEM_EVENT], false);
	if (order) {
		add_derived(c, order, items, &n);
		add_quote(c, order, items, &n);
	} else if (c->expired) {
		add_expired(c, items, &n);
	}
	if (put && c->tell)
		add_outbox(order, stored, c->now, items, &n);
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

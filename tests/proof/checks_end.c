/* SPDX-License-Identifier: ISC */
/*
 * What must hold at the end.
 */
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "format/iso8601.h"
#include "shop/outbox.h"

/* Who wrote the order first. */
static bool is_source(const char *source, bool legacy)
{
	const struct limits *l = &world->limits;

	if (legacy)
		return strcmp(source, "lambda") == 0;
	return (l->lost != LOST_ALL && strcmp(source, "webhook") == 0) ||
	       (l->syncs && strcmp(source, "sync") == 0) ||
	       (l->replayed && strcmp(source, "replay") == 0);
}

/* Where the buyer's names change it is the order of any of them. */
static void check_buyer(struct json_object *order, bool legacy)
{
	static const char *const users[] = {USER_ID, NAMED_ID, LEFT_ID, "ann@example.com",
					    SESSION_ID};
	const struct truth *t = &world->truths[world->history->n];
	const char *user = item_text(order, "userId"), *name = item_text(order, "customerName");
	bool guest = !legacy && world->history->traits & TRAIT_GUEST;
	char time[ISO8601_SIZE];
	size_t i;

	if (strcmp(item_text(order, "PK") + strlen("USER#"), user) != 0)
		world_fail("the order is under another's key: %s", json_text(order));
	if (history_is_vague(world->history)) {
		for (i = 0; i < sizeof users / sizeof *users && strcmp(users[i], user) != 0; i++)
			;
		if (i == sizeof users / sizeof *users)
			world_fail("the order is somebody else's: %s", json_text(order));
		return;
	}
	if (strcmp(name, t->paid ? "Ann Lee" : "Ann") != 0)
		world_fail("the buyer's name is %s", name);
	if (!legacy && strcmp(item_text(order, "createdAt"), iso8601_time(EPOCH, time)) != 0)
		world_fail("createdAt is not the session's: %s", json_text(order));
	if (strcmp(user, world->history->traits & TRAIT_LEFT ? LEFT_ID :
			 guest ? "ann@example.com" : USER_ID) != 0)
		world_fail("the order is somebody else's: %s", json_text(order));
}

/* The order against the truth itself, so that the replay in order is not its
 * own judge. */
static void check_truth(struct json_object *order)
{
	const struct truth *t = &world->truths[world->history->n];
	bool legacy = world->history->traits & TRAIT_LEGACY;

	if (!order_says_refunded(order, t) || !order_says_dispute(order, t) ||
	    strcmp(item_text(order, "status"), truth_status(t)) != 0)
		world_fail("the order should be %s, %lld refunded, and is %s", truth_status(t),
			   (long long)truth_refunded(t), json_text(order));
	if (json_int_or(order, "amount", -1) !=
		    (world->history->payment == PAY_NOTHING ? 0 : AMOUNT) ||
	    json_int_or(order, "itemCount", -1) != ITEM_COUNT ||
	    json_object_object_get_ex(order, "itemsPending", NULL))
		world_fail("the order is not what was bought: %s", json_text(order));
	if (!legacy && json_object_object_get_ex(order, "expiresAt", NULL) !=
			       !!(world->history->traits & TRAIT_TTL))
		world_fail("the order is not kept as long as it should be: %s", json_text(order));
	if (!world->erased)
		check_buyer(order, legacy);
	if (!is_source(item_text(order, "source"), legacy))
		world_fail("the source is not who wrote it first: %s", json_text(order));
	if (strcmp(item_text(order, "orderNumber"),
		   legacy ? LEGACY_NUMBER :
		   world->history->traits & TRAIT_TAKEN ? ORDER_NUMBER "A" : ORDER_NUMBER) != 0)
		world_fail("the number is wrong: %s", json_text(order));
}

/* The line that the quote knows has its sku from there. */
static void check_lines(struct json_object *order)
{
	unsigned traits = world->history->traits;
	bool quoted = (traits & TRAIT_QUOTE) && !(traits & (TRAIT_GUEST | TRAIT_LEGACY));
	struct json_object *items = NULL;

	json_get_array(order, "items", &items);
	if (strcmp(item_text(json_object_array_get_idx(items, 0), "sku"), quoted ? "N-RED" : "") != 0)
		world_fail("the first line's sku is wrong: %s", json_text(order));
}

/* The quote, while it is there, says whose it became, and lives no longer for it. */
static void check_quote(struct json_object *order)
{
	struct json_object *quote = table_find(&world->table, "QUOTE#" QUOTE, "CACHE");
	bool names = world->history->traits & TRAIT_GUEST ||
		     strcmp(item_text(quote, "orderId"), item_text(order, "orderId")) == 0;

	if (quote && (!names || json_int_or(quote, "expiresAt", 0) != QUOTE_EXPIRES))
		world_fail("the quote does not name its order: %s", json_text(quote));
}

/* completedAt: the time of the event that paid it, or of its twin.  Where that
 * one was lost, and a thin one of before fetched what had come of it, that one's. */
static void check_completed(struct json_object *order)
{
	const struct truth *t = &world->truths[world->history->n];
	const char *at = item_text(order, "completedAt");
	bool some_lost = world->limits.lost > LOST_ALL;
	char first[ISO8601_SIZE], last[ISO8601_SIZE];

	iso8601_time(some_lost ? t->sold_at : t->paid_at, first);
	iso8601_time(t->paid_at + 1, last);
	if (t->paid ? strcmp(at, first) < 0 || strcmp(at, last) > 0 : at[0] != '\0')
		world_fail("completedAt is %s, of what was %s", at, t->paid ? "paid" : "not paid");
}

/* A reconciler does not hear of a refund that failed again: that nothing is
 * refunded, or nothing said of it, is the same.  And an order that is paid says
 * by which of its events; it is not held against those that were lost. */
static void forget_unheard(struct json_object *order)
{
	if (json_int_or(order, "amountRefunded", 0) == 0)
		json_object_object_del(order, "amountRefunded");
	if (world->limits.lost > LOST_ALL)
		json_object_object_del(order, "completedAt");
}

/* What may differ: when it was written, how often, and by whom first. */
static void forget_times(struct json_object *item)
{
	static const char *const keys[] = {"version", "updatedAt", "processedAt", "expiresAt",
					   "note", "source", "tracking"};
	size_t i;

	for (i = 0; i < sizeof keys / sizeof *keys; i++)
		json_object_object_del(item, keys[i]);
	if (world->limits.syncs)
		forget_unheard(item);
}

static struct json_object *without_times(struct json_object *item)
{
	struct json_object *copy = json_copy(item), *order = NULL;

	json_get_object(copy, "order", &order);
	forget_times(copy);
	if (order)
		forget_times(order);
	return copy;
}

static void check_item(struct json_object *item, struct json_object *want)
{
	struct json_object *a = without_times(item), *b = without_times(want);

	if (!json_equal(a, b))
		world_fail("in order: %s\n# and now:  %s", json_text(b), json_text(a));
	json_object_put(a);
	json_object_put(b);
}

/* An item that expired while the session was open had what an order does not
 * know, and is written anew by who next has reason to. */
static bool is_expired(struct json_object *item)
{
	return world->session_expired && strcmp(item_text(item, "PK"), "SESSION#" SESSION_ID) == 0;
}

/* Whether an item is of an event that was lost, and for nobody else to write. */
static bool is_of_lost(struct json_object *item)
{
	const char *pk = item_text(item, "PK");
	const struct proof_event *event;
	size_t i;

	for (i = 0; i < world->events->n; i++) {
		event = &world->events->list[i];
		if (!world->lost[i])
			continue;
		if (str_starts(pk, "EVENT#") && strcmp(pk + strlen("EVENT#"), event->id) == 0)
			return true;
		if (event->concern == ABOUT_OTHER && strcmp(pk, "SESSION#" OTHER_ID) == 0)
			return true;
	}
	return false;
}

/* How many items of the outbox tell this of the order. */
static size_t told(const char *event)
{
	size_t i, n = 0;

	for (i = 0; i < world->table.n; i++) {
		struct json_object *item = world->table.items[i];
		char *words = outbox_words(item);

		n += outbox_is_item(item) && strcmp(item_text(item, "orderId"), SESSION_ID) == 0 &&
		     strstr(words, event);
		free(words);
	}
	return n;
}

/* Whoever wrote the order, and however often somebody died: each thing that happened once
 * is told once.  What the functions wrote was known before. */
static void check_outbox(struct json_object *order)
{
	const char *status = item_text(order, "status");
	bool legacy = world->history->traits & TRAIT_LEGACY;
	size_t paid = told("paid");

	if (told("created") != !legacy)
		world_fail("it is told %zu times that the order was created", told("created"));
	if (paid > 1 || (!legacy && paid != (status_rank(status) == 3)))
		world_fail("the order is %s, and it is told %zu times that it was paid", status, paid);
	if (told("failed") > 1 || (strcmp(status, "failed") == 0 && !legacy && !told("failed")))
		world_fail("the order is %s, and it is told %zu times that it failed", status,
			   told("failed"));
	if (!legacy && json_int_or(order, "amountRefunded", 0) && !told("refunded"))
		world_fail("nobody is told of the refund");
	if (!legacy && json_object_object_get(order, "dispute") && !told("disputed"))
		world_fail("nobody is told of the dispute");
}

/* What depends on what was seen of a payment, and when: an order that is seen paid at
 * once was created and paid; and what was warned of today. */
static bool depends_on_way(struct json_object *item)
{
	return outbox_is_item(item) || str_starts(item_text(item, "SK"), "WARNED#");
}

static size_t count_dependent(const struct table *table)
{
	size_t i, n = 0;

	for (i = 0; i < table->n; i++)
		n += depends_on_way(table->items[i]);
	return n;
}

static void check_as_expected(const struct table *expected)
{
	size_t i, n = table_find(&world->table, "SYSTEM", "STRIPE_ORDER_SYNC") != NULL;

	for (i = 0; i < expected->n; i++) {
		struct json_object *want = expected->items[i];
		struct json_object *item = table_find(&world->table, item_text(want, "PK"),
						      item_text(want, "SK"));

		if (depends_on_way(want))
			continue;
		n += item || !(is_of_lost(want) || is_expired(want));
		if (is_expired(want) ||
		    (is_of_lost(want) && !str_starts(item_text(want, "PK"), "EVENT#")))
			continue;
		if (is_of_lost(want) && item)
			world_fail("a lost event is marked: %s", json_text(item));
		else if (item)
			check_item(item, want);
		else if (!is_of_lost(want))
			world_fail("there is no %s", item_text(want, "PK"));
	}
	if (world->table.n - count_dependent(&world->table) != n)
		world_fail("there are %zu items, not %zu",
			   world->table.n - count_dependent(&world->table), n);
}

void check_end(const struct table *expected)
{
	struct json_object *order = order_find();

	check_table();
	if (!order) {
		world_fail("there is no order");
		return;
	}
	check_truth(order);
	check_completed(order);
	check_lines(order);
	check_quote(order);
	check_outbox(order);
	if (expected && !history_is_vague(world->history) && !world->erased)
		check_as_expected(expected);
}

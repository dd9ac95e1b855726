/* SPDX-License-Identifier: ISC */
/*
 * What must hold: of the table after every write, after every acknowledgement,
 * and at the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/iso8601.h"
#include "world.h"

#define LEGACY_CREATED (EPOCH + 777) /* the time of processing, in the Lambda functions' SK */
#define LEGACY_NUMBER "AB-D4E5F6G7"      /* by another prefix */

static struct json_object *item_of(const char *json)
{
	struct json_object *item = json_parse(span_of(json));

	if (!item)
		abort();
	return item;
}

static void put_legacy(struct table *table, const struct history *h)
{
	char *order = str_printf(
		"{\"PK\":\"USER#" USER_ID "\",\"SK\":\"ORDER#%d#" SESSION_ID "\",\"orderId\":\""
		SESSION_ID "\",\"orderNumber\":\"" LEGACY_NUMBER "\",\"userId\":\"" USER_ID "\","
		"\"status\":\"%s\",\"items\":[{\"name\":\"Red Necklace\",\"quantity\":%d}],"
		"\"itemCount\":%d,\"createdAt\":\"2025-11-24T16:12:57Z\",\"source\":\"lambda\"}",
		LEGACY_CREATED, h->payment == PAY_LATER ? "pending" : "completed", ITEM_COUNT,
		ITEM_COUNT);
	char *session = str_printf("{\"PK\":\"SESSION#" SESSION_ID "\",\"SK\":\"METADATA\","
				   "\"status\":\"complete\",\"orderPK\":\"USER#" USER_ID "\","
				   "\"orderSK\":\"ORDER#%d#" SESSION_ID "\"}", LEGACY_CREATED);

	table_put(table, item_of(order));
	table_put(table, item_of(session));
	free(session);
	free(order);
}

static const char *other_after(const struct history *h, const char *status)
{
	return h->traits & TRAIT_OTHER_DONE ? "complete" : status;
}

void table_begin(struct table *table, const struct history *h)
{
	static const char item[] = "{\"PK\":\"SESSION#%s\",\"SK\":\"METADATA\",\"version\":1,"
				   "\"status\":\"%s\",\"userId\":\"" USER_ID "\","
				   "\"quoteSignature\":\"" QUOTE "\",\"expiresAt\":1795000000}";
	char *ours = str_printf(item, SESSION_ID, "open");
	char *other = str_printf(item, OTHER_ID, other_after(h, "open"));

	if (h->traits & TRAIT_ITEM) {
		table_put(table, item_of(ours));
		table_put(table, item_of(other));
	}
	if (h->traits & TRAIT_LEGACY)
		put_legacy(table, h);
	if (h->traits & TRAIT_TAKEN)
		table_put(table, item_of("{\"PK\":\"NUMBER#" ORDER_NUMBER "\",\"SK\":\"METADATA\","
					 "\"version\":1,\"orderId\":\"cs_test_somebody\"}"));
	if (h->traits & TRAIT_QUOTE)
		table_put(table, item_of("{\"PK\":\"QUOTE#" QUOTE "\",\"SK\":\"CACHE\",\"version\":1,"
					 "\"expiresAt\":1795000000,\"items\":[{\"name\":\"Quoted\","
					 "\"quantity\":2,\"stripePriceId\":\"price_1\","
					 "\"sku\":\"N-RED\"}]}"));
	free(ours);
	free(other);
}

/* --- the table, whenever it is looked at --------------------------------------------- */

static const char *text_of(struct json_object *item, const char *key)
{
	const char *text = json_string_or_null(item, key);

	return text ? text : "";
}

static bool is_same(struct json_object *a, struct json_object *b, const char *key)
{
	struct json_object *x = NULL, *y = NULL;

	json_object_object_get_ex(a, key, &x);
	json_object_object_get_ex(b, key, &y);
	return !x || !y ? x == y : json_equal(x, y);
}

static struct json_object *find(const char *pk, const char *id, const char *sk)
{
	char *key = str_printf("%s%s", pk, id);
	struct json_object *item = table_find(&world->table, key, sk);

	free(key);
	return item;
}

/* The one order; NULL if there is none. */
static struct json_object *find_order(void)
{
	struct json_object *order = NULL;
	size_t i;

	for (i = 0; i < world->table.n; i++) {
		struct json_object *item = world->table.items[i];

		if (!str_starts(text_of(item, "PK"), "USER#"))
			continue;
		if (order)
			world_fail("there are two orders: %s and %s", text_of(order, "SK"),
				   text_of(item, "SK"));
		order = item;
	}
	return order;
}

/* An item that names the order. */
static void check_pointer(struct json_object *order, struct json_object *item, const char *what)
{
	if (!item)
		world_fail("the order has no %s", what);
	else if (strcmp(text_of(item, "orderPK"), text_of(order, "PK")) != 0 ||
		 strcmp(text_of(item, "orderSK"), text_of(order, "SK")) != 0 ||
		 !is_same(item, order, "orderId") || !is_same(item, order, "orderNumber"))
		world_fail("the %s names another order: %s", what, json_text(item));
	else if (strcmp(what, "session") != 0 && !is_same(item, order, "expiresAt"))
		world_fail("the %s is not kept like its order", what);
}

static void check_day(struct json_object *order)
{
	char *sk = str_printf("ORDER#%d#" SESSION_ID,
			      world->history->traits & TRAIT_LEGACY ? LEGACY_CREATED : EPOCH);
	char day[ISO8601_SIZE];
	struct json_object *entry = find("DAY#", iso8601_day(EPOCH, day), sk);

	free(sk);
	check_pointer(order, entry, "day entry");
	if (entry && (!is_same(entry, order, "status") || !is_same(entry, order, "amount") ||
		      !is_same(entry, order, "userId")))
		world_fail("the day entry is not what the order is: %s", json_text(entry));
}

/* What is written next to an order is written with it. */
static void check_beside(struct json_object *order)
{
	struct json_object *session = find("SESSION#", SESSION_ID, "METADATA");
	struct json_object *payment = find("PAYMENT#", INTENT_ID, "METADATA"), *copy = NULL;

	check_pointer(order, session, "session");
	if (strcmp(text_of(session, "status"), "complete") != 0)
		world_fail("the session is not complete: %s", json_text(session));
	check_pointer(order, find("NUMBER#", text_of(order, "orderNumber"), "METADATA"),
		      "number pointer");
	check_day(order);
	if (world->history->payment == PAY_NOTHING)
		return;
	check_pointer(order, payment, "payment pointer");
	json_get_object(payment, "order", &copy);
	if (!copy || (!world->edited && !json_equal(copy, order)))
		world_fail("the payment's pointer has another order: %s and %s", json_text(payment),
			   json_text(order));
}

static int64_t refunded_of_order(const struct truth *t)
{
	if (!(world->history->traits & TRAIT_FOREIGN))
		return t->refunded;
	return t->refunded == FOREIGN_AMOUNT ? AMOUNT : AMOUNT * t->refunded / FOREIGN_AMOUNT;
}

static const char *status_of(const struct truth *t)
{
	if (t->refunded)
		return t->refunded == history_charged(world->history) ? "refunded"
								      : "partially_refunded";
	return t->paid ? "completed" : t->failed ? "failed" : "pending";
}

/* Whether the payment went through is for the session's events to say. */
static bool says_refunded(struct json_object *order, const struct truth *t)
{
	const char *status = text_of(order, "status");

	return json_int_or(order, "amountRefunded", 0) == refunded_of_order(t) &&
	       (t->refunded ? strcmp(status, status_of(t)) == 0 : !str_ends(status, "refunded"));
}

static bool says_dispute(struct json_object *order, const struct truth *t)
{
	struct json_object *dispute = NULL;
	int i = truth_dispute(t);
	char id[16];

	json_get_object(order, "dispute", &dispute);
	if (i < 0)
		return !dispute;
	snprintf(id, sizeof id, "du_%d", i);
	return strcmp(text_of(dispute, "id"), id) == 0 &&
	       strcmp(text_of(dispute, "status"), t->disputes[i].status) == 0;
}

/* What was acknowledged is in the order, or what has come of it since. */
static void check_effect(struct json_object *order, size_t since, const char *what,
			 bool (*says)(struct json_object *order, const struct truth *t))
{
	size_t i;

	for (i = since; since && i <= world->time; i++)
		if (says(order, &world->truths[i]))
			return;
	if (since)
		world_fail("the %s of step %zu is acknowledged, and the order does not have it: %s",
			   what, since, json_text(order));
}

/* A Lambda function's order that no event has reached yet. */
static bool is_untouched(struct json_object *order)
{
	return !json_string_or_null(order, "stripeSessionId");
}

void check_table(void)
{
	struct json_object *order = find_order();

	if (!order)
		return;
	if (world->edited && !json_string_or_null(order, "note"))
		world_fail("what somebody else wrote into the order is lost");
	if (is_untouched(order))
		return;
	check_beside(order);
	check_effect(order, world->refund_seen, "refund", says_refunded);
	check_effect(order, world->dispute_seen, "dispute", says_dispute);
}

/* --- an acknowledgement ------------------------------------------------------------- */

static int rank_of(const char *status)
{
	if (strcmp(status, "pending") == 0)
		return 1;
	return strcmp(status, "failed") == 0 ? 2 : status[0] ? 3 : 0;
}

static void check_session(const struct event *event)
{
	const struct truth *t = &world->truths[event->since];
	const char *status = text_of(find_order(), "status");
	int rank = str_ends(event->type, "failed") ? 2 : t->paid ? 3 : 1;

	if (rank_of(status) < rank)
		world_fail("%s is acknowledged, and the order is %s", event->type,
			   status[0] ? status : "not there");
}

static void check_marker(const struct event *event, struct json_object *answer)
{
	struct json_object *marker = find("EVENT#", event->id, "METADATA");
	const char *status = text_of(answer, "status");

	if (event->concern == ABOUT_NOTHING) {
		if (strcmp(status, "ignored") != 0 || marker)
			world_fail("%s is none of ours, and not ignored", event->type);
		return;
	}
	if (event->concern != ABOUT_OTHER && strcmp(text_of(answer, "orderId"), SESSION_ID) != 0)
		world_fail("%s is acknowledged without its order: %s", event->type,
			   json_text(answer));
	if (strcmp(status, "processed") != 0 || strcmp(text_of(answer, "eventId"), event->id) != 0)
		world_fail("%s is acknowledged by %s", event->type, json_text(answer));
	if (!marker)
		world_fail("%s %s is acknowledged, and nothing was written", event->id, event->type);
}

void check_acknowledged(const struct event *event, struct json_object *answer)
{
	struct json_object *other = find("SESSION#", OTHER_ID, "METADATA");

	check_marker(event, answer);
	if (event->concern == ABOUT_SESSION)
		check_session(event);
	else if (event->concern == ABOUT_REFUND && event->since > world->refund_seen)
		world->refund_seen = event->since;
	else if (event->concern == ABOUT_DISPUTE && event->since > world->dispute_seen)
		world->dispute_seen = event->since;
	else if (event->concern == ABOUT_OTHER && other &&
		 strcmp(text_of(other, "status"), other_after(world->history, "expired")) != 0)
		world_fail("after its expiry the other session is %s", text_of(other, "status"));
	check_table();
}

/* --- the end ------------------------------------------------------------------------ */

/* The order against the truth itself, so that the replay in order is not its
 * own judge. */
static void check_truth(struct json_object *order)
{
	const struct truth *t = &world->truths[world->history->n];
	bool legacy = world->history->traits & TRAIT_LEGACY;
	char time[ISO8601_SIZE];

	if (!says_refunded(order, t) || !says_dispute(order, t) ||
	    strcmp(text_of(order, "status"), status_of(t)) != 0)
		world_fail("the order should be %s, %lld refunded, and is %s", status_of(t),
			   (long long)refunded_of_order(t), json_text(order));
	if (json_int_or(order, "amount", -1) !=
		    (world->history->payment == PAY_NOTHING ? 0 : AMOUNT) ||
	    json_int_or(order, "itemCount", -1) != ITEM_COUNT ||
	    json_object_object_get_ex(order, "itemsPending", NULL) ||
	    strcmp(text_of(order, "customerName"), t->paid ? "Ann Lee" : "Ann") != 0)
		world_fail("the order is not what was bought: %s", json_text(order));
	if (!legacy && json_object_object_get_ex(order, "expiresAt", NULL) !=
			       !!(world->history->traits & TRAIT_TTL))
		world_fail("the order is not kept as long as it should be: %s", json_text(order));
	if (!legacy && strcmp(text_of(order, "createdAt"), iso8601_time(EPOCH, time)) != 0)
		world_fail("createdAt is not the session's: %s", json_text(order));
	if (strcmp(text_of(order, "source"), legacy ? "lambda" : "webhook") != 0)
		world_fail("the source is not who wrote it first: %s", json_text(order));
	if (strcmp(text_of(order, "userId"), !legacy && world->history->traits & TRAIT_GUEST
						     ? "ann@example.com" : USER_ID) != 0)
		world_fail("the order is somebody else's: %s", json_text(order));
	if (strcmp(text_of(order, "orderNumber"),
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
	if (strcmp(text_of(json_object_array_get_idx(items, 0), "sku"), quoted ? "N-RED" : "") != 0)
		world_fail("the first line's sku is wrong: %s", json_text(order));
}

/* completedAt: the time of the event that paid it, or of its twin. */
static void check_completed(struct json_object *order)
{
	const struct truth *t = &world->truths[world->history->n];
	const char *at = json_string_or_null(order, "completedAt");
	char a[ISO8601_SIZE], b[ISO8601_SIZE];

	if (!t->paid && at)
		world_fail("completedAt of what was not paid: %s", at);
	if (t->paid && (!at || (strcmp(at, iso8601_time(t->paid_at, a)) != 0 &&
				strcmp(at, iso8601_time(t->paid_at + 1, b)) != 0)))
		world_fail("completedAt is %s", at ? at : "not there");
}

/* What may differ: when it was written, and how often. */
static struct json_object *without_times(struct json_object *item)
{
	struct json_object *copy = json_copy(item), *order = NULL;

	json_get_object(copy, "order", &order);
	json_object_object_del(copy, "version");
	json_object_object_del(copy, "updatedAt");
	json_object_object_del(copy, "processedAt");
	json_object_object_del(copy, "expiresAt");
	json_object_object_del(copy, "note");
	if (order) {
		json_object_object_del(order, "note");
		json_object_object_del(order, "version");
		json_object_object_del(order, "updatedAt");
		json_object_object_del(order, "expiresAt");
	}
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

static void check_as_expected(const struct table *expected)
{
	size_t i;

	for (i = 0; i < expected->n; i++) {
		struct json_object *want = expected->items[i];
		struct json_object *item = table_find(&world->table, text_of(want, "PK"),
						      text_of(want, "SK"));

		if (item)
			check_item(item, want);
		else
			world_fail("there is no %s", text_of(want, "PK"));
	}
	if (world->table.n != expected->n)
		world_fail("there are %zu items, not %zu", world->table.n, expected->n);
}

void check_end(const struct table *expected)
{
	struct json_object *order = find_order();

	check_table();
	if (!order) {
		world_fail("there is no order");
		return;
	}
	check_truth(order);
	check_completed(order);
	check_lines(order);
	if (expected)
		check_as_expected(expected);
}

/* SPDX-License-Identifier: ISC */
/*
 * What must hold of the table after every write, and after every
 * acknowledgement.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "format/iso8601.h"

#define LEGACY_CREATED (EPOCH + 7) /* the time of processing, in the Lambda functions' SK */

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
		"\"itemCount\":%d,\"createdAt\":\"2025-11-24T16:00:07Z\",\"source\":\"lambda\"}",
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

/* What an order of ours leaves behind when somebody deletes it alone. */
static void put_left(struct table *table, const struct history *h)
{
	static const char *const keys[][2] = {
		{"SESSION#" SESSION_ID, "METADATA"}, {"NUMBER#" ORDER_NUMBER, "METADATA"},
		{"DAY#2025-11-24", "ORDER#1764000000#" SESSION_ID},
		{"PAYMENT#" INTENT_ID, "METADATA"}};
	size_t i, n = sizeof keys / sizeof *keys;

	if (h->payment == PAY_NOTHING)
		n--;
	for (i = 0; i < n; i++) {
		char *item = str_printf(
			"{\"PK\":\"%s\",\"SK\":\"%s\",\"version\":3,\"orderId\":\"" SESSION_ID "\","
			"\"orderNumber\":\"" ORDER_NUMBER "\",\"userId\":\"" LEFT_ID "\","
			"\"status\":\"completed\",\"orderPK\":\"USER#" LEFT_ID "\","
			"\"orderSK\":\"ORDER#%d#" SESSION_ID "\"}", keys[i][0], keys[i][1], EPOCH);

		table_put(table, item_of(item));
		free(item);
	}
}

/* Somebody else's order has our number, or had it: the pointer names it where it
 * is, where it was, or where nothing is any more. */
static void put_somebody(struct table *table, unsigned traits)
{
	static const char sk[] = "ORDER#1700000000#" SOMEBODY_ID;
	const char *user = traits & TRAIT_GONE ? "elsewhere" : "somebody";
	char *order = str_printf("{\"PK\":\"USER#somebody\",\"SK\":\"%s\",\"version\":1,"
				 "\"orderId\":\"" SOMEBODY_ID "\",\"orderNumber\":\"" ORDER_NUMBER
				 "\"}", sk);
	char *session = str_printf("{\"PK\":\"SESSION#" SOMEBODY_ID "\",\"SK\":\"METADATA\","
				   "\"version\":1,\"orderId\":\"" SOMEBODY_ID "\",\"orderPK\":"
				   "\"USER#somebody\",\"orderSK\":\"%s\"}", sk);
	char *number = str_printf("{\"PK\":\"NUMBER#" ORDER_NUMBER "\",\"SK\":\"METADATA\","
				  "\"version\":1,\"orderId\":\"" SOMEBODY_ID "\",\"orderPK\":"
				  "\"USER#%s\",\"orderSK\":\"%s\"}", user, sk);

	table_put(table, item_of(number));
	if (traits & TRAIT_TAKEN) {
		table_put(table, item_of(order));
		table_put(table, item_of(session));
	}
	free(number);
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
	if (h->traits & (TRAIT_TAKEN | TRAIT_GONE))
		put_somebody(table, h->traits);
	if (h->traits & TRAIT_LEFT)
		put_left(table, h);
	if (h->traits & TRAIT_QUOTE)
		table_put(table, item_of("{\"PK\":\"QUOTE#" QUOTE "\",\"SK\":\"CACHE\",\"version\":1,"
					 "\"expiresAt\":1795000000,\"items\":[{\"name\":\"Quoted\","
					 "\"quantity\":2,\"stripePriceId\":\"price_1\","
					 "\"sku\":\"N-RED\"}]}"));
	free(ours);
	free(other);
}

/* --- the table, whenever it is looked at --------------------------------------------- */

const char *item_text(struct json_object *item, const char *key)
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

struct json_object *item_find(const char *pk, const char *id, const char *sk)
{
	char *key = str_printf("%s%s", pk, id);
	struct json_object *item = table_find(&world->table, key, sk);

	free(key);
	return item;
}

/* The one order; NULL if there is none. */
struct json_object *order_find(void)
{
	struct json_object *order = NULL;
	size_t i;

	for (i = 0; i < world->table.n; i++) {
		struct json_object *item = world->table.items[i];

		if (!str_starts(world->table.notes[i].pk, "USER#") ||
		    strcmp(item_text(item, "orderId"), SOMEBODY_ID) == 0)
			continue;
		if (order)
			world_fail("there are two orders: %s and %s", item_text(order, "SK"),
				   item_text(item, "SK"));
		order = item;
	}
	return order;
}

/* An item that names the order. */
static void check_pointer(struct json_object *order, struct json_object *item, const char *what)
{
	if (!item)
		world_fail("the order has no %s", what);
	else if (strcmp(item_text(item, "orderPK"), item_text(order, "PK")) != 0 ||
		 strcmp(item_text(item, "orderSK"), item_text(order, "SK")) != 0 ||
		 !is_same(item, order, "orderId") || !is_same(item, order, "orderNumber"))
		world_fail("the %s names another order: %s", what, json_text(item));
	else if (!is_same(item, order, "expiresAt"))
		world_fail("the %s is not kept like its order", what);
}

static void check_day(struct json_object *order)
{
	char *sk = history_is_vague(world->history) ? str_dup(item_text(order, "SK"))
		: str_printf("ORDER#%d#" SESSION_ID,
			     world->history->traits & TRAIT_LEGACY ? LEGACY_CREATED : EPOCH);
	char day[ISO8601_SIZE];
	struct json_object *entry = item_find("DAY#", iso8601_day(EPOCH, day), sk);

	free(sk);
	check_pointer(order, entry, "day entry");
	if (entry && (!is_same(entry, order, "status") || !is_same(entry, order, "amount") ||
		      !is_same(entry, order, "userId")))
		world_fail("the day entry is not what the order is: %s", json_text(entry));
}

/* What is written next to an order is written with it. */
static void check_beside(struct json_object *order)
{
	struct json_object *session = item_find("SESSION#", SESSION_ID, "METADATA");
	struct json_object *payment = item_find("PAYMENT#", INTENT_ID, "METADATA"), *copy = NULL;
	bool failed = strcmp(item_text(order, "status"), "failed") == 0;
	const char *status = item_text(session, "status");

	world->session_gone &= !session;
	if (!world->session_gone || !world->limits.forgets) {
		check_pointer(order, session, "session");
		if (strcmp(status, failed ? "failed" : "completed") != 0)
			world_fail("the session is not completed: %s", json_text(session));
	}
	check_pointer(order, item_find("NUMBER#", item_text(order, "orderNumber"), "METADATA"),
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

int64_t truth_refunded(const struct truth *t)
{
	if (!(world->history->traits & TRAIT_FOREIGN))
		return t->refunded;
	return t->refunded == FOREIGN_AMOUNT ? AMOUNT : AMOUNT * t->refunded / FOREIGN_AMOUNT;
}

const char *truth_status(const struct truth *t)
{
	if (t->refunded)
		return t->refunded == history_charged(world->history) ? "refunded"
								      : "partially_refunded";
	return t->paid ? "completed" : t->failed ? "failed" : "pending";
}

/* Whether the payment went through is for the session's events to say. */
bool order_says_refunded(struct json_object *order, const struct truth *t)
{
	const char *status = item_text(order, "status");

	return json_int_or(order, "amountRefunded", 0) == truth_refunded(t) &&
	       (t->refunded ? strcmp(status, truth_status(t)) == 0 : !str_ends(status, "refunded"));
}

bool order_says_dispute(struct json_object *order, const struct truth *t)
{
	struct json_object *dispute = NULL;
	int i = truth_dispute(t);
	char id[16];

	json_get_object(order, "dispute", &dispute);
	if (i < 0)
		return !dispute;
	snprintf(id, sizeof id, "du_%d", i);
	return strcmp(item_text(dispute, "id"), id) == 0 &&
	       strcmp(item_text(dispute, "status"), t->disputes[i].status) == 0;
}

int status_rank(const char *status)
{
	if (strcmp(status, "pending") == 0)
		return 1;
	return strcmp(status, "failed") == 0 ? 2 : status[0] ? 3 : 0;
}

/* The first step from `step` on whose truth the order tells. */
static size_t step_told(struct json_object *order, size_t step, const char *what,
			bool (*says)(struct json_object *order, const struct truth *t))
{
	size_t i;

	for (i = step; i <= world->time; i++)
		if (says(order, &world->truths[i]))
			return i;
	world_fail("the order has been told the %s of step %zu, and does not have it: %s", what,
		   step, json_text(order));
	return step;
}

/* The order never goes back: it tells truths in the order in which they were. */
static void check_forward(struct json_object *order)
{
	const char *at = item_text(order, "completedAt"), *key = item_text(order, "PK");
	int rank = status_rank(item_text(order, "status"));

	world->passed.refund = step_told(order, world->passed.refund, "refund",
					 order_says_refunded);
	world->passed.dispute = step_told(order, world->passed.dispute, "dispute",
					  order_says_dispute);
	if (rank < world->passed.rank || strcmp(at, world->passed.completed) < 0)
		world_fail("the payment goes back: %s", json_text(order));
	if (world->passed.key[0] && strcmp(key, world->passed.key) != 0 &&
	    !str_starts(key, "USER#erased-"))
		world_fail("the order moves from %s to %s", world->passed.key, key);
	world->passed.rank = rank;
	snprintf(world->passed.key, sizeof world->passed.key, "%s", key);
	snprintf(world->passed.completed, sizeof world->passed.completed, "%s", at);
}

/* A Lambda function's order that no event has reached yet. */
static bool is_untouched(struct json_object *order)
{
	return !json_string_or_null(order, "stripePaymentStatus");
}

void check_table(void)
{
	struct json_object *order = order_find();

	if (!order && world->passed.rank)
		world_fail("the order is gone");
	if (!order)
		return;
	if (world->edited && !json_string_or_null(order, "note"))
		world_fail("what somebody else wrote into the order is lost");
	check_erased(order);
	if (world->marked && !json_object_object_get(order, "tracking"))
		world_fail("the owner's mark is lost");
	world->marked |= json_object_object_get(order, "tracking") != NULL;
	if (is_untouched(order))
		return;
	check_beside(order);
	check_forward(order);
}

/* --- an acknowledgement ------------------------------------------------------------- */

static void check_session(const struct proof_event *event)
{
	const struct truth *t = &world->truths[event->since];
	const char *status = item_text(order_find(), "status");
	int rank = str_ends(event->type, "failed") ? 2 : t->paid ? 3 : 1;

	if (status_rank(status) < rank)
		world_fail("%s is acknowledged, and the order is %s", event->type,
			   status[0] ? status : "not there");
}

static void check_marker(const struct proof_event *event, struct json_object *answer)
{
	struct json_object *marker = item_find("EVENT#", event->id, "METADATA");
	const char *status = item_text(answer, "status");

	if (event->concern == ABOUT_NOTHING) {
		if (strcmp(status, "ignored") != 0 || marker)
			world_fail("%s is none of ours, and not ignored", event->type);
		return;
	}
	if (event->concern != ABOUT_OTHER && strcmp(item_text(answer, "orderId"), SESSION_ID) != 0)
		world_fail("%s is acknowledged without its order: %s", event->type,
			   json_text(answer));
	if (strcmp(status, "processed") != 0 || strcmp(item_text(answer, "eventId"), event->id) != 0)
		world_fail("%s is acknowledged by %s", event->type, json_text(answer));
	if (!marker)
		world_fail("%s %s is acknowledged, and nothing was written", event->id, event->type);
}

static void reach(size_t *step, size_t since)
{
	if (*step < since)
		*step = since;
}

void check_acknowledged(const struct proof_event *event, size_t since, struct json_object *answer)
{
	struct json_object *other = item_find("SESSION#", OTHER_ID, "METADATA");

	check_marker(event, answer);
	if (event->concern == ABOUT_SESSION)
		check_session(event);
	else if (event->concern == ABOUT_REFUND)
		reach(&world->passed.refund, since);
	else if (event->concern == ABOUT_DISPUTE)
		reach(&world->passed.dispute, since);
	else if (event->concern == ABOUT_OTHER && other &&
		 strcmp(item_text(other, "status"), other_after(world->history, "expired")) != 0)
		world_fail("after its expiry the other session is %s", item_text(other, "status"));
	check_table();
}

void check_reached(size_t step)
{
	const struct truth *t = &world->truths[step];
	int rank = t->paid ? 3 : t->failed ? 2 : t->sold;
	const char *status = item_text(order_find(), "status");

	/* One from before the window that has failed is done with: no payment of a
	 * complete session succeeds after that at Stripe. */
	if (world->limits.lost == LOST_LATER && status && strcmp(status, "failed") == 0)
		return;
	if (status_rank(status) < rank)
		world_fail("the truth of step %zu was looked at, and the order is %s", step,
			   status[0] ? status : "not there");
	reach(&world->passed.refund, step);
	reach(&world->passed.dispute, step);
	check_table();
}

/* SPDX-License-Identifier: ISC */
/*
 * What a change of an order tells, and the item's way from new to told or given up.
 */
#include "shop/outbox.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/seconds.h"
#include "format/iso8601.h"
#include "shop/order_rank.h"

#define LAST_SECOND INT64_C(9999999999) /* of those that a key can name */
#define ID_DIGITS 24
#define WORDS_MAX 256

#define FIRST_GAP 60       /* seconds; longer than a try takes */
#define LONGEST_GAP 21600

static const struct {
	enum outbox_event event;
	const char *name;
} names[] = {
	{OUTBOX_CREATED, "created"}, {OUTBOX_PAID, "paid"}, {OUTBOX_FAILED, "failed"},
	{OUTBOX_REFUNDED, "refunded"}, {OUTBOX_DISPUTED, "disputed"},
};

#define NAMES (sizeof names / sizeof *names)

/* --- what happened ------------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* The order's i-th dispute: the latest, then those of the list; NULL behind the last. */
static struct json_object *dispute_at(struct json_object *order, size_t i)
{
	struct json_object *one = NULL, *all = NULL;

	if (json_get_object(order, "dispute", &one) == JSON_FOUND && i-- == 0)
		return one;
	if (json_get_array(order, "disputes", &all) == JSON_FOUND &&
	    i < json_object_array_length(all))
		return json_object_array_get_idx(all, i);
	return NULL;
}

/* Whether a dispute was opened, or changed its status. */
static bool has_new_dispute(struct json_object *before, struct json_object *after)
{
	struct json_object *dispute, *known;
	size_t i, k;

	for (i = 0; (dispute = dispute_at(after, i)); i++) {
		const char *id = json_string_or_null(dispute, "id");
		const char *status = json_string_or_null(dispute, "status");

		for (k = 0; (known = dispute_at(before, k)); k++)
			if (same_text(json_string_or_null(known, "id"), id) &&
			    same_text(json_string_or_null(known, "status"), status))
				break;
		if (!known)
			return true;
	}
	return false;
}

static bool is_of_rank(struct json_object *order, enum order_rank rank)
{
	return order && order_rank_of(order) == rank;
}

unsigned outbox_events(struct json_object *before, struct json_object *after)
{
	unsigned events = before ? 0 : OUTBOX_CREATED;

	if (is_of_rank(after, ORDER_RANK_COMPLETED) && !is_of_rank(before, ORDER_RANK_COMPLETED))
		events |= OUTBOX_PAID;
	if (is_of_rank(after, ORDER_RANK_FAILED) && !is_of_rank(before, ORDER_RANK_FAILED))
		events |= OUTBOX_FAILED;
	if (json_int_or(after, "amountRefunded", 0) != json_int_or(before, "amountRefunded", 0))
		events |= OUTBOX_REFUNDED;
	if (has_new_dispute(before, after))
		events |= OUTBOX_DISPUTED;
	return events;
}

/* --- the item ------------------------------------------------------------------ */

static struct json_object *names_of(unsigned events)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; i < NAMES; i++)
		if (events & names[i].event)
			json_object_array_add(list, json_object_new_string(names[i].name));
	return list;
}

/* ntf_ and the beginning of a SHA-256 over the events and over what of the order says
 * that it is these and no others: one refund is not the next one. */
static char *id_of(struct json_object *order, unsigned events)
{
	struct json_object *state = json_object_new_object(), *dispute;
	char hex[DIGEST_HEX];
	size_t i;

	json_copy_member(state, "orderId", order, "orderId");
	json_set(state, "events", names_of(events));
	json_copy_member(state, "status", order, "status");
	if (events & OUTBOX_REFUNDED) {
		json_copy_member(state, "amountRefunded", order, "amountRefunded");
		json_copy_member(state, "refunds", order, "refunds");
	}
	for (i = 0; events & OUTBOX_DISPUTED && (dispute = dispute_at(order, i)); i++) {
		char *key = str_printf("dispute%zu", i);

		json_set(state, key, json_copy(dispute));
		free(key);
	}
	digest_sha256_hex(span_of(json_text(state)), hex);
	json_object_put(state);
	return str_printf("ntf_%.*s", ID_DIGITS, hex);
}

/* Puts it where it is to be found at the time `at`. */
static void set_key(struct json_object *item, const char *prefix, int64_t at)
{
	const char *id = json_string_or_null(item, "id");
	char *sk = str_printf("%s%010" PRId64 "#%s", prefix, LAST_SECOND - at, id ? id : "?");

	json_set_string(item, "SK", sk);
	json_set_int(item, "dueAt", at);
	free(sk);
}

struct json_object *outbox_item(struct json_object *before, struct json_object *after,
				int64_t now)
{
	unsigned events = outbox_events(before, after);
	struct json_object *item;
	char time[ISO8601_SIZE], *id;

	if (!events)
		return NULL;
	item = json_object_new_object();
	id = id_of(after, events);
	json_set_string(item, "PK", KEY_OUTBOX);
	json_set_string(item, "SK", ""); /* it comes second, as everywhere */
	json_set_string(item, "id", id);
	json_copy_member(item, "orderId", after, "orderId");
	json_copy_member(item, "orderNumber", after, "orderNumber");
	json_set(item, "events", names_of(events));
	json_set_string(item, "createdAt", iso8601_time(now, time));
	json_set_int(item, "attempts", 0);
	set_key(item, KEY_OUTBOX_NEW, now);
	free(id);
	return item;
}

/* When the seven days end. (An item that 0.2.0 has tried does not say since when.) */
static int64_t end_of(struct json_object *item, int64_t now)
{
	const char *tried = json_string_or_null(item, "triedAt");
	const char *text = tried ? tried : json_string_or_null(item, "createdAt");
	int64_t since = now;

	if (text)
		iso8601_parse(text, &since);
	return since + OUTBOX_DAYS * DAY;
}

/* A minute, two, four, up to six hours; and the last time when the seven days end. */
static int64_t next_try(struct json_object *item, int64_t attempts, int64_t now)
{
	int64_t gap = FIRST_GAP, end = end_of(item, now);

	for (; attempts > 1 && gap < LONGEST_GAP; attempts--)
		gap *= 2;
	if (gap > LONGEST_GAP)
		gap = LONGEST_GAP;
	if (now + gap > end)
		gap = end - now;
	return now + (gap < FIRST_GAP ? FIRST_GAP : gap);
}

struct json_object *outbox_begun(struct json_object *item, int64_t now)
{
	struct json_object *begun = json_copy(item);
	int64_t attempts = json_int_or(item, "attempts", 0) + 1;
	char time[ISO8601_SIZE];

	json_set_int(begun, "attempts", attempts);
	if (attempts == 1)
		json_set_string(begun, "triedAt", iso8601_time(now, time));
	set_key(begun, KEY_OUTBOX_AGAIN, next_try(begun, attempts, now));
	return begun;
}

struct json_object *outbox_failed(struct json_object *begun, const char *error, int64_t now)
{
	struct json_object *failed = json_copy(begun);

	json_set_string(failed, "error", error);
	if (now >= end_of(begun, now))
		set_key(failed, KEY_OUTBOX_GIVEN_UP, now);
	return failed;
}

struct json_object *outbox_again(struct json_object *item, int64_t now)
{
	struct json_object *again = json_copy(item);
	char time[ISO8601_SIZE];

	json_set_string(again, "createdAt", iso8601_time(now, time));
	json_set_int(again, "attempts", 0);
	set_key(again, KEY_OUTBOX_NEW, now);
	return again;
}

/* --- reading one --------------------------------------------------------------- */

bool outbox_is_item(struct json_object *item)
{
	const char *pk = json_string_or_null(item, "PK");

	return pk && strcmp(pk, KEY_OUTBOX) == 0;
}

bool outbox_is_given_up(struct json_object *item)
{
	const char *sk = json_string_or_null(item, "SK");

	return sk && str_starts(sk, KEY_OUTBOX_GIVEN_UP);
}

int64_t outbox_due(struct json_object *item)
{
	return json_int_or(item, "dueAt", 0);
}

char *outbox_too_late_key(int64_t now)
{
	return str_printf("%s%010" PRId64 "#", KEY_OUTBOX_AGAIN,
			  LAST_SECOND - (now + LONGEST_GAP + FIRST_GAP));
}

char *outbox_words(struct json_object *item)
{
	struct json_object *list = NULL;
	struct buf words;
	size_t i;

	buf_init(&words, WORDS_MAX);
	json_get_array(item, "events", &list);
	for (i = 0; list && i < json_object_array_length(list); i++) {
		const char *word = json_object_get_string(json_object_array_get_idx(list, i));

		buf_printf(&words, "%s%s", i ? " " : "", word ? word : "?");
	}
	return words.len ? buf_detach(&words) : str_dup("");
}

struct json_object *outbox_message(struct json_object *begun, struct json_object *order)
{
	static const char *const keys[] = {"id", "events", "createdAt"};
	struct json_object *message = json_copy(order);
	struct json_object *notification = json_object_new_object();
	size_t i;

	for (i = 0; i < sizeof keys / sizeof *keys; i++)
		json_copy_member(notification, keys[i], begun, keys[i]);
	json_set_int(notification, "attempt", json_int_or(begun, "attempts", 1));
	json_set(message, "notification", notification);
	return message;
}

/* SPDX-License-Identifier: ISC */
/*
 * What tells a functions' order from ours, and what it lacks.
 */
#include "shop/adoption.h"

#include <stdlib.h>
#include <string.h>

#include "format/iso8601.h"
#include "shop/erasure.h"
#include "shop/keys.h"
#include "shop/order_rank.h"

/* --- the item --------------------------------------------------------------- */

bool adoption_is_complete(struct json_object *adopted)
{
	return adopted && !json_string_or_null(adopted, "again");
}

static void set_time(struct json_object *item, const char *key, int64_t epoch)
{
	char text[ISO8601_SIZE];

	json_set_string(item, key, iso8601_time(epoch, text));
}

static struct json_object *new_item(void)
{
	struct json_object *item = json_object_new_object();

	json_set_string(item, "PK", KEY_SYSTEM);
	json_set_string(item, "SK", KEY_ADOPTED);
	return item;
}

struct json_object *adoption_item(int64_t started)
{
	struct json_object *item = new_item();

	set_time(item, "adoptedAt", started);
	return item;
}

struct json_object *adoption_item_again(struct json_object *adopted, int64_t now)
{
	struct json_object *item = adopted ? json_copy(adopted) : new_item();

	set_time(item, "again", now);
	return item;
}

bool adoption_is_own_item(struct json_object *item)
{
	const char *pk = json_string_or_null(item, "PK"), *sk = json_string_or_null(item, "SK");

	return pk && sk && strcmp(pk, KEY_SYSTEM) == 0 &&
	       (strcmp(sk, KEY_ADOPTED) == 0 || strcmp(sk, KEY_ADOPTING) == 0);
}

/* --- their items -------------------------------------------------------------- */

/* When the functions wrote an item, as far as it says so: -1 where it does not. */
static int time_of(struct json_object *item, int64_t *time)
{
	static const char *const keys[] = {"updatedAt", "processedAt", "completedAt", "createdAt"};
	size_t i;

	for (i = 0; i < sizeof keys / sizeof *keys; i++) {
		const char *text = json_string_or_null(item, keys[i]);

		if (text && iso8601_parse(text, time) == 0)
			return 0;
	}
	return -1;
}

bool adoption_knows_time(struct json_object *item)
{
	int64_t time;

	return time_of(item, &time) == 0;
}

bool adoption_is_younger(struct json_object *adopted, struct json_object *item)
{
	const char *adopted_at = json_string_or_null(adopted, "adoptedAt");
	int64_t then, time;

	if (!item || json_object_object_get_ex(item, "version", NULL))
		return false;
	if (!adopted_at || iso8601_parse(adopted_at, &then))
		return true;
	return time_of(item, &time) || time >= then - ADOPTION_ON_ITS_WAY;
}

const char *adoption_session_id(struct json_object *order)
{
	static const char *const keys[] = {"stripeSessionId", "orderId"};
	size_t i;

	for (i = 0; i < sizeof keys / sizeof *keys; i++)
		if (!str_empty(json_string_or_null(order, keys[i])))
			return json_string_or_null(order, keys[i]);
	return key_order_session(json_string_or_null(order, "SK"));
}

static bool has_no_items(struct json_object *order)
{
	struct json_object *items;

	return json_get_array(order, "items", &items) != JSON_FOUND ||
	       json_object_array_length(items) == 0;
}

struct json_object *adoption_order(struct json_object *order, struct json_object *session)
{
	const char *id = adoption_session_id(order), *status = json_string_or_null(order, "status");
	struct json_object *adopted;
	int64_t created;

	/* Which order it is: what has no session's id, or no time in its key, is none. */
	if (!id || key_order_created(json_string_or_null(order, "SK"), &created))
		return NULL;
	adopted = json_copy(order);
	json_set_string(adopted, "stripeSessionId", id);
	if (str_empty(json_string_or_null(order, "orderId")))
		json_set_string(adopted, "orderId", id);

	/* They called an order completed as soon as Checkout was.  Whether the payment came as
	 * well, the order or its session's item may say. */
	if (!order_payment_status(adopted))
		json_set_string(adopted, "stripePaymentStatus", order_payment_status(session));
	if (status && strcmp(status, "completed") == 0 &&
	    order_rank_of(adopted) != ORDER_RANK_COMPLETED) {
		json_set_string(adopted, "status", order_rank_status(ORDER_RANK_PENDING));
		json_object_object_del(adopted, "completedAt");
	}

	/* Its lines are still to be fetched. */
	if (has_no_items(order))
		json_set_bool(adopted, "itemsPending", true);
	return adopted;
}

/* --- two orders of one session ------------------------------------------------- */

/* When the order was last written: ours say so, theirs by their key. */
static int64_t written_at(struct json_object *order)
{
	const char *text = json_string_or_null(order, "updatedAt");
	int64_t time = 0;

	if (!text || iso8601_parse(text, &time))
		key_order_created(json_string_or_null(order, "SK"), &time);
	return time;
}

/* Ours has what Stripe said of refunds as well; theirs never has. */
static bool is_newer(struct json_object *order, struct json_object *than)
{
	bool ours = json_string_or_null(order, "source") != NULL;
	bool others = json_string_or_null(than, "source") != NULL;

	if (order_rank_of(order) != order_rank_of(than))
		return order_rank_of(order) > order_rank_of(than);
	if (ours != others)
		return ours;
	return written_at(order) > written_at(than);
}

struct json_object *adoption_merge(struct json_object *kept, struct json_object *gone)
{
	static const char *const fixed[] = {"PK", "SK", "orderId", "stripeSessionId",
					    "orderNumber", "userId", "createdAt", "source",
					    "expiresAt"};
	static const char *const of_lines[] = {"items", "itemCount", "itemsPending"};
	bool gone_is_newer = is_newer(gone, kept);
	struct json_object *newer = gone_is_newer ? gone : kept;
	struct json_object *older = gone_is_newer ? kept : gone;
	struct json_object *with_lines = has_no_items(newer) ? older : newer;
	struct json_object *order = json_copy(older);
	struct json_walk walk = json_walk_of(newer);
	size_t i;

	/* What the newer one says, over what the older one says. */
	while (json_walk_next(&walk))
		if (walk.value)
			json_object_object_add(order, walk.key, json_copy(walk.value));

	/* Theirs was called completed as soon as Checkout was: where the other one knows that it is
	 * not paid, that one's word counts. */
	if (order_rank_of(order) < order_rank_of(newer)) {
		json_copy_member(order, "status", older, "status");
		json_object_object_del(order, "completedAt");
	}

	/* The lines come from one of them, with what is said of them. */
	for (i = 0; i < sizeof of_lines / sizeof *of_lines; i++) {
		json_object_object_del(order, of_lines[i]);
		json_copy_member(order, of_lines[i], with_lines, of_lines[i]);
	}

	/* Which order it is stays as it was in the one that is kept. */
	for (i = 0; i < sizeof fixed / sizeof *fixed; i++) {
		json_object_object_del(order, fixed[i]);
		json_copy_member(order, fixed[i], kept, fixed[i]);
	}

	/* Whom one of them has lost does not come back with the other. */
	if (erasure_is_done(order))
		erasure_strip(order);
	return order;
}

/* SPDX-License-Identifier: ISC */
/*
 * The table in memory: what store/store.h promises, to the letter, and fails
 * where the run says so.
 */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "format/iso8601.h"
#include "store/store.h"

bool table_edit_order(struct table *table)
{
	size_t i;

	for (i = 0; i < table->n; i++) {
		struct json_object *item = table->items[i];

		if (!str_starts(table->notes[i].pk, "USER#") ||
		    strcmp(json_string_or_null(item, "orderId"), SOMEBODY_ID) == 0)
			continue;
		item = json_copy(item);
		json_set_string(item, "note", "call back");
		json_set_int(item, "version", store_item_version(item) + 1);
		table_put(table, item);
		return true;
	}
	return false;
}

static int away(struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, "the store is away");
}

static int get_many(struct store *s, const struct store_key *keys, size_t n,
		    struct json_object **items, int64_t deadline, struct err *e)
{
	size_t i;

	(void)s;
	(void)deadline;
	if (world_call("reads", keys[n - 1].pk, false) != FAULT_NONE)
		return away(e);
	for (i = 0; i < n; i++) {
		size_t at = world->limits.torn == TORN_BACKWARD ? n - 1 - i : i;
		struct json_object *item;

		if (i)
			world_tear();
		item = table_find(&world->table, keys[at].pk, keys[at].sk);
		if (item && !store_item_expired(item, world->epoch))
			items[at] = json_object_get(item);
		else if (item)
			world->current->met_expired = true;
	}
	return 0;
}

/* No flow of a request needs it, and the reconciler's days have one entry or
 * none.  The days on which nothing is ever written are no moments of a run: it
 * makes no difference when they are read. */
static bool is_busy(const char *pk)
{
	char *day = str_printf("DAY#%.10s", iso8601_time(EPOCH, (char[ISO8601_SIZE]){0}));
	bool same = strcmp(pk, day) == 0;

	free(day);
	return same;
}

static int query(struct store *s, const char *pk, const char *sk_prefix, const char *before_sk,
		 size_t limit, struct json_object **items, int64_t deadline, struct err *e)
{
	size_t i;

	(void)s;
	(void)limit;
	(void)deadline;
	/* Of a table that is not adopted a user's orders are looked through. */
	if (!str_starts(pk, "USER#") && world->current->job != JOB_SYNC)
		world_fail("a query of %s", pk);
	if (is_busy(pk) && world_call("queries", pk, false) != FAULT_NONE)
		return away(e);
	*items = json_object_new_array();
	for (i = 0; i < world->table.n; i++) {
		struct json_object *item = world->table.items[i];
		const char *sk = world->table.notes[i].sk;

		if (strcmp(world->table.notes[i].pk, pk) == 0 && str_starts(sk, sk_prefix) &&
		    (!before_sk || strcmp(sk, before_sk) < 0) &&
		    !store_item_expired(item, world->epoch))
			json_object_array_add(*items, json_object_get(item));
	}
	return 0;
}

/* No flow of a request walks the table. */
static int scan(struct store *s, const struct store_key *after, size_t limit,
		struct json_object **items, struct json_object **last, int64_t deadline,
		struct err *e)
{
	(void)s;
	(void)after;
	(void)limit;
	(void)items;
	(void)last;
	(void)deadline;
	world_fail("a scan");
	return away(e);
}

/* As DynamoDB's backend has it: an expired item is in the way until one was read. */
static bool condition_holds(const struct store_action *action, struct json_object *stands)
{
	switch (action->condition) {
	case STORE_ABSENT:
		return !stands || (store_item_expired(stands, world->epoch) && world->current->met_expired);
	case STORE_VERSION:
		return stands && store_item_version(stands) == action->version;
	case STORE_ANY:
		break;
	}
	return true;
}

/* Each write of an item counts one up.  A day's entry is written unseen and
 * bears the order's version: that must only grow. */
static void check_version(struct json_object *item, struct json_object *stands)
{
	const char *pk = json_string_or_null(item, "PK");
	int64_t before = store_item_version(stands), after = store_item_version(item);

	if (str_starts(pk, "DAY#") ? after <= before : after != before + 1)
		world_fail("%s goes from version %lld to %lld", pk, (long long)before,
			   (long long)after);
}

/* How long an order and what belongs to it is kept is decided once. */
static void check_expiry(struct json_object *item, struct json_object *stands)
{
	int64_t before, after = 0;

	if (!json_string_or_null(stands, "orderId") ||
	    str_starts(json_string_or_null(stands, "PK"), "EVENT#") ||
	    json_get_int(stands, "expiresAt", &before) != JSON_FOUND)
		return;
	json_get_int(item, "expiresAt", &after);
	if (after != before)
		world_fail("%s is kept until another time", json_string_or_null(item, "PK"));
}

static struct json_object *standing(const struct store_action *action)
{
	return table_find(&world->table, json_string_or_null(action->item, "PK"),
			  json_string_or_null(action->item, "SK"));
}

static void check_different_keys(const struct store_action *actions, size_t n)
{
	size_t i, j;

	for (i = 0; i < n; i++)
		for (j = 0; j < i; j++)
			if (table_is_item(actions[i].item, json_string_or_null(actions[j].item, "PK"),
				    json_string_or_null(actions[j].item, "SK")))
				world_fail("a transaction has an item twice");
}

static void trace_item(struct json_object *item)
{
	const char *status = json_string_or_null(item, "status");

	if (!world->trace)
		return;
	world_trace("... %s version %lld %s", json_string_or_null(item, "PK"),
		    (long long)store_item_version(item), status ? status : "");
	if (str_starts(json_string_or_null(item, "PK"), "USER#"))
		world_trace("    %s", json_text(item));
}

static int commit(const struct store_action *actions, size_t n, size_t *failed, struct err *e)
{
	size_t i;

	check_different_keys(actions, n);
	for (i = 0; i < n; i++) {
		if (condition_holds(&actions[i], standing(&actions[i])))
			continue;
		*failed = i;
		world->current->conflicts++;
		world_trace("... a conflict on %s", json_string_or_null(actions[i].item, "PK"));
		return err_set(e, ERR_CONFLICT, "the condition of %s does not hold",
			       json_string_or_null(actions[i].item, "PK"));
	}
	for (i = 0; i < n; i++) {
		struct json_object *item = actions[i].item;

		if (actions[i].verb == STORE_DELETE)
			table_delete(&world->table, json_string_or_null(item, "PK"),
				     json_string_or_null(item, "SK"));
		if (actions[i].verb != STORE_PUT)
			continue;
		check_version(item, standing(&actions[i]));
		check_expiry(item, standing(&actions[i]));
		trace_item(item);
		table_put(&world->table, json_copy(item));
	}
	check_table();
	return 0;
}

static int write_all(struct store *s, const struct store_action *actions, size_t n, size_t *failed,
		     int64_t deadline, struct err *e)
{
	enum fault fault = world_call("writes", json_string_or_null(actions[0].item, "PK"), true);

	(void)s;
	(void)deadline;
	if (fault == FAULT_FAILS)
		return away(e);
	if (fault == FAULT_CONFLICT) {
		world->current->conflicts++;
		*failed = 0;
		return err_set(e, ERR_CONFLICT, "another writer was in the way");
	}
	if (commit(actions, n, failed, e))
		return -1;
	return fault == FAULT_FAILS_LATE ? away(e) : 0;
}

static void close_store(struct store *s)
{
	(void)s;
}

const struct store_backend fake_store = {
	.get_many = get_many,
	.query = query,
	.scan = scan,
	.write = write_all,
	.close = close_store,
};

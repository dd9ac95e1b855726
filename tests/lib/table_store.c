/* SPDX-License-Identifier: ISC */
/*
 * The store's verbs, in a walk over all items each.
 */
#include "table_store.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static struct table_store *self_of(struct store *s)
{
	return (struct table_store *)s;
}

static int away(struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, "it is away");
}

static enum table_store_meets met(const struct table_store *self)
{
	return self->meets ? self->meets() : TABLE_STORE_NOTHING;
}

/* Of a call that changes nothing. */
static bool is_away(const struct table_store *self)
{
	enum table_store_meets meets = met(self);

	return meets == TABLE_STORE_AWAY || meets == TABLE_STORE_LOST;
}

static const char *text_of(struct json_object *item, const char *name)
{
	return json_string_or_null(item, name);
}

static int get_many(struct store *s, const struct store_key *keys, size_t n,
		    struct json_object **items, int64_t deadline, struct err *e)
{
	struct table_store *self = self_of(s);
	size_t i;

	(void)deadline;
	if (is_away(self))
		return away(e);
	for (i = 0; i < n; i++) {
		struct json_object *item = table_find(self->table, keys[i].pk, keys[i].sk);

		items[i] = item && !store_item_expired(item, clock_epoch()) ? json_object_get(item) : NULL;
	}
	return 0;
}

static int newest_first(const void *a, const void *b)
{
	return strcmp(text_of(*(struct json_object *const *)b, "SK"),
		      text_of(*(struct json_object *const *)a, "SK"));
}

static int query(struct store *s, const char *pk, const char *sk_prefix, const char *before_sk,
		 size_t limit, struct json_object **items, int64_t deadline, struct err *e)
{
	struct table_store *self = self_of(s);
	struct json_object *found[TABLE_MAX];
	size_t i, n = 0;

	(void)deadline;
	if (is_away(self))
		return away(e);
	for (i = 0; i < self->table->n; i++) {
		struct json_object *item = self->table->items[i];
		const char *sk = text_of(item, "SK");

		if (strcmp(text_of(item, "PK"), pk) == 0 && str_starts(sk, sk_prefix) &&
		    (!before_sk || strcmp(sk, before_sk) < 0) && !store_item_expired(item, clock_epoch()))
			found[n++] = item;
	}
	qsort(found, n, sizeof *found, newest_first);
	*items = json_object_new_array();
	for (i = 0; i < n && i < limit; i++)
		json_object_array_add(*items, json_object_get(found[i]));
	return 0;
}

static int by_key(const void *a, const void *b)
{
	struct json_object *left = *(struct json_object *const *)a, *right = *(struct json_object *const *)b;
	int order = strcmp(text_of(left, "PK"), text_of(right, "PK"));

	return order ? order : strcmp(text_of(left, "SK"), text_of(right, "SK"));
}

static bool is_behind(struct json_object *item, const struct store_key *after)
{
	int order = after ? strcmp(text_of(item, "PK"), after->pk) : 1;

	return order > 0 || (order == 0 && strcmp(text_of(item, "SK"), after->sk) > 0);
}

/* In the order of the keys, so that what is written meanwhile moves nothing. */
static int scan(struct store *s, const struct store_key *after, size_t limit,
		struct json_object **items, struct json_object **last, int64_t deadline,
		struct err *e)
{
	struct table_store *self = self_of(s);
	struct json_object *found[TABLE_MAX];
	size_t i, n = 0;

	(void)deadline;
	if (is_away(self))
		return away(e);
	limit = self->page && self->page < limit ? self->page : limit;
	for (i = 0; i < self->table->n; i++)
		if (is_behind(self->table->items[i], after) &&
		    !store_item_expired(self->table->items[i], clock_epoch()))
			found[n++] = self->table->items[i];
	qsort(found, n, sizeof *found, by_key);
	*items = json_object_new_array();
	for (i = 0; i < n && i < limit; i++)
		json_object_array_add(*items, json_copy(found[i]));
	*last = NULL;
	if (n > limit) {
		*last = json_object_new_object();
		json_copy_member(*last, "PK", found[limit - 1], "PK");
		json_copy_member(*last, "SK", found[limit - 1], "SK");
	}
	return 0;
}

/* An item that has expired is none. */
static bool condition_holds(const struct table_store *self, const struct store_action *action)
{
	struct json_object *stands = table_find(self->table, text_of(action->item, "PK"),
						text_of(action->item, "SK"));

	if (stands && store_item_expired(stands, clock_epoch()) && action->condition == STORE_ABSENT)
		stands = NULL;
	return action->condition == STORE_ANY ||
	       (action->condition == STORE_ABSENT && !stands) ||
	       (action->condition == STORE_VERSION && stands &&
		store_item_version(stands) == action->version);
}

static void act(struct table_store *self, const struct store_action *action)
{
	if (action->verb == STORE_PUT)
		table_put(self->table, json_copy(action->item));
	else if (action->verb == STORE_DELETE)
		table_delete(self->table, text_of(action->item, "PK"), text_of(action->item, "SK"));
}

/* DynamoDB refuses a transaction that has two actions on one key. */
static bool has_key_twice(const struct store_action *actions, size_t n)
{
	size_t i, k;

	for (i = 0; i < n; i++)
		for (k = 0; k < i; k++)
			if (strcmp(text_of(actions[i].item, "PK"), text_of(actions[k].item, "PK")) == 0 &&
			    strcmp(text_of(actions[i].item, "SK"), text_of(actions[k].item, "SK")) == 0)
				return true;
	return false;
}

static int write_all(struct store *s, const struct store_action *actions, size_t n, size_t *failed,
		     int64_t deadline, struct err *e)
{
	struct table_store *self = self_of(s);
	enum table_store_meets meets = met(self);
	size_t i;

	(void)deadline;
	if (meets == TABLE_STORE_AWAY)
		return away(e);
	*failed = 0;
	if (meets == TABLE_STORE_CONFLICT)
		return err_set(e, ERR_CONFLICT, "another writer was in the way");
	if (has_key_twice(actions, n))
		return err_set(e, ERR_UNAVAILABLE, "a write has a key twice");
	if (self->table->n + n > TABLE_MAX)
		return err_set(e, ERR_UNAVAILABLE, "the table is full");
	for (i = 0; i < n; i++) {
		*failed = i;
		if (!condition_holds(self, &actions[i]))
			return err_set(e, ERR_CONFLICT, "%s is not as it was",
				       text_of(actions[i].item, "PK"));
	}
	for (i = 0; i < n; i++)
		act(self, &actions[i]);
	self->written++;
	return meets == TABLE_STORE_LOST ? away(e) : 0;
}

static void close_store(struct store *s)
{
	(void)s;
}

static const struct store_backend backend = {
	.get_many = get_many,
	.query = query,
	.scan = scan,
	.write = write_all,
	.close = close_store,
};

void table_store_init(struct table_store *self, struct table *table,
		      enum table_store_meets (*meets)(void))
{
	*self = (struct table_store){.store.backend = &backend, .table = table, .meets = meets};
}

/* SPDX-License-Identifier: ISC */
/*
 * The DynamoDB backend: the store's verbs in terms of store/dynamodb.h, and the
 * rule that DynamoDB itself doesn't keep in time: an expired item is not seen.
 *
 * A new item may be put over an expired one, but a condition that says so costs
 * DynamoDB Local a quarter of a sale's transaction.  So it is said only after a read
 * that met an expired item; where one stands that was not read, the write is a
 * conflict, after which its items are read.
 */
#include "store/store_dynamodb.h"

#include <stdlib.h>
#include <string.h>

#include "store/dynamodb.h"
#include "base/clock.h"
#include "base/mem.h"

#define MET_SECONDS 60 /* longer than any request takes from its read to its write */

struct store_dynamodb {
	struct store store; /* first: a struct store * is one of these */
	struct dynamodb db;
	char *table;
	int64_t met_expired; /* when an expired item was last read, epoch seconds; 0: never */
};

static struct store_dynamodb *self_of(struct store *s)
{
	return (struct store_dynamodb *)s;
}

/* Whether an item that was read has expired.  Then one that nobody sees may stand where the
 * caller is about to put a new one. */
static bool has_expired(struct store_dynamodb *self, struct json_object *item, int64_t now)
{
	if (!store_item_expired(item, now))
		return false;
	self->met_expired = now;
	return true;
}

static bool is_item(struct json_object *item, const struct store_key *key)
{
	const char *pk = json_string_or_null(item, "PK"), *sk = json_string_or_null(item, "SK");

	return pk && sk && strcmp(pk, key->pk) == 0 && strcmp(sk, key->sk) == 0;
}

/* The item that was asked for may be there all the same. */
static int another(const struct store_dynamodb *self, struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, "table %s answers with another item than was asked for",
		       self->table);
}

/* Gives each key its item out of the answer, which is in no order.  -1 where an item is none of them. */
static int sort_items(struct store_dynamodb *self, struct json_object *found,
		      const struct store_key *keys, size_t n, struct json_object **items)
{
	int64_t now = clock_epoch();
	size_t i, k;

	for (i = 0; i < json_object_array_length(found); i++) {
		struct json_object *item = json_object_array_get_idx(found, i);
		bool wanted = false;

		for (k = 0; k < n; k++) {
			if (!is_item(item, &keys[k]))
				continue;
			wanted = true;
			if (!items[k] && !has_expired(self, item, now))
				items[k] = json_object_get(item);
		}
		if (!wanted)
			return -1;
	}
	return 0;
}

static int get_one(struct store_dynamodb *self, const struct store_key *key,
		   struct json_object **item, int64_t deadline, struct err *e)
{
	if (dynamodb_get(&self->db, key, deadline, item, e))
		return -1;
	if (*item && !is_item(*item, key))
		return another(self, e);
	if (has_expired(self, *item, clock_epoch())) {
		json_object_put(*item);
		*item = NULL;
	}
	return 0;
}

/* BatchGetItem refuses a key that it is given twice; returns how many differ. */
static size_t different_keys(const struct store_key *keys, size_t n, struct store_key *out)
{
	size_t i, k, found = 0;

	for (i = 0; i < n; i++) {
		for (k = 0; k < found; k++)
			if (strcmp(out[k].pk, keys[i].pk) == 0 && strcmp(out[k].sk, keys[i].sk) == 0)
				break;
		if (k == found)
			out[found++] = keys[i];
	}
	return found;
}

static int get_many(struct store *s, const struct store_key *keys, size_t n,
		    struct json_object **items, int64_t deadline, struct err *e)
{
	struct store_dynamodb *self = self_of(s);
	struct store_key wanted[STORE_MAX_ITEMS];
	struct json_object *found;
	size_t different;
	int rc;

	if (n == 1)
		return get_one(self, keys, items, deadline, e);
	different = different_keys(keys, n, wanted);
	if (dynamodb_get_batch(&self->db, wanted, different, deadline, &found, e))
		return -1;
	rc = sort_items(self, found, keys, n, items);
	json_object_put(found);
	return rc ? another(self, e) : 0;
}

/* Moves the page's items that have not expired into `items`, up to the limit. */
static void take_page(struct store_dynamodb *self, struct json_object *page,
		      struct json_object *items, size_t limit)
{
	int64_t now = clock_epoch();
	size_t i;

	for (i = 0; i < json_object_array_length(page); i++) {
		struct json_object *item = json_object_array_get_idx(page, i);

		if (!has_expired(self, item, now) && json_object_array_length(items) < limit)
			json_object_array_add(items, json_object_get(item));
	}
}

/* Whether all items of a query's page are of its partition and begin as asked for. */
static bool are_of(struct json_object *items, const struct dynamodb_query *q)
{
	size_t i;

	for (i = 0; i < json_object_array_length(items); i++) {
		struct json_object *item = json_object_array_get_idx(items, i);

		if (strcmp(json_string_or_null(item, "PK"), q->pk) != 0 ||
		    !str_starts(json_string_or_null(item, "SK"), q->sk_prefix))
			return false;
	}
	return true;
}

static int query_pages(struct store_dynamodb *self, struct dynamodb_query *q,
		       struct json_object *items, int64_t deadline, struct err *e)
{
	struct json_object *last = NULL; /* holds q->after_sk */
	int rc;

	do {
		struct dynamodb_page page = {.items = NULL};

		rc = dynamodb_query(&self->db, q, deadline, &page, e);
		if (!rc && !are_of(page.items, q))
			rc = another(self, e);
		if (!rc)
			take_page(self, page.items, items, q->limit);
		json_object_put(page.items);
		json_object_put(last);
		last = page.last;
		q->after_sk = json_string_or_null(last, "SK");
	} while (!rc && last && json_object_array_length(items) < q->limit);
	json_object_put(last);
	return rc;
}

static int query(struct store *s, const char *pk, const char *sk_prefix, const char *before_sk,
		 size_t limit, struct json_object **items, int64_t deadline, struct err *e)
{
	struct store_dynamodb *self = self_of(s);
	struct dynamodb_query q = {.pk = pk, .sk_prefix = sk_prefix, .after_sk = before_sk,
				   .limit = limit};
	struct json_object *found = json_object_new_array();

	/* DynamoDB refuses to start outside of the prefix, or at it: behind it is its top,
	 * before it there is nothing. */
	if (before_sk && (limit == 0 || strcmp(before_sk, sk_prefix) <= 0)) {
		*items = found;
		return 0;
	}
	if (before_sk && !str_starts(before_sk, sk_prefix))
		q.after_sk = NULL;
	if (query_pages(self, &q, found, deadline, e)) {
		json_object_put(found);
		return -1;
	}
	*items = found;
	return 0;
}

static int scan(struct store *s, const struct store_key *after, size_t limit,
		struct json_object **items, struct json_object **last, int64_t deadline,
		struct err *e)
{
	struct dynamodb_page page;

	if (dynamodb_scan(&self_of(s)->db, after, limit, deadline, &page, e))
		return -1;
	*items = json_object_new_array();
	*last = page.last;
	take_page(self_of(s), page.items, *items, limit);
	json_object_put(page.items);
	return 0;
}

static int write(struct store *s, const struct store_action *actions, size_t n, size_t *failed,
		 int64_t deadline, struct err *e)
{
	struct store_dynamodb *self = self_of(s);
	int64_t now = clock_epoch();
	struct dynamodb_transaction t = {
		.actions = actions, .n = n, .now = now,
		.over_expired = self->met_expired && now - self->met_expired <= MET_SECONDS,
	};
	int rc = dynamodb_write(&self->db, &t, deadline, e);

	*failed = t.failed;
	return rc;
}

static void close_store(struct store *s)
{
	struct store_dynamodb *self = self_of(s);

	aws_client_free(self->db.client);
	free(self->table);
	free(self);
}

static const struct store_backend backend = {
	.get_many = get_many,
	.query = query,
	.scan = scan,
	.write = write,
	.close = close_store,
};

struct store *store_dynamodb_new(const char *table, const struct aws_settings *settings)
{
	struct store_dynamodb *self = mem_zalloc(1, sizeof *self);

	self->store.backend = &backend;
	self->table = str_dup(table);
	self->db = (struct dynamodb){aws_client_new(settings, &aws_dynamodb), self->table};
	return &self->store;
}

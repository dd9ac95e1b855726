/* SPDX-License-Identifier: ISC */
/*
 * The DynamoDB backend: the store's verbs in terms of store/dynamodb.h, and the
 * rule that DynamoDB itself doesn't keep in time: an expired item is not seen.
 */
#include "store/store_dynamodb.h"

#include <stdlib.h>
#include <string.h>

#include "store/dynamodb.h"
#include "base/clock.h"
#include "base/mem.h"

struct store_dynamodb {
	struct store store; /* first: a struct store * is one of these */
	char *table;
	struct aws_client *client;
};

static struct store_dynamodb *self_of(struct store *s)
{
	return (struct store_dynamodb *)s;
}

static bool is_item(struct json_object *item, const struct store_key *key)
{
	const char *pk = json_string_or_null(item, "PK"), *sk = json_string_or_null(item, "SK");

	return pk && sk && strcmp(pk, key->pk) == 0 && strcmp(sk, key->sk) == 0;
}

/* Gives each key its item out of the answer, which is in no order. */
static void sort_items(struct json_object *found, const struct store_key *keys, size_t n,
		       struct json_object **items)
{
	int64_t now = clock_epoch();
	size_t i, k;

	for (i = 0; i < json_object_array_length(found); i++) {
		struct json_object *item = json_object_array_get_idx(found, i);

		for (k = 0; k < n; k++)
			if (!items[k] && is_item(item, &keys[k]) && !store_item_expired(item, now))
				items[k] = json_object_get(item);
	}
}

static int get_one(struct store_dynamodb *self, const struct store_key *key,
		   struct json_object **item, int64_t deadline, struct err *e)
{
	const struct dynamodb_key wanted = {key->pk, key->sk};

	if (dynamodb_get(self->client, self->table, &wanted, deadline, item, e))
		return -1;
	if (store_item_expired(*item, clock_epoch())) {
		json_object_put(*item);
		*item = NULL;
	}
	return 0;
}

/* BatchGetItem refuses a key that it is given twice; returns how many differ. */
static size_t different_keys(const struct store_key *keys, size_t n, struct dynamodb_key *out)
{
	size_t i, k, found = 0;

	for (i = 0; i < n; i++) {
		for (k = 0; k < found; k++)
			if (strcmp(out[k].pk, keys[i].pk) == 0 && strcmp(out[k].sk, keys[i].sk) == 0)
				break;
		if (k == found)
			out[found++] = (struct dynamodb_key){keys[i].pk, keys[i].sk};
	}
	return found;
}

static int get_many(struct store *s, const struct store_key *keys, size_t n,
		    struct json_object **items, int64_t deadline, struct err *e)
{
	struct store_dynamodb *self = self_of(s);
	struct dynamodb_key wanted[STORE_MAX_ITEMS];
	struct json_object *found;
	size_t different;

	if (n == 1)
		return get_one(self, keys, items, deadline, e);
	different = different_keys(keys, n, wanted);
	if (dynamodb_get_batch(self->client, self->table, wanted, different, deadline, &found, e))
		return -1;
	sort_items(found, keys, n, items);
	json_object_put(found);
	return 0;
}

/* Moves the page's items that have not expired into `items`, up to the limit. */
static void take_page(struct json_object *page, struct json_object *items, size_t limit)
{
	int64_t now = clock_epoch();
	size_t i;

	for (i = 0; i < json_object_array_length(page); i++) {
		struct json_object *item = json_object_array_get_idx(page, i);

		if (!store_item_expired(item, now) && json_object_array_length(items) < limit)
			json_object_array_add(items, json_object_get(item));
	}
}

static int query_pages(struct store_dynamodb *self, struct dynamodb_query *q,
		       struct json_object *items, int64_t deadline, struct err *e)
{
	char *last = q->after_sk ? str_dup(q->after_sk) : NULL;
	int rc;

	do {
		struct json_object *page = NULL;
		char *next = NULL;

		q->after_sk = last;
		rc = dynamodb_query(self->client, q, deadline, &page, &next, e);
		if (!rc)
			take_page(page, items, q->limit);
		json_object_put(page);
		free(last);
		last = next;
	} while (!rc && last && json_object_array_length(items) < q->limit);
	free(last);
	return rc;
}

static int query(struct store *s, const char *pk, const char *sk_prefix, const char *before_sk,
		 size_t limit, struct json_object **items, int64_t deadline, struct err *e)
{
	struct store_dynamodb *self = self_of(s);
	struct dynamodb_query q = {.table = self->table, .pk = pk, .sk_prefix = sk_prefix,
				   .after_sk = before_sk, .limit = limit};
	struct json_object *found = json_object_new_array();

	/* DynamoDB refuses to start outside of the prefix: behind it is its top,
	 * before it there is nothing. */
	if (before_sk && !str_starts(before_sk, sk_prefix)) {
		if (strcmp(before_sk, sk_prefix) < 0 || limit == 0) {
			*items = found;
			return 0;
		}
		q.after_sk = NULL;
	}
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
	struct store_dynamodb *self = self_of(s);
	struct dynamodb_key key = {after ? after->pk : NULL, after ? after->sk : NULL};
	struct json_object *page;

	if (dynamodb_scan(self->client, self->table, after ? &key : NULL, limit, deadline, &page,
			  last, e))
		return -1;
	*items = json_object_new_array();
	take_page(page, *items, limit);
	json_object_put(page);
	return 0;
}

static int write(struct store *s, const struct store_action *actions, size_t n, size_t *failed,
		 int64_t deadline, struct err *e)
{
	static const enum dynamodb_condition conditions[] = {
		[STORE_ANY] = DYNAMODB_ANY,
		[STORE_ABSENT] = DYNAMODB_ABSENT,
		[STORE_VERSION] = DYNAMODB_VERSION,
	};
	static const enum dynamodb_verb verbs[] = {
		[STORE_PUT] = DYNAMODB_PUT,
		[STORE_DELETE] = DYNAMODB_DELETE,
		[STORE_CHECK] = DYNAMODB_CHECK,
	};
	struct store_dynamodb *self = self_of(s);
	struct dynamodb_action out[STORE_MAX_ITEMS];
	size_t i;

	for (i = 0; i < n; i++)
		out[i] = (struct dynamodb_action){
			.verb = verbs[actions[i].verb],
			.item = actions[i].item,
			.condition = conditions[actions[i].condition],
			.version = actions[i].version,
		};
	return dynamodb_write(self->client, self->table, out, n, clock_epoch(), failed, deadline, e);
}

static void close_store(struct store *s)
{
	struct store_dynamodb *self = self_of(s);

	aws_client_free(self->client);
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
	self->client = aws_client_new(settings, &aws_dynamodb);
	return &self->store;
}

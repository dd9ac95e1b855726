/* SPDX-License-Identifier: ISC */
/*
 * The SQLite backend.  The one idea: a write is one IMMEDIATE transaction with synchronous=FULL, in which
 * each condition is checked right before its row is written, so "all or none" and "durable" are SQLite's own.
 *
 * After any failure that is not a conflict the connection is closed; the next
 * verb opens the file anew (store_sqlite_file.h).
 */
#include "store/store_sqlite.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "format/json_write.h"
#include "store/store_sqlite_file.h"
#include "store/store_sqlite_make.h"
#include "store/store_sqlite_row.h"

#define PURGE_ROWS 8 /* expired rows that one write takes along */
#define TEXT_MAX_BYTES (64 << 20) /* of an item; shop/order_size.h keeps orders far below */
#define PAGE_BYTES (1 << 20) /* of a scan, as in DynamoDB: pages stay small */

enum statement { GET, QUERY, SCAN, SCAN_ON, COUNT, PUT, PUT_NEW, DELETE, PURGE, BEGIN_READ, BEGIN, COMMIT,
		 ROLLBACK, STATEMENTS };

#define PUT_ROW "INSERT INTO items (pk, sk, item, expires_at) VALUES (?1, ?2, ?3, ?4)" \
	" ON CONFLICT (pk, sk) DO UPDATE SET item = ?3, expires_at = ?4" /* a row stays in its place */

static const char *const sql[STATEMENTS] = {
	[GET] = "SELECT item FROM items WHERE pk = ?1 AND sk = ?2"
		" AND (expires_at IS NULL OR expires_at > ?3)",
	/* A prefix is the range up to the prefix followed by the highest code point;
	 * one upper bound, or the index is walked from the top for each page. */
	[QUERY] = "SELECT item, sk FROM items WHERE pk = ?1 AND sk >= ?2"
		  " AND sk < min(ifnull(?3, ?2 || char(1114111)), ?2 || char(1114111))"
		  " AND (expires_at IS NULL OR expires_at > ?4) ORDER BY sk DESC LIMIT ?5",
	[SCAN] = "SELECT item, pk, sk FROM items WHERE (expires_at IS NULL OR expires_at > ?3)"
		 " ORDER BY pk, sk LIMIT ?4",
	[SCAN_ON] = "SELECT item, pk, sk FROM items WHERE (pk, sk) > (?1, ?2)"
		    " AND (expires_at IS NULL OR expires_at > ?3) ORDER BY pk, sk LIMIT ?4",
	[COUNT] = "SELECT count(*) FROM items",
	[PUT] = PUT_ROW,
	[PUT_NEW] = PUT_ROW " WHERE expires_at <= ?5", /* one that has expired is none */
	[DELETE] = "DELETE FROM items WHERE pk = ?1 AND sk = ?2",
	[PURGE] = "DELETE FROM items WHERE (pk, sk) IN (SELECT pk, sk FROM items"
		  " WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
	[BEGIN_READ] = "BEGIN", /* what it reads is of the moment of its first SELECT */
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT", [ROLLBACK] = "ROLLBACK",
};

struct store_sqlite {
	struct store store; /* first: a struct store * is one of these */
	struct sqlite_file file;
};

static struct store_sqlite *self_of(struct store *s)
{
	return (struct store_sqlite *)s;
}

/* The prepared statement, reset and ready to bind; NULL on failure. */
static sqlite3_stmt *ready(struct store_sqlite *self, enum statement which)
{
	sqlite3_stmt **statement = &self->file.statements[which];

	if (!*statement)
		sqlite3_prepare_v3(self->file.db, sql[which], -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
	else
		sqlite3_reset(*statement);
	return *statement;
}

/* Runs a statement that gives no rows. */
static int run(sqlite3_stmt *statement)
{
	int rc;

	if (!statement)
		return -1;
	rc = sqlite3_step(statement);
	sqlite3_reset(statement);
	return rc == SQLITE_DONE ? 0 : -1;
}

static void bind_text(sqlite3_stmt *statement, int index, const char *text)
{
	sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

/* The same with a key as its first two parameters. */
static sqlite3_stmt *ready_at(struct store_sqlite *self, enum statement which, const char *pk,
			      const char *sk)
{
	sqlite3_stmt *statement = ready(self, which);

	if (statement) {
		bind_text(statement, 1, pk);
		bind_text(statement, 2, sk);
	}
	return statement;
}

/* The row's item, as sqlite_row_item() has it. */
static struct json_object *column_item(sqlite3_stmt *statement, const struct store_key *key,
				       struct json_known *before)
{
	return sqlite_row_item((const char *)sqlite3_column_text(statement, 0), key, before);
}

#define NO_ITEM (-2) /* somebody has edited the row: what it should say is not known */

static int no_item(struct store_sqlite *self, const struct store_key *key, struct err *e)
{
	err_set(e, ERR_UNAVAILABLE, "%s: what stands under %s, %s is no item", self->file.path, key->pk,
		key->sk);
	sqlite_file_close(&self->file);
	return -1;
}

/* 0 with *item NULL when there is none; NO_ITEM; -1 on failure. */
static int get_one(struct store_sqlite *self, const struct store_key *key, int64_t now,
		   struct json_known *before, struct json_object **item)
{
	sqlite3_stmt *statement = ready_at(self, GET, key->pk, key->sk);
	int rc;

	*item = NULL;
	if (!statement)
		return -1;
	sqlite3_bind_int64(statement, 3, now);
	rc = sqlite3_step(statement);
	if (rc == SQLITE_ROW)
		*item = column_item(statement, key, before);
	sqlite3_reset(statement);
	if (rc == SQLITE_ROW)
		return *item ? 0 : NO_ITEM;
	return rc == SQLITE_DONE ? 0 : -1;
}

static int get_many(struct store *s, const struct store_key *keys, size_t n,
		    struct json_object **items, int64_t deadline, struct err *e)
{
	struct store_sqlite *self = self_of(s);
	struct json_known before = {.text = {.max = TEXT_MAX_BYTES}};
	int64_t now = clock_epoch();
	size_t i;
	int rc = 0;

	if (sqlite_file_open(&self->file, deadline, e))
		return -1;
	if (n > 1 && run(ready(self, BEGIN_READ)))
		return sqlite_file_fail(&self->file, "begin to read", e);
	for (i = 0; i < n && !(rc = get_one(self, &keys[i], now, &before, &items[i])); i++)
		;
	buf_free(&before.text);
	if (rc) /* closing ends it */
		return rc == NO_ITEM ? no_item(self, &keys[i], e) : sqlite_file_fail(&self->file, "read", e);
	if (n > 1 && run(ready(self, COMMIT)))
		return sqlite_file_fail(&self->file, "end a read", e);
	return 0;
}

/* The row's item; its key alone, if it is none. */
static struct json_object *queried_item(sqlite3_stmt *statement, const char *pk)
{
	const struct store_key key = {pk, (const char *)sqlite3_column_text(statement, 1)};
	struct json_object *item = column_item(statement, &key, NULL);

	return item ? item : sqlite_row_item("{}", &key, NULL);
}

static int query(struct store *s, const char *pk, const char *sk_prefix, const char *before_sk,
		 size_t limit, struct json_object **items, int64_t deadline, struct err *e)
{
	struct store_sqlite *self = self_of(s);
	struct json_object *found = NULL;
	sqlite3_stmt *statement;
	int rc;

	if (sqlite_file_open(&self->file, deadline, e))
		return -1;
	statement = ready_at(self, QUERY, pk, sk_prefix);
	if (!statement)
		return sqlite_file_fail(&self->file, "query", e);
	bind_text(statement, 3, before_sk);
	sqlite3_bind_int64(statement, 4, clock_epoch());
	sqlite3_bind_int64(statement, 5, (sqlite3_int64)limit);
	found = json_object_new_array();
	while ((rc = sqlite3_step(statement)) == SQLITE_ROW)
		json_object_array_add(found, queried_item(statement, pk));
	sqlite3_reset(statement);
	if (rc != SQLITE_DONE) {
		json_object_put(found);
		return sqlite_file_fail(&self->file, "query", e);
	}
	*items = found;
	return 0;
}

/* Takes up to `limit` rows, and no more once a page is full.  *last is NULL
 * when there are no more. */
static int take_page(struct store_sqlite *self, sqlite3_stmt *statement, size_t limit,
		     struct json_object *items, struct json_object **last, struct err *e)
{
	struct json_object *item = NULL;
	struct store_key key;
	size_t n = 0, bytes = 0;
	int rc = SQLITE_ROW;

	while (n < limit && bytes < PAGE_BYTES && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
		key = (struct store_key){(const char *)sqlite3_column_text(statement, 1),
					 (const char *)sqlite3_column_text(statement, 2)};
		item = column_item(statement, &key, NULL);
		/* What is no item would be missing in a copy. */
		if (!item)
			return no_item(self, &key, e);
		json_object_array_add(items, item);
		bytes += (size_t)sqlite3_column_bytes(statement, 0);
		n++;
	}
	sqlite3_reset(statement);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return sqlite_file_fail(&self->file, "read", e);
	*last = NULL;
	if (rc == SQLITE_ROW && item) {
		*last = json_object_new_object();
		json_copy_member(*last, "PK", item, "PK");
		json_copy_member(*last, "SK", item, "SK");
	}
	return 0;
}

static int scan(struct store *s, const struct store_key *after, size_t limit,
		struct json_object **items, struct json_object **last, int64_t deadline,
		struct err *e)
{
	struct store_sqlite *self = self_of(s);
	struct json_object *found;
	sqlite3_stmt *statement;

	if (sqlite_file_open(&self->file, deadline, e))
		return -1;
	statement = after ? ready_at(self, SCAN_ON, after->pk, after->sk) : ready(self, SCAN);
	if (!statement)
		return sqlite_file_fail(&self->file, "read", e);
	sqlite3_bind_int64(statement, 3, clock_epoch());
	sqlite3_bind_int64(statement, 4, (sqlite3_int64)limit);
	found = json_object_new_array();
	if (take_page(self, statement, limit, found, last, e)) {
		json_object_put(found);
		return -1;
	}
	*items = found;
	return 0;
}

static struct store_key key_at(const struct store_action *action)
{
	return (struct store_key){json_string_or_null(action->item, "PK"),
				  json_string_or_null(action->item, "SK")};
}

/* 1 when the action's condition holds, 0 when not, NO_ITEM, -1 on failure. */
static int condition_holds(struct store_sqlite *self, const struct store_action *action,
			   int64_t now)
{
	struct store_key key = key_at(action);
	struct json_object *item;
	int holds;

	if (action->condition == STORE_ANY)
		return 1;
	/* An absent item may have expired; a version's item may expire meanwhile. */
	holds = get_one(self, &key, action->condition == STORE_ABSENT ? now : INT64_MIN, NULL, &item);
	if (holds)
		return holds;
	holds = action->condition == STORE_ABSENT ? !item
						  : item && store_item_version(item) == action->version;
	json_object_put(item);
	return holds;
}

static sqlite3_stmt *ready_to_put(struct store_sqlite *self, enum statement which,
				  struct json_object *item, const char *text)
{
	sqlite3_stmt *statement = ready_at(self, which, json_string_or_null(item, "PK"),
					   json_string_or_null(item, "SK"));
	int64_t expires;

	if (!statement)
		return NULL;
	bind_text(statement, 3, text);
	if (json_get_int(item, "expiresAt", &expires) == JSON_FOUND)
		sqlite3_bind_int64(statement, 4, expires);
	else
		sqlite3_bind_null(statement, 4);
	return statement;
}

/* 1: put; 0: an item stands there; -1: failure. */
static int put_new(struct store_sqlite *self, struct json_object *item, const char *text, int64_t now)
{
	sqlite3_stmt *statement = ready_to_put(self, PUT_NEW, item, text);

	if (statement)
		sqlite3_bind_int64(statement, 5, now);
	return run(statement) ? -1 : sqlite3_changes(self->file.db) == 1;
}

/* 1: done; 0: the action's condition does not hold; NO_ITEM; -1: failure. */
static int act(struct store_sqlite *self, const struct store_action *action, const char *text,
	       int64_t now)
{
	struct json_object *item = action->item;
	int holds;

	/* One look for both; where something stands, is it an item? */
	if (action->verb == STORE_PUT && action->condition == STORE_ABSENT &&
	    (holds = put_new(self, item, text, now)) != 0)
		return holds;
	holds = condition_holds(self, action, now);
	if (holds != 1 || action->verb == STORE_CHECK)
		return holds;
	return run(action->verb == STORE_PUT ? ready_to_put(self, PUT, item, text)
		   : ready_at(self, DELETE, json_string_or_null(item, "PK"),
			      json_string_or_null(item, "SK"))) ? -1 : 1;
}

static int purge(struct store_sqlite *self, int64_t now)
{
	sqlite3_stmt *statement = ready(self, PURGE);

	if (!statement)
		return -1;
	sqlite3_bind_int64(statement, 1, now);
	sqlite3_bind_int(statement, 2, PURGE_ROWS);
	return run(statement);
}

/* 0: written; 1: the condition of actions[*failed] does not hold; NO_ITEM: what stands there is none;
 * -1: failure. */
static int write_rows(struct store_sqlite *self, const struct store_action *actions,
		      const struct buf *texts, size_t n, size_t *failed)
{
	int64_t now = clock_epoch();
	size_t i;

	for (i = 0; i < n; i++) {
		int done = act(self, &actions[i], buf_text(&texts[i]), now);

		*failed = i;
		if (done <= 0)
			return done ? done : 1;
	}
	return purge(self, now);
}

static int write_all(struct store *s, const struct store_action *actions, size_t n, size_t *failed,
		     int64_t deadline, struct err *e)
{
	struct store_sqlite *self = self_of(s);
	struct buf texts[STORE_MAX_ITEMS];
	bool begun;
	size_t i;
	int rc;

	if (sqlite_file_open(&self->file, deadline, e))
		return -1;
	/* Others wait while we have the lock: what can be done before, is. */
	for (i = 0; i < n; i++) {
		buf_init(&texts[i], TEXT_MAX_BYTES);
		if (actions[i].verb == STORE_PUT)
			json_write(&texts[i], actions[i].item);
	}
	sqlite_turn_take(&self->file.turn, deadline);
	begun = !run(ready(self, BEGIN));
	rc = begun ? write_rows(self, actions, texts, n, failed) : -1;
	if (rc == 0 && run(ready(self, COMMIT)))
		rc = -1;
	for (i = 0; i < n; i++)
		buf_free(&texts[i]);
	if (rc == NO_ITEM) {
		const struct store_key key = key_at(&actions[*failed]);

		return no_item(self, &key, e);
	}
	if (rc < 0) /* closing rolls back */
		return sqlite_file_fail(&self->file, begun ? "write" : "begin a transaction", e);
	if (rc > 0 && run(ready(self, ROLLBACK)))
		sqlite_file_close(&self->file);
	sqlite_turn_give(&self->file.turn);
	return rc ? err_set(e, ERR_CONFLICT, "the condition of %s does not hold",
			    json_string_or_null(actions[*failed].item, "PK"))
		  : sqlite_file_confirm(&self->file, e);
}

static int64_t count(struct store *s, int64_t deadline)
{
	struct store_sqlite *self = self_of(s);
	sqlite3_stmt *statement;
	int64_t rows = -1;
	struct err ignored;

	statement = sqlite_file_open(&self->file, deadline, &ignored) ? NULL : ready(self, COUNT);
	if (statement && sqlite3_step(statement) == SQLITE_ROW)
		rows = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return rows;
}

static int wipe(struct store *s, int64_t ms, struct err *e)
{
	return sqlite_make_anew(&self_of(s)->file, ms, e);
}

static void rest(struct store *s)
{
	sqlite_file_rest(&self_of(s)->file);
}

static void close_store(struct store *s)
{
	sqlite_file_free(&self_of(s)->file);
	free(self_of(s)->file.path);
	free(s);
}

static const struct store_backend backend = {
	.get_many = get_many,
	.query = query,
	.scan = scan,
	.write = write_all,
	.count = count,
	.wipe = wipe,
	.rest = rest,
	.close = close_store,
};

struct store *store_sqlite_new(const char *path)
{
	struct store_sqlite *self = mem_zalloc(1, sizeof *self);

	self->store.backend = &backend;
	self->file.path = str_dup(path);
	return &self->store;
}

/* SPDX-License-Identifier: ISC */
/*
 * The SQLite backend.  The one idea: a write is one IMMEDIATE transaction with
 * synchronous=FULL, in which each condition is checked right before its row is
 * written, so "all or none" and "durable" are SQLite's own promises.
 *
 * After any failure that is not a conflict the connection is closed; the next
 * verb opens the file anew.  So a file that was replaced, a full disk that has
 * room again or a directory that came back need no restart.
 */
#include "store/store_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

#define SCHEMA_VERSION 1
#define PURGE_ROWS 8 /* expired rows that one write takes along */
#define BUSY_NAP_MS 4

static const char SCHEMA[] =
	"CREATE TABLE IF NOT EXISTS items ("
	" pk TEXT NOT NULL, sk TEXT NOT NULL, item TEXT NOT NULL, expires_at INTEGER,"
	" PRIMARY KEY (pk, sk)) WITHOUT ROWID;"
	"CREATE INDEX IF NOT EXISTS items_expires_at ON items (expires_at)"
	" WHERE expires_at IS NOT NULL;"
	"PRAGMA user_version = 1;";

enum statement { GET, QUERY, PUT, PURGE, BEGIN, COMMIT, ROLLBACK, STATEMENTS };

static const char *const sql[STATEMENTS] = {
	[GET] = "SELECT item FROM items WHERE pk = ?1 AND sk = ?2"
		" AND (expires_at IS NULL OR expires_at > ?3)",
	/* A prefix is the range up to the prefix followed by the highest code point. */
	[QUERY] = "SELECT item FROM items WHERE pk = ?1 AND sk >= ?2 AND sk < ?2 || char(1114111)"
		  " AND (?3 IS NULL OR sk < ?3) AND (expires_at IS NULL OR expires_at > ?4)"
		  " ORDER BY sk DESC LIMIT ?5",
	[PUT] = "INSERT OR REPLACE INTO items (pk, sk, item, expires_at) VALUES (?1, ?2, ?3, ?4)",
	[PURGE] = "DELETE FROM items WHERE (pk, sk) IN (SELECT pk, sk FROM items"
		  " WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
};

struct store_sqlite {
	struct store store; /* first: a struct store * is one of these */
	char *path;
	sqlite3 *db; /* NULL while closed */
	sqlite3_stmt *statements[STATEMENTS];
	int64_t deadline; /* of the verb that runs, for on_busy() */
	dev_t device;     /* the file that is open, */
	ino_t inode;      /* to see when another stands at its path */
};

static struct store_sqlite *self_of(struct store *s)
{
	return (struct store_sqlite *)s;
}

/* SQLite's own busy handler sleeps longer and longer, and whoever waited
 * longest waits on; short random naps keep the wait fair. */
static int on_busy(void *context, int tries)
{
	struct store_sqlite *self = context;

	(void)tries;
	if (deadline_left(self->deadline) == 0)
		return 0;
	deadline_sleep(1 + clock_jitter(BUSY_NAP_MS), self->deadline);
	return 1;
}

static void close_db(struct store_sqlite *self)
{
	size_t i;

	for (i = 0; i < STATEMENTS; i++) {
		sqlite3_finalize(self->statements[i]);
		self->statements[i] = NULL;
	}
	sqlite3_close(self->db);
	self->db = NULL;
}

/* Names what SQLite said, and closes the connection. */
static int fail(struct store_sqlite *self, const char *what, struct err *e)
{
	err_set(e, ERR_UNAVAILABLE, "%s: can't %s: %s", self->path, what,
		self->db ? sqlite3_errmsg(self->db) : "out of memory");
	close_db(self);
	return -1;
}

static int user_version(struct store_sqlite *self, int *version)
{
	sqlite3_stmt *statement = NULL;
	int rc = sqlite3_prepare_v2(self->db, "PRAGMA user_version", -1, &statement, NULL);

	if (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW)
		*version = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return rc == SQLITE_ROW ? 0 : -1;
}

static int create_table(struct store_sqlite *self)
{
	if (sqlite3_exec(self->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) ||
	    sqlite3_exec(self->db, SCHEMA, NULL, NULL, NULL) ||
	    sqlite3_exec(self->db, "COMMIT", NULL, NULL, NULL))
		return -1;
	return 0;
}

/* The file is made for its owner and group, the web server's and the owner's:
 * it holds addresses of people.  One that can't be written is refused here:
 * SQLite would open it for reading, and leave side files of its mode behind. */
static int make_file(const char *path, struct err *e)
{
	mode_t before = umask(0007);
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0660);

	umask(before);
	if (fd >= 0)
		close(fd);
	else if (errno != EEXIST || access(path, R_OK | W_OK))
		return err_set(e, ERR_UNAVAILABLE, "%s: can't open it: %s", path, strerror(errno));
	return 0;
}

static int set_pragmas(sqlite3 *db)
{
	return sqlite3_exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
			    "PRAGMA trusted_schema = OFF", NULL, NULL, NULL);
}

static int open_file(struct store_sqlite *self)
{
	int rc = sqlite3_open_v2(self->path, &self->db, SQLITE_OPEN_READWRITE |
				 SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_busy_handler(self->db, on_busy, self);
	/* The switch to WAL does not ask the busy handler. */
	while (rc == SQLITE_OK &&
	       ((rc = set_pragmas(self->db)) & 0xFF) == SQLITE_BUSY && on_busy(self, 0))
		rc = SQLITE_OK;
	return rc == SQLITE_OK ? 0 : -1;
}

enum file { SAME_FILE, OTHER_FILE, NO_FILE };

/* A file that was moved away or replaced (a backup that was put back) takes
 * writes as before, and nobody would ever read them: compare before each verb. */
static enum file file_at_path(struct store_sqlite *self)
{
	struct stat st;

	if (stat(self->path, &st))
		return NO_FILE;
	return st.st_dev == self->device && st.st_ino == self->inode ? SAME_FILE : OTHER_FILE;
}

/* Closes a file that has been moved away without touching the side files at
 * its old path, which are another file's by now. */
static void let_go(struct store_sqlite *self)
{
	int keep = 1;

	sqlite3_file_control(self->db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
	sqlite3_db_config(self->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	close_db(self);
}

static void remember_file(struct store_sqlite *self)
{
	struct stat st = {.st_ino = 0};

	stat(self->path, &st);
	self->device = st.st_dev;
	self->inode = st.st_ino;
}

static int open_new(struct store_sqlite *self, struct err *e)
{
	int version = 0;

	if (make_file(self->path, e))
		return -1;
	if (open_file(self) || user_version(self, &version))
		return fail(self, "open it", e);
	if (version > SCHEMA_VERSION) {
		close_db(self);
		return err_set(e, ERR_CONFIG, "COMMERCE_DB: %s was written by a newer ordersnap "
			       "(its table is version %d, this program knows %d)", self->path,
			       version, SCHEMA_VERSION);
	}
	if (version < SCHEMA_VERSION && create_table(self))
		return fail(self, "create its table", e);
	remember_file(self);
	return 0;
}

/* A file that is gone is waited for: a new one in its place would split the
 * shop's orders in two. */
static int open_db(struct store_sqlite *self, struct err *e)
{
	enum file found = self->db ? file_at_path(self) : OTHER_FILE;

	if (found == SAME_FILE)
		return 0;
	if (found == NO_FILE)
		return err_set(e, ERR_UNAVAILABLE, "%s has been moved away", self->path);
	if (self->db)
		let_go(self);
	return open_new(self, e);
}

/* The prepared statement, reset and ready to bind; NULL on failure. */
static sqlite3_stmt *ready(struct store_sqlite *self, enum statement which)
{
	sqlite3_stmt **statement = &self->statements[which];

	if (!*statement)
		sqlite3_prepare_v3(self->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT, statement,
				   NULL);
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
	if (text)
		sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
	else
		sqlite3_bind_null(statement, index);
}

/* The row's item, NULL if its text is no JSON object. */
static struct json_object *column_item(sqlite3_stmt *statement)
{
	const char *text = (const char *)sqlite3_column_text(statement, 0);

	return text ? json_parse(span_of(text)) : NULL;
}

/* 0 with *item NULL when there is none; -1 on failure. */
static int get_one(struct store_sqlite *self, const struct store_key *key, int64_t now,
		   struct json_object **item)
{
	sqlite3_stmt *statement = ready(self, GET);
	int rc;

	*item = NULL;
	if (!statement)
		return -1;
	bind_text(statement, 1, key->pk);
	bind_text(statement, 2, key->sk);
	sqlite3_bind_int64(statement, 3, now);
	rc = sqlite3_step(statement);
	if (rc == SQLITE_ROW) {
		*item = column_item(statement);
		rc = *item ? SQLITE_DONE : SQLITE_CORRUPT;
	}
	sqlite3_reset(statement);
	return rc == SQLITE_DONE ? 0 : -1;
}

static int get_many(struct store *s, const struct store_key *keys, size_t n,
		    struct json_object **items, int64_t deadline, struct err *e)
{
	struct store_sqlite *self = self_of(s);
	int64_t now = clock_epoch();
	size_t i;

	self->deadline = deadline;
	if (open_db(self, e))
		return -1;
	for (i = 0; i < n; i++)
		if (get_one(self, &keys[i], now, &items[i]))
			return fail(self, "read", e);
	return 0;
}

static int query(struct store *s, const char *pk, const char *sk_prefix, const char *before_sk,
		 size_t limit, struct json_object **items, int64_t deadline, struct err *e)
{
	struct store_sqlite *self = self_of(s);
	struct json_object *found = NULL, *item;
	sqlite3_stmt *statement;
	int rc;

	self->deadline = deadline;
	if (open_db(self, e))
		return -1;
	statement = ready(self, QUERY);
	if (!statement)
		return fail(self, "query", e);
	bind_text(statement, 1, pk);
	bind_text(statement, 2, sk_prefix);
	bind_text(statement, 3, before_sk);
	sqlite3_bind_int64(statement, 4, clock_epoch());
	sqlite3_bind_int64(statement, 5, (sqlite3_int64)limit);
	found = json_object_new_array();
	while ((rc = sqlite3_step(statement)) == SQLITE_ROW && (item = column_item(statement)))
		json_object_array_add(found, item);
	sqlite3_reset(statement);
	if (rc != SQLITE_DONE) {
		json_object_put(found);
		return fail(self, "query", e);
	}
	*items = found;
	return 0;
}

/* 1 when the put's condition holds, 0 when not, -1 on failure. */
static int condition_holds(struct store_sqlite *self, const struct store_put *put, int64_t now)
{
	struct store_key key = {json_string_or_null(put->item, "PK"),
				json_string_or_null(put->item, "SK")};
	struct json_object *item;
	int holds;

	if (put->condition == STORE_ANY)
		return 1;
	/* An absent item may have expired; a version's item may expire meanwhile. */
	if (get_one(self, &key, put->condition == STORE_ABSENT ? now : INT64_MIN, &item))
		return -1;
	if (put->condition == STORE_ABSENT)
		holds = item == NULL;
	else
		holds = item && store_item_version(item) == put->version;
	json_object_put(item);
	return holds;
}

static int put_one(struct store_sqlite *self, struct json_object *item)
{
	sqlite3_stmt *statement = ready(self, PUT);
	int64_t expires;

	if (!statement)
		return -1;
	bind_text(statement, 1, json_string_or_null(item, "PK"));
	bind_text(statement, 2, json_string_or_null(item, "SK"));
	bind_text(statement, 3, json_text(item));
	if (json_get_int(item, "expiresAt", &expires) == JSON_FOUND)
		sqlite3_bind_int64(statement, 4, expires);
	else
		sqlite3_bind_null(statement, 4);
	return run(statement);
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

/* 0: written; 1: the condition of puts[*failed] does not hold; -1: failure. */
static int write_rows(struct store_sqlite *self, const struct store_put *puts, size_t n,
		      size_t *failed)
{
	int64_t now = clock_epoch();
	size_t i;

	for (i = 0; i < n; i++) {
		int holds = condition_holds(self, &puts[i], now);

		if (holds < 0 || (holds && put_one(self, puts[i].item)))
			return -1;
		if (!holds) {
			*failed = i;
			return 1;
		}
	}
	return purge(self, now);
}

static int write_all(struct store *s, const struct store_put *puts, size_t n, size_t *failed,
		 int64_t deadline, struct err *e)
{
	struct store_sqlite *self = self_of(s);
	int rc;

	self->deadline = deadline;
	if (open_db(self, e))
		return -1;
	if (run(ready(self, BEGIN)))
		return fail(self, "begin a transaction", e);
	rc = write_rows(self, puts, n, failed);
	if (rc == 0 && run(ready(self, COMMIT)))
		rc = -1;
	if (rc < 0)
		return fail(self, "write", e); /* closing rolls back */
	if (rc > 0 && run(ready(self, ROLLBACK)))
		close_db(self);
	return rc ? err_set(e, ERR_CONFLICT, "the condition of %s does not hold",
			    json_string_or_null(puts[*failed].item, "PK")) : 0;
}

static void close_store(struct store *s)
{
	struct store_sqlite *self = self_of(s);

	close_db(self);
	free(self->path);
	free(self);
}

static const struct store_backend backend = {
	.get_many = get_many,
	.query = query,
	.write = write_all,
	.close = close_store,
};

struct store *store_sqlite_new(const char *path)
{
	struct store_sqlite *self = mem_zalloc(1, sizeof *self);

	self->store.backend = &backend;
	self->path = str_dup(path);
	return &self->store;
}

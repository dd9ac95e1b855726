/* SPDX-License-Identifier: ISC */
/*
 * Opening the SQLite file, noticing when it is another one, and keeping its
 * write-ahead log small.
 */
#include "store/store_sqlite_file.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define SCHEMA_VERSION 1
#define APPLICATION_ID 0x4F534E50
#define BUSY_NAP_MS 4

/* A log that has grown under a long reader is cut by the first writer that finds it so large
 * once the reader is gone: it waits for so long, and tries so often. */
#define LOG_LARGE (8 << 20)
#define LOG_PAGES 1000 /* from so many on the log is written into the file */
#define LOG_MORE 250   /* and again after so many, while readers keep it from beginning anew */
#define CHECKPOINT_MS 50
#define RESTART_MS 20 /* the writers wait so long at most for those who read */
#define CHECKPOINT_EVERY_MS 1000

static const char MAGIC[16] = "SQLite format 3";

/* How many files this process has open: see sqlite_path_is_torn(). */
static int open_files;

/* SQLite's own busy handler sleeps longer and longer, and whoever waited
 * longest waits on; short random naps keep the wait fair. */
static int on_busy(void *context, int tries)
{
	struct sqlite_file *self = context;

	(void)tries;
	if (deadline_left(self->deadline) == 0)
		return 0;
	deadline_sleep(1 + clock_jitter(BUSY_NAP_MS), self->deadline);
	return 1;
}

/* --- what stands at the path ---------------------------------------------- */

/* The file's first bytes, read by SQLite's own descriptor: see store_sqlite_path.h. */
static bool has_magic(sqlite3 *db)
{
	sqlite3_file *file = NULL;
	char head[sizeof MAGIC];

	return sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK &&
	       file && file->pMethods &&
	       file->pMethods->xRead(file, head, sizeof head, 0) == SQLITE_OK &&
	       memcmp(head, MAGIC, sizeof head) == 0;
}

/* Whether SQLite's descriptor is the file that stands at its path. */
static bool is_at_its_path(sqlite3 *db)
{
	int moved = 1;

	return sqlite3_file_control(db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && !moved;
}

enum standing {
	STANDS,   /* the file and its log are at their paths */
	MISSING,  /* no file is, as far as can be seen */
	EMPTIED,  /* the file is, with nothing in it or with something else */
	OTHER,    /* another file is */
	LOG_GONE, /* the file is, without the log that it is used with */
};

/* A file that was moved away or replaced takes writes as before, and nobody would
 * ever read them: compare before each verb, and after each commit. */
static enum standing standing_of(struct sqlite_file *self)
{
	struct sqlite_path_id now, log;
	enum sqlite_path_state state = sqlite_path_look(self->path, &now);

	if (state == SQLITE_PATH_MISSING || state == SQLITE_PATH_UNKNOWN)
		return MISSING;
	if (!sqlite_path_same(&now, &self->id))
		return OTHER;
	if (state != SQLITE_PATH_FILE || !has_magic(self->db))
		return EMPTIED;
	log = sqlite_path_log(self->real);
	if (self->log.inode && !sqlite_path_same(&log, &self->log))
		return LOG_GONE;
	self->log = log;
	return STANDS;
}

/* --- closing ---------------------------------------------------------------- */

/* Closing writes what the log has into the file and takes the log away: where
 * another file stands at the path, or nothing, both are left as they are. */
static void keep_log(struct sqlite_file *self)
{
	sqlite3_db_config(self->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

/* The log was removed under us: what we and others have written is in a file without a name,
 * and would end with the last of us.  Only while nobody has begun a new log. */
static void save_log(struct sqlite_file *self)
{
	if (sqlite_path_log(self->real).inode == 0)
		sqlite3_wal_checkpoint_v2(self->db, NULL, SQLITE_CHECKPOINT_FULL, NULL, NULL);
}

void sqlite_file_close(struct sqlite_file *self)
{
	enum standing standing;
	size_t i;

	if (!self->db)
		return;
	standing = standing_of(self);
	if (standing == LOG_GONE)
		save_log(self);
	if (standing != STANDS)
		keep_log(self);
	for (i = 0; i < SQLITE_FILE_STATEMENTS; i++) {
		sqlite3_finalize(self->statements[i]);
		self->statements[i] = NULL;
	}
	sqlite3_close(self->db);
	sqlite_turn_close(&self->turn);
	self->db = NULL;
	open_files--;
}

void sqlite_file_free(struct sqlite_file *self)
{
	sqlite_file_close(self);
	free(self->real);
	self->real = NULL;
}

/* Behind SQLite's "disk I/O error" the system's word: a full disk, a used up quota, a broken disk. */
static void say_failed(sqlite3 *db, const char *path, const char *what, struct err *e)
{
	int system = db && (sqlite3_errcode(db) & 0xFF) == SQLITE_IOERR ? sqlite3_system_errno(db) : 0;

	err_set(e, ERR_UNAVAILABLE, "%s: can't %s: %s%s%s", path, what,
		db ? sqlite3_errmsg(db) : "out of memory", system ? ": " : "",
		system ? strerror(system) : "");
}

/* Closes the file, which can't be opened or used; *e says why.  SQLite calls one locked, too, whose
 * file system has no locks. */
static int close_failed(struct sqlite_file *self, const char *what, struct err *e)
{
	int code = self->db ? sqlite3_errcode(self->db) & 0xFF : SQLITE_OK;

	sqlite_file_close(self);
	if ((code == SQLITE_BUSY || code == SQLITE_PROTOCOL) && open_files == 0)
		sqlite_path_explain_busy(self->path, what, e);
	return -1;
}

int sqlite_file_fail(struct sqlite_file *self, const char *what, struct err *e)
{
	say_failed(self->db, self->path, what, e);
	return close_failed(self, what, e);
}

/* --- opening ---------------------------------------------------------------- */

static int read_number(sqlite3 *db, const char *sql, int *number)
{
	sqlite3_stmt *statement = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

	if (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW)
		*number = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return rc == SQLITE_ROW ? 0 : -1;
}

/* Only reads: another program's database is left as it is. */
enum sqlite_file_trouble sqlite_file_identify(sqlite3 *db, const char *path, struct err *e)
{
	int version = 0, application = 0, columns = 0;

	if (!has_magic(db)) {
		err_set(e, ERR_UNAVAILABLE, "%s is not a database: mend COMMERCE_DB, or put a backup "
			"back with `ordersnap restore`", path);
		return SQLITE_FILE_RUINED;
	}
	if (read_number(db, "PRAGMA user_version", &version) ||
	    read_number(db, "PRAGMA application_id", &application) ||
	    read_number(db, "SELECT count(*) FROM pragma_table_info('items')"
			" WHERE name IN ('pk', 'sk', 'item', 'expires_at')", &columns)) {
		int code = sqlite3_errcode(db) & 0xFF;
		bool ruined = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;

		if (ruined)
			err_set(e, ERR_UNAVAILABLE, "%s: can't open it: %s; put a backup back with "
				"`ordersnap restore`", path, sqlite3_errmsg(db));
		else
			say_failed(db, path, "open it", e);
		return ruined ? SQLITE_FILE_RUINED : SQLITE_FILE_BUSY;
	}
	if (version > SCHEMA_VERSION && (application == 0 || application == APPLICATION_ID)) {
		err_set(e, ERR_CONFIG, "COMMERCE_DB: %s was written by a newer ordersnap "
			"(its table is version %d, this program knows %d)", path, version,
			SCHEMA_VERSION);
		return SQLITE_FILE_BUSY;
	}
	if (columns == 4 && (application == 0 || application == APPLICATION_ID))
		return SQLITE_FILE_FINE;
	err_set(e, ERR_UNAVAILABLE, "%s is a database without ordersnap's table: mend COMMERCE_DB, or "
		"move the file away and run `ordersnap init`", path);
	return SQLITE_FILE_FOREIGN;
}

/* The schema is trusted: with indexes and columns over what is in the items, for which SQLite 3.40 calls
 * its own JSON functions unsafe.  Whoever may add one may write orders, too.  What is deleted is
 * written over, for it may be a person. */
static int set_pragmas(sqlite3 *db)
{
	return sqlite3_exec(db, "PRAGMA trusted_schema = ON; PRAGMA synchronous = FULL;"
			    "PRAGMA secure_delete = ON;"
			    "PRAGMA journal_size_limit = 4194304; PRAGMA journal_mode = WAL",
			    NULL, NULL, NULL);
}

/* Where another program writes, the switch to WAL does not ask the busy handler. */
static int set_up(struct sqlite_file *self)
{
	int rc;

	while (((rc = set_pragmas(self->db)) & 0xFF) == SQLITE_BUSY && on_busy(self, 0))
		;
	return rc == SQLITE_OK ? 0 : -1;
}

/* What SQLite must not see: missing, empty, and a file that can't be written, which it would
 * open for reading, and leave side files of its mode behind. */
static int look_before_opening(struct sqlite_file *self, struct err *e)
{
	enum sqlite_path_state state = sqlite_path_look(self->path, &self->id);

	self->trouble = state == SQLITE_PATH_MISSING ? SQLITE_FILE_ABSENT
		: state == SQLITE_PATH_EMPTY ? SQLITE_FILE_RUINED
		: state == SQLITE_PATH_OTHER ? SQLITE_FILE_FOREIGN : SQLITE_FILE_BUSY;
	if (state != SQLITE_PATH_FILE)
		return sqlite_path_complain(self->path, state, e);
	free(self->real);
	self->real = realpath(self->path, NULL);
	if (!self->real || access(self->path, R_OK | W_OK))
		return err_set(e, ERR_UNAVAILABLE, "%s: can't open it: %s", self->path,
			       strerror(errno));
	if (open_files == 0 && sqlite_path_is_torn(self->real))
		return err_set(e, ERR_UNAVAILABLE, "%s is not the file that running programs have "
			       "open, or its -wal was taken away under them: start them again (`ordersnap "
			       "restore` puts a backup back beside running programs)", self->path);
	return 0;
}

/* One thread uses SQLite, and nobody asks how much memory it has: without both, each
 * allocation and each call is spared a lock. */
static void configure_once(void)
{
	static bool done;

	if (!done) {
		sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
		sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	}
	done = true;
}

/* SQLite calls it after each commit, instead of writing the log into the file itself. */
static int on_commit(void *context, sqlite3 *db, const char *name, int pages)
{
	struct sqlite_file *self = context;

	(void)db;
	(void)name;
	self->log_pages = pages;
	if (pages < self->log_tried) /* it has begun anew */
		self->log_tried = 0;
	return SQLITE_OK;
}

static int open_new(struct sqlite_file *self, struct err *e)
{
	int rc;

	/* Look before SQLite does: it would make what is missing its own. */
	if (look_before_opening(self, e))
		return -1;
	configure_once();
	rc = sqlite3_open_v2(self->path, &self->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
			     SQLITE_OPEN_EXRESCODE, NULL);
	open_files++;
	self->log = (struct sqlite_path_id){.inode = 0};
	self->log_pages = self->log_tried = 0;
	if (rc != SQLITE_OK || sqlite3_busy_handler(self->db, on_busy, self))
		return sqlite_file_fail(self, "open it", e);

	/* Is it a store?  Asked by reading, before anything is set. */
	self->trouble = sqlite_file_identify(self->db, self->path, e);
	if (self->trouble != SQLITE_FILE_FINE)
		return close_failed(self, "open it", e);
	if (set_up(self))
		return sqlite_file_fail(self, "open it", e);

	sqlite3_wal_hook(self->db, on_commit, self);
	sqlite_turn_open(&self->turn, self->real);

	/* The -wal is there from here on, and known.  Was the file replaced meanwhile? */
	if (!is_at_its_path(self->db) || standing_of(self) != STANDS) {
		sqlite_file_close(self);
		return err_set(e, ERR_UNAVAILABLE, "%s was replaced while it was opened", self->path);
	}
	return 0;
}

/* Whether the file at our real path is another one by now, so that the log beside it is of
 * a file that has no name any more. */
static bool was_replaced(const struct sqlite_file *self)
{
	struct sqlite_path_id now;

	return sqlite_path_look(self->real, &now) == SQLITE_PATH_FILE &&
	       !sqlite_path_same(&now, &self->id);
}

static void let_go(struct sqlite_file *self)
{
	sqlite_file_close(self);
	if (was_replaced(self))
		sqlite_path_put_log_aside(self->real, &self->log);
}

void sqlite_file_rest(struct sqlite_file *self)
{
	enum standing standing = self->db ? standing_of(self) : STANDS;

	if (standing == OTHER || standing == LOG_GONE)
		let_go(self);
}

int sqlite_file_open(struct sqlite_file *self, int64_t deadline, struct err *e)
{
	enum standing standing = self->db ? standing_of(self) : OTHER;
	struct sqlite_path_id now;

	self->deadline = deadline;
	if (standing == STANDS)
		return 0;

	/* A file that is gone is waited for, with what we have open of it. */
	if (standing == MISSING)
		return sqlite_path_complain(self->path, sqlite_path_look(self->path, &now), e);
	if (standing == LOG_GONE) {
		sqlite_file_close(self);
		return err_set(e, ERR_UNAVAILABLE, "%s-wal was taken away while programs used it: "
			       "start them again", self->path);
	}
	if (self->db)
		let_go(self);
	return open_new(self, e);
}

/* --- after a commit ------------------------------------------------------------ */

static int checkpoint(struct sqlite_file *self, int mode, int64_t ms)
{
	self->deadline = deadline_in(ms);
	return sqlite3_wal_checkpoint_v2(self->db, NULL, mode, NULL, NULL);
}

/* Left to itself, SQLite writes the log into the file after each commit from a thousand pages on,
 * and the log begins anew once somebody finds all of it written and nobody reading: while
 * others write that is hardly ever, and each commit then costs two more syncs.  So the
 * bulk is written while the others go on, and the rest in our turn, when none of them writes. */
static void write_log_into_file(struct sqlite_file *self)
{
	if (self->log_pages < LOG_PAGES || self->log_pages < self->log_tried + LOG_MORE)
		return;
	self->log_tried = self->log_pages;
	if (checkpoint(self, SQLITE_CHECKPOINT_PASSIVE, 0) != SQLITE_OK)
		return; /* another program is at it */
	if (sqlite_turn_take(&self->turn, deadline_in(CHECKPOINT_MS)))
		checkpoint(self, SQLITE_CHECKPOINT_RESTART, RESTART_MS);
	sqlite_turn_give(&self->turn);
}

/* A log that begins anew keeps its size, and it grows under a long reader. */
static void shrink_log(struct sqlite_file *self)
{
	int64_t now = clock_monotonic_ms();

	if (self->log.size < LOG_LARGE || now < self->next_checkpoint)
		return;
	self->next_checkpoint = now + CHECKPOINT_EVERY_MS;
	checkpoint(self, SQLITE_CHECKPOINT_TRUNCATE, CHECKPOINT_MS);
}

int sqlite_file_confirm(struct sqlite_file *self, struct err *e)
{
	if (standing_of(self) != STANDS)
		return err_set(e, ERR_UNAVAILABLE, "%s was moved away, replaced or emptied while it was "
			       "written: the write does not count", self->path);
	write_log_into_file(self);
	shrink_log(self);
	return 0;
}

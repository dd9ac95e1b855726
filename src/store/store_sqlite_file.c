/* SPDX-License-Identifier: ISC */
/*
 * Opening the SQLite file, and noticing when it is another one.
 */
#include "store/store_sqlite_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

#define SCHEMA_VERSION 1
#define BUSY_NAP_MS 4

static const char SCHEMA[] =
	"CREATE TABLE IF NOT EXISTS items ("
	" pk TEXT NOT NULL, sk TEXT NOT NULL, item TEXT NOT NULL, expires_at INTEGER,"
	" PRIMARY KEY (pk, sk)) WITHOUT ROWID;"
	"CREATE INDEX IF NOT EXISTS items_expires_at ON items (expires_at)"
	" WHERE expires_at IS NOT NULL;"
	"PRAGMA user_version = 1;";

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

void sqlite_file_close(struct sqlite_file *self)
{
	size_t i;

	for (i = 0; i < SQLITE_FILE_STATEMENTS; i++) {
		sqlite3_finalize(self->statements[i]);
		self->statements[i] = NULL;
	}
	sqlite3_close(self->db);
	self->db = NULL;
}

int sqlite_file_fail(struct sqlite_file *self, const char *what, struct err *e)
{
	err_set(e, ERR_UNAVAILABLE, "%s: can't %s: %s", self->path, what,
		self->db ? sqlite3_errmsg(self->db) : "out of memory");
	sqlite_file_close(self);
	return -1;
}

static int user_version(struct sqlite_file *self, int *version)
{
	sqlite3_stmt *statement = NULL;
	int rc = sqlite3_prepare_v2(self->db, "PRAGMA user_version", -1, &statement, NULL);

	if (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW)
		*version = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return rc == SQLITE_ROW ? 0 : -1;
}

static int create_table(struct sqlite_file *self)
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

static int open_file(struct sqlite_file *self)
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
static enum file file_at_path(struct sqlite_file *self)
{
	struct stat st;

	if (stat(self->path, &st))
		return NO_FILE;
	return st.st_dev == self->device && st.st_ino == self->inode ? SAME_FILE : OTHER_FILE;
}

/* Closes a file that has been moved away without touching the side files at
 * its old path, which are another file's by now. */
static void let_go(struct sqlite_file *self)
{
	int keep = 1;

	sqlite3_file_control(self->db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
	sqlite3_db_config(self->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite_file_close(self);
}

static void remember_file(struct sqlite_file *self)
{
	struct stat st = {.st_ino = 0};

	stat(self->path, &st);
	self->device = st.st_dev;
	self->inode = st.st_ino;
}

static int open_new(struct sqlite_file *self, struct err *e)
{
	int version = 0;

	if (make_file(self->path, e))
		return -1;
	if (open_file(self) || user_version(self, &version))
		return sqlite_file_fail(self, "open it", e);
	if (version > SCHEMA_VERSION) {
		sqlite_file_close(self);
		return err_set(e, ERR_CONFIG, "COMMERCE_DB: %s was written by a newer ordersnap "
			       "(its table is version %d, this program knows %d)", self->path,
			       version, SCHEMA_VERSION);
	}
	if (version < SCHEMA_VERSION && create_table(self))
		return sqlite_file_fail(self, "create its table", e);
	remember_file(self);
	return 0;
}

/* A file that is gone is waited for: a new one in its place would split the
 * shop's orders in two. */
int sqlite_file_open(struct sqlite_file *self, int64_t deadline, struct err *e)
{
	enum file found = self->db ? file_at_path(self) : OTHER_FILE;

	self->deadline = deadline;
	if (found == SAME_FILE)
		return 0;
	if (found == NO_FILE)
		return err_set(e, ERR_UNAVAILABLE, "%s has been moved away", self->path);
	if (self->db)
		let_go(self);
	return open_new(self, e);
}

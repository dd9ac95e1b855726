/* SPDX-License-Identifier: ISC */
/*
 * Making the SQLite file, under another name first.
 */
#include "store/store_sqlite_make.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "store/store_sqlite_draft.h"
#include "store/store_sqlite_file.h"
#include "store/store_sqlite_path.h"

#define OPCODES 1000 /* of SQLite's, between two looks at the clock */
#define LOG_NAP_MS 4

/* user_version is the table's, application_id says "OSNP" to file(1) and to us.
 *
 * Rows stand in the order in which they came, so the six of a sale share pages, and the index holds keys
 * alone: a table WITHOUT ROWID keeps whole rows in its index, which spread a sale over sixteen pages and
 * half as much again in the file.  Files that were made so are read and written as they are. */
static const char SCHEMA[] =
	"BEGIN;"
	"CREATE TABLE items ("
	" pk TEXT NOT NULL, sk TEXT NOT NULL, item TEXT NOT NULL, expires_at INTEGER,"
	" PRIMARY KEY (pk, sk));"
	"CREATE INDEX items_expires_at ON items (expires_at)"
	" WHERE expires_at IS NOT NULL;"
	"PRAGMA user_version = 1;"
	"PRAGMA application_id = 0x4F534E50;"
	"COMMIT;"
	"PRAGMA journal_mode = WAL";

int sqlite_make_open(const char *draft, struct sqlite3 **db)
{
	int rc = sqlite3_open_v2(draft, db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	return rc == SQLITE_OK ? sqlite3_exec(*db, "PRAGMA journal_mode = OFF", NULL, NULL, NULL) : rc;
}

int sqlite_make_publish(const char *draft, const char *path)
{
	if (renameat2(AT_FDCWD, draft, AT_FDCWD, path, RENAME_NOREPLACE)) {
		/* Not every file system has that; all have links or can't say EEXIST. */
		if (errno == EEXIST || link(draft, path))
			return -1;
		unlink(draft);
	}
	file_sync_folder(path);
	return 0;
}

static int write_schema(const char *draft, const char *path, struct err *e)
{
	sqlite3 *db = NULL;
	int rc = sqlite_make_open(draft, &db);

	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, SCHEMA, NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		err_set(e, ERR_UNAVAILABLE, "%s: can't create its table: %s", path, sqlite3_errmsg(db));
	sqlite3_close(db); /* the last one: -wal is gone then */
	if ((rc & 0xFF) == SQLITE_BUSY)
		sqlite_path_explain_busy(draft, "create its table", e);
	return rc == SQLITE_OK ? 0 : -1;
}

/* Nothing is made through a link, nor in its place. */
static int refuse_link(const char *path, struct err *e)
{
	struct stat st;

	if (lstat(path, &st) || !S_ISLNK(st.st_mode))
		return 0;
	return err_set(e, ERR_UNAVAILABLE, "%s is a link to a file that is not there: name the file itself "
		       "in COMMERCE_DB, or remove the link", path);
}

/* The log of a file that was moved away has what the file has not: a new file would be
 * its end. */
static int refuse_leftovers(const char *path, struct err *e)
{
	static const char *const suffixes[] = {"-wal", "-journal"};
	struct sqlite_path_id id;
	size_t i;

	for (i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		char *beside = sqlite_path_beside(path, suffixes[i]);
		bool there = sqlite_path_look(beside, &id) == SQLITE_PATH_FILE;

		free(beside);
		if (there)
			return err_set(e, ERR_UNAVAILABLE, "%s is not there, but %s%s is, with orders "
				       "in it: put the file back beside it, or move it away too",
				       path, path, suffixes[i]);
	}
	return 0;
}

/* What root made before, as the programs' user it could not be written. */
static void give_all_to_owner(const char *path)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	size_t i;

	for (i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		char *name = sqlite_path_beside(path, suffixes[i]);
		int fd = open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

		if (fd >= 0) {
			file_give_to_owner(fd, path);
			close(fd);
		}
		free(name);
	}
}

int sqlite_make(const char *path, bool *made, struct err *e)
{
	struct sqlite_draft draft;
	struct sqlite_path_id id;
	int rc;

	*made = false;
	if (sqlite_path_look(path, &id) != SQLITE_PATH_MISSING) {
		sqlite_draft_sweep(path);
		give_all_to_owner(path);
		return 0;
	}
	if (refuse_link(path, e) || refuse_leftovers(path, e) || sqlite_draft_make(path, &draft, e))
		return -1;
	rc = write_schema(draft.name, path, e);
	if (!rc && sqlite_make_publish(draft.name, path) == 0)
		*made = true;
	else if (!rc && errno != EEXIST)
		rc = err_set(e, ERR_UNAVAILABLE, "%s: can't make it: %s", path, strerror(errno));
	sqlite_draft_end(&draft, *made);
	return rc;
}

/* --- a file that is there ------------------------------------------------------------ */

static int is_over(void *context)
{
	struct sqlite_file *file = context;

	return deadline_left(file->deadline) == 0;
}

/* SQLite does not wait for another program that writes the log into the file. */
static int empty_log(struct sqlite_file *file, int64_t ms)
{
	int64_t end = deadline_in(ms);
	int rc;

	do {
		file->deadline = end;
		rc = sqlite3_wal_checkpoint_v2(file->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	} while ((rc & 0xFF) == SQLITE_BUSY && deadline_pause(LOG_NAP_MS, end));
	return rc;
}

/* When SQLite divides a full page, it leaves copies of what it has moved in the unused middle of that
 * one, and secure_delete does not know them.  A try that failed may have filled the disk: the log is
 * emptied in any case. */
int sqlite_make_anew(struct sqlite_file *file, int64_t ms, struct err *e)
{
	int rc, emptied;

	if (sqlite_file_open(file, deadline_in(ms), e))
		return -1;
	sqlite3_progress_handler(file->db, OPCODES, is_over, file);
	rc = sqlite3_exec(file->db, "VACUUM", NULL, NULL, NULL);
	sqlite3_progress_handler(file->db, 0, NULL, NULL);
	if ((rc & 0xFF) == SQLITE_INTERRUPT)
		err_set(e, ERR_UNAVAILABLE, "%s is too large to be written anew while others wait: import an "
			"export of it into a new file", file->path);
	else if (rc != SQLITE_OK && (rc & 0xFF) != SQLITE_BUSY)
		err_set(e, ERR_UNAVAILABLE, "%s: can't write it anew: %s", file->path,
			sqlite3_errmsg(file->db));
	emptied = empty_log(file, ms);
	if (rc != SQLITE_OK && (rc & 0xFF) != SQLITE_BUSY)
		return -1;
	if ((rc & 0xFF) == SQLITE_BUSY || (emptied & 0xFF) == SQLITE_BUSY)
		return err_set(e, ERR_UNAVAILABLE, "%s-wal can't be emptied, for somebody reads or writes "
			       "all the time: run the same command again", file->path);
	return emptied == SQLITE_OK ? 0 : sqlite_file_fail(file, "empty its log", e);
}

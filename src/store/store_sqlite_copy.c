/* SPDX-License-Identifier: ISC */
/*
 * Copying the SQLite file by the online backup, both ways.
 */
#include "store/store_sqlite_copy.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/part.h"
#include "base/str.h"
#include "store/store_sqlite_draft.h"
#include "store/store_sqlite_file.h"
#include "store/store_sqlite_make.h"

#define STEP_PAGES 512
#define NAP_MS 20
#define URI_MAX 16384
#define CHECKPOINT_MS 5000

/* --- what both ways need ------------------------------------------------------- */

static int text_of(sqlite3 *db, const char *sql, char *out, size_t size)
{
	sqlite3_stmt *statement = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

	if (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW)
		snprintf(out, size, "%s", sqlite3_column_text(statement, 0)
			 ? (const char *)sqlite3_column_text(statement, 0) : "");
	sqlite3_finalize(statement);
	return rc == SQLITE_ROW ? 0 : -1;
}

/* Reads the whole copy: is it sound, and what is in it? */
static int inspect(sqlite3 *db, const char *name, struct sqlite_copied *done, struct err *e)
{
	char verdict[200], items[32];

	if (text_of(db, "PRAGMA integrity_check(1)", verdict, sizeof verdict))
		return err_set(e, ERR_UNAVAILABLE, "%s is damaged: %s", name, sqlite3_errmsg(db));
	if (strcmp(verdict, "ok") != 0)
		return err_set(e, ERR_UNAVAILABLE, "%s is damaged: %s", name, verdict);
	if (text_of(db, "SELECT count(*) FROM items", items, sizeof items) ||
	    text_of(db, "SELECT ifnull(max(max(ifnull(item ->> 'updatedAt', ''),"
		    " ifnull(item ->> 'createdAt', ''), ifnull(item ->> 'completedAt', ''),"
		    " ifnull(item ->> 'processedAt', ''))), '') FROM items WHERE json_valid(item)",
		    done->newest, sizeof done->newest) ||
	    span_to_int64(span_of(items), &done->items))
		return err_set(e, ERR_UNAVAILABLE, "%s can't be read: %s", name, sqlite3_errmsg(db));
	return 0;
}

/* Runs SQL with `text` as its one parameter (NULL: nothing is run); SQLite's code. */
static int run_with(sqlite3 *db, const char *sql, const char *text)
{
	sqlite3_stmt *statement = NULL;
	int rc = text ? sqlite3_prepare_v2(db, sql, -1, &statement, NULL) : SQLITE_DONE;

	if (rc == SQLITE_OK) {
		sqlite3_bind_text(statement, 1, text, -1, SQLITE_STATIC);
		rc = sqlite3_step(statement);
	}
	sqlite3_finalize(statement);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int leave_out(sqlite3 *db, const char *own)
{
	return run_with(db, "DELETE FROM items WHERE pk = ?1", own);
}

/* Copies all pages from one database into another, in one transaction of that; the result
 * is SQLite's code, and SQLITE_ABORT where `progress` said to stop. */
static int copy_pages(sqlite3 *to, sqlite3 *from, const struct sqlite_copy *copy)
{
	sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
	int64_t deadline = deadline_in(copy->wait_ms);
	int rc = SQLITE_OK, finished;

	if (!backup)
		return sqlite3_errcode(to);
	while (rc == SQLITE_OK || (rc & 0xFF) == SQLITE_BUSY || rc == SQLITE_LOCKED) {
		if (rc != SQLITE_OK && !deadline_pause(NAP_MS, deadline))
			break;
		rc = sqlite3_backup_step(backup, STEP_PAGES);
		if (copy->progress && rc == SQLITE_OK) {
			int64_t all = sqlite3_backup_pagecount(backup);

			if (!copy->progress(copy->context, all - sqlite3_backup_remaining(backup), all))
				rc = SQLITE_ABORT;
		}
	}
	finished = sqlite3_backup_finish(backup);
	return rc == SQLITE_DONE ? finished : rc;
}

/* `db` is what was written; behind SQLite's "disk I/O error" stands the system's word. */
static int copy_failed(sqlite3 *db, int rc, const char *to, const char *what, struct err *e)
{
	int system = (rc & 0xFF) == SQLITE_IOERR ? sqlite3_system_errno(db) : 0;

	if (rc == SQLITE_ABORT)
		return err_set(e, ERR_UNAVAILABLE, "stopped: %s is as it was", to);
	if (rc == SQLITE_READONLY)
		return err_set(e, ERR_UNAVAILABLE, "can't write %s: it has pages of another size than "
			       "%s: move it away with its -wal and -shm, and run this again", to, what);
	return err_set(e, ERR_UNAVAILABLE, "can't copy %s to %s: %s%s%s", what, to, sqlite3_errstr(rc),
		       system ? ": " : "", system ? strerror(system) : "");
}

/* --- saving --------------------------------------------------------------------- */

static int refuse_name(const struct sqlite_copy *copy, struct err *e)
{
	struct sqlite_path_id store, file, log;
	struct stat st;

	if (part_check_name(copy->file, e))
		return -1;
	if (lstat(copy->file, &st) == 0) {
		sqlite_path_look(copy->store, &store);
		sqlite_path_look(copy->file, &file);
		if (store.inode && sqlite_path_same(&store, &file))
			return err_set(e, ERR_UNAVAILABLE, "%s is the store itself: name another file",
				       copy->file);
		if (!copy->replace)
			return err_set(e, ERR_UNAVAILABLE, "%s is there already: name another file, or "
				       "replace it with --force", copy->file);
	}
	log = sqlite_path_log(copy->file);
	if (log.inode)
		return err_set(e, ERR_UNAVAILABLE, "%s-wal is there: it would be taken for this backup's; "
			       "name another file", copy->file);
	return 0;
}

/* FILE.part, empty, and nothing beside it that SQLite would take for its log.  The descriptor, or -1. */
static int open_part(const char *part, struct err *e)
{
	static const char *const suffixes[] = {"-journal", "-wal", "-shm"};
	int fd = part_open(part, "backup", e);
	size_t i;

	if (fd < 0)
		return -1;
	for (i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		char *name = sqlite_path_beside(part, suffixes[i]);

		unlink(name);
		free(name);
	}
	if (ftruncate(fd, 0) == 0)
		return fd;
	err_set(e, ERR_UNAVAILABLE, "can't write %s: %s", part, strerror(errno));
	close(fd);
	return -1;
}

/* Opens it by its name, as SQLite does: its folder's real one, for no link is followed on the way.  Without
 * locks of SQLite's: the part is locked, and on NFS the two would meet (flock(2)). */
static int open_named(const char *part, sqlite3 **db)
{
	char *folder = file_folder(part), *real = realpath(folder, NULL);
	char *name = real ? str_printf("%s/%s", real, basename(part)) : NULL;
	int rc = name ? sqlite3_open_v2(name, db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
						  SQLITE_OPEN_NOFOLLOW, "unix-none")
		      : SQLITE_CANTOPEN;

	free(name);
	free(real);
	free(folder);
	return rc;
}

/* The copy of one moment: a read transaction holds it while others write on, else each of their
 * commits would begin the copy anew. */
static int fill_part(const struct sqlite_copy *copy, const char *part, struct sqlite_copied *done,
		     struct err *e)
{
	struct sqlite_file live = {.path = str_dup(copy->store)};
	char ignored[32];
	sqlite3 *db = NULL;
	int rc = -1, code;

	if (sqlite_file_open(&live, deadline_in(copy->wait_ms), e))
		goto out;
	if (sqlite3_exec(live.db, "BEGIN", NULL, NULL, NULL) ||
	    text_of(live.db, "SELECT count(*) FROM sqlite_master", ignored, sizeof ignored)) {
		sqlite_file_fail(&live, "read it", e);
		goto out;
	}

	/* Nobody sees the file before it is whole: it needs no journal. */
	code = open_named(part, &db);
	if (code == SQLITE_OK)
		code = sqlite3_exec(db, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF;"
				    "PRAGMA synchronous = OFF", NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = copy_pages(db, live.db, copy);
	if (code == SQLITE_OK)
		code = leave_out(db, copy->own);

	/* A copy without side files: it can be read where nobody may write. */
	if (code == SQLITE_OK)
		code = sqlite3_exec(db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
	if (code != SQLITE_OK)
		copy_failed(db, code, copy->file, copy->store, e);
	else
		rc = inspect(db, part, done, e);
out:
	sqlite3_close(db);
	sqlite_file_free(&live);
	free(live.path);
	return rc;
}

int sqlite_copy_save(const struct sqlite_copy *copy, struct sqlite_copied *done, struct err *e)
{
	char *part = sqlite_path_beside(copy->file, ".part");
	struct stat st;
	int fd = -1, rc = -1;

	*done = (struct sqlite_copied){.items = 0};
	if (refuse_name(copy, e) || (fd = open_part(part, e)) < 0)
		goto out;
	rc = fill_part(copy, part, done, e);
	if (rc)
		goto out;

	/* On disk first, then its name, then the folder. */
	rc = part_sync(part, fd, e);
	if (rc)
		goto out;
	if (fstat(fd, &st))
		rc = err_set(e, ERR_UNAVAILABLE, "can't write %s: %s", part, strerror(errno));
	else if (copy->replace ? rename(part, copy->file) : sqlite_make_publish(part, copy->file))
		rc = err_set(e, ERR_UNAVAILABLE, "can't rename %s to %s: %s", part, copy->file,
			     strerror(errno));
	else
		done->bytes = st.st_size;
	if (!rc)
		file_sync_folder(copy->file);
out:
	if (rc && fd >= 0 && part_is_named(part, fd))
		unlink(part);
	if (fd >= 0)
		close(fd);
	free(part);
	return rc;
}

/* --- loading -------------------------------------------------------------------- */

/* A file: URI; what has a meaning in one is escaped. */
static char *uri_of(const char *path, const char *parameter)
{
	struct buf uri;

	buf_init(&uri, URI_MAX);
	buf_puts(&uri, "file:");
	for (; *path; path++) {
		if (strchr("%?#", *path))
			buf_printf(&uri, "%%%02X", (unsigned char)*path);
		else
			buf_putc(&uri, *path);
	}
	buf_printf(&uri, "?%s", parameter);
	return buf_detach(&uri);
}

/* Opens the copy for reading: nothing is written beside it, unless it has a log, whose part is in
 * it too.  It has to be a store, and sound. */
static int open_copy(const struct sqlite_copy *copy, sqlite3 **db, struct sqlite_copied *done,
		     struct err *e)
{
	struct sqlite_path_id store, file;
	enum sqlite_path_state state = sqlite_path_look(copy->file, &file);
	enum sqlite_file_trouble trouble;
	bool has_log;
	char *uri;
	int rc;

	if (state == SQLITE_PATH_UNKNOWN)
		return err_set(e, ERR_UNAVAILABLE, "can't look at %s: %s", copy->file, strerror(errno));
	has_log = sqlite_path_log(copy->file).size > 0;
	sqlite_path_look(copy->store, &store);
	if (state != SQLITE_PATH_FILE)
		return err_set(e, ERR_UNAVAILABLE, "%s %s", copy->file,
			       state == SQLITE_PATH_MISSING ? "is not there"
			       : state == SQLITE_PATH_EMPTY ? "is empty" : "is no file");
	if (sqlite_path_same(&store, &file))
		return err_set(e, ERR_UNAVAILABLE, "%s is the store itself", copy->file);
	uri = uri_of(copy->file, has_log ? "mode=ro" : "immutable=1");
	rc = sqlite3_open_v2(uri, db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
	free(uri);
	if (rc != SQLITE_OK)
		return err_set(e, ERR_UNAVAILABLE, "can't open %s: %s", copy->file, sqlite3_errstr(rc));
	trouble = sqlite_file_identify(*db, copy->file, e);
	if (trouble == SQLITE_FILE_FINE) {
		done->bytes = file.size;
		return inspect(*db, copy->file, done, e);
	}
	if (trouble == SQLITE_FILE_RUINED)
		return err_set(e, ERR_UNAVAILABLE, "%s is not a database, or damaged", copy->file);
	if (trouble == SQLITE_FILE_FOREIGN)
		return err_set(e, ERR_UNAVAILABLE, "%s is a database without ordersnap's table", copy->file);
	return -1;
}

static bool is_damage(int rc)
{
	return (rc & 0xFF) == SQLITE_CORRUPT || (rc & 0xFF) == SQLITE_NOTADB;
}

/* Puts the store's own items into the draft; where they can't be read any more they are lost,
 * which is no reason to restore nothing.  Either may have columns that its owner has added. */
static int keep_own(sqlite3 *draft, const struct sqlite_copy *copy)
{
	int rc = run_with(draft, "ATTACH ?1 AS store", copy->store);

	if (rc == SQLITE_OK)
		rc = leave_out(draft, copy->own);
	if (rc == SQLITE_OK)
		rc = run_with(draft, "INSERT INTO main.items (pk, sk, item, expires_at)"
			      " SELECT pk, sk, item, expires_at FROM store.items WHERE pk = ?1", copy->own);
	return is_damage(rc) ? SQLITE_OK : rc;
}

/* The draft is what the store is to be, so that the store becomes it in one transaction: the copy,
 * but with the store's own items.  SQLite removes it, whatever happens. */
static int load_pages(sqlite3 *db, sqlite3 *from, const struct sqlite_copy *copy)
{
	struct sqlite_copy untold = *copy;
	sqlite3 *draft = NULL;
	int rc;

	if (!copy->own)
		return copy_pages(db, from, copy);
	untold.progress = NULL;
	rc = sqlite3_open_v2("", &draft, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
			     NULL);
	if (rc == SQLITE_OK)
		rc = copy_pages(draft, from, &untold);
	if (rc == SQLITE_OK)
		rc = keep_own(draft, copy);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(draft, "DETACH store", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = copy_pages(db, draft, copy);
	sqlite3_close(draft);
	return rc;
}

/* Into the store that is open: 0, -1, or 1 where it turned out to be damaged. */
static int load_into(struct sqlite_file *live, sqlite3 *from, const struct sqlite_copy *copy,
		     struct err *e)
{
	int rc = load_pages(live->db, from, copy);

	if (rc != SQLITE_OK) {
		copy_failed(live->db, (rc & 0xFF) == SQLITE_READONLY ? SQLITE_READONLY : rc,
			    copy->store, copy->file, e);
		return is_damage(rc) ? 1 : -1;
	}
	if (sqlite_file_confirm(live, e))
		return -1;
	live->deadline = deadline_in(CHECKPOINT_MS);
	sqlite3_wal_checkpoint_v2(live->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	return 0;
}

static int load_new(sqlite3 *from, const struct sqlite_copy *copy, struct err *e)
{
	struct sqlite_draft draft;
	sqlite3 *db = NULL;
	int rc;

	if (sqlite_draft_make(copy->store, &draft, e))
		return -1;
	rc = sqlite_make_open(draft.name, &db);
	if (rc == SQLITE_OK)
		rc = copy_pages(db, from, copy);
	if (rc == SQLITE_OK)
		rc = leave_out(db, copy->own);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		rc = copy_failed(db, rc, copy->store, copy->file, e);
	sqlite3_close(db);
	if (!rc && sqlite_make_publish(draft.name, copy->store))
		rc = err_set(e, ERR_UNAVAILABLE, "%s: can't make it: %s", copy->store, strerror(errno));
	sqlite_draft_end(&draft, rc == 0);
	return rc;
}

/* By time and process, so that no two have one name. */
static int move_aside(const char *store, char **aside, struct err *e)
{
	time_t now = (time_t)clock_epoch();
	char time[32], suffix[64];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(time, sizeof time, "%Y%m%dT%H%M%SZ", &tm);
	snprintf(suffix, sizeof suffix, ".damaged-%s-%ld", time, (long)getpid());
	return sqlite_path_move_aside(store, suffix, aside, e);
}

int sqlite_copy_load(const struct sqlite_copy *copy, struct sqlite_copied *done, struct err *e)
{
	struct sqlite_file live = {.path = str_dup(copy->store)};
	sqlite3 *from = NULL;
	int rc;

	/* Nothing is touched before the copy is known to be good. */
	*done = (struct sqlite_copied){.items = 0};
	rc = open_copy(copy, &from, done, e);
	if (rc)
		goto out;

	/* A store that works is written while others wait. */
	if (sqlite_file_open(&live, deadline_in(copy->wait_ms), e) == 0)
		rc = load_into(&live, from, copy, e);
	else
		rc = live.trouble == SQLITE_FILE_ABSENT || live.trouble == SQLITE_FILE_RUINED ? 1 : -1;
	sqlite_file_free(&live);

	/* One that does not, or its log alone, gets out of the way. */
	if (rc > 0)
		rc = move_aside(copy->store, &done->aside, e) || load_new(from, copy, e) ? -1 : 0;
out:
	sqlite3_close(from);
	free(live.path);
	return rc;
}

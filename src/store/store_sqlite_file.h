/* SPDX-License-Identifier: ISC */
/*
 * The SQLite file under store_sqlite.c: opened when it is first needed, and
 * anew after a failure or when another file stands at its path.  So a file that
 * was replaced, a full disk that has room again or a directory that came back
 * need no restart.
 *
 * Opening never makes a file, and SQLite does not get to see one that is missing,
 * empty or no store: opening an empty file, SQLite deletes the -wal beside it,
 * which may hold orders of the programs that run.
 */
#ifndef ORDERSNAP_STORE_STORE_SQLITE_FILE_H
#define ORDERSNAP_STORE_STORE_SQLITE_FILE_H

#include <stdint.h>

#include "base/err.h"
#include "store/store_sqlite_path.h"
#include "store/store_sqlite_turn.h"

#define SQLITE_FILE_STATEMENTS 13

struct sqlite3;
struct sqlite3_stmt;

/* Why a file could not be opened, for whoever puts another in its place. */
enum sqlite_file_trouble {
	SQLITE_FILE_FINE,
	SQLITE_FILE_ABSENT,  /* nothing is there */
	SQLITE_FILE_RUINED,  /* empty, no database, or a damaged one */
	SQLITE_FILE_FOREIGN, /* another program's database, a folder */
	SQLITE_FILE_BUSY,    /* locked, not permitted, of a newer program: it may be well */
};

struct sqlite_file {
	char *path;
	struct sqlite3 *db; /* NULL while closed */
	/* The user's, prepared; they go when the file is closed. */
	struct sqlite3_stmt *statements[SQLITE_FILE_STATEMENTS];
	int64_t deadline;         /* of the verb that runs, for whoever waits for a lock */
	char *real;               /* the path without links, which has the -wal beside it */
	struct sqlite_path_id id; /* of the file that is open, and of its -wal, */
	struct sqlite_path_id log; /* to see when others stand at their paths */
	struct sqlite_turn turn;  /* to write; for whoever writes */
	int log_pages, log_tried; /* in the -wal after our last commit, and at our last checkpoint */
	int64_t next_checkpoint;  /* not before, monotonic */
	enum sqlite_file_trouble trouble; /* of the last opening */
};

/* Opens the file where that is needed; waits for locks until `deadline`, now and
 * in what is run on it before the next call.  -1 with ERR_UNAVAILABLE, which
 * names the path and what to do, or ERR_CONFIG where a newer program wrote it. */
int sqlite_file_open(struct sqlite_file *self, int64_t deadline, struct err *e);

/* Between requests: lets go of a file that another has taken the place of, or whose -wal was taken away,
 * as the next opening would; until all have, nobody can use what stands there. */
void sqlite_file_rest(struct sqlite_file *self);

/* After a commit: 0 where what was written is in the file that stands at the path, so
 * that it may be acknowledged; else -1 with ERR_UNAVAILABLE.  Keeps the -wal small. */
int sqlite_file_confirm(struct sqlite_file *self, struct err *e);

/* Closes; what -wal has is then in the file, unless another stands at its path. */
void sqlite_file_close(struct sqlite_file *self);

/* Closes, and frees all but `path`, which is the caller's. */
void sqlite_file_free(struct sqlite_file *self);

/* Names what SQLite said ("can't `what`"), and closes the file; is -1. */
int sqlite_file_fail(struct sqlite_file *self, const char *what, struct err *e);

/* Whether an open database is a store of ours that this program can read: its version,
 * its table.  Reads only.  Else `e` says what it is: ERR_UNAVAILABLE, or ERR_CONFIG where
 * a newer program wrote it. */
enum sqlite_file_trouble sqlite_file_identify(struct sqlite3 *db, const char *path,
					      struct err *e);

#endif

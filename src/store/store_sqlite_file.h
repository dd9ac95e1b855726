/* SPDX-License-Identifier: ISC */
/*
 * The SQLite file under store_sqlite.c: opened when it is first needed, and
 * anew after a failure or when another file stands at its path.  So a file that
 * was replaced, a full disk that has room again or a directory that came back
 * need no restart.
 */
#ifndef ORDERSNAP_STORE_STORE_SQLITE_FILE_H
#define ORDERSNAP_STORE_STORE_SQLITE_FILE_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define SQLITE_FILE_STATEMENTS 12

struct sqlite3;
struct sqlite3_stmt;

struct sqlite_file {
	char *path;
	struct sqlite3 *db; /* NULL while closed */
	/* The user's, prepared; they go when the file is closed. */
	struct sqlite3_stmt *statements[SQLITE_FILE_STATEMENTS];
	int64_t deadline; /* of the verb that runs, for whoever waits for a lock */
	dev_t device;     /* the file that is open, */
	ino_t inode;      /* to see when another stands at its path */
};

/* Makes and opens the file where that is needed; waits for locks until
 * `deadline`, now and in what is run on it before the next call.  -1 with
 * ERR_UNAVAILABLE, or ERR_CONFIG where a newer program wrote it. */
int sqlite_file_open(struct sqlite_file *file, int64_t deadline, struct err *e);

void sqlite_file_close(struct sqlite_file *file);

/* Names what SQLite said ("can't `what`"), and closes the file; is -1. */
int sqlite_file_fail(struct sqlite_file *file, const char *what, struct err *e);

#endif

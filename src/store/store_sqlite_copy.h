/* SPDX-License-Identifier: ISC */
/*
 * A copy of the SQLite file, and the way back, beside programs that read and write.
 * The one idea: both ways are SQLite's online backup (https://www.sqlite.org/backup.html)
 * within one transaction, so a copy is of one moment, and a store is either what it was
 * or what the copy has.
 */
#ifndef ORDERSNAP_STORE_STORE_SQLITE_COPY_H
#define ORDERSNAP_STORE_STORE_SQLITE_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define SQLITE_COPY_TIME 40

struct sqlite_copy {
	const char *store; /* the path of the store */
	const char *file;  /* the path of the copy */
	/* The PK of items that are a store's own (NULL: none): a copy does not have them, and a
	 * store keeps those that it has. */
	const char *own;
	bool replace;      /* a backup may take the place of what has the copy's name */
	/* Is told how far it is; false: stop, and leave everything as it was. */
	bool (*progress)(void *context, int64_t pages, int64_t all);
	void *context;
	int64_t wait_ms; /* how long locks are waited for */
};

struct sqlite_copied {
	int64_t items, bytes;
	char newest[SQLITE_COPY_TIME]; /* the latest time in an item of the copy, or "" */
	char *aside; /* what was in a restored store's way, under its new name (free() it); NULL */
};

/*
 * Copies the store into a new file, mode 600: of one moment, while others write on; checked
 * with integrity_check; there under its name when it is whole and on disk, not at all
 * otherwise.  Symbolic links are not followed.  -1 with ERR_UNAVAILABLE.
 */
int sqlite_copy_save(const struct sqlite_copy *copy, struct sqlite_copied *done, struct err *e);

/*
 * Makes the store what the copy is.  A copy that is damaged or no store changes nothing.  A
 * store that can be opened is written in one transaction: running programs wait for
 * it and go on with what is there then.  One that can't, because it is damaged, is moved
 * aside with its -wal and -shm; then, and where there was none, a new file is made.
 * -1 with ERR_UNAVAILABLE; `done->aside` may be set then too.
 */
int sqlite_copy_load(const struct sqlite_copy *copy, struct sqlite_copied *done, struct err *e);

#endif

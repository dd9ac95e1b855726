/* SPDX-License-Identifier: ISC */
/*
 * Making the SQLite file.  It is made under another name and gets its own when it
 * is whole: nobody ever sees half a store, or an empty file.
 */
#ifndef ORDERSNAP_STORE_STORE_SQLITE_MAKE_H
#define ORDERSNAP_STORE_STORE_SQLITE_MAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct sqlite3;
struct sqlite_file;

/*
 * Makes a store at `path`.  Made by root, it is the folder owner's; one that is there
 * and root's becomes so too.  `*made` is false where something was there already,
 * which is left as it is otherwise.  -1 with ERR_UNAVAILABLE: the folder is
 * missing or closed, a -wal lies there without its file, or a link leads nowhere.
 */
int sqlite_make(const char *path, bool *made, struct err *e);

/* Opens a draft.  It needs no journal, for nobody sees it before it is whole, and a run that is killed
 * leaves none.  SQLite's code; *db is to be closed whatever that is. */
int sqlite_make_open(const char *draft, struct sqlite3 **db);

/* Gives the draft its name, durably, if nothing has that yet: 0, or -1 with errno
 * (EEXIST). */
int sqlite_make_publish(const char *draft, const char *path);

/* Writes the file of a store that is in use anew, for which others who want to write wait, `ms` at most;
 * then its -wal is emptied, which waits for those who read and write, as long.  What was deleted or written
 * over is in neither afterwards.  -1 with ERR_UNAVAILABLE, and what to do: it took longer, or there is
 * no room. */
int sqlite_make_anew(struct sqlite_file *file, int64_t ms, struct err *e);

#endif

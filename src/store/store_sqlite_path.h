/* SPDX-License-Identifier: ISC */
/*
 * What stands at the path of the SQLite file, seen without SQLite.  The one
 * idea: a file is known by device and inode, not by its name, and so is the
 * write-ahead log (-wal) beside it; whoever has them open can tell at any time
 * whether the names still lead there.
 *
 * Nothing here may open the file while this process has it open through SQLite:
 * closing any descriptor of a file drops all locks of the process on it
 * (fcntl(2)).  So all but sqlite_path_is_torn() and sqlite_path_explain_busy() ask stat(2)
 * alone.
 */
#ifndef ORDERSNAP_STORE_STORE_SQLITE_PATH_H
#define ORDERSNAP_STORE_STORE_SQLITE_PATH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct sqlite_path_id {
	dev_t device;
	ino_t inode; /* 0: there is none */
	off_t size;  /* no part of the identity */
};

enum sqlite_path_state {
	SQLITE_PATH_FILE,    /* a file with something in it */
	SQLITE_PATH_MISSING, /* nothing, or a link that leads nowhere */
	SQLITE_PATH_EMPTY,   /* a file of 0 bytes */
	SQLITE_PATH_OTHER,   /* a folder, a socket: no file */
	SQLITE_PATH_UNKNOWN, /* it can't be looked at, for what errno says */
};

/* `*id` is that of what is there. */
enum sqlite_path_state sqlite_path_look(const char *path, struct sqlite_path_id *id);

bool sqlite_path_same(const struct sqlite_path_id *a, const struct sqlite_path_id *b);

/* Says what is wrong with a state other than SQLITE_PATH_FILE, and what to do; is -1
 * with ERR_UNAVAILABLE. */
int sqlite_path_complain(const char *path, enum sqlite_path_state state, struct err *e);

/* PATH with "-wal" behind it, for one; free() it. */
char *sqlite_path_beside(const char *path, const char *suffix);

/* What "-wal" beside the file is; inode 0 where there is none. */
struct sqlite_path_id sqlite_path_log(const char *path);

/*
 * Whether other processes work on the -shm beside the file, but not on this file
 * with its -wal: another file was put here, or the -wal was taken away, under
 * programs that run.  Opening it now would mix the two.  Only for a process
 * that has no SQLite file open, see above.
 */
bool sqlite_path_is_torn(const char *path);

/* SQLite failed to do `what` ("open it"), and calls the file locked, as it does where the file system
 * has no locks at all: then *e says that, else it stays.  Likewise only for a process that
 * has no SQLite file open. */
void sqlite_path_explain_busy(const char *path, const char *what, struct err *e);

/* The -wal of identity `log`, if that still stands beside `path`, becomes
 * PATH-wal.replaced and its -shm goes: they belong to a file that is no longer
 * here. */
void sqlite_path_put_log_aside(const char *path, const struct sqlite_path_id *log);

/* Renames PATH, PATH-wal and PATH-shm, those that are there, with `suffix` behind PATH, where
 * nothing may stand yet.  `*to` is the first one's new name (free() it), NULL where there was
 * none.  -1 with ERR_UNAVAILABLE. */
int sqlite_path_move_aside(const char *path, const char *suffix, char **to, struct err *e);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * FILE.draft-PID: where the SQLite file is made that gets its own name when it is whole.  A draft is locked
 * (flock) as long as its run lives, so that what a killed run has left can be told from what is being made.
 */
#ifndef ORDERSNAP_STORE_STORE_SQLITE_DRAFT_H
#define ORDERSNAP_STORE_STORE_SQLITE_DRAFT_H

#include <stdbool.h>

#include "base/err.h"

struct sqlite_draft {
	char *name;
	int fd; /* that has the lock; nobody reads or writes by it */
};

/* A new, empty file beside `path` for a database that is to become `path`, mode 660, of the folder's owner
 * where root makes it.  -1 with ERR_UNAVAILABLE. */
int sqlite_draft_make(const char *path, struct sqlite_draft *draft, struct err *e);

/* To be called when SQLite has closed the draft.  One that was not published is removed. */
void sqlite_draft_end(struct sqlite_draft *draft, bool published);

/* Removes the drafts of `path` that killed runs have left, with all orders that are in them: those of this
 * user (root: of anybody) that no run has locked.  On a share without locks they stay. */
void sqlite_draft_sweep(const char *path);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * The table in one SQLite file: the default, for a shop on one machine.
 */
#ifndef ORDERSNAP_STORE_STORE_SQLITE_H
#define ORDERSNAP_STORE_STORE_SQLITE_H

#include "store/store.h"

/* The store in the file at `path` (copied).  Nothing is opened yet: the first
 * verb opens the file, creating it and its table if they aren't there. */
struct store *store_sqlite_new(const char *path);

#endif

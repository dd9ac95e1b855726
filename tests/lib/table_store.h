/* SPDX-License-Identifier: ISC */
/*
 * A store over a table in memory, for programs of tests that put it in the place of the real ones: it gives
 * what store/store.h promises, and nothing takes time.
 */
#ifndef ORDERSNAP_TESTS_TABLE_STORE_H
#define ORDERSNAP_TESTS_TABLE_STORE_H

#include "../lib/table.h"
#include "store/store.h"

/* What a call meets. */
enum table_store_meets {
	TABLE_STORE_NOTHING,
	TABLE_STORE_AWAY,     /* it has no effect and no answer */
	TABLE_STORE_LOST,     /* a write has its effect, and its answer is lost; else as before */
	TABLE_STORE_CONFLICT, /* a write meets another writer; else nothing happens */
};

struct table_store {
	struct store store; /* first: a struct store * is one of these */
	struct table *table; /* the caller's */
	size_t page; /* items of a scan's page at most; 0: as many as are asked for */
	unsigned written; /* writes that had their effect */
	enum table_store_meets (*meets)(void); /* asked at each call; NULL: nothing ever */
};

/* What store_close() does to it is nothing. */
void table_store_init(struct table_store *self, struct table *table,
		      enum table_store_meets (*meets)(void));

#endif

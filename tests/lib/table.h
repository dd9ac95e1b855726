/* SPDX-License-Identifier: ISC */
/*
 * A table's items in memory, for stores that tests put in the place of the real ones.  Its readers are given
 * references of the items themselves: one that is changed in place (store/store.h) ends the test.
 */
#ifndef ORDERSNAP_TESTS_TABLE_H
#define ORDERSNAP_TESTS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/json.h"

#define TABLE_MAX 256

struct table {
	struct json_object *items[TABLE_MAX];
	struct table_note {
		const char *pk, *sk; /* the item's own */
		uint64_t print;      /* of all that is in it */
	} notes[TABLE_MAX];          /* of the items when they came */
	size_t n;
};

bool table_is_item(struct json_object *item, const char *pk, const char *sk);

/* Borrowed; NULL where there is none. */
struct json_object *table_find(const struct table *table, const char *pk, const char *sk);

/* In the place of the item of its key, or behind all; takes it. */
void table_put(struct table *table, struct json_object *item);
void table_add(struct table *table, struct json_object *item); /* behind all, whatever its key */
void table_delete(struct table *table, const char *pk, const char *sk);
void table_free(struct table *table);

#endif

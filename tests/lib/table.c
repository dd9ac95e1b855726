/* SPDX-License-Identifier: ISC */
/*
 * Items in memory, in the order in which they came.
 */
#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool table_is_item(struct json_object *item, const char *pk, const char *sk)
{
	return strcmp(json_string_or_null(item, "PK"), pk) == 0 &&
	       strcmp(json_string_or_null(item, "SK"), sk) == 0;
}

static size_t place_of(const struct table *table, const char *pk, const char *sk)
{
	size_t i;

	for (i = 0; i < table->n && !table_is_item(table->items[i], pk, sk); i++)
		;
	return i;
}

struct json_object *table_find(const struct table *table, const char *pk, const char *sk)
{
	size_t i = place_of(table, pk, sk);

	return i < table->n ? table->items[i] : NULL;
}

void table_add(struct table *table, struct json_object *item)
{
	if (table->n == TABLE_MAX)
		abort();
	table->items[table->n] = item;
	table->texts[table->n++] = str_dup(json_text(item));
}

/* Takes one out of its place. */
static void let_go(const struct table *table, size_t i)
{
	if (strcmp(json_text(table->items[i]), table->texts[i]) != 0) {
		fprintf(stderr, "an item was changed in place\n  from %s\n  to %s\n", table->texts[i],
			json_text(table->items[i]));
		abort();
	}
	json_object_put(table->items[i]);
	free(table->texts[i]);
}

void table_put(struct table *table, struct json_object *item)
{
	size_t i = place_of(table, json_string_or_null(item, "PK"), json_string_or_null(item, "SK"));

	if (i == table->n) {
		table_add(table, item);
		return;
	}
	let_go(table, i);
	table->items[i] = item;
	table->texts[i] = str_dup(json_text(item));
}

void table_delete(struct table *table, const char *pk, const char *sk)
{
	size_t i = place_of(table, pk, sk);

	if (i == table->n)
		return;
	let_go(table, i);
	table->items[i] = table->items[--table->n];
	table->texts[i] = table->texts[table->n];
}

void table_free(struct table *table)
{
	while (table->n)
		let_go(table, --table->n);
}

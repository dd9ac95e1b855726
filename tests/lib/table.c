/* SPDX-License-Identifier: ISC */
/*
 * Items in memory, in the order in which they came.
 */
#include "table.h"

#include <stdlib.h>
#include <string.h>

bool table_is_item(struct json_object *item, const char *pk, const char *sk)
{
	return strcmp(json_string_or_null(item, "PK"), pk) == 0 &&
	       strcmp(json_string_or_null(item, "SK"), sk) == 0;
}

struct json_object *table_find(const struct table *table, const char *pk, const char *sk)
{
	size_t i;

	for (i = 0; i < table->n; i++)
		if (table_is_item(table->items[i], pk, sk))
			return table->items[i];
	return NULL;
}

void table_put(struct table *table, struct json_object *item)
{
	const char *pk = json_string_or_null(item, "PK"), *sk = json_string_or_null(item, "SK");
	size_t i;

	for (i = 0; i < table->n && !table_is_item(table->items[i], pk, sk); i++)
		;
	if (i == TABLE_MAX)
		abort();
	if (i == table->n)
		table->items[table->n++] = NULL;
	json_object_put(table->items[i]);
	table->items[i] = item;
}

void table_delete(struct table *table, const char *pk, const char *sk)
{
	size_t i;

	for (i = 0; i < table->n && !table_is_item(table->items[i], pk, sk); i++)
		;
	if (i == table->n)
		return;
	json_object_put(table->items[i]);
	table->items[i] = table->items[--table->n];
}

void table_free(struct table *table)
{
	while (table->n)
		json_object_put(table->items[--table->n]);
}

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
	const struct table_note *notes = table->notes;
	size_t i;

	for (i = 0; i < table->n && (strcmp(notes[i].sk, sk) != 0 || strcmp(notes[i].pk, pk) != 0); i++)
		;
	return i;
}

struct json_object *table_find(const struct table *table, const char *pk, const char *sk)
{
	size_t i = place_of(table, pk, sk);

	return i < table->n ? table->items[i] : NULL;
}

/* FNV-1a, 64 bits: draft-eastlake-fnv. */
static uint64_t print_of_bytes(uint64_t print, const void *bytes, size_t n)
{
	const unsigned char *byte = bytes;

	while (n--)
		print = (print ^ *byte++) * 0x100000001b3;
	return print;
}

static uint64_t print_of(uint64_t print, struct json_object *value)
{
	enum json_type type = json_object_get_type(value);
	struct json_walk walk;
	uint64_t bits = 0;
	double number;
	size_t i;

	print = print_of_bytes(print, &type, sizeof type);
	switch (type) {
	case json_type_object:
		for (walk = json_walk_of(value); json_walk_next(&walk);)
			print = print_of(print_of_bytes(print, walk.key, strlen(walk.key) + 1), walk.value);
		return print;
	case json_type_array:
		for (i = 0; i < json_object_array_length(value); i++)
			print = print_of(print, json_object_array_get_idx(value, i));
		return print;
	case json_type_string:
		return print_of_bytes(print, json_object_get_string(value),
				      (size_t)json_object_get_string_len(value));
	case json_type_double:
		number = json_object_get_double(value);
		memcpy(&bits, &number, sizeof bits);
		break;
	default:
		bits = (uint64_t)json_object_get_int64(value);
	}
	return print_of_bytes(print, &bits, sizeof bits);
}

static uint64_t print_of_item(struct json_object *item)
{
	return print_of(0xcbf29ce484222325, item);
}

static void lay_down(struct table *table, size_t i, struct json_object *item)
{
	table->items[i] = item;
	table->notes[i] = (struct table_note){
		.pk = json_string_or_null(item, "PK"),
		.sk = json_string_or_null(item, "SK"),
		.print = print_of_item(item),
	};
}

void table_add(struct table *table, struct json_object *item)
{
	if (table->n == TABLE_MAX)
		abort();
	lay_down(table, table->n++, item);
}

/* Takes one out of its place. */
static void let_go(const struct table *table, size_t i)
{
	if (print_of_item(table->items[i]) != table->notes[i].print) {
		fprintf(stderr, "an item was changed in place, to %s\n", json_text(table->items[i]));
		abort();
	}
	json_object_put(table->items[i]);
}

void table_put(struct table *table, struct json_object *item)
{
	size_t i = place_of(table, json_string_or_null(item, "PK"), json_string_or_null(item, "SK"));

	if (i == table->n) {
		table_add(table, item);
		return;
	}
	let_go(table, i);
	lay_down(table, i, item);
}

void table_delete(struct table *table, const char *pk, const char *sk)
{
	size_t i = place_of(table, pk, sk);

	if (i == table->n)
		return;
	let_go(table, i);
	table->items[i] = table->items[--table->n];
	table->notes[i] = table->notes[table->n];
}

void table_free(struct table *table)
{
	while (table->n)
		let_go(table, --table->n);
}

/* SPDX-License-Identifier: ISC */
/*
 * The names, found by a hash.
 */
#include "format/json_name.h"

#include <string.h>

#include "base/mem.h"

#define NAME_MAX_BYTES 32
#define NAMES_MAX 512
#define PLACES (2u * NAMES_MAX)

struct name {
	size_t n;
	char *text; /* NULL: the place is free */
};

static struct name names[PLACES];
static size_t kept;

/* The name's place, or the free one where it would be.  Half of the places stay free. */
static struct name *place_of(struct span name)
{
	unsigned hash = (unsigned)name.n, tried;
	struct name *place = names;
	size_t i;

	for (i = 0; i < name.n; i++)
		hash = hash * 31 + (unsigned char)name.p[i];
	for (tried = 0; tried < PLACES; tried++) {
		place = &names[(hash + tried) % PLACES];
		if (!place->text || (place->n == name.n && memcmp(place->text, name.p, name.n) == 0))
			break;
	}
	return place;
}

const char *json_name(struct span name)
{
	struct name *place;

	if (name.n > NAME_MAX_BYTES)
		return NULL;
	place = place_of(name);
	if (!place->text && kept < NAMES_MAX) {
		*place = (struct name){.n = name.n, .text = span_dup(name)};
		kept++;
	}
	return place->text;
}

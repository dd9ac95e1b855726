/* SPDX-License-Identifier: ISC */
/*
 * The list of sessions that are set aside.
 */
#include "orders/sync_aside.h"

#include <stdlib.h>
#include <string.h>

#define ERROR_MAX 240 /* bytes of an error that are kept */

/* The place of the session in the list; behind the last where it is not in it. */
static size_t find(struct json_object *list, const char *id)
{
	size_t i, n = json_object_array_length(list);

	for (i = 0; i < n; i++) {
		const char *other = json_string_or_null(json_object_array_get_idx(list, i), "id");

		if (other && strcmp(other, id) == 0)
			break;
	}
	return i;
}

bool sync_aside_has(struct json_object *list, const char *id)
{
	return id && find(list, id) < json_object_array_length(list);
}

void sync_aside_remove(struct json_object *list, const char *id)
{
	if (sync_aside_has(list, id))
		json_object_array_del_idx(list, find(list, id), 1);
}

bool sync_aside_add(struct json_object *list, const char *id, const char *error, int64_t now)
{
	struct json_object *entry = json_object_new_object();
	size_t n = strlen(error);
	char *text;

	/* Cut before a character, not within one. */
	for (n = n < ERROR_MAX ? n : ERROR_MAX; n && ((unsigned char)error[n] & 0xC0) == 0x80; n--)
		;
	text = span_dup((struct span){error, n});

	if (sync_aside_has(list, id))
		now = json_int_or(json_object_array_get_idx(list, find(list, id)), "since", now);
	sync_aside_remove(list, id);
	json_set_string(entry, "id", id);
	json_set_string(entry, "error", text);
	json_set_int(entry, "since", now);
	free(text);
	if (json_object_array_length(list) >= SYNC_ASIDE_MAX) {
		json_object_put(entry);
		return false;
	}
	json_object_array_add(list, entry);
	return true;
}

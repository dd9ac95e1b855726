/* SPDX-License-Identifier: ISC */
/*
 * A row's item.
 */
#include "store/store_sqlite_row.h"

#include <string.h>

/* Takes the item; gives it with this member, or another one where it says otherwise: it may be shared. */
static struct json_object *with_text(struct json_object *item, const char *name, const char *value)
{
	const char *is = json_string_or_null(item, name);
	struct json_object *named;

	if (is && strcmp(is, value) == 0)
		return item;
	named = json_share(item);
	json_object_put(item);
	json_set_string(named, name, value);
	return named;
}

struct json_object *sqlite_row_item(const char *text, const struct store_key *key,
				    struct json_known *before)
{
	struct json_object *item = text ? json_parse_after(before, span_of(text)) : NULL;

	if (json_object_is_type(item, json_type_object))
		return with_text(with_text(item, "PK", key->pk), "SK", key->sk);
	json_object_put(item);
	return NULL;
}

/* SPDX-License-Identifier: ISC */
/*
 * What a row of the SQLite file says.  The file may have been edited: the row's own columns say which item it
 * is, whatever its text says.
 */
#ifndef ORDERSNAP_STORE_STORE_SQLITE_ROW_H
#define ORDERSNAP_STORE_STORE_SQLITE_ROW_H

#include "format/json.h"
#include "store/store.h"

/* The item of a row's text (NULL: it has none) under the key of the row, to release; NULL where the text
 * is no JSON object.  `before` as json_parse_after() has it, or NULL. */
struct json_object *sqlite_row_item(const char *text, const struct store_key *key,
				    struct json_known *before);

#endif

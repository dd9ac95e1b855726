/* SPDX-License-Identifier: ISC */
/*
 * JSON values as texts that can be compared: whoever writes a value, the text
 * is the same.
 */
#ifndef ORDERSNAP_FORMAT_JSON_CANONICAL_H
#define ORDERSNAP_FORMAT_JSON_CANONICAL_H

#include "format/json.h"

/* Adds the compact text of a value (NULL: null), the keys of each object in the
 * order of their bytes, a number as it was written.  0, or -1 where it does not
 * fit. */
int json_canonical(struct json_object *value, struct buf *out);

/* Whether two values are the same, the order of keys not counting, and a number
 * being what it is worth: 1.50, 1.5 and 15e-1 are one.  Exact, however many
 * digits there are. */
bool json_same(struct json_object *a, struct json_object *b);

/* The integer that a number of JSON is worth, however it is written: 2500, 2500.0 and 25E+2 are one.  -1
 * where it is worth none, or one that has no room. */
int json_number_to_int64(const char *text, int64_t *value);

#endif

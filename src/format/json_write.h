/* SPDX-License-Identifier: ISC */
/*
 * JSON as text, added to a buffer: for what is written from a program's own data, or
 * once, and would only be a tree to be printed and thrown away.  The text is that of
 * json_text(): compact, slashes not escaped.  What does not fit is seen in the
 * buffer's `failed`.
 */
#ifndef ORDERSNAP_FORMAT_JSON_WRITE_H
#define ORDERSNAP_FORMAT_JSON_WRITE_H

#include "format/json.h"

/* A string in its quotes; the bytes are UTF-8 and may have U+0000 among them. */
void json_write_string(struct buf *out, struct span text);

/* An integer. */
void json_write_int(struct buf *out, int64_t number);

/* Any value, null included. */
typedef void json_writer(struct buf *out, struct json_object *value);
json_writer json_write;

/* An array or an object whose values are written by `write`, in another form than JSON's own for one. */
void json_write_array(struct buf *out, struct json_object *array, json_writer *write);
void json_write_object(struct buf *out, struct json_object *object, json_writer *write);

#endif

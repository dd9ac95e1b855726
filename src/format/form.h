/* SPDX-License-Identifier: ISC */
/*
 * application/x-www-form-urlencoded, the way Stripe reads it: nested names in
 * brackets (`line_items[0][price]`), all but unreserved characters (RFC 3986
 * section 2.3) percent-encoded in values.
 */
#ifndef ORDERSNAP_FORMAT_FORM_H
#define ORDERSNAP_FORMAT_FORM_H

#include <stdint.h>

#include "base/buf.h"
#include "format/json.h"

/* Adds `text` percent-encoded. */
void form_encode(struct buf *out, const char *text);

/* Adds `name=value` with an & in front if the buffer isn't empty.  The name is
 * formatted (`"metadata[%s]"`), its brackets stay as they are. */
void form_add(struct buf *out, const char *value, const char *name, ...)
	__attribute__((format(printf, 3, 4)));
void form_add_int(struct buf *out, int64_t value, const char *name, ...)
	__attribute__((format(printf, 3, 4)));

/* Adds an object's members, nested ones by their names in brackets: {"a": {"b": [1]}}
 * is `a[b][0]=1`.  What is empty or null adds nothing. */
void form_add_members(struct buf *out, struct json_object *object);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * DynamoDB's attribute values and JSON.
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html
 *
 * Numbers are strings on the wire; an integer that fits 64 bits stays one to
 * the last digit, any other number keeps its text.
 */
#ifndef ORDERSNAP_STORE_VALUE_H
#define ORDERSNAP_STORE_VALUE_H

#include "format/json.h"

/* Adds an item's text on the wire: {"a": 1} is written {"a":{"N":"1"}}.  A fault is
 * seen in the buffer's `failed`. */
void aws_item_write(struct buf *out, struct json_object *object);

/* Adds the value of a string, {"S":"text"}, and of a number, {"N":"1"}. */
void aws_string_write(struct buf *out, const char *text);
void aws_number_write(struct buf *out, int64_t number);

/* The item of the wire as plain JSON; the caller releases it.  Sets become arrays,
 * binary its base64 text.  NULL where `item` is no map of attribute values. */
struct json_object *aws_item_to_json(struct json_object *item);

#endif

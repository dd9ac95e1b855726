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

/* {"a": 1} becomes {"a": {"N": "1"}}; the caller releases it. */
struct json_object *aws_item_from_json(struct json_object *object);

/* The reverse.  Sets become arrays, binary its base64 text.  NULL where
 * `item` is no map of attribute values. */
struct json_object *aws_item_to_json(struct json_object *item);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * An order that is larger than the table takes.  DynamoDB has items of up to 400 KB;
 * a hundred lines with long metadata are more.  Such an order is written with less
 * said of its lines, in either store: a copy has to fit into both.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
 */
#ifndef ORDERSNAP_SHOP_ORDER_SIZE_H
#define ORDERSNAP_SHOP_ORDER_SIZE_H

#include <stdbool.h>
#include <stddef.h>

#include "format/json.h"

#define ORDER_SIZE_MAX (396 * 1024) /* bytes: the payment's pointer has a copy within it */

/* How many bytes DynamoDB counts for the value: never less than it does. */
size_t order_size(struct json_object *value);

/* Cuts the order's lines to name, quantity and sums where it is larger than
 * ORDER_SIZE_MAX; whether it did. */
bool order_cut_lines(struct json_object *order);

#endif

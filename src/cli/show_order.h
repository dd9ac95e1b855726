/* SPDX-License-Identifier: ISC */
/*
 * One order, whole, for people.
 */
#ifndef ORDERSNAP_CLI_SHOW_ORDER_H
#define ORDERSNAP_CLI_SHOW_ORDER_H

#include <stdio.h>

#include "format/json.h"

/* Prints the order; `width` is as of table_terminal_width(), for its items. */
void show_order(FILE *to, struct json_object *order, int width);

#endif

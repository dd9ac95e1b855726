/* SPDX-License-Identifier: ISC */
/*
 * Words for what an order is; all give a string to free(), not cleaned yet
 * (cli/table.h).
 */
#ifndef ORDERSNAP_CLI_ORDER_TEXT_H
#define ORDERSNAP_CLI_ORDER_TEXT_H

#include "format/json.h"

/* `refunded, disputed: needs_response, items pending` */
char *order_text_status(struct json_object *order);

/* `2024-11-26 09:20:00` of a time's attribute, its text where it is none; NULL
 * where it is not there. */
char *order_text_time(struct json_object *order, const char *key);

/* An amount in the order's currency; NULL where it is not there. */
char *order_text_money(struct json_object *order, const char *key);

/* The number, else the id; "?" where it has neither. */
char *order_text_number(struct json_object *order);

/* The buyer's name, else the e-mail address, else the user. */
char *order_text_customer(struct json_object *order);

#endif

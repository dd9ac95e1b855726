/* SPDX-License-Identifier: ISC */
/*
 * The lines `label  text` that an order is shown by.  Each function prints nothing
 * where there is nothing to say, and cleans what it prints (cli/table.h).
 */
#ifndef ORDERSNAP_CLI_SHOW_LINE_H
#define ORDERSNAP_CLI_SHOW_LINE_H

#include <stdio.h>

#include "cli/order_part.h"

/* A text; an owned one, which is freed; a member of an object that is a string. */
void show_text(FILE *to, const char *label, const char *text);
void show_owned(FILE *to, const char *label, char *text);
void show_member(FILE *to, const char *label, struct json_object *object, const char *key);

/* `2024-11-26 09:20:00 UTC` */
void show_time(FILE *to, const char *label, struct json_object *object, const char *key);

/* A value of whatever type; a string without its quotes. */
void show_value(FILE *to, const char *label, struct json_object *value);

/* A line for each object of the list `key` of the order. */
void show_each(FILE *to, const char *label, struct json_object *order, const char *key,
	       order_part_text *text);

#endif

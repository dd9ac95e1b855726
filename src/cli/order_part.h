/* SPDX-License-Identifier: ISC */
/*
 * Words for one member of an order's lists; all give a string to free(), not cleaned yet
 * (cli/table.h).  A part that is missing is left out; an amount is in its own currency,
 * else in the order's.
 */
#ifndef ORDERSNAP_CLI_ORDER_PART_H
#define ORDERSNAP_CLI_ORDER_PART_H

#include "format/json.h"

/* The text of a member `part` of an order. */
typedef char *order_part_text(struct json_object *part, struct json_object *order);

order_part_text order_part_line;         /* 2 x Red Necklace */
order_part_text order_part_tax_id;       /* eu_vat DE123456789 */
order_part_text order_part_custom_field; /* Gift note: Happy birthday */
order_part_text order_part_discount;     /* SAVE10, Ten off: 5.00 USD */
order_part_text order_part_tax;          /* VAT 19%: 3.50 EUR */
order_part_text order_part_rate;         /* Express: 10.00 USD */
/* Of a refund or a dispute: 10.00 USD, succeeded, duplicate, 2024-11-27 09:00:00 UTC,
 * re_1. */
order_part_text order_part_returned;

/* An amount of the part; NULL where it has none.  `order` may be NULL. */
char *order_part_amount(struct json_object *part, const char *key, struct json_object *order);

#endif

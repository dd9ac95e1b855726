/* SPDX-License-Identifier: ISC */
/*
 * The money of one order for people: what was paid and how, what Stripe kept of it,
 * and what went back.
 */
#ifndef ORDERSNAP_CLI_SHOW_MONEY_H
#define ORDERSNAP_CLI_SHOW_MONEY_H

#include <stdio.h>

#include "format/json.h"

/* The sums, with what each is made of; each amount in its own currency. */
void show_sums(FILE *to, struct json_object *order);

/* `Paid with  Visa ...4242, Apple Pay`, the fee, and what remains of it where it was
 * settled. */
void show_payment(FILE *to, struct json_object *order);

/* The refunds and the disputes, a line each. */
void show_returned(FILE *to, struct json_object *order);

#endif

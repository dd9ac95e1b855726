/* SPDX-License-Identifier: ISC */
/*
 * What the checks share: items of the table, and what an order says, against
 * the truth.
 */
#ifndef ORDERSNAP_TESTS_PROOF_CHECKS_H
#define ORDERSNAP_TESTS_PROOF_CHECKS_H

#include "world.h"

#define LEGACY_NUMBER "AB-D4E5F6G7" /* by another prefix */

const char *item_text(struct json_object *item, const char *key); /* "": it has none */
struct json_object *item_find(const char *pk, const char *id, const char *sk);

/* The one order; NULL if there is none. */
struct json_object *order_find(void);

int64_t truth_refunded(const struct truth *t); /* of the order's amount */
const char *truth_status(const struct truth *t);

/* Whether the order says of refunds, of the dispute, what the truth does. */
bool order_says_refunded(struct json_object *order, const struct truth *t);
bool order_says_dispute(struct json_object *order, const struct truth *t);

/* How far the payment has come: 0 is no order, 1 pending, 2 failed, 3 paid. */
int status_rank(const char *status);

#endif

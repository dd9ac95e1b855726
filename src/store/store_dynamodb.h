/* SPDX-License-Identifier: ISC */
/*
 * The table in Amazon DynamoDB: for a shop that outgrew one machine.
 */
#ifndef ORDERSNAP_STORE_STORE_DYNAMODB_H
#define ORDERSNAP_STORE_STORE_DYNAMODB_H

#include "aws/settings.h"
#include "store/store.h"

/* The store in `table` (copied); `settings` is borrowed and has to outlive it.
 * Opens nothing. */
struct store *store_dynamodb_new(const char *table, const struct aws_settings *settings);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * What came of a write, by what DynamoDB answered.
 */
#ifndef ORDERSNAP_STORE_DYNAMODB_OUTCOME_H
#define ORDERSNAP_STORE_DYNAMODB_OUTCOME_H

#include "aws/client.h"

/*
 * Whether an answer of PutItem or TransactWriteItems says that it is done.  It says nothing: {}, or what
 * else such an answer may have.  What has another member answers another question, or is not
 * DynamoDB's, and promises nothing.
 */
bool dynamodb_is_done(struct json_object *answer);

/* The first of `n` actions whose condition did not hold: 0 and *failed, or -1 where it is not about
 * conditions. */
int dynamodb_find_failed(const struct aws_failure *failure, size_t n, size_t *failed);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * The operations of DynamoDB that the table needs.  Items go in and come out
 * as plain JSON (store/value.h); their keys are "PK" and "SK".
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/
 */
#ifndef ORDERSNAP_STORE_DYNAMODB_H
#define ORDERSNAP_STORE_DYNAMODB_H

#include "aws/client.h"

struct dynamodb_key {
	const char *pk, *sk;
};

/* One item by GetItem, strongly consistent; *item is NULL if there is none. */
int dynamodb_get(struct aws_client *db, const char *table, const struct dynamodb_key *key,
		 int64_t deadline, struct json_object **item, struct err *e);

/* Up to 100 different keys by BatchGetItem, strongly consistent, asking again
 * for those that come back unprocessed; *items is an array in no order. */
int dynamodb_get_batch(struct aws_client *db, const char *table, const struct dynamodb_key *keys,
		       size_t n, int64_t deadline, struct json_object **items, struct err *e);

struct dynamodb_query {
	const char *table, *pk, *sk_prefix;
	const char *after_sk; /* start behind it, newest first; NULL: at the top */
	size_t limit;
};

/* One page of a query, newest first; *last is the SK to go on after (to
 * free()), or NULL when that was all. */
int dynamodb_query(struct aws_client *db, const struct dynamodb_query *query, int64_t deadline,
		   struct json_object **items, char **last, struct err *e);

/* One page of the whole table, strongly consistent, from behind `after` (NULL:
 * from the beginning) on; *last is the key to go on after, an object with PK and
 * SK to release, or NULL when that was all.  A page may be empty and not the
 * last one. */
int dynamodb_scan(struct aws_client *db, const char *table, const struct dynamodb_key *after,
		  size_t limit, int64_t deadline, struct json_object **items,
		  struct json_object **last, struct err *e);

enum dynamodb_condition {
	DYNAMODB_ANY,
	DYNAMODB_ABSENT,  /* no item, or one whose expiresAt has passed */
	DYNAMODB_VERSION, /* version is `version`; 0: there is one without */
};

enum dynamodb_verb {
	DYNAMODB_PUT,
	DYNAMODB_DELETE,
	DYNAMODB_CHECK, /* ConditionCheck: nothing is written */
};

struct dynamodb_action {
	enum dynamodb_verb verb;
	struct json_object *item;
	enum dynamodb_condition condition;
	int64_t version;
};

/*
 * Does all actions or none, under their conditions, in one TransactWriteItems
 * whose ClientRequestToken makes a second try after a lost answer harmless; a
 * single unconditional put by PutItem.  `now` in epoch seconds.
 * Where access is denied and one of the actions is a check, it is tried once
 * more with puts instead: an item that is put as it was read, under the version
 * that it was read with, is a check that needs no dynamodb:ConditionCheckItem
 * (`actions` are changed then).
 * -1 with ERR_CONFLICT and *failed the index of the action whose condition does
 * not hold, else ERR_UNAVAILABLE.
 */
int dynamodb_write(struct aws_client *db, const char *table, struct dynamodb_action *actions,
		   size_t n, int64_t now, size_t *failed, int64_t deadline, struct err *e);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * The operations of DynamoDB that the table needs, in the store's own types.
 * Items go in and come out as plain JSON (store/value.h).
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/
 */
#ifndef ORDERSNAP_STORE_DYNAMODB_H
#define ORDERSNAP_STORE_DYNAMODB_H

#include "aws/client.h"
#include "store/store.h"

/* A table, and the connection to it; both are borrowed. */
struct dynamodb {
	struct aws_client *client;
	const char *table;
};

/* One item by GetItem, strongly consistent; *item is NULL if there is none. */
int dynamodb_get(const struct dynamodb *db, const struct store_key *key, int64_t deadline,
		 struct json_object **item, struct err *e);

/* Up to 100 different keys by BatchGetItem, strongly consistent, asking again
 * for those that come back unprocessed; *items is an array in no order. */
int dynamodb_get_batch(const struct dynamodb *db, const struct store_key *keys, size_t n,
		       int64_t deadline, struct json_object **items, struct err *e);

/* What a query or a scan found; both are the caller's to release. */
struct dynamodb_page {
	struct json_object *items; /* an array, which may be empty on a page in the middle */
	struct json_object *last;  /* the key to go on after, with PK and SK; NULL: that was all */
};

struct dynamodb_query {
	const char *pk, *sk_prefix;
	const char *after_sk; /* start behind it, newest first; NULL: at the top */
	size_t limit;
};

/* One page of a query, newest first. */
int dynamodb_query(const struct dynamodb *db, const struct dynamodb_query *query, int64_t deadline,
		   struct dynamodb_page *page, struct err *e);

/* One page of the whole table, strongly consistent, from behind `after` (NULL:
 * from the beginning) on. */
int dynamodb_scan(const struct dynamodb *db, const struct store_key *after, size_t limit,
		  int64_t deadline, struct dynamodb_page *page, struct err *e);

/* Actions that are done all or none, their versions set (store.h). */
struct dynamodb_transaction {
	const struct store_action *actions;
	size_t n;
	bool over_expired; /* STORE_ABSENT: an item that has expired at `now` (epoch seconds) is */
	int64_t now;       /* absent; else whatever stands there is a conflict */
	size_t failed; /* out, with ERR_CONFLICT: the action whose condition does not hold */
};

/*
 * Does the actions in one TransactWriteItems, whose ClientRequestToken makes a
 * second try after a lost answer harmless; a single unconditional put by PutItem.
 * Where access is denied and one of the actions is a check, it is tried once
 * more with puts instead: an item that is put as it was read, under the version
 * that it was read with, is a check that needs no dynamodb:ConditionCheckItem.
 * -1 with ERR_CONFLICT where a condition does not hold, else ERR_UNAVAILABLE.
 */
int dynamodb_write(const struct dynamodb *db, struct dynamodb_transaction *t, int64_t deadline,
		   struct err *e);

#endif

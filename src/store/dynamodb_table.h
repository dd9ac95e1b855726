/* SPDX-License-Identifier: ISC */
/*
 * The table itself: how it is made and what it should be like.
 */
#ifndef ORDERSNAP_STORE_DYNAMODB_TABLE_H
#define ORDERSNAP_STORE_DYNAMODB_TABLE_H

#include "store/dynamodb.h"

struct dynamodb_table {
	bool exists;
	bool active;             /* not being created or deleted */
	bool keys_fit;           /* PK hash and SK range, both strings */
	bool ttl_fits;           /* time to live on expiresAt */
	char ttl_attribute[256]; /* the one that is on, "" if none */
	bool backups;            /* point-in-time recovery */
	bool backups_known;      /* false: these credentials may not ask */
};

/* What there is; it is asked for ten seconds at most.  A table that does not exist is no error. */
int dynamodb_table_describe(const struct dynamodb *db, int64_t deadline,
			    struct dynamodb_table *table, struct err *e);

/* Creates it, billed on demand, and waits until it is active. */
int dynamodb_table_create(const struct dynamodb *db, int64_t deadline, struct err *e);

/* Switches time to live on for expiresAt. */
int dynamodb_table_set_ttl(const struct dynamodb *db, int64_t deadline, struct err *e);

/* Switches point-in-time recovery on. */
int dynamodb_table_set_backups(const struct dynamodb *db, int64_t deadline, struct err *e);

#endif

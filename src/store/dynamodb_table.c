/* SPDX-License-Identifier: ISC */
/*
 * Making and describing the table.
 */
#include "store/dynamodb_table.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define POLL_MS 500
#define BACKUPS_MS 3000

/* Calls an operation whose input is the table's name and `rest`, which is
 * given away. */
static int call(struct aws_client *db, const char *operation, const char *name,
		struct json_object *rest, int64_t deadline, struct json_object **answer,
		struct aws_failure *failure, struct err *e)
{
	struct json_object *input = rest ? rest : json_object_new_object();
	int rc;

	json_set_string(input, "TableName", name);
	rc = aws_call(db, operation, input, deadline, answer, failure, e);
	json_object_put(input);
	return rc;
}

static int order(struct aws_client *db, const char *operation, const char *name,
		 const char *rest, int64_t deadline, struct err *e)
{
	struct json_object *answer = NULL;
	int rc = call(db, operation, name, json_parse(span_of(rest)), deadline, &answer, NULL, e);

	json_object_put(answer);
	return rc;
}

/* Whether the list has an entry with these two strings. */
static bool has(struct json_object *object, const char *list_key, const char *name,
		const char *key, const char *value)
{
	struct json_object *list;
	size_t i;

	if (json_get_array(object, list_key, &list) != JSON_FOUND)
		return false;
	for (i = 0; i < json_object_array_length(list); i++) {
		struct json_object *entry = json_object_array_get_idx(list, i);
		const char *n = json_string_or_null(entry, "AttributeName");
		const char *v = json_string_or_null(entry, key);

		if (n && v && strcmp(n, name) == 0 && strcmp(v, value) == 0)
			return true;
	}
	return false;
}

static bool keys_fit(struct json_object *table)
{
	return has(table, "KeySchema", "PK", "KeyType", "HASH") &&
	       has(table, "KeySchema", "SK", "KeyType", "RANGE") &&
	       has(table, "AttributeDefinitions", "PK", "AttributeType", "S") &&
	       has(table, "AttributeDefinitions", "SK", "AttributeType", "S");
}

static int describe_keys(struct aws_client *db, const char *name, int64_t deadline,
			 struct dynamodb_table *t, struct err *e)
{
	struct json_object *answer = NULL, *table = NULL;
	struct aws_failure failure;
	const char *status;
	int rc = call(db, "DescribeTable", name, NULL, deadline, &answer, &failure, e);

	t->exists = rc == 0;
	if (rc && strcmp(failure.type, "ResourceNotFoundException") == 0)
		rc = 0;
	json_get_object(answer, "Table", &table);
	status = json_string_or_null(table, "TableStatus");
	t->active = status && (strcmp(status, "ACTIVE") == 0 || strcmp(status, "UPDATING") == 0);
	t->keys_fit = keys_fit(table);
	aws_failure_free(&failure);
	json_object_put(answer);
	return rc;
}

static int describe_ttl(struct aws_client *db, const char *name, int64_t deadline,
			struct dynamodb_table *t, struct err *e)
{
	struct json_object *answer = NULL, *ttl = NULL;
	const char *status, *attribute;

	if (call(db, "DescribeTimeToLive", name, NULL, deadline, &answer, NULL, e))
		return -1;
	json_get_object(answer, "TimeToLiveDescription", &ttl);
	status = json_string_or_null(ttl, "TimeToLiveStatus");
	attribute = json_string_or_null(ttl, "AttributeName");
	if (status && attribute && str_starts(status, "ENABL"))
		snprintf(t->ttl_attribute, sizeof t->ttl_attribute, "%s", attribute);
	t->ttl_fits = strcmp(t->ttl_attribute, "expiresAt") == 0;
	json_object_put(answer);
	return 0;
}

/* DynamoDB Local has no backups, and not all credentials may ask: that is no
 * reason to fail, nor to wait long. */
static void describe_backups(struct aws_client *db, const char *name, int64_t deadline,
			     struct dynamodb_table *t)
{
	struct json_object *answer = NULL, *all = NULL, *recovery = NULL;
	const char *status;
	struct err ignored;

	t->backups_known = call(db, "DescribeContinuousBackups", name, NULL,
				deadline_in(BACKUPS_MS) < deadline ? deadline_in(BACKUPS_MS)
								   : deadline,
				&answer, NULL, &ignored) == 0;
	json_get_object(answer, "ContinuousBackupsDescription", &all);
	json_get_object(all, "PointInTimeRecoveryDescription", &recovery);
	status = json_string_or_null(recovery, "PointInTimeRecoveryStatus");
	t->backups = status && strcmp(status, "ENABLED") == 0;
	json_object_put(answer);
}

int dynamodb_table_describe(struct aws_client *db, const char *name, int64_t deadline,
			    struct dynamodb_table *table, struct err *e)
{
	memset(table, 0, sizeof *table);
	if (describe_keys(db, name, deadline, table, e))
		return -1;
	if (!table->exists || !table->active)
		return 0;
	describe_backups(db, name, deadline, table);
	return describe_ttl(db, name, deadline, table, e);
}

int dynamodb_table_create(struct aws_client *db, const char *name, int64_t deadline,
			  struct err *e)
{
	static const char definition[] =
		"{\"AttributeDefinitions\":[{\"AttributeName\":\"PK\",\"AttributeType\":\"S\"},"
		"{\"AttributeName\":\"SK\",\"AttributeType\":\"S\"}],"
		"\"KeySchema\":[{\"AttributeName\":\"PK\",\"KeyType\":\"HASH\"},"
		"{\"AttributeName\":\"SK\",\"KeyType\":\"RANGE\"}],"
		"\"BillingMode\":\"PAY_PER_REQUEST\"}";
	struct dynamodb_table table = {.active = false};

	if (order(db, "CreateTable", name, definition, deadline, e))
		return -1;
	while (!table.active) {
		if (describe_keys(db, name, deadline, &table, e))
			return -1;
		if (deadline_left(deadline) == 0)
			return err_set(e, ERR_UNAVAILABLE, "table %s is still being created: run this "
				       "again in a minute", name);
		if (!table.active)
			deadline_sleep(POLL_MS, deadline);
	}
	return 0;
}

int dynamodb_table_set_ttl(struct aws_client *db, const char *name, int64_t deadline,
			   struct err *e)
{
	return order(db, "UpdateTimeToLive", name,
		     "{\"TimeToLiveSpecification\":"
		     "{\"AttributeName\":\"expiresAt\",\"Enabled\":true}}", deadline, e);
}

int dynamodb_table_set_backups(struct aws_client *db, const char *name, int64_t deadline,
			       struct err *e)
{
	return order(db, "UpdateContinuousBackups", name,
		     "{\"PointInTimeRecoverySpecification\":"
		     "{\"PointInTimeRecoveryEnabled\":true}}", deadline, e);
}

/* SPDX-License-Identifier: ISC */
/*
 * Making and describing the table.
 */
#include "store/dynamodb_table.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define POLL_MS 500
#define LOOK_MS 10000 /* for a look at what is there: who asks may have time for making it */
#define BACKUPS_MS 3000

/* Calls an operation about the table; the request's input is what it names besides. */
static int call(const struct dynamodb *db, struct aws_request request, struct json_object **answer,
		struct aws_failure *failure, struct err *e)
{
	struct json_object *input = json_parse(request.input);
	int rc;

	json_set_string(input, "TableName", db->table);
	request.input = span_of(json_text(input));
	rc = aws_call(db->client, &request, answer, failure, e);
	json_object_put(input);
	return rc;
}

/* A request whose answer says nothing that counts. */
static int order(const struct dynamodb *db, const char *operation, const char *rest,
		 int64_t deadline, struct err *e)
{
	struct json_object *answer = NULL;
	int rc = call(db, (struct aws_request){operation, span_of(rest), deadline}, &answer, NULL, e);

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

static int describe_keys(const struct dynamodb *db, int64_t deadline,
			 struct dynamodb_table *t, struct err *e)
{
	struct json_object *answer = NULL, *table = NULL;
	struct aws_failure failure;
	const char *status;
	int rc = call(db, (struct aws_request){"DescribeTable", span_of("{}"), deadline}, &answer,
		      &failure, e);

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

static int describe_ttl(const struct dynamodb *db, int64_t deadline,
			struct dynamodb_table *t, struct err *e)
{
	struct json_object *answer = NULL, *ttl = NULL;
	const char *status, *attribute;

	if (call(db, (struct aws_request){"DescribeTimeToLive", span_of("{}"), deadline}, &answer, NULL, e))
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
static void describe_backups(const struct dynamodb *db, int64_t deadline,
			     struct dynamodb_table *t)
{
	struct json_object *answer = NULL, *all = NULL, *recovery = NULL;
	const char *status;
	struct err ignored;

	t->backups_known = call(db, (struct aws_request){"DescribeContinuousBackups", span_of("{}"),
							deadline_within(BACKUPS_MS, deadline)},
				&answer, NULL, &ignored) == 0;
	json_get_object(answer, "ContinuousBackupsDescription", &all);
	json_get_object(all, "PointInTimeRecoveryDescription", &recovery);
	status = json_string_or_null(recovery, "PointInTimeRecoveryStatus");
	t->backups = status && strcmp(status, "ENABLED") == 0;
	json_object_put(answer);
}

int dynamodb_table_describe(const struct dynamodb *db, int64_t deadline,
			    struct dynamodb_table *table, struct err *e)
{
	memset(table, 0, sizeof *table);
	deadline = deadline_within(LOOK_MS, deadline);
	if (describe_keys(db, deadline, table, e))
		return -1;
	if (!table->exists || !table->active)
		return 0;
	describe_backups(db, deadline, table);
	return describe_ttl(db, deadline, table, e);
}

int dynamodb_table_create(const struct dynamodb *db, int64_t deadline, struct err *e)
{
	static const char definition[] =
		"{\"AttributeDefinitions\":[{\"AttributeName\":\"PK\",\"AttributeType\":\"S\"},"
		"{\"AttributeName\":\"SK\",\"AttributeType\":\"S\"}],"
		"\"KeySchema\":[{\"AttributeName\":\"PK\",\"KeyType\":\"HASH\"},"
		"{\"AttributeName\":\"SK\",\"KeyType\":\"RANGE\"}],"
		"\"BillingMode\":\"PAY_PER_REQUEST\"}";
	struct dynamodb_table table = {.active = false};
	struct err ignored;

	/* A lost answer may have been a success, which the next try is refused for. */
	if (order(db, "CreateTable", definition, deadline, e) &&
	    (describe_keys(db, deadline, &table, &ignored) || !table.exists || !table.keys_fit))
		return -1;
	while (!table.active) {
		if (describe_keys(db, deadline, &table, e))
			return -1;
		if (deadline_left(deadline) == 0)
			return err_set(e, ERR_UNAVAILABLE, "table %s is still being created: run this "
				       "again in a minute", db->table);
		if (!table.active)
			deadline_sleep(POLL_MS, deadline);
	}
	return 0;
}

int dynamodb_table_set_ttl(const struct dynamodb *db, int64_t deadline, struct err *e)
{
	static const char ttl[] = "{\"TimeToLiveSpecification\":"
				  "{\"AttributeName\":\"expiresAt\",\"Enabled\":true}}";

	struct dynamodb_table table = {.ttl_fits = false};
	struct err ignored;

	/* As of CreateTable: it is on already. */
	if (order(db, "UpdateTimeToLive", ttl, deadline, e) &&
	    (describe_ttl(db, deadline, &table, &ignored) || !table.ttl_fits))
		return -1;
	return 0;
}

int dynamodb_table_set_backups(const struct dynamodb *db, int64_t deadline, struct err *e)
{
	static const char recovery[] = "{\"PointInTimeRecoverySpecification\":"
				       "{\"PointInTimeRecoveryEnabled\":true}}";

	return order(db, "UpdateContinuousBackups", recovery, deadline, e);
}

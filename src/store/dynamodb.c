/* SPDX-License-Identifier: ISC */
/*
 * DynamoDB's operations: each builds its input, calls, and reads the answer.
 */
#include "store/dynamodb.h"

#include <stdlib.h>
#include <string.h>

#include "store/value.h"
#include "base/clock.h"
#include "base/digest.h"

#define UNPROCESSED_PAUSE_MS 50

/* `json` "{...}" as a value; for constant parts of inputs. */
static struct json_object *constant(const char *json)
{
	return json_parse(span_of(json));
}

static struct json_object *string_value(const char *text)
{
	struct json_object *value = json_object_new_object();

	json_set_string(value, "S", text);
	return value;
}

static struct json_object *number_value(int64_t number)
{
	struct json_object *value = json_object_new_object();
	char *text = str_printf("%lld", (long long)number);

	json_set_string(value, "N", text);
	free(text);
	return value;
}

static struct json_object *key_value(const char *pk, const char *sk)
{
	struct json_object *key = json_object_new_object();

	json_set(key, "PK", string_value(pk));
	json_set(key, "SK", string_value(sk));
	return key;
}

/* A refusal that is not about conditions is a fault of the table or of this
 * program; either way the event should come again. */
static int refused(const char *table, struct err *e)
{
	static const char *const wrong_keys[] = {
		"key element does not match",                 /* DynamoDB */
		"number of conditions on the keys is invalid", /* DynamoDB Local */
		"required keys was not given a value",
	};
	size_t i;

	for (i = 0; i < 3 && !(e->code == ERR_REFUSED && strstr(e->text, wrong_keys[i])); i++)
		;
	if (i < 3)
		return err_set(e, ERR_UNAVAILABLE, "COMMERCE_TABLE: the keys of table %s are not "
			       "PK and SK (both strings): create it with `ordersnap init`", table);
	if (e->code == ERR_REFUSED)
		e->code = ERR_UNAVAILABLE;
	return -1;
}

static int call(struct aws_client *db, const char *operation, const char *table,
		struct json_object *input, int64_t deadline, struct json_object **answer,
		struct err *e)
{
	*answer = NULL;
	if (aws_call(db, operation, input, deadline, answer, NULL, e))
		return refused(table, e);
	return 0;
}

static int bad_item(const char *table, struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, "table %s has an item that is none", table);
}

int dynamodb_get(struct aws_client *db, const char *table, const struct dynamodb_key *key,
		 int64_t deadline, struct json_object **item, struct err *e)
{
	struct json_object *input = json_object_new_object(), *answer, *found;
	int rc;

	*item = NULL;
	json_set_string(input, "TableName", table);
	json_set(input, "Key", key_value(key->pk, key->sk));
	json_set_bool(input, "ConsistentRead", true);
	rc = call(db, "GetItem", table, input, deadline, &answer, e);
	if (!rc && json_get_object(answer, "Item", &found) == JSON_FOUND &&
	    !(*item = aws_item_to_json(found)))
		rc = bad_item(table, e);
	json_object_put(answer);
	json_object_put(input);
	return rc;
}

static struct json_object *batch_request(const char *table, const struct dynamodb_key *keys,
					 size_t n)
{
	struct json_object *requests = json_object_new_object();
	struct json_object *request = json_object_new_object();
	struct json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; i < n; i++)
		json_object_array_add(list, key_value(keys[i].pk, keys[i].sk));
	json_set(request, "Keys", list);
	json_set_bool(request, "ConsistentRead", true);
	json_set(requests, table, request);
	return requests;
}

/* Converts the answer's items into `items`. */
static int take_items(const char *table, struct json_object *list, struct json_object *items,
		      struct err *e)
{
	size_t i;

	for (i = 0; i < json_object_array_length(list); i++) {
		struct json_object *item = aws_item_to_json(json_object_array_get_idx(list, i));

		if (!item)
			return bad_item(table, e);
		json_object_array_add(items, item);
	}
	return 0;
}

/* One BatchGetItem; *requests is replaced by what was not processed, or NULL. */
static int get_batch_once(struct aws_client *db, const char *table,
			  struct json_object **requests, int64_t deadline,
			  struct json_object *items, struct err *e)
{
	struct json_object *input = json_object_new_object(), *answer, *part, *list;
	int rc;

	json_set(input, "RequestItems", *requests);
	*requests = NULL;
	rc = call(db, "BatchGetItem", table, input, deadline, &answer, e);
	if (!rc && json_get_object(answer, "Responses", &part) == JSON_FOUND &&
	    json_get_array(part, table, &list) == JSON_FOUND)
		rc = take_items(table, list, items, e);
	if (!rc && json_get_object(answer, "UnprocessedKeys", &part) == JSON_FOUND &&
	    json_object_object_length(part) > 0)
		*requests = json_object_get(part);
	json_object_put(answer);
	json_object_put(input);
	return rc;
}

int dynamodb_get_batch(struct aws_client *db, const char *table, const struct dynamodb_key *keys,
		       size_t n, int64_t deadline, struct json_object **items, struct err *e)
{
	struct json_object *found = json_object_new_array();
	struct json_object *requests = batch_request(table, keys, n);
	int64_t pause = UNPROCESSED_PAUSE_MS;
	int rc;

	while (!(rc = get_batch_once(db, table, &requests, deadline, found, e)) && requests) {
		deadline_sleep(clock_jitter((uint32_t)pause) + 1, deadline);
		pause = pause < 1000 ? pause * 2 : pause;
		if (deadline_left(deadline) == 0) {
			rc = err_set(e, ERR_UNAVAILABLE, "table %s: keys stay unprocessed "
				     "(throttled)", table);
			break;
		}
	}
	json_object_put(requests);
	if (rc)
		json_object_put(found);
	else
		*items = found;
	return rc;
}

/* The place to start behind is the range's end, too: where only
 * ExclusiveStartKey names it, DynamoDB Local reads all that is above it. */
static struct json_object *query_input(const struct dynamodb_query *q)
{
	struct json_object *input = json_object_new_object();
	struct json_object *values = json_object_new_object();

	json_set_string(input, "TableName", q->table);
	json_set(values, ":pk", string_value(q->pk));
	if (q->after_sk && *q->sk_prefix) {
		json_set_string(input, "KeyConditionExpression",
				"PK = :pk AND SK BETWEEN :sk AND :place");
		json_set(values, ":sk", string_value(q->sk_prefix));
		json_set(values, ":place", string_value(q->after_sk));
	} else if (q->after_sk) {
		json_set_string(input, "KeyConditionExpression", "PK = :pk AND SK <= :place");
		json_set(values, ":place", string_value(q->after_sk));
	} else if (*q->sk_prefix) {
		json_set_string(input, "KeyConditionExpression",
				"PK = :pk AND begins_with(SK, :sk)");
		json_set(values, ":sk", string_value(q->sk_prefix));
	} else {
		json_set_string(input, "KeyConditionExpression", "PK = :pk");
	}
	json_set(input, "ExpressionAttributeValues", values);
	json_set_bool(input, "ScanIndexForward", false);
	json_set_bool(input, "ConsistentRead", true);
	json_set_int(input, "Limit", (int64_t)q->limit);
	if (q->after_sk)
		json_set(input, "ExclusiveStartKey", key_value(q->pk, q->after_sk));
	return input;
}

static char *last_key(struct json_object *answer)
{
	struct json_object *key = NULL, *sk = NULL;

	json_get_object(answer, "LastEvaluatedKey", &key);
	json_get_object(key, "SK", &sk);
	return str_dup(json_string_or_null(sk, "S"));
}

int dynamodb_query(struct aws_client *db, const struct dynamodb_query *query, int64_t deadline,
		   struct json_object **items, char **last, struct err *e)
{
	struct json_object *input = query_input(query), *answer, *list;
	struct json_object *found = json_object_new_array();
	int rc = call(db, "Query", query->table, input, deadline, &answer, e);

	if (!rc && json_get_array(answer, "Items", &list) == JSON_FOUND)
		rc = take_items(query->table, list, found, e);
	if (rc) {
		json_object_put(found);
	} else {
		*items = found;
		*last = last_key(answer);
	}
	json_object_put(answer);
	json_object_put(input);
	return rc;
}

static struct json_object *scan_input(const char *table, const struct dynamodb_key *after,
				      size_t limit)
{
	struct json_object *input = json_object_new_object();

	json_set_string(input, "TableName", table);
	json_set_bool(input, "ConsistentRead", true);
	json_set_int(input, "Limit", (int64_t)limit);
	if (after)
		json_set(input, "ExclusiveStartKey", key_value(after->pk, after->sk));
	return input;
}

int dynamodb_scan(struct aws_client *db, const char *table, const struct dynamodb_key *after,
		  size_t limit, int64_t deadline, struct json_object **items,
		  struct json_object **last, struct err *e)
{
	struct json_object *input = scan_input(table, after, limit), *answer, *list, *key;
	struct json_object *found = json_object_new_array(), *next = NULL;
	int rc = call(db, "Scan", table, input, deadline, &answer, e);

	if (!rc && json_get_array(answer, "Items", &list) == JSON_FOUND)
		rc = take_items(table, list, found, e);
	if (!rc && json_get_object(answer, "LastEvaluatedKey", &key) == JSON_FOUND &&
	    !(next = aws_item_to_json(key)))
		rc = bad_item(table, e);
	if (rc) {
		json_object_put(found);
	} else {
		*items = found;
		*last = next;
	}
	json_object_put(answer);
	json_object_put(input);
	return rc;
}

/* Adds the condition to the input of an action. */
static void set_condition(struct json_object *input, const struct dynamodb_action *action,
			  int64_t now)
{
	struct json_object *values;

	if (action->condition == DYNAMODB_ANY)
		return;
	if (action->condition == DYNAMODB_VERSION && action->version == 0) {
		json_set_string(input, "ConditionExpression",
				"attribute_exists(PK) AND attribute_not_exists(#v)");
		json_set(input, "ExpressionAttributeNames", constant("{\"#v\":\"version\"}"));
		return;
	}
	values = json_object_new_object();
	if (action->condition == DYNAMODB_VERSION) {
		json_set_string(input, "ConditionExpression", "#v = :v");
		json_set(input, "ExpressionAttributeNames", constant("{\"#v\":\"version\"}"));
		json_set(values, ":v", number_value(action->version));
	} else {
		json_set_string(input, "ConditionExpression",
				"attribute_not_exists(PK) OR expiresAt <= :now");
		json_set(values, ":now", number_value(now));
	}
	json_set(input, "ExpressionAttributeValues", values);
}

/* {"TableName":…, "Item":… or "Key":…, "ConditionExpression":…} */
static struct json_object *action_input(const char *table, const struct dynamodb_action *action,
					int64_t now)
{
	struct json_object *input = json_object_new_object(), *item = action->item;

	json_set_string(input, "TableName", table);
	if (action->verb == DYNAMODB_PUT)
		json_set(input, "Item", aws_item_from_json(item));
	else
		json_set(input, "Key", key_value(json_string_or_null(item, "PK"),
						 json_string_or_null(item, "SK")));
	set_condition(input, action, now);
	return input;
}

static struct json_object *transaction_input(const char *table,
					     const struct dynamodb_action *actions, size_t n,
					     int64_t now)
{
	static const char *const names[] = {
		[DYNAMODB_PUT] = "Put", [DYNAMODB_DELETE] = "Delete",
		[DYNAMODB_CHECK] = "ConditionCheck",
	};
	struct json_object *input = json_object_new_object(), *list = json_object_new_array();
	unsigned char random[16];
	char token[2 * sizeof random + 1];
	size_t i;

	for (i = 0; i < n; i++) {
		struct json_object *action = json_object_new_object();

		json_set(action, names[actions[i].verb], action_input(table, &actions[i], now));
		json_object_array_add(list, action);
	}
	digest_random(random, sizeof random);
	str_hex(random, sizeof random, token);
	json_set(input, "TransactItems", list);
	json_set_string(input, "ClientRequestToken", token);
	return input;
}

/* The first action whose condition did not hold: 0 and *failed, or -1. */
static int find_failed(const struct aws_failure *failure, size_t n, size_t *failed)
{
	struct json_object *reasons;
	size_t i;

	if (strcmp(failure->type, "TransactionCanceledException") != 0 ||
	    json_get_array(failure->answer, "CancellationReasons", &reasons) != JSON_FOUND)
		return -1;
	for (i = 0; i < n && i < json_object_array_length(reasons); i++) {
		const char *code = json_string_or_null(json_object_array_get_idx(reasons, i), "Code");

		if (code && strcmp(code, "ConditionalCheckFailed") == 0) {
			*failed = i;
			return 0;
		}
	}
	return -1;
}

/* Makes the checks to puts; false where there is none that can be one: whose
 * item is the one that was read. */
static bool put_checked(struct dynamodb_action *actions, size_t n)
{
	bool changed = false;
	size_t i;

	for (i = 0; i < n; i++) {
		struct dynamodb_action *action = &actions[i];

		if (action->verb != DYNAMODB_CHECK || action->condition != DYNAMODB_VERSION ||
		    json_int_or(action->item, "version", 0) != action->version)
			continue;
		action->verb = DYNAMODB_PUT;
		changed = true;
	}
	return changed;
}

int dynamodb_write(struct aws_client *db, const char *table, struct dynamodb_action *actions,
		   size_t n, int64_t now, size_t *failed, int64_t deadline, struct err *e)
{
	bool single = n == 1 && actions[0].verb == DYNAMODB_PUT &&
		      actions[0].condition == DYNAMODB_ANY;
	struct json_object *input = single ? action_input(table, actions, now)
					   : transaction_input(table, actions, n, now);
	struct json_object *answer = NULL;
	struct aws_failure failure;
	bool again = false;
	int rc = aws_call(db, single ? "PutItem" : "TransactWriteItems", input, deadline, &answer,
			  &failure, e);

	if (rc && find_failed(&failure, n, failed) == 0)
		rc = err_set(e, ERR_CONFLICT, "the condition of %s does not hold",
			     json_string_or_null(actions[*failed].item, "PK"));
	else if (rc)
		rc = refused(table, e);
	again = rc && strcmp(failure.type, "AccessDeniedException") == 0 && put_checked(actions, n);
	aws_failure_free(&failure);
	json_object_put(answer);
	json_object_put(input);
	return again ? dynamodb_write(db, table, actions, n, now, failed, deadline, e) : rc;
}

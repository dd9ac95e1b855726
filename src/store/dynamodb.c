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

static int call(const struct dynamodb *db, const struct aws_request *request,
		struct json_object **answer, struct err *e)
{
	*answer = NULL;
	if (aws_call(db->client, request, answer, NULL, e))
		return refused(db->table, e);
	return 0;
}

static int bad_item(const struct dynamodb *db, struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, "table %s has an item that is none", db->table);
}

int dynamodb_get(const struct dynamodb *db, const struct store_key *key, int64_t deadline,
		 struct json_object **item, struct err *e)
{
	struct json_object *input = json_object_new_object(), *answer, *found;
	int rc;

	*item = NULL;
	json_set_string(input, "TableName", db->table);
	json_set(input, "Key", key_value(key->pk, key->sk));
	json_set_bool(input, "ConsistentRead", true);
	rc = call(db, &(struct aws_request){"GetItem", input, deadline}, &answer, e);
	if (!rc && json_get_object(answer, "Item", &found) == JSON_FOUND &&
	    !(*item = aws_item_to_json(found)))
		rc = bad_item(db, e);
	json_object_put(answer);
	json_object_put(input);
	return rc;
}

static struct json_object *batch_request(const char *table, const struct store_key *keys, size_t n)
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
static int take_items(const struct dynamodb *db, struct json_object *list,
		      struct json_object *items, struct err *e)
{
	size_t i;

	for (i = 0; i < json_object_array_length(list); i++) {
		struct json_object *item = aws_item_to_json(json_object_array_get_idx(list, i));

		if (!item)
			return bad_item(db, e);
		json_object_array_add(items, item);
	}
	return 0;
}

/* One BatchGetItem; *requests is replaced by what was not processed, or NULL. */
static int get_batch_once(const struct dynamodb *db, struct json_object **requests,
			  int64_t deadline, struct json_object *items, struct err *e)
{
	struct json_object *input = json_object_new_object(), *answer, *part, *list;
	int rc;

	json_set(input, "RequestItems", *requests);
	*requests = NULL;
	rc = call(db, &(struct aws_request){"BatchGetItem", input, deadline}, &answer, e);
	if (!rc && json_get_object(answer, "Responses", &part) == JSON_FOUND &&
	    json_get_array(part, db->table, &list) == JSON_FOUND)
		rc = take_items(db, list, items, e);
	if (!rc && json_get_object(answer, "UnprocessedKeys", &part) == JSON_FOUND &&
	    json_object_object_length(part) > 0)
		*requests = json_object_get(part);
	json_object_put(answer);
	json_object_put(input);
	return rc;
}

int dynamodb_get_batch(const struct dynamodb *db, const struct store_key *keys, size_t n,
		       int64_t deadline, struct json_object **items, struct err *e)
{
	struct json_object *found = json_object_new_array();
	struct json_object *requests = batch_request(db->table, keys, n);
	int64_t pause = UNPROCESSED_PAUSE_MS;
	int rc;

	while (!(rc = get_batch_once(db, &requests, deadline, found, e)) && requests) {
		deadline_sleep(clock_jitter((uint32_t)pause) + 1, deadline);
		pause = pause < 1000 ? pause * 2 : pause;
		if (deadline_left(deadline) == 0) {
			rc = err_set(e, ERR_UNAVAILABLE, "table %s: keys stay unprocessed "
				     "(throttled)", db->table);
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
static struct json_object *query_input(const char *table, const struct dynamodb_query *q)
{
	struct json_object *input = json_object_new_object();
	struct json_object *values = json_object_new_object();

	json_set_string(input, "TableName", table);
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

/* A page of a Query or Scan; the request's input is given away. */
static int fetch_page(const struct dynamodb *db, const struct aws_request *request,
		      struct dynamodb_page *page, struct err *e)
{
	struct json_object *answer, *list, *key;
	struct dynamodb_page found = {.items = json_object_new_array()};
	int rc = call(db, request, &answer, e);

	if (!rc && json_get_array(answer, "Items", &list) == JSON_FOUND)
		rc = take_items(db, list, found.items, e);
	if (!rc && json_get_object(answer, "LastEvaluatedKey", &key) == JSON_FOUND &&
	    !(found.last = aws_item_to_json(key)))
		rc = bad_item(db, e);
	if (rc)
		json_object_put(found.items);
	else
		*page = found;
	json_object_put(answer);
	json_object_put(request->input);
	return rc;
}

int dynamodb_query(const struct dynamodb *db, const struct dynamodb_query *query, int64_t deadline,
		   struct dynamodb_page *page, struct err *e)
{
	const struct aws_request request = {"Query", query_input(db->table, query), deadline};

	return fetch_page(db, &request, page, e);
}

int dynamodb_scan(const struct dynamodb *db, const struct store_key *after, size_t limit,
		  int64_t deadline, struct dynamodb_page *page, struct err *e)
{
	struct json_object *input = json_object_new_object();

	json_set_string(input, "TableName", db->table);
	json_set_bool(input, "ConsistentRead", true);
	json_set_int(input, "Limit", (int64_t)limit);
	if (after)
		json_set(input, "ExclusiveStartKey", key_value(after->pk, after->sk));
	return fetch_page(db, &(struct aws_request){"Scan", input, deadline}, page, e);
}

/* Adds the condition to the input of an action. */
static void set_condition(struct json_object *input, const struct store_action *action, int64_t now)
{
	struct json_object *values;

	if (action->condition == STORE_ANY)
		return;
	if (action->condition == STORE_VERSION && action->version == 0) {
		json_set_string(input, "ConditionExpression",
				"attribute_exists(PK) AND attribute_not_exists(#v)");
		json_set(input, "ExpressionAttributeNames", constant("{\"#v\":\"version\"}"));
		return;
	}
	values = json_object_new_object();
	if (action->condition == STORE_VERSION) {
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
static struct json_object *action_input(const char *table, const struct store_action *action,
					enum store_verb verb, int64_t now)
{
	struct json_object *input = json_object_new_object(), *item = action->item;

	json_set_string(input, "TableName", table);
	if (verb == STORE_PUT)
		json_set(input, "Item", aws_item_from_json(item));
	else
		json_set(input, "Key", key_value(json_string_or_null(item, "PK"),
						 json_string_or_null(item, "SK")));
	set_condition(input, action, now);
	return input;
}

/* Whether a put of the check's item is as good as the check: it is the one that was read. */
static bool can_be_put(const struct store_action *action)
{
	return action->verb == STORE_CHECK && action->condition == STORE_VERSION &&
	       json_int_or(action->item, "version", 0) == action->version;
}

static struct json_object *transaction_input(const char *table,
					     const struct dynamodb_transaction *t, bool put_checked)
{
	static const char *const names[] = {
		[STORE_PUT] = "Put", [STORE_DELETE] = "Delete", [STORE_CHECK] = "ConditionCheck",
	};
	struct json_object *input = json_object_new_object(), *list = json_object_new_array();
	unsigned char random[16];
	char token[2 * sizeof random + 1];
	size_t i;

	for (i = 0; i < t->n; i++) {
		const struct store_action *action = &t->actions[i];
		enum store_verb verb = put_checked && can_be_put(action) ? STORE_PUT : action->verb;
		struct json_object *entry = json_object_new_object();

		json_set(entry, names[verb], action_input(table, action, verb, t->now));
		json_object_array_add(list, entry);
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

/* Does the transaction once; *denied: these credentials may not do one of its things. */
static int write_once(const struct dynamodb *db, struct dynamodb_transaction *t,
		      const struct aws_request *request, bool *denied, struct err *e)
{
	struct json_object *answer = NULL;
	struct aws_failure failure;
	int rc = aws_call(db->client, request, &answer, &failure, e);

	if (rc && find_failed(&failure, t->n, &t->failed) == 0)
		rc = err_set(e, ERR_CONFLICT, "the condition of %s does not hold",
			     json_string_or_null(t->actions[t->failed].item, "PK"));
	else if (rc)
		rc = refused(db->table, e);
	*denied = rc && strcmp(failure.type, "AccessDeniedException") == 0;
	aws_failure_free(&failure);
	json_object_put(answer);
	json_object_put(request->input);
	return rc;
}

int dynamodb_write(const struct dynamodb *db, struct dynamodb_transaction *t, int64_t deadline,
		   struct err *e)
{
	struct aws_request request = {.operation = "TransactWriteItems", .deadline = deadline};
	const struct store_action *first = t->actions;
	bool denied, checks = false;
	size_t i;
	int rc;

	if (t->n == 1 && first->verb == STORE_PUT && first->condition == STORE_ANY) {
		request.operation = "PutItem";
		request.input = action_input(db->table, first, STORE_PUT, t->now);
		return write_once(db, t, &request, &denied, e);
	}
	request.input = transaction_input(db->table, t, false);
	rc = write_once(db, t, &request, &denied, e);
	for (i = 0; i < t->n; i++)
		checks |= can_be_put(&t->actions[i]);
	if (denied && checks) {
		request.input = transaction_input(db->table, t, true);
		rc = write_once(db, t, &request, &denied, e);
	}
	return rc;
}

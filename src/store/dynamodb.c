/* SPDX-License-Identifier: ISC */
/*
 * DynamoDB's operations: each builds its input, calls, and reads the answer.
 */
#include "store/dynamodb.h"

#include <string.h>

#include "store/value.h"
#include "base/clock.h"
#include "base/digest.h"
#include "format/json_write.h"
#include "store/dynamodb_outcome.h"

#define UNPROCESSED_PAUSE_MS 50
#define MAX_INPUT (1u << 30) /* bytes: more than a hundred items can have */

/* {"TableName":"…", which begins most inputs and most actions. */
static void write_table(struct buf *out, const char *table)
{
	buf_puts(out, "{\"TableName\":");
	json_write_string(out, span_of(table));
	buf_putc(out, ',');
}

/* {"PK":{"S":"…"},"SK":{"S":"…"}} */
static void write_key(struct buf *out, const char *pk, const char *sk)
{
	buf_puts(out, "{\"PK\":");
	aws_string_write(out, pk);
	buf_puts(out, ",\"SK\":");
	aws_string_write(out, sk);
	buf_putc(out, '}');
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

/* An operation with its input, which is written first. */
struct call {
	const struct dynamodb *db;
	const char *operation;
	int64_t deadline;
	struct buf input;
};

static struct call call_of(const struct dynamodb *db, const char *operation, int64_t deadline)
{
	struct call c = {.db = db, .operation = operation, .deadline = deadline};

	buf_init(&c.input, MAX_INPUT);
	return c;
}

static struct aws_request request_of(const struct call *c)
{
	return (struct aws_request){c->operation, {buf_text(&c->input), c->input.len}, c->deadline};
}

/* Calls, and gives the input back. */
static int call(struct call *c, struct json_object **answer, struct err *e)
{
	struct aws_request request = request_of(c);
	int rc;

	*answer = NULL;
	rc = aws_call(c->db->client, &request, answer, NULL, e);
	buf_free(&c->input);
	return rc ? refused(c->db->table, e) : 0;
}

/* What is no item, as it came, may still say where it stands. */
static int bad_item(const struct dynamodb *db, struct json_object *raw, struct err *e)
{
	struct json_object *pk = NULL, *sk = NULL;

	json_get_object(raw, "PK", &pk);
	json_get_object(raw, "SK", &sk);
	if (json_string_or_null(pk, "S") && json_string_or_null(sk, "S"))
		return err_set(e, ERR_UNAVAILABLE, "table %s: what stands under %s, %s is no item", db->table,
			       json_string_or_null(pk, "S"), json_string_or_null(sk, "S"));
	return err_set(e, ERR_UNAVAILABLE, "table %s: one of its items has no keys that can be read",
		       db->table);
}

/* An answer that lacks what every answer has would be taken for an empty table. */
static int bad_answer(const struct dynamodb *db, struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, "what answers for table %s is not DynamoDB", db->table);
}

static bool has_key(struct json_object *item)
{
	return json_string_or_null(item, "PK") && json_string_or_null(item, "SK");
}

int dynamodb_get(const struct dynamodb *db, const struct store_key *key, int64_t deadline,
		 struct json_object **item, struct err *e)
{
	struct call get = call_of(db, "GetItem", deadline);
	struct json_object *answer, *found = NULL;
	enum json_found is;
	int rc;

	*item = NULL;
	write_table(&get.input, db->table);
	buf_puts(&get.input, "\"ConsistentRead\":true,\"Key\":");
	write_key(&get.input, key->pk, key->sk);
	buf_putc(&get.input, '}');
	rc = call(&get, &answer, e);
	is = rc ? JSON_ABSENT : json_get_object(answer, "Item", &found);
	if (is == JSON_FOUND)
		*item = aws_item_to_json(found);
	if (is != JSON_ABSENT && !*item)
		rc = bad_item(db, found, e);
	json_object_put(answer);
	return rc;
}

/* {"RequestItems":{"table":{"ConsistentRead":true,"Keys":[…]}}} */
static void write_batch(struct buf *out, const char *table, const struct store_key *keys, size_t n)
{
	size_t i;

	buf_puts(out, "{\"RequestItems\":{");
	json_write_string(out, span_of(table));
	buf_puts(out, ":{\"ConsistentRead\":true,\"Keys\":[");
	for (i = 0; i < n; i++) {
		if (i)
			buf_putc(out, ',');
		write_key(out, keys[i].pk, keys[i].sk);
	}
	buf_puts(out, "]}}}");
}

/* Converts the answer's items, each of which has its key, into `items`. */
static int take_items(const struct dynamodb *db, struct json_object *list,
		      struct json_object *items, struct err *e)
{
	size_t i;

	for (i = 0; i < json_object_array_length(list); i++) {
		struct json_object *raw = json_object_array_get_idx(list, i);
		struct json_object *item = aws_item_to_json(raw);

		if (!has_key(item)) {
			json_object_put(item);
			return bad_item(db, raw, e);
		}
		json_object_array_add(items, item);
	}
	return 0;
}

/* One BatchGetItem; in place of its input comes that for what was not processed, if any. */
static int get_batch_once(struct call *batch, struct json_object *items, struct err *e)
{
	struct json_object *answer, *part, *list;
	enum json_found is = JSON_ABSENT;
	int rc = call(batch, &answer, e);

	if (!rc && json_get_object(answer, "Responses", &part) != JSON_FOUND)
		rc = bad_answer(batch->db, e);
	if (!rc)
		is = json_get_array(part, batch->db->table, &list);
	if (is == JSON_FOUND)
		rc = take_items(batch->db, list, items, e);
	else if (is == JSON_WRONG)
		rc = bad_answer(batch->db, e);
	is = rc ? JSON_ABSENT : json_get_object(answer, "UnprocessedKeys", &part);
	if (is == JSON_WRONG)
		rc = bad_answer(batch->db, e);
	if (is == JSON_FOUND && json_object_object_length(part) > 0) {
		buf_puts(&batch->input, "{\"RequestItems\":");
		json_write(&batch->input, part);
		buf_putc(&batch->input, '}');
	}
	json_object_put(answer);
	return rc;
}

int dynamodb_get_batch(const struct dynamodb *db, const struct store_key *keys, size_t n,
		       int64_t deadline, struct json_object **items, struct err *e)
{
	struct json_object *found = json_object_new_array();
	struct call batch = call_of(db, "BatchGetItem", deadline);
	int64_t pause = UNPROCESSED_PAUSE_MS;
	int rc;

	write_batch(&batch.input, db->table, keys, n);
	while (!(rc = get_batch_once(&batch, found, e)) && batch.input.len) {
		deadline_sleep(clock_jitter((uint32_t)pause) + 1, deadline);
		pause = pause < 1000 ? pause * 2 : pause;
		if (deadline_left(deadline) == 0) {
			rc = err_set(e, ERR_UNAVAILABLE, "table %s: keys stay unprocessed "
				     "(throttled)", db->table);
			break;
		}
	}
	buf_free(&batch.input);
	if (rc)
		json_object_put(found);
	else
		*items = found;
	return rc;
}

/* The place to start behind is the range's end, too: where only
 * ExclusiveStartKey names it, DynamoDB Local reads all that is above it. */
static void write_query(struct buf *out, const char *table, const struct dynamodb_query *q)
{
	const char *sk = *q->sk_prefix ? q->sk_prefix : NULL, *place = q->after_sk;
	const char *range = sk && place ? " AND SK BETWEEN :sk AND :place"
			    : place ? " AND SK <= :place" : sk ? " AND begins_with(SK, :sk)" : "";

	write_table(out, table);
	buf_printf(out, "\"KeyConditionExpression\":\"PK = :pk%s\","
		   "\"ExpressionAttributeValues\":{\":pk\":", range);
	aws_string_write(out, q->pk);
	if (sk) {
		buf_puts(out, ",\":sk\":");
		aws_string_write(out, sk);
	}
	if (place) {
		buf_puts(out, ",\":place\":");
		aws_string_write(out, place);
	}
	buf_puts(out, "},\"ScanIndexForward\":false,\"ConsistentRead\":true");
	if (place) {
		buf_puts(out, ",\"ExclusiveStartKey\":");
		write_key(out, q->pk, place);
	}
	buf_printf(out, ",\"Limit\":%zu}", q->limit);
}

/* A page of a Query or Scan, whose input was written. */
static int fetch_page(struct call *c, struct dynamodb_page *page, struct err *e)
{
	struct json_object *answer, *list, *key = NULL;
	struct dynamodb_page found = {.items = json_object_new_array()};
	int rc = call(c, &answer, e);

	if (!rc && json_get_array(answer, "Items", &list) != JSON_FOUND)
		rc = bad_answer(c->db, e);
	if (!rc)
		rc = take_items(c->db, list, found.items, e);
	if (!rc && json_get_object(answer, "LastEvaluatedKey", &key) != JSON_ABSENT) {
		found.last = aws_item_to_json(key);
		if (!has_key(found.last))
			rc = bad_answer(c->db, e);
	}
	if (rc) {
		json_object_put(found.last);
		json_object_put(found.items);
	} else {
		*page = found;
	}
	json_object_put(answer);
	return rc;
}

int dynamodb_query(const struct dynamodb *db, const struct dynamodb_query *query, int64_t deadline,
		   struct dynamodb_page *page, struct err *e)
{
	struct call c = call_of(db, "Query", deadline);

	write_query(&c.input, db->table, query);
	return fetch_page(&c, page, e);
}

int dynamodb_scan(const struct dynamodb *db, const struct store_key *after, size_t limit,
		  int64_t deadline, struct dynamodb_page *page, struct err *e)
{
	struct call c = call_of(db, "Scan", deadline);

	write_table(&c.input, db->table);
	if (after) {
		buf_puts(&c.input, "\"ExclusiveStartKey\":");
		write_key(&c.input, after->pk, after->sk);
		buf_putc(&c.input, ',');
	}
	buf_printf(&c.input, "\"ConsistentRead\":true,\"Limit\":%zu}", limit);
	return fetch_page(&c, page, e);
}

#define VERSION_NAME ",\"ExpressionAttributeNames\":{\"#v\":\"version\"}"

/* Adds the condition to the input of an action. */
static void write_condition(struct buf *out, const struct store_action *action,
			    const struct dynamodb_transaction *t)
{
	if (action->condition == STORE_ANY)
		return;
	if (action->condition == STORE_ABSENT && !t->over_expired) {
		buf_puts(out, ",\"ConditionExpression\":\"attribute_not_exists(PK)\"");
		return;
	}
	/* What is no number is no version: store_item_version() has 0 of it. */
	if (action->condition == STORE_VERSION && action->version == 0) {
		buf_puts(out, ",\"ConditionExpression\":\"attribute_exists(PK) AND (attribute_not_exists(#v) "
			      "OR #v = :v OR NOT attribute_type(#v, :n))\"" VERSION_NAME
			      ",\"ExpressionAttributeValues\":{\":v\":{\"N\":\"0\"},\":n\":{\"S\":\"N\"}}");
		return;
	}
	if (action->condition == STORE_VERSION) {
		buf_puts(out, ",\"ConditionExpression\":\"#v = :v\"" VERSION_NAME
			      ",\"ExpressionAttributeValues\":{\":v\":");
		aws_number_write(out, action->version);
	} else {
		buf_puts(out, ",\"ConditionExpression\":"
			      "\"attribute_not_exists(PK) OR expiresAt <= :now\""
			      ",\"ExpressionAttributeValues\":{\":now\":");
		aws_number_write(out, t->now);
	}
	buf_putc(out, '}');
}

/* {"TableName":…, "Item":… or "Key":…, "ConditionExpression":…} */
static void write_action(struct buf *out, const char *table, const struct dynamodb_transaction *t,
			 const struct store_action *action, enum store_verb verb)
{
	struct json_object *item = action->item;

	write_table(out, table);
	if (verb == STORE_PUT) {
		buf_puts(out, "\"Item\":");
		aws_item_write(out, item);
	} else {
		buf_puts(out, "\"Key\":");
		write_key(out, json_string_or_null(item, "PK"), json_string_or_null(item, "SK"));
	}
	write_condition(out, action, t);
	buf_putc(out, '}');
}

/* Whether a put of the check's item is as good as the check: it is the one that was read. */
static bool can_be_put(const struct store_action *action)
{
	return action->verb == STORE_CHECK && action->condition == STORE_VERSION &&
	       json_int_or(action->item, "version", 0) == action->version;
}

/* {"TransactItems":[{"Put":…},…],"ClientRequestToken":"…"} */
static void write_transaction(struct buf *out, const char *table,
			      const struct dynamodb_transaction *t, bool put_checked)
{
	static const char *const names[] = {
		[STORE_PUT] = "{\"Put\":",
		[STORE_DELETE] = "{\"Delete\":",
		[STORE_CHECK] = "{\"ConditionCheck\":",
	};
	unsigned char random[16];
	char token[2 * sizeof random + 1];
	size_t i;

	buf_puts(out, "{\"TransactItems\":[");
	for (i = 0; i < t->n; i++) {
		const struct store_action *action = &t->actions[i];
		enum store_verb verb = put_checked && can_be_put(action) ? STORE_PUT : action->verb;

		if (i)
			buf_putc(out, ',');
		buf_puts(out, names[verb]);
		write_action(out, table, t, action, verb);
		buf_putc(out, '}');
	}
	digest_random(random, sizeof random);
	str_hex(random, sizeof random, token);
	buf_printf(out, "],\"ClientRequestToken\":\"%s\"}", token);
}

/* Does the transaction once, as it was written; *denied: some of it is not allowed. */
static int write_once(struct call *c, struct dynamodb_transaction *t, bool *denied, struct err *e)
{
	struct aws_request request = request_of(c);
	struct json_object *answer = NULL;
	struct aws_failure failure;
	int rc = aws_call(c->db->client, &request, &answer, &failure, e);

	if (rc && dynamodb_find_failed(&failure, t->n, &t->failed) == 0)
		rc = err_set(e, ERR_CONFLICT, "the condition of %s does not hold",
			     json_string_or_null(t->actions[t->failed].item, "PK"));
	else if (rc)
		rc = refused(c->db->table, e);
	else if (!dynamodb_is_done(answer))
		rc = bad_answer(c->db, e);
	*denied = rc && strcmp(failure.type, "AccessDeniedException") == 0;
	aws_failure_free(&failure);
	json_object_put(answer);
	buf_reset(&c->input);
	return rc;
}

int dynamodb_write(const struct dynamodb *db, struct dynamodb_transaction *t, int64_t deadline,
		   struct err *e)
{
	const struct store_action *first = t->actions;
	bool alone = t->n == 1 && first->verb == STORE_PUT && first->condition == STORE_ANY;
	struct call c = call_of(db, alone ? "PutItem" : "TransactWriteItems", deadline);
	bool denied, checks = false;
	size_t i;
	int rc;

	if (alone)
		write_action(&c.input, db->table, t, first, STORE_PUT);
	else
		write_transaction(&c.input, db->table, t, false);
	rc = write_once(&c, t, &denied, e);
	for (i = 0; i < t->n; i++)
		checks |= can_be_put(&t->actions[i]);
	if (denied && checks) {
		write_transaction(&c.input, db->table, t, true);
		rc = write_once(&c, t, &denied, e);
	}
	buf_free(&c.input);
	return rc;
}

/* SPDX-License-Identifier: ISC */
/*
 * What DynamoDB is asked, word by word, and what is made of its answers.  Whether these words mean what
 * store/store.h promises is held by tests/dynamodb/test_store.py, on DynamoDB Local.
 */
#include "unit.h"

#include "replies.h"

#include "base/clock.h"
#include "store/store.h"
#include "store/store_dynamodb.h"

#define DEADLINE_MS 8000
#define ITEM(more) "{'PK':'P','SK':'S'" more "}"
#define WIRE(more) "{'PK':{'S':'P'},'SK':{'S':'S'}" more "}"
#define WELL {200, "{}"}

static const struct aws_settings settings = {
	.region = "eu-central-1", .key_id = "AKIA1", .secret = "s1", .metadata_disabled = true,
	.credentials_file = "/dev/null", .config_file = "/dev/null",
};

static struct store *store;

static int set_up(void **state)
{
	(void)state;
	store = store_dynamodb_new("orders", &settings);
	return 0;
}

static int clean_up(void **state)
{
	store_close(store);
	return unit_release(state);
}

static void begin(const struct reply *list, size_t n)
{
	replies_begin(list, n);
}

/* --- writing ---------------------------------------------------------------------- */

static int write_one(enum store_verb verb, enum store_condition condition, int64_t version, struct err *e)
{
	const struct store_action action = {.verb = verb, .item = json_of(ITEM(",'version':7")), .condition = condition,
					    .version = version, .as_it_is = true};

	return store_write(store, &action, 1, NULL, deadline_in(DEADLINE_MS), e);
}

static void a_write_is_asked_for_under_its_condition(void **state)
{
	static const struct {
		enum store_verb verb;
		enum store_condition condition;
		int64_t version;
		const char *operation, *asked;
	} table[] = {
		{STORE_PUT, STORE_ANY, 0, "PutItem", "{'TableName':'orders','Item':" WIRE(",'version':{'N':'7'}") "}"},
		{STORE_PUT, STORE_ABSENT, 0, "TransactWriteItems",
		 "{'TransactItems':[{'Put':{'TableName':'orders','Item':" WIRE(",'version':{'N':'7'}") ","
		 "'ConditionExpression':'attribute_not_exists(PK)'}}]}"},
		{STORE_PUT, STORE_VERSION, 6, "TransactWriteItems",
		 "{'TransactItems':[{'Put':{'TableName':'orders','Item':" WIRE(",'version':{'N':'7'}") ","
		 "'ConditionExpression':'#v = :v','ExpressionAttributeNames':{'#v':'version'},"
		 "'ExpressionAttributeValues':{':v':{'N':'6'}}}}]}"},
		{STORE_PUT, STORE_VERSION, 0, "TransactWriteItems",
		 "{'TransactItems':[{'Put':{'TableName':'orders','Item':" WIRE(",'version':{'N':'7'}") ","
		 "'ConditionExpression':'attribute_exists(PK) AND (attribute_not_exists(#v) OR #v = :v OR "
		 "NOT attribute_type(#v, :n))','ExpressionAttributeNames':{'#v':'version'},"
		 "'ExpressionAttributeValues':{':v':{'N':'0'},':n':{'S':'N'}}}}]}"},
		{STORE_DELETE, STORE_VERSION, 7, "TransactWriteItems",
		 "{'TransactItems':[{'Delete':{'TableName':'orders','Key':" WIRE("") ","
		 "'ConditionExpression':'#v = :v','ExpressionAttributeNames':{'#v':'version'},"
		 "'ExpressionAttributeValues':{':v':{'N':'7'}}}}]}"},
		{STORE_DELETE, STORE_ANY, 0, "TransactWriteItems",
		 "{'TransactItems':[{'Delete':{'TableName':'orders','Key':" WIRE("") "}}]}"},
		{STORE_CHECK, STORE_VERSION, 7, "TransactWriteItems",
		 "{'TransactItems':[{'ConditionCheck':{'TableName':'orders','Key':" WIRE("") ","
		 "'ConditionExpression':'#v = :v','ExpressionAttributeNames':{'#v':'version'},"
		 "'ExpressionAttributeValues':{':v':{'N':'7'}}}}]}"},
	}, *row;
	const char *last = "";

	(void)state;
	for EACH(row, table) {
		struct json_object *asked;
		const char *token;
		struct err e;

		begin(&(const struct reply)WELL, 1);
		check_int(row->asked, write_one(row->verb, row->condition, row->version, &e), 0);
		check(row->operation, strstr(replies.headers, keep_text(str_printf("DynamoDB_20120810.%s\n",
										   row->operation))));
		asked = json_of("%s", replies.body);
		token = json_string_or_null(asked, "ClientRequestToken");
		check(row->asked, strcmp(row->operation, "PutItem") == 0 ||
				  (strlen(token) == 32 && strcmp(token, last) != 0));
		last = token ? keep_text(str_dup(token)) : last;
		json_object_object_del(asked, "ClientRequestToken");
		check_json(row->asked, asked, row->asked);
	}
}

#define DIGITS "12345678901234567890123456789012345678"
#define VALUES "'t':'x','e':'','i':-7,'f':1.50,'b':true,'n':null,'l':['a',1,{'m':[]}],'o':{'p':{'q':'r'}}"
#define ON_THE_WIRE "'t':{'S':'x'},'e':{'S':''},'i':{'N':'-7'},'f':{'N':'1.50'},'b':{'BOOL':true}," \
	"'n':{'NULL':true},'l':{'L':[{'S':'a'},{'N':'1'},{'M':{'m':{'L':[]}}}]},'o':{'M':{'p':{'M':{'q':{'S':'r'}}}}}"

static void an_item_goes_to_the_wire_and_comes_back(void **state)
{
	static const struct {
		const char *wire, *item; /* NULL: it is none */
	} table[] = {
		{ON_THE_WIRE, VALUES},
		{"'s':{'SS':['a','b']},'n':{'NS':['1','2.5']},'b':{'B':'AAA='},'c':{'BS':['AA==']}",
		 "'s':['a','b'],'n':[1,2.5],'b':'AAA=','c':['AA==']"},
		{"'n':{'N':'many'}", NULL}, {"'n':{'N':''}", NULL}, {"'n':{'N':7}", NULL}, {"'n':{'NS':['x']}", NULL},
		{"'n':{'L':[{'N':null}]}", NULL}, {"'n':{'M':{'a':7}}", NULL}, {"'n':{'X':1}", NULL}, {"'n':7", NULL},
		{"'n':{'L':7}", NULL},
	}, *row;
	const struct store_action put = {.item = json_of(ITEM("," VALUES)), .as_it_is = true};
	static const struct store_key key = {"P", "S"};
	struct json_object *item;
	struct err e;

	(void)state;
	begin(&(const struct reply)WELL, 1);
	check_int("put", store_write(store, &put, 1, NULL, deadline_in(DEADLINE_MS), &e), 0);
	check_json("put", json_of("%s", replies.body), "{'TableName':'orders','Item':" WIRE("," ON_THE_WIRE) "}");
	for EACH(row, table) {
		begin(&(const struct reply){200, keep_text(str_printf("{'Item':" WIRE(",%s") "}", row->wire))}, 1);
		check_int(row->wire, store_get_many(store, &key, 1, &item, deadline_in(DEADLINE_MS), &e),
			  row->item ? 0 : -1);
		if (row->item)
			check_json(row->wire, keep(item), keep_text(str_printf(ITEM(",%s"), row->item)));
		else
			check_err(row->wire, &e, ERR_UNAVAILABLE, "table orders: what stands under P, S is no item");
	}

	/* A number that no type of C holds keeps its digits. */
	begin(&(const struct reply){200, "{'Item':" WIRE(",'n':{'N':'" DIGITS "'}") "}"}, 1);
	check_int("digits", store_get_many(store, &key, 1, &item, deadline_in(DEADLINE_MS), &e), 0);
	check("digits", strstr(json_text(keep(item)), ":" DIGITS));
}

/* Two items; *failed is the one in the way. */
static int write_two(size_t *failed, struct err *e)
{
	const struct store_action actions[] = {
		{.verb = STORE_PUT, .item = json_of(ITEM("")), .condition = STORE_ABSENT},
		store_check(json_of("{'PK':'Q','SK':'S','version':3,'x':1}")),
	};

	*failed = 9;
	return store_write(store, actions, 2, failed, deadline_in(DEADLINE_MS), e);
}

#define CANCELLED(first, second) {400, "{'__type':'TransactionCanceledException','Message':'m'," \
	"'CancellationReasons':[{'Code':'" first "'},{'Code':'" second "'}]}"}

static void what_does_not_answer_a_write_is_no_promise(void **state)
{
	static const struct {
		const char *body;
		int rc;
	} table[] = {
		{"{}", 0}, {"{'ConsumedCapacity':[{'TableName':'orders'}],'ItemCollectionMetrics':{}}", 0},
		{"{'Attributes':null}", 0}, {"{'Item':" WIRE("") "}", -1}, {"{'Responses':{'orders':[]}}", -1},
		{"{'Items':[],'Count':0}", -1}, {"{'id':'cs_1'}", -1}, {"{'ConsumedCapacity':[],'status':'ok'}", -1},
	}, *row;
	enum store_condition condition;
	struct err e;

	(void)state;
	for EACH(row, table) {
		for (condition = STORE_ANY; condition <= STORE_ABSENT; condition++) {
			begin(&(const struct reply){200, row->body}, 1);
			check_int(row->body, write_one(STORE_PUT, condition, 0, &e), row->rc);
			if (row->rc)
				check_err(row->body, &e, ERR_UNAVAILABLE, "what answers for table orders");
		}
	}
}

static void only_a_condition_that_does_not_hold_is_a_conflict(void **state)
{
	static const struct {
		struct reply reply;
		enum err_code code;
		size_t failed;
		const char *part;
	} table[] = {
		{CANCELLED("ConditionalCheckFailed", "None"), ERR_CONFLICT, 0, "the condition of P does not hold"},
		{CANCELLED("None", "ConditionalCheckFailed"), ERR_CONFLICT, 1, "the condition of Q does not hold"},
		{CANCELLED("TransactionConflict", "ConditionalCheckFailed"), ERR_CONFLICT, 1, "of Q"},
		{CANCELLED("ValidationError", "None"), ERR_UNAVAILABLE, 9, "TransactionCanceledException"},
		{CANCELLED("ItemCollectionSizeLimitExceeded", "None"), ERR_UNAVAILABLE, 9, ""},
		{{400, "{'__type':'ValidationException','CancellationReasons':[{'Code':'ConditionalCheckFailed'}]}"},
		 ERR_UNAVAILABLE, 9, "ValidationException"},
		{{400, "{'__type':'TransactionCanceledException','CancellationReasons':[{'Code':'None'},"
		       "{'Code':'None'},{'Code':'ConditionalCheckFailed'}]}"}, /* there is no third action */
		 ERR_UNAVAILABLE, 9, "TransactionCanceledException"},
		{{400, "{'__type':'ConditionalCheckFailedException'}"}, ERR_UNAVAILABLE, 9, ""},
		{{400, "{'__type':'TransactionCanceledException'}"}, ERR_UNAVAILABLE, 9, ""},
		{{400, "{'__type':'IdempotentParameterMismatchException'}"}, ERR_UNAVAILABLE, 9, ""},
		{{400, "{'__type':'ValidationException','message':'The provided key element does not match'}"},
		 ERR_UNAVAILABLE, 9, "the keys of table orders are not PK and SK"},
		{{400, "{'__type':'ValidationException','message':'One of the required keys was not given a value'}"},
		 ERR_UNAVAILABLE, 9, "the keys of table orders are not PK and SK"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		size_t failed;
		struct err e;

		begin(&row->reply, 1);
		check_int(row->reply.body, write_two(&failed, &e), -1);
		check_err(row->reply.body, &e, row->code, row->part);
		if (row->code == ERR_CONFLICT)
			check_int(row->reply.body, failed, row->failed);
		check_int(row->reply.body, replies.asked, 1);
	}
}

/* Both items are as they were read, and the first one is to go. */
static int delete_beside_check(struct err *e)
{
	const struct store_action actions[] = {
		{.verb = STORE_DELETE, .item = json_of(ITEM(",'version':7")), .condition = STORE_VERSION, .version = 7},
		store_check(json_of("{'PK':'Q','SK':'S','version':3,'x':1}")),
	};

	return store_write(store, actions, 2, NULL, deadline_in(DEADLINE_MS), e);
}

#define DENIED {400, "{'__type':'AccessDeniedException','message':'no'}"}

/* Credentials that may not check: the item that was read is put again, under the same condition. */
static void where_a_check_is_denied_what_was_read_is_put_again(void **state)
{
	size_t failed;
	struct err e;

	(void)state;
	begin((const struct reply[]){DENIED, WELL}, 2);
	check_int("put again", write_two(&failed, &e), 0);
	check_int("put again", replies.asked, 2);
	check("put again", strstr(replies.body, "{\"Put\":{\"TableName\":\"orders\",\"Item\":{\"PK\":{\"S\":\"Q\"},"
					       "\"SK\":{\"S\":\"S\"},\"version\":{\"N\":\"3\"},\"x\":{\"N\":\"1\"}},"
					       "\"ConditionExpression\":\"#v = :v\""));
	check("put again", !strstr(replies.body, "ConditionCheck"));
	begin((const struct reply[]){DENIED, CANCELLED("None", "ConditionalCheckFailed")}, 2);
	check_int("in the way", write_two(&failed, &e), -1);
	check_err("in the way", &e, ERR_CONFLICT, "of Q");

	/* What else is denied, or a check of what was not read, is not tried in another way. */
	begin((const struct reply[]){DENIED, WELL}, 2);
	check_int("a put", write_one(STORE_PUT, STORE_ABSENT, 0, &e), -1);
	check_int("a put", replies.asked, 1);
	begin((const struct reply[]){DENIED, WELL}, 2);
	check_int("another version", write_one(STORE_CHECK, STORE_VERSION, 6, &e), -1);
	check_int("another version", replies.asked, 1);
	begin((const struct reply[]){{400, "{'__type':'ValidationException'}"}, WELL}, 2);
	check_int("another refusal", write_two(&failed, &e), -1);
	check_int("another refusal", replies.asked, 1);

	/* What was to be deleted is never put, also beside a check. */
	begin((const struct reply[]){DENIED, WELL}, 2);
	check_int("a delete", write_one(STORE_DELETE, STORE_VERSION, 7, &e), -1);
	check_int("a delete", replies.asked, 1);
	begin((const struct reply[]){DENIED, WELL}, 2);
	check_int("beside a check", delete_beside_check(&e), 0);
	check("beside a check", strstr(replies.body, "[{\"Delete\":{\"TableName\":\"orders\",\"Key\":{\"PK\":{\"S\":"
						     "\"P\"}") && !strstr(replies.body, "ConditionCheck"));
}

/* PutItem is for one item; of more that have no condition none is left out. */
static void all_of_a_list_is_written_at_once(void **state)
{
	const struct store_action actions[] = {
		{.verb = STORE_PUT, .item = json_of(ITEM("")), .as_it_is = true},
		{.verb = STORE_PUT, .item = json_of("{'PK':'Q','SK':'S'}"), .as_it_is = true},
	};
	struct json_object *asked;
	struct err e;

	(void)state;
	begin(&(const struct reply)WELL, 1);
	check_int("two", store_write(store, actions, 2, NULL, deadline_in(DEADLINE_MS), &e), 0);
	check("two", strstr(replies.headers, "DynamoDB_20120810.TransactWriteItems\n"));
	asked = json_of("%s", replies.body);
	json_object_object_del(asked, "ClientRequestToken");
	check_json("two", asked, "{'TransactItems':[{'Put':{'TableName':'orders','Item':" WIRE("") "}},"
				 "{'Put':{'TableName':'orders','Item':{'PK':{'S':'Q'},'SK':{'S':'S'}}}}]}");
}

/* --- reading ---------------------------------------------------------------------- */

static int read_two(struct json_object **items, struct err *e)
{
	static const struct store_key keys[] = {{"P", "S"}, {"Q", "S"}};
	int rc = store_get_many(store, keys, 2, items, deadline_in(DEADLINE_MS), e);

	keep(items[0]);
	keep(items[1]);
	return rc;
}

#define FOUND(list) "'Responses':{'orders':[" list "]}"

static void what_was_not_processed_is_asked_for_again(void **state)
{
	static const char rest[] = "'UnprocessedKeys':{'orders':{'ConsistentRead':true,'Keys':[" WIRE("") "]}}";
	struct json_object *items[2];
	struct reply twice[] = {{200, NULL}, {200, "{" FOUND(WIRE("")) ",'UnprocessedKeys':{}}"}};
	struct reply never = {200, NULL};
	struct err e;

	(void)state;
	never.body = twice[0].body = keep_text(str_printf(
		"{" FOUND("{'PK':{'S':'Q'},'SK':{'S':'S'},'x':{'S':'y'}}") ",%s}", rest));
	begin(twice, 2);
	check_int("twice", read_two(items, &e), 0);
	check_int("twice", replies.asked, 2);
	check_json("twice", json_of("%s", replies.body),
		   "{'RequestItems':{'orders':{'ConsistentRead':true,'Keys':[" WIRE("") "]}}}");
	check("both", items[0] && items[1]);

	begin(&never, 1);
	check_int("never", read_two(items, &e), -1);
	check_err("never", &e, ERR_UNAVAILABLE, "keys stay unprocessed");
	check("bounded", replies.asked > 3 && replies.asked < 60 && replies.ms <= DEADLINE_MS + 1000);
}

static void a_read_sees_all_that_was_acknowledged_before(void **state)
{
	static const struct store_key twice[] = {{"P", "S"}, {"P", "T"}, {"P", "S"}}, *const one = twice;
	struct json_object *items[3], *last;
	struct err e;

	(void)state;
	begin(&(const struct reply)WELL, 1);
	check_int("one", store_get_many(store, one, 1, items, deadline_in(DEADLINE_MS), &e), 0);
	check_json("one", json_of("%s", replies.body),
		   "{'TableName':'orders','ConsistentRead':true,'Key':" WIRE("") "}");

	/* No key twice: DynamoDB refuses that. */
	begin(&(const struct reply){200, "{" FOUND("") "}"}, 1);
	check_int("some", store_get_many(store, twice, 3, items, deadline_in(DEADLINE_MS), &e), 0);
	check_json("some", json_of("%s", replies.body),
		   "{'RequestItems':{'orders':{'ConsistentRead':true,'Keys':[" WIRE("") ","
		   "{'PK':{'S':'P'},'SK':{'S':'T'}}]}}}");

	begin(&(const struct reply){200, "{'Items':[]}"}, 1);
	check_int("a query", store_query(store, "P", "S", "SZ", 5, items, deadline_in(DEADLINE_MS), &e), 0);
	keep(items[0]);
	check_json("a query", json_of("%s", replies.body),
		   "{'TableName':'orders','KeyConditionExpression':'PK = :pk AND SK BETWEEN :sk AND :place',"
		   "'ExpressionAttributeValues':{':pk':{'S':'P'},':sk':{'S':'S'},':place':{'S':'SZ'}},"
		   "'ScanIndexForward':false,'ConsistentRead':true,"
		   "'ExclusiveStartKey':{'PK':{'S':'P'},'SK':{'S':'SZ'}},'Limit':5}");
	check_int("a scan", store_scan(store, one, 5, items, &last, deadline_in(DEADLINE_MS), &e), 0);
	keep(items[0]);
	check_json("a scan", json_of("%s", replies.body),
		   "{'TableName':'orders','ExclusiveStartKey':" WIRE("") ",'ConsistentRead':true,'Limit':5}");
	check("the table ends", !last);
	begin(&(const struct reply){200, "{'Items':[" WIRE("") "],'LastEvaluatedKey':" WIRE("") "}"}, 1);
	check_int("more", store_scan(store, NULL, 5, items, &last, deadline_in(DEADLINE_MS), &e), 0);
	keep(items[0]);
	check_json("more", keep(last), ITEM(""));
}

static void an_answer_that_lacks_what_each_has_is_no_empty_table(void **state)
{
	static const char *const one[] = {"{'Item':7}", "{'Item':{'PK':{'S':'P'},'SK':{'N':null}}}",
					  "{'Item':{'PK':{'S':'P'},'SK':{'S':'T'}}}", "{'Item':{}}"};
	static const char *const some[] = {
		"{}", "{'Responses':7}", "{'Responses':{'orders':7}}", "{" FOUND("7") "}", "{" FOUND("{}") "}",
		"{" FOUND("{'PK':{'S':'P'}}") "}", "{" FOUND("{'PK':{'S':'X'},'SK':{'S':'S'}}") "}",
		"{" FOUND("{'PK':{'S':'P'},'SK':{'S':'S'},'x':{'Q':1}}") "}", "{" FOUND("") ",'UnprocessedKeys':7}",
		"{" FOUND("") ",'UnprocessedKeys':[" WIRE("") "]}", "{" FOUND("") ",'UnprocessedKeys':'orders'}",
	};
	static const char *const pages[] = {
		"{}", "{'Items':7}", "{'Items':[7]}", "{'Items':[{}]}", "{'Items':[{'SK':{'S':'S'}}]}",
		"{'Items':[],'LastEvaluatedKey':7}", "{'Items':[],'LastEvaluatedKey':{'PK':{'S':'P'}}}",
		"{'Items':[],'LastEvaluatedKey':{'SK':{'S':'S'}}}",
	};
	static const char *const of_others[] = {"{'Items':[{'PK':{'S':'X'},'SK':{'S':'S'}}]}",
						"{'Items':[{'PK':{'S':'P'},'SK':{'S':'T'}}]}"};
	static const struct store_key key = {"P", "S"};
	struct json_object *items[2], *last;
	const char *const *body;
	struct err e;

	(void)state;
	for EACH(body, one) {
		begin(&(const struct reply){200, *body}, 1);
		check_int(*body, store_get_many(store, &key, 1, items, deadline_in(DEADLINE_MS), &e), -1);
		check_err(*body, &e, ERR_UNAVAILABLE, "orders");
	}
	for EACH(body, some) {
		begin(&(const struct reply){200, *body}, 1);
		check_int(*body, read_two(items, &e), -1);
		check_err(*body, &e, ERR_UNAVAILABLE, "orders");
	}
	for EACH(body, pages) {
		begin(&(const struct reply){200, *body}, 1);
		check_int(*body, store_query(store, "P", "S", NULL, 5, items, deadline_in(DEADLINE_MS), &e), -1);
		check_err(*body, &e, ERR_UNAVAILABLE, "orders");
		check_int(*body, store_scan(store, NULL, 5, items, &last, deadline_in(DEADLINE_MS), &e), -1);
		check_err(*body, &e, ERR_UNAVAILABLE, "orders");
	}
	for EACH(body, of_others) {
		begin(&(const struct reply){200, *body}, 1);
		check_int(*body, store_query(store, "P", "S", NULL, 5, items, deadline_in(DEADLINE_MS), &e), -1);
		check_err(*body, &e, ERR_UNAVAILABLE, "answers with another item");
	}
}

#define PAGE(sk, more) "{'PK':{'S':'P'},'SK':{'S':'" sk "'}" more "}"

/* The SKs that a query of P gives. */
static const char *queried(const char *prefix, const char *before, size_t limit)
{
	struct json_object *items = NULL;
	struct buf sks;
	struct err e;
	size_t i;

	check_int(prefix, store_query(store, "P", prefix, before, limit, &items, deadline_in(DEADLINE_MS), &e), 0);
	keep(items);
	buf_init(&sks, 4096);
	for (i = 0; i < json_object_array_length(items); i++)
		buf_printf(&sks, "%s ", json_string_or_null(json_object_array_get_idx(items, i), "SK"));
	return keep_text(buf_detach(&sks));
}

static void a_query_goes_on_from_page_to_page_up_to_its_limit(void **state)
{
	static const struct reply pages[] = {
		{200, "{'Items':[" PAGE("S9", "") "," PAGE("S8", ",'expiresAt':{'N':'1'}") "],"
		      "'LastEvaluatedKey':" PAGE("S8", "") "}"},
		{200, "{'Items':[" PAGE("S7", "") "," PAGE("S6", "") "],'LastEvaluatedKey':" PAGE("S6", "") "}"},
		{200, "{'Items':[" PAGE("S5", "") "]}"},
	};
	static const struct {
		size_t limit;
		unsigned asked;
		const char *sks;
	} table[] = {
		{1, 1, "S9 "}, {2, 2, "S9 S7 "}, {3, 2, "S9 S7 S6 "}, {4, 3, "S9 S7 S6 S5 "},
		{9, 3, "S9 S7 S6 S5 "},
	}, *row;

	(void)state;
	for EACH(row, table) {
		begin(pages, 3);
		check_text(row->sks, queried("S", NULL, row->limit), row->sks);
		check_int(row->sks, replies.asked, row->asked);
	}
	check("from the last", strstr(replies.body, "\"ExclusiveStartKey\":{\"PK\":{\"S\":\"P\"},"
						    "\"SK\":{\"S\":\"S6\"}}"));

	/* A place outside of the prefix: DynamoDB refuses to begin there. */
	begin(pages, 3);
	check_text("below", queried("S", "A", 9), "");
	check_int("below", replies.asked, 0);
	check_text("behind", queried("S", "Z", 2), "S9 S7 ");
	check_int("behind", replies.asked, 2);
	begin(pages + 2, 1);
	check_text("behind", queried("S", "Z", 2), "S5 ");
	check("behind", !strstr(replies.body, "ExclusiveStartKey"));
}

static void a_key_that_is_named_twice_gives_its_item_twice(void **state)
{
	static const struct store_key keys[] = {{"P", "S"}, {"P", "S"}, {"P", "T"}};
	static const struct reply answers[] = {
		{200, "{" FOUND(WIRE("")) "}"}, {200, "{" FOUND(WIRE("") "," WIRE("")) "}"},
		{200, "{" FOUND(WIRE(",'expiresAt':{'N':'1'}")) "}"},
	}, *answer;
	struct json_object *items[3];
	struct err e;

	(void)state;
	for EACH(answer, answers) {
		bool seen = !strstr(answer->body, "expiresAt");

		begin(answer, 1);
		check_int(answer->body, store_get_many(store, keys, 3, items, deadline_in(DEADLINE_MS), &e), 0);
		check_int(answer->body, keep(items[0]) != NULL, seen);
		check_int(answer->body, keep(items[1]) != NULL, seen);
		check(answer->body, !items[2]);
	}
}

/* --- what has expired ------------------------------------------------------------- */

/* DynamoDB deletes late.  Whoever met an expired item may put over one for a minute. */
static void over_an_expired_item_a_new_one_may_be_put_once_one_was_met(void **state)
{
	static const struct reply at_its_end = {200, "{'Item':" WIRE(",'expiresAt':{'N':'1700000000'}") "}"};
	static const struct {
		int64_t ms;
		bool over;
	} table[] = {{0, true}, {60000, true}, {61000, false}}, *row;
	static const struct store_key key = {"P", "S"};
	struct json_object *item;
	struct err e;

	(void)state;
	begin(&(const struct reply){200, "{'Item':" WIRE(",'expiresAt':{'N':'1700000001'}") "}"}, 1);
	check_int("not yet", store_get_many(store, &key, 1, &item, deadline_in(DEADLINE_MS), &e), 0);
	check("not yet", keep(item));
	begin(&(const struct reply)WELL, 1);
	check_int("not met", write_one(STORE_PUT, STORE_ABSENT, 0, &e), 0);
	check("not met", !strstr(replies.body, "expiresAt <= :now"));

	begin(&at_its_end, 1);
	check_int("it is not seen", store_get_many(store, &key, 1, &item, deadline_in(DEADLINE_MS), &e), 0);
	check("it is not seen", !keep(item));
	for EACH(row, table) {
		const char *name = keep_text(str_printf("%d ms later", (int)row->ms));

		begin(&(const struct reply)WELL, 1);
		replies.ms = row->ms;
		check_int(name, write_one(STORE_PUT, STORE_ABSENT, 0, &e), 0);
		check_int(name, strstr(replies.body, "\"ConditionExpression\":\"attribute_not_exists(PK) OR "
						     "expiresAt <= :now\"") != NULL, row->over);
		check_int(name, strstr(replies.body, keep_text(str_printf("\":now\":{\"N\":\"%d\"}", REPLIES_EPOCH +
									  (int)row->ms / 1000))) != NULL, row->over);
	}
}

#define table_test(f) {#f, f, set_up, clean_up, NULL}

int main(void)
{
	const struct CMUnitTest tests[] = {
		table_test(a_write_is_asked_for_under_its_condition),
		table_test(an_item_goes_to_the_wire_and_comes_back),
		table_test(what_does_not_answer_a_write_is_no_promise),
		table_test(only_a_condition_that_does_not_hold_is_a_conflict),
		table_test(where_a_check_is_denied_what_was_read_is_put_again),
		table_test(all_of_a_list_is_written_at_once),
		table_test(what_was_not_processed_is_asked_for_again),
		table_test(a_read_sees_all_that_was_acknowledged_before),
		table_test(an_answer_that_lacks_what_each_has_is_no_empty_table),
		table_test(a_query_goes_on_from_page_to_page_up_to_its_limit),
		table_test(a_key_that_is_named_twice_gives_its_item_twice),
		table_test(over_an_expired_item_a_new_one_may_be_put_once_one_was_met),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * What becomes of a call of AWS: which answers are worth another try, with which keys, where it is sent
 * and how long it is waited for.  Servers answer by a list, and the clock moves by sleep alone.
 */
#include "unit.h"

#include <stdio.h>

#include "replies.h"

#include "aws/client.h"
#include "aws/sigv4.h"
#include "aws/ssm.h"
#include "base/clock.h"

#define DEADLINE_MS 8000

static const struct aws_settings own_keys = {
	.region = "eu-central-1", .key_id = "AKIA1", .secret = "s1", .metadata_disabled = true,
	.credentials_file = "/dev/null", .config_file = "/dev/null",
};

static const struct aws_settings container_keys = {
	.region = "eu-central-1", .container_full_uri = "http://127.0.0.1" REPLIES_KEYS, .metadata_disabled = true,
	.credentials_file = "/dev/null", .config_file = "/dev/null",
};

/* Asks for an item; *failure, where it is given, is the caller's. */
static int ask(const struct aws_settings *settings, struct aws_failure *failure, struct err *e)
{
	struct aws_client *client = aws_client_new(settings, &aws_dynamodb);
	const struct aws_request request = {"GetItem", span_of("{}"), deadline_in(DEADLINE_MS)};
	struct json_object *answer = NULL;
	int rc = aws_call(client, &request, &answer, failure, e);

	check_int("an answer", answer != NULL, rc == 0);
	json_object_put(answer);
	aws_client_free(client);
	return rc;
}

/* --- answers ---------------------------------------------------------------------- */

#define REFUSAL(type) "{'__type':'com.amazonaws.dynamodb.v20120810#" type "','message':'why'}"
#define CANCELLED(reasons) "{'__type':'TransactionCanceledException','Message':'why'," \
	"'CancellationReasons':[" reasons "]}"
#define REASON(code) "{'Code':'" code "'}"
#define WELL {200, "{}"}

static void an_answer_is_done_with_or_worth_another_try(void **state)
{
	static const struct {
		struct reply first;
		unsigned asked;
		enum err_code code;
		const char *part;
	} table[] = {
		{WELL, 1, ERR_NONE, ""},
		/* passes by itself */
		{{0, ""}, 2, ERR_NONE, ""},
		{{200, "[]"}, 2, ERR_NONE, ""},
		{{200, "{"}, 2, ERR_NONE, ""},
		/* an error, whatever its status says */
		{{200, REFUSAL("TransactionCanceledException")}, 2, ERR_NONE, ""},
		{{200, "{'message':'Please log in'}"}, 2, ERR_NONE, ""},
		{{200, "{'Message':null}"}, 2, ERR_NONE, ""},
		{{200, "{'error':{}}"}, 2, ERR_NONE, ""},
		{{200, "{'errors':[]}"}, 2, ERR_NONE, ""},
		{{500, "{}"}, 2, ERR_NONE, ""},
		{{503, "nonsense"}, 2, ERR_NONE, ""},
		{{400, REFUSAL("ProvisionedThroughputExceededException")}, 2, ERR_NONE, ""},
		{{400, REFUSAL("ThrottlingException")}, 2, ERR_NONE, ""},
		{{400, "{'__type':'ThrottlingException'}"}, 2, ERR_NONE, ""},
		{{400, "{'__type':'ThrottlingException:http://aws.example/coral/#a'}"}, 2, ERR_NONE, ""},
		{{400, REFUSAL("ThrottlingException:http://aws.example/coral/#a")}, 2, ERR_NONE, ""},
		{{400, "{'code':'aws#ThrottlingException'}"}, 2, ERR_NONE, ""},
		{{400, REFUSAL("RequestLimitExceeded")}, 2, ERR_NONE, ""},
		{{400, REFUSAL("TransactionConflictException")}, 2, ERR_NONE, ""},
		{{400, REFUSAL("TransactionInProgressException")}, 2, ERR_NONE, ""},
		{{400, REFUSAL("InternalServerError")}, 2, ERR_NONE, ""},
		{{400, REFUSAL("ServiceUnavailable")}, 2, ERR_NONE, ""},
		{{400, REFUSAL("TooManyUpdates")}, 2, ERR_NONE, ""},
		{{400, CANCELLED(REASON("TransactionConflict"))}, 2, ERR_NONE, ""},
		{{400, CANCELLED(REASON("None") "," REASON("ThrottlingError"))}, 2, ERR_NONE, ""},
		{{400, CANCELLED(REASON("ProvisionedThroughputExceeded") "," REASON("None"))}, 2, ERR_NONE, ""},
		/* passes with other keys, which are looked for once */
		{{400, REFUSAL("ExpiredTokenException")}, 2, ERR_NONE, ""},
		{{400, REFUSAL("UnrecognizedClientException")}, 2, ERR_NONE, ""},
		{{400, REFUSAL("InvalidSignatureException")}, 2, ERR_NONE, ""},
		/* passes when its owner has mended it */
		{{400, REFUSAL("RequestExpired")}, 1, ERR_UNAVAILABLE,
		 "clock is wrong; GetItem at https://dynamodb.eu-central-1.amazonaws.com: 400 RequestExpired: why"},
		{{400, REFUSAL("ResourceNotFoundException")}, 1, ERR_UNAVAILABLE, "COMMERCE_TABLE names a table"},
		{{400, REFUSAL("AccessDeniedException")}, 1, ERR_UNAVAILABLE, "may not do this"},
		{{400, REFUSAL("MissingAuthenticationTokenException")}, 1, ERR_UNAVAILABLE, "are not complete"},
		{{400, REFUSAL("IncompleteSignatureException")}, 1, ERR_UNAVAILABLE, "are not complete"},
		/* does not pass */
		{{400, REFUSAL("ValidationException")}, 1, ERR_REFUSED, "400 ValidationException: why"},
		{{201, "{}"}, 1, ERR_REFUSED, "201"},
		{{301, "{}"}, 1, ERR_REFUSED, "301"},
		{{413, "{}"}, 1, ERR_REFUSED, "413"},
		{{400, CANCELLED(REASON("ConditionalCheckFailed") "," REASON("None"))}, 1, ERR_REFUSED,
		 "TransactionCanceledException: why"},
		{{400, CANCELLED(REASON("TransactionConflict") "," REASON("ValidationError"))}, 1, ERR_REFUSED, ""},
		{{400, CANCELLED(REASON("None") ",{}")}, 1, ERR_REFUSED, ""},
		{{400, "{'__type':'TransactionCanceledException'}"}, 1, ERR_REFUSED, ""},
		{{400, "{'__type':'ValidationException','CancellationReasons':[" REASON("None") "]}"}, 1,
		 ERR_REFUSED, ""},
	}, *row;

	(void)state;
	for EACH(row, table) {
		const char *name = keep_text(str_printf("%d %s", row->first.status, row->first.body));
		struct aws_failure failure = {.type = "left"};
		struct err e = {.code = ERR_NONE};

		replies_begin((const struct reply[]){row->first, WELL}, 2);
		check_int(name, ask(&own_keys, NULL, &e), row->code == ERR_NONE ? 0 : -1);
		check_int(name, replies.asked, row->asked);
		if (row->code != ERR_NONE)
			check_err(name, &e, row->code, row->part);

		/* The refusal is told to whoever wants to know. */
		replies_begin(&row->first, 1);
		check_int(name, ask(&own_keys, &failure, &e),
			  row->first.status == 200 && row->asked == 1 ? 0 : -1);
		check(name, strcmp(failure.type, "left") != 0);
		check_int(name, failure.answer != NULL, row->first.status >= 201 && row->first.body[0] == '{');
		check(name, !*failure.type || strstr(row->first.body, failure.type));
		aws_failure_free(&failure);
	}
}

static void what_does_not_pass_ends_with_the_deadline(void **state)
{
	static const struct reply failing[] = {{500, "{}"}, {0, ""}, {200, "[]"},
					       {400, REFUSAL("ThrottlingException")}}, *reply;
	struct err e;

	(void)state;
	for EACH(reply, failing) {
		replies_begin(reply, 1);
		check_int(reply->body, ask(&own_keys, NULL, &e), -1);
		check_err(reply->body, &e, ERR_UNAVAILABLE, "");
		check(reply->body, replies.asked > 5 && replies.asked < 30);
		check(reply->body, replies.ms <= DEADLINE_MS && replies.ms > DEADLINE_MS / 2);
	}
}

/* --- keys ------------------------------------------------------------------------- */

static void keys_that_are_refused_are_fetched_anew_once(void **state)
{
	static const struct {
		struct reply replies[3];
		int rc;
		unsigned asked, keys_asked;
	} table[] = {
		{{WELL, WELL, WELL}, 0, 1, 1},
		{{{400, REFUSAL("ThrottlingException")}, {500, "{}"}, WELL}, 0, 3, 1},
		{{{400, REFUSAL("ExpiredTokenException")}, WELL, WELL}, 0, 2, 2},
		{{{400, REFUSAL("ExpiredTokenException")}, {500, "{}"}, WELL}, 0, 3, 2},
		{{{400, REFUSAL("ExpiredTokenException")}, {400, REFUSAL("UnrecognizedClientException")}, WELL},
		 -1, 2, 2},
		{{{400, REFUSAL("AccessDeniedException")}, WELL, WELL}, -1, 1, 1},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		const char *name = row->replies[0].body;

		replies_begin(row->replies, 3);
		check_int(name, ask(&container_keys, NULL, &e), row->rc);
		check_int(name, replies.asked, row->asked);
		check_int(name, replies.keys_asked, row->keys_asked);
	}
	check_err("at last", &e, ERR_UNAVAILABLE, "these AWS credentials may not do this");
}

/* What a request is signed with is what it says. */
static void the_signature_is_of_what_is_sent(void **state)
{
	struct sigv4_request expected = {
		.region = "eu-central-1", .service = "dynamodb", .key_id = "AKIA2", .secret = "s2", .token = "t2",
		.host = "127.0.0.1:8000", .path = "/table", .content_type = "application/x-amz-json-1.0",
		.target = "DynamoDB_20120810.GetItem", .body = span_of("{}"), .now = REPLIES_EPOCH,
	};
	struct sigv4_key key = {.day = ""};
	struct aws_settings settings = container_keys;
	struct err e;

	(void)state;
	settings.endpoint = "http://127.0.0.1:8000/table?a#b";
	replies_begin(&(const struct reply)WELL, 1);
	check_int(e.text, ask(&settings, NULL, &e), 0);
	check_text("headers", replies.headers, keep_text(str_printf(
		"Host: 127.0.0.1:8000\nContent-Type: application/x-amz-json-1.0\n"
		"X-Amz-Target: DynamoDB_20120810.GetItem\nX-Amz-Date: 20231114T221320Z\nAuthorization: %s\n"
		"X-Amz-Security-Token: t2\n", keep_text(sigv4_authorization(&expected, &key)))));

	settings = own_keys;
	check_int(e.text, ask(&settings, NULL, &e), 0);
	check("no token", !strstr(replies.headers, "X-Amz-Security-Token"));
}

/* --- where, and how long ------------------------------------------------------------ */

static void a_service_is_asked_where_the_settings_say(void **state)
{
	static const struct {
		struct aws_settings set;
		const struct aws_service *service;
		const char *url, *host;
	} table[] = {
		{{.region = "eu-west-1"}, &aws_dynamodb, "https://dynamodb.eu-west-1.amazonaws.com",
		 "Host: dynamodb.eu-west-1.amazonaws.com\n"},
		{{.region = "eu-west-1"}, &aws_ssm, "https://ssm.eu-west-1.amazonaws.com",
		 "Host: ssm.eu-west-1.amazonaws.com\n"},
		{{.region = "cn-north-1"}, &aws_dynamodb, "https://dynamodb.cn-north-1.amazonaws.com.cn",
		 "Host: dynamodb.cn-north-1.amazonaws.com.cn\n"},
		{{.region = "eusc-de-east-1"}, &aws_dynamodb, "https://dynamodb.eusc-de-east-1.amazonaws.eu",
		 "Host: dynamodb.eusc-de-east-1.amazonaws.eu\n"},
		{{.region = "eusc-de-east-1"}, &aws_ssm, "https://ssm.eusc-de-east-1.amazonaws.eu",
		 "Host: ssm.eusc-de-east-1.amazonaws.eu\n"},
		{{.region = "us-gov-cn-1"}, &aws_dynamodb, "https://dynamodb.us-gov-cn-1.amazonaws.com",
		 "Host: dynamodb.us-gov-cn-1.amazonaws.com\n"},
		{{.region = "r", .endpoint = "http://all"}, &aws_ssm, "http://all", "Host: all\n"},
		{{.region = "r", .endpoint = "http://all", .endpoint_ssm = "http://ssm:1"}, &aws_ssm, "http://ssm:1",
		 "Host: ssm:1\n"},
		{{.region = "r", .endpoint = "http://all", .endpoint_ssm = "http://ssm:1"}, &aws_dynamodb, "http://all",
		 "Host: all\n"},
		{{.region = "r", .endpoint_dynamodb = "http://db"}, &aws_dynamodb, "http://db", "Host: db\n"},
		{{.region = "r", .endpoint_dynamodb = "http://db", .ignore_file_endpoints = true}, &aws_dynamodb,
		 "https://dynamodb.r.amazonaws.com", "Host: dynamodb.r.amazonaws.com\n"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct aws_settings settings = own_keys;
		const struct aws_request request = {"GetItem", span_of("{}"), deadline_in(DEADLINE_MS)};
		struct json_object *answer = NULL;
		struct aws_client *client;
		struct err e;

		settings.region = row->set.region;
		settings.endpoint = row->set.endpoint;
		settings.endpoint_ssm = row->set.endpoint_ssm;
		settings.endpoint_dynamodb = row->set.endpoint_dynamodb;
		settings.ignore_file_endpoints = row->set.ignore_file_endpoints;
		replies_begin(&(const struct reply)WELL, 1);
		client = aws_client_new(&settings, row->service);
		check_int(row->url, aws_call(client, &request, &answer, NULL, &e), 0);
		check_text(row->url, replies.url, row->url);
		check(row->host, str_starts(replies.headers, row->host));
		json_object_put(answer);
		aws_client_free(client);
	}
}

static void without_a_region_nothing_is_asked(void **state)
{
	struct aws_settings settings = own_keys;
	struct aws_failure failure = {.type = "left"};
	const char *folder = unit_folder(), *path = keep_text(str_printf("%s/config", folder));
	FILE *file;
	struct err e;

	(void)state;
	settings.region = NULL;
	replies_begin(&(const struct reply)WELL, 1);
	check_int("none", ask(&settings, &failure, &e), -1);
	check_err("none", &e, ERR_UNAVAILABLE, "AWS_REGION is not set");
	check_text("none", failure.type, "");
	check_int("none", replies.asked, 0);

	/* The profile may have one. */
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs("[default]\nregion = eu-north-1\n", file) >= 0);
	assert_int_equal(fclose(file), 0);
	settings.config_file = path;
	check_int("of the profile", ask(&settings, NULL, &e), 0);
	check_text("of the profile", replies.url, "https://dynamodb.eu-north-1.amazonaws.com");
	unit_remove_folder(folder);
}

/* A lost packet should not take the whole deadline, and a large body has to get there. */
static void one_try_has_a_part_of_the_deadline(void **state)
{
	static const struct {
		size_t bytes;
		int64_t deadline, wait;
	} table[] = {{2, 8000, 4000}, {2, 3000, 3000}, {64000, 8000, 5000}, {640000, 8000, 8000}}, *row;
	const char *body = repeat("x", 640000);

	(void)state;
	for EACH(row, table) {
		struct aws_client *client = aws_client_new(&own_keys, &aws_dynamodb);
		const struct aws_request request = {"PutItem", {body, row->bytes}, row->deadline};
		struct json_object *answer = NULL;
		struct err e;

		replies_begin(&(const struct reply)WELL, 1);
		check_int("a try", aws_call(client, &request, &answer, NULL, &e), 0);
		check_int("so long", replies.wait, row->wait);
		json_object_put(answer);
		aws_client_free(client);
	}
}

/* A page of a megabyte takes longer over a slow line, however often it is begun. */
static void an_answer_that_does_not_get_here_whole_is_given_more_time(void **state)
{
	static const struct {
		struct reply replies[REPLIES_MAX];
		int64_t wait;
	} table[] = {
		{{{0, ""}, {500, "{}"}, {0, ""}, WELL}, 4000},
		{{{0, "{'Items':["}, WELL, WELL, WELL}, 8000},
		{{{0, "{'Items':["}, {0, ""}, {0, "{'Items':["}, WELL}, 16000},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct aws_client *client = aws_client_new(&own_keys, &aws_dynamodb);
		const struct aws_request request = {"Scan", span_of("{}"), 60000};
		struct json_object *answer = NULL;
		struct err e;

		replies_begin(row->replies, REPLIES_MAX);
		check_int("in the end", aws_call(client, &request, &answer, NULL, &e), 0);
		check_int("so long", replies.wait, row->wait);
		json_object_put(answer);
		aws_client_free(client);
	}
}

/* --- the Parameter Store -------------------------------------------------------------- */

static void a_parameter_is_its_value_or_an_error_that_names_it(void **state)
{
	static const struct {
		struct reply reply;
		const char *value, *part;
	} table[] = {
		{{200, "{'Parameter':{'Value':'whsec_1'}}"}, "whsec_1", NULL},
		{{200, "{'Parameter':{'Value':7}}"}, NULL, "SSM's answer has no value for /shop/webhook"},
		{{200, "{'Parameter':'whsec_1'}"}, NULL, "SSM's answer has no value for /shop/webhook"},
		{{400, "{'__type':'ParameterNotFound'}"}, NULL,
		 "there is no SSM parameter /shop/webhook in this region"},
		{{400, REFUSAL("ValidationException")}, NULL, "SSM parameter /shop/webhook"},
		{{400, REFUSAL("AccessDeniedException")}, NULL, "SSM parameter /shop/webhook"},
	}, *row;
	struct aws_client *ssm = aws_client_new(&own_keys, &aws_ssm);

	(void)state;
	for EACH(row, table) {
		char *value = NULL;
		struct err e;
		int rc;

		replies_begin(&row->reply, 1);
		rc = aws_ssm_get_parameter(ssm, "/shop/webhook", deadline_in(DEADLINE_MS), &value, &e);
		check_int(row->reply.body, rc, row->value ? 0 : -1);
		check_text(row->reply.body, keep_text(value), row->value);
		if (rc)
			check_err(row->reply.body, &e, ERR_UNAVAILABLE, row->part);
		check_json(row->reply.body, json_of("%s", replies.body),
			   "{'Name':'/shop/webhook','WithDecryption':true}");
	}
	aws_client_free(ssm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(an_answer_is_done_with_or_worth_another_try),
		holds(what_does_not_pass_ends_with_the_deadline),
		holds(keys_that_are_refused_are_fetched_anew_once),
		holds(the_signature_is_of_what_is_sent),
		holds(a_service_is_asked_where_the_settings_say),
		holds(without_a_region_nothing_is_asked),
		holds(one_try_has_a_part_of_the_deadline),
		holds(an_answer_that_does_not_get_here_whole_is_given_more_time),
		holds(a_parameter_is_its_value_or_an_error_that_names_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

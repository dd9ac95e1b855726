/* SPDX-License-Identifier: ISC */
/*
 * Signatures for AWS, against another implementation's (Python's hmac, by the
 * documentation; tests/dynamodb/test_sigv4.py compares with botocore), and the key
 * that is kept for a day.
 */
#include "unit.h"

#include "aws/sigv4.h"

#define NOON 1440938160 /* 2015-08-30T12:36:00Z */
#define DAY 86400

static struct sigv4_request get_item(void)
{
	return (struct sigv4_request){
		.region = "us-east-1", .service = "dynamodb", .key_id = "AKIDEXAMPLE",
		.secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
		.host = "dynamodb.us-east-1.amazonaws.com", .path = "/",
		.content_type = "application/x-amz-json-1.0",
		.target = "DynamoDB_20120810.GetItem", .body = span_of("{}"), .now = NOON,
	};
}

static const char *signature(const struct sigv4_request *request, struct sigv4_key *key)
{
	char *text = keep_text(sigv4_authorization(request, key)), *found = strstr(text, "Signature=");

	assert_non_null(found);
	return found + strlen("Signature=");
}

static void a_request_is_signed_as_the_documentation_says(void **state)
{
	struct sigv4_request request = get_item();
	struct sigv4_key key = {.day = ""};

	(void)state;
	assert_string_equal(keep_text(sigv4_authorization(&request, &key)),
		"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/dynamodb/aws4_request, "
		"SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
		"Signature=f5c838225875dbd3e22bb3385e47ab271cff20df74167d58e5af40aae6892382");
	request.token = "TOKEN";
	assert_string_equal(keep_text(sigv4_authorization(&request, &key)),
		"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/dynamodb/aws4_request, "
		"SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, "
		"Signature=e44b3d62f34d20d6c92be67d126637ef9df2e65234e28f37bb4ac8418a1b492b");
}

static void the_kept_key_ends_with_its_day_and_its_secret(void **state)
{
	static const struct {
		const char *secret;
		int64_t now;
		const char *signature;
	} table[] = {
		{NULL, NOON, "f5c838225875dbd3e22bb3385e47ab271cff20df74167d58e5af40aae6892382"},
		{NULL, NOON, "f5c838225875dbd3e22bb3385e47ab271cff20df74167d58e5af40aae6892382"},
		{NULL, NOON + DAY, "72a2b6996e5e227b9078f112431a90eb9f90709276625fff3727ad648cf45c48"},
		{"another", NOON, "4c8693e94d5170d4df8e90c5ca3ad4052455e1e6db964d0a410ea3e3f0ab6731"},
		{NULL, NOON, "f5c838225875dbd3e22bb3385e47ab271cff20df74167d58e5af40aae6892382"},
	}, *row;
	struct sigv4_key key = {.day = ""};

	(void)state;
	for EACH(row, table) {
		struct sigv4_request request = get_item();

		request.now = row->now;
		if (row->secret)
			request.secret = row->secret;
		check_text(row->secret ? row->secret : "the example's", signature(&request, &key),
			   row->signature);
	}
}

static void a_time_is_written_as_amazon_has_it(void **state)
{
	char time[SIGV4_TIME_SIZE];

	(void)state;
	sigv4_time(NOON, time);
	assert_string_equal(time, "20150830T123600Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_request_is_signed_as_the_documentation_says),
		holds(the_kept_key_ends_with_its_day_and_its_secret),
		holds(a_time_is_written_as_amazon_has_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * Parameters of an address, and the tags of an answer.
 */
#include "web_fixture.h"

#include "web/etag.h"
#include "web/query.h"

static void a_parameter_is_read_strictly(void **state)
{
	static const struct {
		const char *query, *value, *problem; /* of `cursor`, at most 8 bytes */
	} table[] = {
		{"", NULL, NULL}, {"cursor", NULL, NULL}, {"cursor=", NULL, NULL}, {"x=1", NULL, NULL},
		{"cursor=abc", "abc", NULL}, {"x=1&cursor=abc&y=2", "abc", NULL},
		{"cursors=1&xcursor=2", NULL, NULL}, {"cursor=a%2Bb", "a+b", NULL},
		{"cursor=a+b", "a b", NULL}, {"cursor=%c3%A9", "\xc3\xa9", NULL}, {"&&cursor=a&&", "a", NULL},
		{"cursor=a=b", "a=b", NULL}, {"cursor=12345678", "12345678", NULL},
		{"cursor=123456789", NULL, "too long"}, {"cursor=a&cursor=a", NULL, "twice"},
		{"cursor&cursor=a", NULL, "twice"}, {"cursor=%30%3a%39", "0:9", NULL},
		{"cursor=%6f%6F%4a%4A", "ooJJ", NULL},
		{"cursor=%", NULL, "well-formed"}, {"cursor=%4", NULL, "well-formed"},
		{"cursor=%4g", NULL, "well-formed"}, {"cursor=%g4", NULL, "well-formed"},
		{"cursor=%00", NULL, "well-formed"}, {"cursor=a%0Ab", NULL, "well-formed"},
		{"cursor=%ff", NULL, "well-formed"}, {"cursor=%7f", NULL, "well-formed"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct request r = REQUEST(variable("QUERY_STRING", row->query));
		struct err e = {.code = ERR_NONE};
		char *value;

		check_int(row->query, query_get(&r, "cursor", 8, &value, &e), row->problem ? -1 : 0);
		check_text(row->query, keep_text(value), row->value);
		if (row->problem)
			check_err(row->query, &e, ERR_BAD_REQUEST, row->problem);
	}
}

static void a_number_is_a_whole_one_within_its_bounds(void **state)
{
	static const struct {
		const char *query;
		int64_t value; /* of limit, 1 to 100; 0: refused */
	} table[] = {
		{"", 20}, {"limit=", 20}, {"limit=1", 1}, {"limit=100", 100}, {"limit=007", 7},
		{"limit=0", 0}, {"limit=-1", 0}, {"limit=101", 0}, {"limit=abc", 0}, {"limit=1.5", 0},
		{"limit=1e1", 0}, {"limit=%2B1", 0}, {"limit=+1", 0}, {"limit=1+", 0},
		{"limit=9223372036854775808", 0}, {"limit=000000000000000000000000001", 0},
		{"limit=1&limit=1", 0}, {"limit=%00", 0}, {"limit=1%00", 0},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct request r = REQUEST(variable("QUERY_STRING", row->query));
		struct err e = {.code = ERR_NONE};
		int64_t value = 20;
		int rc = query_get_int(&r, "limit", (struct query_range){1, 100}, &value, &e);

		check_int(row->query, rc, row->value ? 0 : -1);
		if (row->value)
			check_int(row->query, value, row->value);
		else
			check_err(row->query, &e, ERR_BAD_REQUEST,
				  "limit must be a whole number from 1 to 100");
	}
}

static const char *answer_to(const char *if_none_match)
{
	struct request r = REQUEST(variable("HTTP_IF_NONE_MATCH", if_none_match));
	struct response response;
	struct buf out;

	response_init(&response);
	response_json(&response, 200, json_copy(json_of("{'a':1}")));
	etag_answer(&r, &response);
	buf_init(&out, 4096);
	response_format(&response, &out);
	response_free(&response);
	return keep_text(buf_detach(&out));
}

#define TAG "\"015abd7f5cc57a2dd94b7590f04ad808\"" /* printf '{"a":1}' | sha256sum | cut -c 1-32 */

static void who_has_the_answer_gets_a_304_without_it(void **state)
{
	static const struct {
		const char *has;
		bool same;
	} table[] = {
		{"", false}, {TAG, true}, {"W/" TAG, true}, {"*", true}, {" " TAG " ", true},
		{"\"x\", " TAG, true}, {TAG ",\"x\"", true}, {"\"x\",W/" TAG ",\"y\"", true},
		{"\"x\"", false}, {"015abd7f5cc57a2dd94b7590f04ad808", false}, {"w/" TAG, false},
		{",,", false}, {"W/", false}, {"\"*\"", false},
	}, *row;

	(void)state;
	for EACH(row, table) {
		const char *answer = answer_to(row->has);

		check(row->has, str_starts(answer, row->same ? "Status: 304 Not Modified\r\n"
								: "Status: 200 OK\r\n"));
		check(row->has, strstr(answer, "ETag: " TAG "\r\n"));
		check(row->has, strstr(answer, "Cache-Control: private, no-cache\r\n"));
		check(row->has, strstr(answer, "Vary: Origin, Authorization\r\n"));
		check(row->has, (strstr(answer, "{\"a\":1}") == NULL) == row->same);
		check(row->has, (strstr(answer, "Content-Length") == NULL) == row->same);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_parameter_is_read_strictly),
		holds(a_number_is_a_whole_one_within_its_bounds),
		holds(who_has_the_answer_gets_a_304_without_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

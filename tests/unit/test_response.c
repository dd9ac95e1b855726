/* SPDX-License-Identifier: ISC */
/*
 * Answers, byte for byte, and who may read them from another origin.
 */
#include "web_fixture.h"

#include <stdio.h>

#include "base/log.h"
#include "web/cors.h"
#include "web/response.h"

#define ALWAYS "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"

static char log_line[256];

static void take_line(void *context, const char *line, size_t n)
{
	(void)context;
	snprintf(log_line, sizeof log_line, "%.*s", (int)n, line);
}

static const char *written(struct response *r)
{
	struct buf out;

	buf_init(&out, 2 * RESPONSE_TEXT_MAX);
	response_format(r, &out);
	return keep_text(buf_detach(&out));
}

static const char *answer(int status, const char *json)
{
	struct response r;
	const char *text;

	response_init(&r);
	response_json(&r, status, json ? json_copy(json_of("%s", json)) : NULL);
	text = written(&r);
	response_free(&r);
	return text;
}

static void an_answer_is_headers_an_empty_line_and_json(void **state)
{
	(void)state;
	assert_string_equal(answer(200, "{'a':'b/c','d':'\xC3\xA4'}"),
			    "Status: 200 OK\r\nContent-Type: application/json\r\n"
			    "Content-Length: 20\r\n" ALWAYS "\r\n{\"a\":\"b/c\",\"d\":\"\xC3\xA4\"}");
	assert_string_equal(answer(204, NULL), "Status: 204 No Content\r\n" ALWAYS "\r\n");
}

static void nothing_decided_is_an_internal_error(void **state)
{
	struct response r;

	(void)state;
	response_init(&r);
	assert_string_equal(written(&r), "Status: 500 Internal Server Error\r\n" ALWAYS "\r\n");
	response_free(&r);
}

static void each_status_has_its_phrase(void **state)
{
	static const char *const table[] = {
		"200 OK", "204 No Content", "400 Bad Request", "401 Unauthorized", "403 Forbidden",
		"404 Not Found", "405 Method Not Allowed", "408 Request Timeout", "409 Conflict", "410 Gone",
		"411 Length Required",
		"413 Content Too Large", "415 Unsupported Media Type", "500 Internal Server Error",
		"502 Bad Gateway", "503 Service Unavailable", "299 Status",
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(table); i++) {
		const char *line = keep_text(str_printf("Status: %s\r\n", table[i]));

		check(table[i], str_starts(answer(atoi(table[i]), NULL), line));
	}
}

static void a_head_answer_has_the_headers_of_the_body_without_it(void **state)
{
	struct response r;

	(void)state;
	response_init(&r);
	response_json(&r, 200, json_copy(json_of("{'a':1}")));
	r.no_body = true;
	assert_string_equal(written(&r), "Status: 200 OK\r\nContent-Type: application/json\r\n"
					 "Content-Length: 7\r\n" ALWAYS "\r\n");
	response_free(&r);
}

static void a_header_with_a_control_character_is_dropped(void **state)
{
	static const char *const values[] = {"a\r\nX: y", "a\nb", "\x1F", "a\x7F", "a\tb"};
	struct response r;
	size_t i;

	(void)state;
	response_init(&r);
	response_header(&r, "A", "b c~\xC3\xA4");
	for (i = 0; i < LENGTH(values); i++)
		response_header(&r, "Bad", values[i]);
	response_header(&r, "Z", "");
	assert_string_equal(buf_text(&r.headers), "A: b c~\xC3\xA4\r\nZ: \r\n");
	assert_true(str_ends(written(&r), "nosniff\r\nA: b c~\xC3\xA4\r\nZ: \r\n\r\n"));
	response_free(&r);
}

static void what_is_no_json_has_the_type_that_it_was_given(void **state)
{
	struct response r;

	(void)state;
	response_init(&r);
	buf_puts(&r.text, "up 1\n");
	response_text(&r, 200, "text/plain; version=0.0.4");
	assert_string_equal(written(&r), "Status: 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n"
					 "Content-Length: 5\r\n" ALWAYS "\r\nup 1\n");
	response_free(&r);
}

static void an_error_tells_a_client_what_it_may_know(void **state)
{
	static const struct {
		enum err_code code;
		const char *answer;
	} table[] = {
		{ERR_BAD_REQUEST, "Status: 400 Bad Request\r\nContent-Type: application/json\r\n"
				  "Content-Length: 18\r\n" ALWAYS "\r\n{\"error\":\"secret\"}"},
		{ERR_UNAUTHORIZED, "Status: 401 Unauthorized\r\nContent-Type: application/json\r\n"
				   "Content-Length: 18\r\n" ALWAYS "WWW-Authenticate: Bearer\r\n\r\n"
				   "{\"error\":\"secret\"}"},
		{ERR_UNAVAILABLE, "Status: 503 Service Unavailable\r\nContent-Type: application/json\r\n"
				  "Content-Length: 43\r\n" ALWAYS "Retry-After: 5\r\n\r\n"
				  "{\"error\":\"Service temporarily unavailable\"}"},
		{ERR_CONFLICT, "Status: 503 Service Unavailable\r\nContent-Type: application/json\r\n"
			       "Content-Length: 43\r\n" ALWAYS "Retry-After: 5\r\n\r\n"
			       "{\"error\":\"Service temporarily unavailable\"}"},
		{ERR_ORDERED, "Status: 409 Conflict\r\nContent-Type: application/json\r\n"
			      "Content-Length: 43\r\n" ALWAYS "\r\n"
			      "{\"error\":\"secret\",\"code\":\"already_ordered\"}"},
		{ERR_INTERNAL, "Status: 500 Internal Server Error\r\nContent-Type: application/json\r\n"
			       "Content-Length: 26\r\n" ALWAYS "\r\n{\"error\":\"Internal error\"}"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct response r;
		struct err e;

		err_set(&e, row->code, "secret");
		response_init(&r);
		response_json(&r, 200, json_copy(json_of("{'half':'done'}")));
		r.cache_control = "private"; /* of the answer that it is no more */
		response_error(&r, &e);
		check_text(err_name(row->code), written(&r), row->answer);
		response_free(&r);
	}
}

/* Cut, it would be a success that nobody can read. */
static void an_answer_that_does_not_fit_is_an_internal_error(void **state)
{
	const char *error = "Status: 500 Internal Server Error\r\nContent-Type: application/json\r\n"
			    "Content-Length: 26\r\n" ALWAYS "\r\n{\"error\":\"Internal error\"}";
	struct response r;
	struct buf out;
	size_t whole;

	(void)state;
	log_set_sink(take_line, NULL);
	response_init(&r);
	response_json(&r, 200, json_copy(json_of("{'a':'%s'}", repeat("x", 500))));
	r.cache_control = "private";
	whole = strlen(written(&r));
	buf_init(&out, whole);
	response_format(&r, &out);
	assert_true(str_starts(buf_text(&out), "Status: 200 OK"));
	assert_string_equal(log_line, "");
	buf_free(&out);
	buf_init(&out, whole - 1);
	response_format(&r, &out);
	assert_string_equal(buf_text(&out), error);
	assert_non_null(strstr(log_line, " error Answer too large status=200\n"));
	buf_free(&out);
	response_free(&r);

	response_init(&r);
	while (!buf_puts(&r.text, "a line of what was counted\n"))
		;
	response_text(&r, 200, "text/plain");
	assert_string_equal(written(&r), error);
	response_free(&r);
	log_set_sink(NULL, NULL);
}

/* --- CORS ---------------------------------------------------------------- */

static const char *cors_of(const char *origin, const char *allowed, bool preflight)
{
	struct request request = REQUEST(variable("HTTP_ORIGIN", origin));
	struct response r;
	const char *text;

	response_init(&r);
	if (preflight)
		cors_preflight(&request, allowed, "POST, OPTIONS", NULL, &r);
	else
		cors_answer(&request, allowed, &r);
	text = keep_text(str_dup(buf_text(&r.headers)));
	response_free(&r);
	return text;
}

static const struct {
	const char *origin, *allowed, *answer; /* NULL: none */
} origins[] = {
	{"https://shop.example", "https://shop.example", "https://shop.example"},
	{"https://shop.example", "https://a.example, https://shop.example", "https://shop.example"},
	{"https://SHOP.example", "https://shop.example", "https://SHOP.example"},
	{"https://shop.example:443", "https://shop.example", "https://shop.example:443"},
	{"http://localhost:3000", "http://localhost:3000", "http://localhost:3000"},
	{"https://shop.example", "*", "*"}, {"null", "*", "*"}, {"garbage", "*", "*"},
	{"https://shop.example", "https://a.example,*", "*"},
	{"https://evil.com", "https://shop.example", NULL},
	{"http://shop.example", "https://shop.example", NULL},
	{"https://shop.example:8443", "https://shop.example", NULL},
	{"http://localhost", "http://localhost:3000", NULL},
	{"https://shop.example.evil.com", "https://shop.example", NULL},
	{"https://shop.example@evil.com", "https://shop.example", NULL},
	{"https://x@shop.example", "https://shop.example", NULL},
	{"https://shop.example/", "https://shop.example", NULL},
	{"https://shop.example/x", "https://shop.example", NULL},
	{"null", "https://shop.example", NULL}, {"", "https://shop.example", NULL}, {"", "*", NULL},
	{"https://shop.example", NULL, NULL}, {"https://shop.example", "", NULL},
	{"shop.example", "https://shop.example", NULL},
};

static void only_a_listed_origin_may_read_an_answer(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(origins); i++)
		check_text(origins[i].origin, cors_of(origins[i].origin, origins[i].allowed, false),
			   origins[i].answer
				   ? keep_text(str_printf("Vary: Origin\r\n"
							  "Access-Control-Allow-Origin: %s\r\n"
							  "Access-Control-Expose-Headers: ETag, "
							  "Retry-After\r\n",
							  origins[i].answer))
				   : "Vary: Origin\r\n");
}

static void only_a_listed_origin_is_told_what_it_may_send(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(origins); i++)
		check_text(origins[i].origin, cors_of(origins[i].origin, origins[i].allowed, true),
			   origins[i].answer
				   ? "Access-Control-Allow-Methods: POST, OPTIONS\r\n"
				     "Access-Control-Allow-Headers: Content-Type, Authorization, "
				     "If-None-Match\r\n"
				     "Access-Control-Max-Age: 600\r\n"
				   : "");
}

static void the_header_of_a_token_may_be_sent_too(void **state)
{
	struct request request = REQUEST("HTTP_ORIGIN=https://a");
	struct response r;

	(void)state;
	response_init(&r);
	cors_preflight(&request, "https://a", "GET", "X-Shop-Auth", &r);
	assert_non_null(strstr(buf_text(&r.headers), "Access-Control-Allow-Headers: Content-Type, "
						     "Authorization, If-None-Match, X-Shop-Auth\r\n"));
	response_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(an_answer_is_headers_an_empty_line_and_json),
		holds(nothing_decided_is_an_internal_error),
		holds(each_status_has_its_phrase),
		holds(a_head_answer_has_the_headers_of_the_body_without_it),
		holds(a_header_with_a_control_character_is_dropped),
		holds(what_is_no_json_has_the_type_that_it_was_given),
		holds(an_error_tells_a_client_what_it_may_know),
		holds(an_answer_that_does_not_fit_is_an_internal_error),
		holds(only_a_listed_origin_may_read_an_answer),
		holds(only_a_listed_origin_is_told_what_it_may_send),
		holds(the_header_of_a_token_may_be_sent_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

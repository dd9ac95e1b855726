/* SPDX-License-Identifier: ISC */
/*
 * The dispatcher: what is the same for every endpoint, decided before a
 * handler runs.
 */
#include "web_fixture.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "web/endpoint.h"

/* What the handler saw, and what it is to do. */
struct seen {
	unsigned calls;
	const void *context;
	size_t body_length;
	int64_t deadline, body_until;
	int status; /* to answer with, 0: 200 */
	enum err_code fail_with, refuse_with;
};

static struct seen seen;
static char log_line[4096];

static int handle(void *context, const struct request *request, struct response *response,
		  struct err *e)
{
	seen.calls++;
	seen.context = context;
	seen.body_length = request->body.len;
	seen.deadline = request->deadline;
	if (seen.fail_with)
		return err_set(e, seen.fail_with, "what happened inside");
	response_json(response, seen.status ? seen.status : 200, json_copy(json_of("{'ok':true}")));
	return 0;
}

static int admit(void *context, const struct request *request, struct err *e)
{
	(void)context;
	(void)request;
	return seen.refuse_with ? err_set(e, seen.refuse_with, "this way in is closed") : 0;
}

static const struct route routes[] = {
	{.path = "/cart/quote", .method = "POST", .body_max = 10, .handle = handle},
	{.path = "/loose", .method = "POST", .body_max = 10, .body_ms = 5000,
	 .type_may_lack = true, .handle = handle},
	{.path = "/healthz", .method = "GET", .handle = handle},
	{.path = "/orders", .below = true, .method = "GET", .handle = handle},
	{.path = NULL},
};

static const struct endpoint endpoint = {.program = "cart-quote", .routes = routes,
					 .cors = "https://shop.example", .request_ms = 8000,
					 .token_header = "X-Token", .admit = admit,
					 .context = &seen};

static void take_line(void *context, const char *line, size_t n)
{
	(void)context;
	snprintf(log_line, sizeof log_line, "%.*s", (int)n, line);
}

/* "NAME=value NAME=value" as a list. */
static char *const *list_of(const char *variables)
{
	static char *list[16];
	struct span rest = span_of(variables), one;
	size_t n = 0;

	while (span_next(&rest, ' ', &one))
		list[n++] = keep_text(span_dup(one));
	list[n] = NULL;
	return list;
}

/* Serves what began at a moment, and gives the whole answer.  `variables` by blanks. */
static const char *serve_since(int64_t began, const char *variables, const char *bytes)
{
	struct fake_body body = {.bytes = bytes, .n = strlen(bytes)};
	const struct arrival arrival = {list_of(variables), fake_source(&body), began};
	struct response response;
	struct buf out;

	seen = (struct seen){.fail_with = seen.fail_with, .refuse_with = seen.refuse_with,
			     .status = seen.status};
	log_line[0] = '\0';
	log_configure(&(struct log_options){.level = LOG_LEVEL_INFO, .target = "stderr"});
	log_set_sink(take_line, NULL);
	response_init(&response);
	endpoint_serve(&endpoint, &arrival, &response);
	buf_init(&out, 65536);
	response_format(&response, &out);
	response_free(&response);
	log_set_sink(NULL, NULL);
	seen.body_until = body.until;
	return keep_text(buf_detach(&out));
}

static const char *serve(const char *variables, const char *bytes)
{
	return serve_since(clock_monotonic_ms(), variables, bytes);
}

#define POST "REQUEST_METHOD=POST PATH_INFO=/cart/quote CONTENT_TYPE=application/json "

struct row {
	const char *variables, *body, *status;
	unsigned calls;
	const char *has, *lacks; /* in the answer, or NULL */
};

static void check_rows(const struct row *row, size_t n)
{
	for (; n; n--, row++) {
		const char *answer = serve(row->variables, row->body);

		check_text(row->variables,
			   keep_text(str_printf("%.*s", (int)strlen(row->status), answer)),
			   row->status);
		check_int(row->variables, seen.calls, row->calls);
		check(row->variables, !row->has || strstr(answer, row->has));
		check(row->variables, !row->lacks || !strstr(answer, row->lacks));
	}
}

static void a_fitting_request_reaches_its_handler(void **state)
{
	static const struct row table[] = {
		{POST "CONTENT_LENGTH=10", "1234567890", "Status: 200 OK", 1, "\r\n\r\n{\"ok\":true}",
		 NULL},
		{POST "CONTENT_LENGTH=0", "", "Status: 200", 1, NULL, NULL},
		{"REQUEST_METHOD=GET PATH_INFO=/healthz", "", "Status: 200", 1, "{\"ok\":true}", NULL},
		{"PATH_INFO=/healthz", "", "Status: 200", 1, "{\"ok\":true}", NULL},
		{"SCRIPT_NAME=/cart-quote PATH_INFO=/healthz", "", "Status: 200", 1, NULL, NULL},
		{"SCRIPT_NAME=/looser PATH_INFO=/healthz", "", "Status: 200", 1, NULL, NULL},
		{"SCRIPT_NAME=/loose-x/healthz", "", "Status: 200", 1, NULL, NULL},
		{"REQUEST_METHOD=HEAD PATH_INFO=/healthz", "", "Status: 200", 1,
		 "Content-Length: 11\r\n", "{"},
		{"REQUEST_METHOD=POST PATH_INFO=/loose CONTENT_LENGTH=2", "{}", "Status: 200", 1, NULL,
		 NULL},
	};

	(void)state;
	check_rows(table, LENGTH(table));
	serve(POST "CONTENT_LENGTH=10", "1234567890");
	assert_int_equal(seen.body_length, 10);
	assert_ptr_equal(seen.context, &seen);
}

static void times_run_from_the_moment_the_request_began(void **state)
{
	int64_t began = clock_monotonic_ms() - 2000;

	(void)state;
	serve_since(began, POST "CONTENT_LENGTH=2", "{}");
	assert_int_equal(seen.calls, 1);
	assert_int_equal(seen.deadline - began, 8000 - ENDPOINT_ANSWER_MS);
	assert_int_equal(seen.body_until - began, ENDPOINT_BODY_MS);
	serve_since(began, "REQUEST_METHOD=POST PATH_INFO=/loose CONTENT_LENGTH=2", "{}");
	assert_int_equal(seen.body_until - began, 5000);
}

static void a_body_that_is_late_is_408(void **state)
{
	const char *answer = serve_since(clock_monotonic_ms() - 4000, POST "CONTENT_LENGTH=5", "1234");

	(void)state;
	assert_true(str_starts(answer, "Status: 408 Request Timeout\r\n"));
	assert_non_null(strstr(answer, "{\"error\":\"The body did not arrive in time\"}"));
	assert_int_equal(seen.calls, 0);
	assert_non_null(strstr(log_line, " info Request refused program=cart-quote status=408 "));
}

static void an_unknown_path_is_404_whatever_the_method(void **state)
{
	static const struct row table[] = {
		{"REQUEST_METHOD=POST PATH_INFO=/other", "", "Status: 404 Not Found", 0,
		 "{\"error\":\"Not found\"}", "Allow:"},
		{"REQUEST_METHOD=OPTIONS PATH_INFO=/other", "", "Status: 404", 0, NULL, "Allow:"},
		{"REQUEST_METHOD=GET PATH_INFO=/", "", "Status: 404", 0, NULL, NULL},
		{"SCRIPT_NAME=/loose PATH_INFO=/healthz", "", "Status: 404", 0, NULL, NULL},
		{"SCRIPT_NAME=/loose PATH_INFO=/x/healthz", "", "Status: 404", 0, NULL, NULL},
		{"SCRIPT_NAME=/api/loose/healthz", "", "Status: 404", 0, NULL, NULL},
		{"SCRIPT_NAME=/loose/x/healthz", "", "Status: 404", 0, NULL, NULL},
		{"PATH_INFO=/loose/x/healthz", "", "Status: 404", 0, NULL, NULL},
	};

	(void)state;
	check_rows(table, LENGTH(table));
}

static void a_wrong_method_is_405_and_names_the_right_ones(void **state)
{
	static const struct row table[] = {
		{"REQUEST_METHOD=GET PATH_INFO=/cart/quote", "", "Status: 405 Method Not Allowed", 0,
		 "Allow: POST, OPTIONS\r\n", NULL},
		{"PATH_INFO=/cart/quote", "", "Status: 405", 0, "Allow: POST, OPTIONS\r\n", NULL},
		{"REQUEST_METHOD=HEAD PATH_INFO=/cart/quote", "", "Status: 405", 0, NULL, NULL},
		{"REQUEST_METHOD=PUT PATH_INFO=/cart/quote", "", "Status: 405", 0, NULL, NULL},
		{"REQUEST_METHOD=post PATH_INFO=/cart/quote", "", "Status: 405", 0, NULL, NULL},
		{"REQUEST_METHOD=POST PATH_INFO=/healthz", "", "Status: 405", 0,
		 "Allow: GET, HEAD, OPTIONS\r\n", NULL},
		{"REQUEST_METHOD=DELETE PATH_INFO=/healthz", "", "Status: 405", 0,
		 "{\"error\":\"Method not allowed\"}", "DELETE"},
	};

	(void)state;
	check_rows(table, LENGTH(table));
}

static void the_wrong_method_is_in_the_log(void **state)
{
	(void)state;
	serve("REQUEST_METHOD=DELETE PATH_INFO=/healthz", "");
	assert_true(str_ends(log_line, " status=405 reason=method error=DELETE\n"));
}

static void options_is_answered_without_the_handler(void **state)
{
	static const struct row table[] = {
		{"REQUEST_METHOD=OPTIONS PATH_INFO=/cart/quote HTTP_ORIGIN=https://shop.example", "",
		 "Status: 204 No Content", 0, "Access-Control-Allow-Methods: POST, OPTIONS\r\n", NULL},
		{"REQUEST_METHOD=OPTIONS PATH_INFO=/cart/quote HTTP_ORIGIN=https://shop.example", "",
		 "Status: 204", 0, "Access-Control-Allow-Origin: https://shop.example\r\n",
		 "Content-Type: application/json"},
		{"REQUEST_METHOD=OPTIONS PATH_INFO=/healthz", "", "Status: 204", 0,
		 "Allow: GET, HEAD, OPTIONS\r\n", "Access-Control"},
		{"REQUEST_METHOD=OPTIONS PATH_INFO=/cart/quote HTTP_ORIGIN=https://evil.com", "",
		 "Status: 204", 0, "Allow: POST, OPTIONS\r\n", "Access-Control"},
	};

	(void)state;
	check_rows(table, LENGTH(table));
}

static void a_body_is_checked_before_the_handler_runs(void **state)
{
	static const struct row table[] = {
		{POST, "", "Status: 411 Length Required", 0, NULL, NULL},
		{POST "CONTENT_LENGTH=11", "12345678901", "Status: 413 Content Too Large", 0,
		 "larger than 10 bytes", NULL},
		{POST "CONTENT_LENGTH=x", "", "Status: 411 Length Required", 0, NULL, NULL},
		{POST "CONTENT_LENGTH=-1", "12345", "Status: 411", 0, NULL, NULL},
		{POST "CONTENT_LENGTH=5", "1234", "Status: 400", 0, "shorter", NULL},
		{POST "CONTENT_LENGTH=3", "1234", "Status: 400", 0, "longer", NULL},
		{"REQUEST_METHOD=POST PATH_INFO=/cart/quote CONTENT_LENGTH=2", "{}",
		 "Status: 415 Unsupported Media Type", 0, NULL, NULL},
		{"REQUEST_METHOD=POST PATH_INFO=/cart/quote CONTENT_LENGTH=2 CONTENT_TYPE=text/plain",
		 "{}", "Status: 415", 0, NULL, NULL},
		{"REQUEST_METHOD=POST PATH_INFO=/loose CONTENT_LENGTH=2 CONTENT_TYPE=text/plain", "{}",
		 "Status: 415", 0, NULL, NULL},
		{"REQUEST_METHOD=GET PATH_INFO=/healthz CONTENT_LENGTH=999999 CONTENT_TYPE=x", "",
		 "Status: 200", 1, NULL, NULL},
	};

	(void)state;
	check_rows(table, LENGTH(table));
}

static void an_error_can_be_read_by_the_shops_own_pages(void **state)
{
	static const struct row table[] = {
		{"REQUEST_METHOD=GET PATH_INFO=/cart/quote HTTP_ORIGIN=https://shop.example", "",
		 "Status: 405", 0, "Access-Control-Allow-Origin: https://shop.example\r\n", NULL},
		{"PATH_INFO=/nowhere HTTP_ORIGIN=https://shop.example", "", "Status: 404", 0,
		 "Access-Control-Allow-Origin: https://shop.example\r\n", NULL},
		{"PATH_INFO=/nowhere HTTP_ORIGIN=https://evil.com", "", "Status: 404", 0,
		 "Vary: Origin\r\n", "Access-Control-Allow-Origin"},
	};

	(void)state;
	check_rows(table, LENGTH(table));
}

/* RFC 6750, section 3: a client that has shown a token is told that it is the token. */
static void whoever_is_refused_learns_whether_it_is_the_token(void **state)
{
	static const struct row table[] = {
		{"PATH_INFO=/healthz", "", "Status: 401", 1, "WWW-Authenticate: Bearer\r\n", "invalid"},
		{"PATH_INFO=/healthz HTTP_AUTHORIZATION=Basic", "", "Status: 401", 1,
		 "WWW-Authenticate: Bearer\r\n", "invalid"},
		{"PATH_INFO=/healthz HTTP_X_OTHER=Bearer", "", "Status: 401", 1,
		 "WWW-Authenticate: Bearer\r\n", "invalid"},
		{"PATH_INFO=/healthz HTTP_AUTHORIZATION=Bearer", "", "Status: 401", 1,
		 "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n", NULL},
		{"PATH_INFO=/healthz HTTP_X_TOKEN=bearer", "", "Status: 401", 1,
		 "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n", NULL},
		{"REQUEST_METHOD=HEAD PATH_INFO=/healthz HTTP_X_TOKEN=Bearer", "", "Status: 401", 1,
		 "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n", NULL},
	};

	(void)state;
	seen.fail_with = ERR_UNAUTHORIZED;
	check_rows(table, LENGTH(table));
	seen.fail_with = ERR_NONE;
}

static void a_handlers_error_is_logged_whole_and_answered_without_internals(void **state)
{
	static const struct {
		enum err_code code;
		const char *status, *level;
		bool shown;
	} table[] = {
		{ERR_BAD_REQUEST, "Status: 400", " info ", true},
		{ERR_GONE, "Status: 410", " info ", true},
		{ERR_SIGNATURE, "Status: 400", " info ", false},
		{ERR_INTERNAL, "Status: 500", " error ", false},
		{ERR_REFUSED, "Status: 502", " error ", false},
		{ERR_UNAVAILABLE, "Status: 503", " error ", false},
	}, *row;

	(void)state;
	for EACH(row, table) {
		const char *answer;

		seen.fail_with = row->code;
		answer = serve(POST "CONTENT_LENGTH=2", "{}");
		check(row->status, str_starts(answer, row->status));
		check(row->status, (strstr(answer, "what happened inside") != NULL) == row->shown);
		check(row->status, strstr(log_line, row->level) != NULL);
		check(row->status, str_ends(log_line, keep_text(str_printf(
				"Request refused program=cart-quote status=%d reason=%s "
				"error=\"what happened inside\"\n", err_http_status(row->code),
				err_name(row->code)))));
		seen.fail_with = ERR_NONE;
	}
}

static void who_is_not_admitted_learns_nothing_whatever_is_asked(void **state)
{
	static const struct row table[] = {
		{POST "CONTENT_LENGTH=2", "{}", "Status: 500", 0, "Service misconfigured", "closed"},
		{"PATH_INFO=/healthz", "", "Status: 500", 0, "Service misconfigured", "closed"},
		{"REQUEST_METHOD=OPTIONS PATH_INFO=/healthz", "", "Status: 500", 0, NULL, "Allow:"},
		{"PATH_INFO=/nowhere", "", "Status: 500", 0, NULL, "Not found"},
	};

	(void)state;
	seen.refuse_with = ERR_CONFIG;
	check_rows(table, LENGTH(table));
	seen.refuse_with = ERR_NONE;
	assert_true(str_ends(log_line, " status=500 reason=config error=\"this way in is closed\"\n"));
}

static void a_line_of_the_log_is_of_its_own_request_alone(void **state)
{
	(void)state;
	log_context("order", "cs_of_the_request_before");
	serve("PATH_INFO=/nowhere", "");
	assert_non_null(strstr(log_line, "Request refused"));
	assert_null(strstr(log_line, "cs_of_the_request_before"));
}

/* Else a program that logs nothing would keep a file that was removed, and its place on the disk. */
static void a_log_that_was_renamed_is_followed_by_a_request_without_a_line(void **state)
{
	const char *folder = unit_folder();
	const char *path = keep_text(str_printf("%s/log", folder));
	struct fake_body body = {.bytes = ""};
	const struct arrival arrival = {list_of("PATH_INFO=/healthz"), fake_source(&body),
					clock_monotonic_ms()};
	struct response response;
	int before = unit_next_descriptor();
	struct stat st;

	(void)state;
	assert_int_equal(log_configure(&(struct log_options){.level = LOG_LEVEL_INFO, .target = path}), 0);
	assert_int_equal(unlink(path), 0);
	response_init(&response);
	endpoint_serve(&endpoint, &arrival, &response);
	response_free(&response);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0);
	log_close();
	assert_int_equal(unit_next_descriptor(), before);
	unit_remove_folder(folder);
}

static void each_request_is_counted_by_its_route_status_and_outcome(void **state)
{
	static const struct metrics_family *const families[] = {&endpoint_seconds, NULL};
	static const char *const lines[] = {
		"{endpoint=\"/cart/quote\",status=\"200\",outcome=\"ok\"} 1\n",
		"{endpoint=\"/cart/quote\",status=\"410\",outcome=\"gone\"} 1\n",
		"{endpoint=\"/orders/*\",status=\"200\",outcome=\"ok\"} 2\n",
		"{endpoint=\"/healthz\",status=\"500\",outcome=\"failed\"} 1\n",
		"{endpoint=\"other\",status=\"404\",outcome=\"not_found\"} 1\n",
	};
	static const char quick[] = "ordersnap_request_seconds_bucket{endpoint=\"/orders/*\",status=\"200\","
				    "outcome=\"ok\",le=\"1\"} 1\n";
	const char *folder = unit_folder();
	struct buf out;
	struct err e;
	size_t i;

	(void)state;
	assert_int_equal(metrics_open(keep_text(str_printf("%s/metrics", folder)), &e), 0);
	serve(POST "CONTENT_LENGTH=2", "{}");
	seen.fail_with = ERR_GONE;
	serve(POST "CONTENT_LENGTH=2", "{}");
	seen.fail_with = ERR_NONE;
	serve("PATH_INFO=/orders/a", "");
	serve_since(clock_monotonic_ms() - 2000, "PATH_INFO=/orders/b", "");
	seen.status = 500;
	serve("PATH_INFO=/healthz", "");
	seen.status = 0;
	serve("PATH_INFO=/nowhere", "");
	buf_init(&out, 65536);
	assert_int_equal(metrics_format(&out, families, 1732612800, &e), 0);
	for (i = 0; i < LENGTH(lines); i++)
		check(lines[i], strstr(buf_text(&out), keep_text(str_printf(
				"ordersnap_request_seconds_count%s", lines[i]))));
	assert_non_null(strstr(buf_text(&out), quick));
	buf_free(&out);
	metrics_close();
	unit_remove_folder(folder);
}

static void a_success_is_not_logged_as_refused(void **state)
{
	(void)state;
	serve(POST "CONTENT_LENGTH=2", "{}");
	assert_string_equal(log_line, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_fitting_request_reaches_its_handler),
		holds(times_run_from_the_moment_the_request_began),
		holds(a_body_that_is_late_is_408),
		holds(an_unknown_path_is_404_whatever_the_method),
		holds(a_wrong_method_is_405_and_names_the_right_ones),
		holds(the_wrong_method_is_in_the_log),
		holds(options_is_answered_without_the_handler),
		holds(a_body_is_checked_before_the_handler_runs),
		holds(an_error_can_be_read_by_the_shops_own_pages),
		holds(whoever_is_refused_learns_whether_it_is_the_token),
		holds(a_handlers_error_is_logged_whole_and_answered_without_internals),
		holds(who_is_not_admitted_learns_nothing_whatever_is_asked),
		holds(a_line_of_the_log_is_of_its_own_request_alone),
		holds(a_log_that_was_renamed_is_followed_by_a_request_without_a_line),
		holds(each_request_is_counted_by_its_route_status_and_outcome),
		holds(a_success_is_not_logged_as_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

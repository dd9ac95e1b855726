/* SPDX-License-Identifier: ISC */
/*
 * A program under plain CGI, with whoever may stand at both of its ends: one that reads nothing, one that
 * has gone, one that sends nothing.  Under FastCGI real servers stand there, in tests/http.
 */
#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "web/responder.h"

#define LARGE 400000 /* bytes; more than a pipe holds */
#define REQUEST_MS 900
#define LIMIT_MS 20000 /* for what should come at its time */

static int handle(void *context, const struct request *request, struct response *response, struct err *e)
{
	(void)context;
	(void)request;
	(void)e;
	response_json(response, 200, json_copy(json_of("{'a':'%s'}", repeat("x", LARGE))));
	return 0;
}

static const struct route routes[] = {
	{.path = "/large", .method = "GET", .handle = handle},
	{.path = "/take", .method = "POST", .body_max = 10, .body_ms = 300, .handle = handle},
	{.path = NULL},
};

static const struct endpoint endpoint = {.program = "p", .routes = routes, .request_ms = REQUEST_MS};

/* One that runs: our ends of its input and its output. */
static struct {
	pid_t pid;
	int in, out;
} cgi;

/* Starts it with these variables, "NAME=value" each, and with what `prepare` does. */
static void start(char **variables, void (*prepare)(void))
{
	int in[2], out[2];

	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	cgi.pid = fork();
	if (cgi.pid == 0) {
		signal(SIGPIPE, SIG_IGN);
		signal(SIGXFSZ, SIG_IGN);
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		close(in[1]);
		close(out[0]);
		environ = variables;
		if (prepare)
			prepare();
		_exit(responder_run(&endpoint));
	}
	close(in[0]);
	close(out[1]);
	cgi.in = in[1];
	cgi.out = out[0];
}

static void hang_up(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* How it exits, -1: it does not, or by a signal. */
static int end(void)
{
	int64_t until = deadline_in(LIMIT_MS);
	int status = -1;
	pid_t pid;

	while ((pid = waitpid(cgi.pid, &status, WNOHANG)) == 0 && deadline_left(until))
		deadline_sleep(5, until);
	if (pid == 0) {
		kill(cgi.pid, SIGKILL);
		waitpid(cgi.pid, NULL, 0);
		status = -1;
	}
	hang_up(&cgi.in);
	hang_up(&cgi.out);
	return pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* All that it says; kept. */
static const char *heard(void)
{
	char *text = keep_text(calloc(1, LARGE + 4096));
	size_t n = 0;
	ssize_t got;

	while (n < LARGE + 4095 && (got = read(cgi.out, text + n, LARGE + 4095 - n)) > 0)
		n += (size_t)got;
	return text;
}

static char get[] = "REQUEST_METHOD=GET", large[] = "PATH_INFO=/large";
static char *asks_for_much[] = {get, large, NULL};

static char post[] = "REQUEST_METHOD=POST", take[] = "PATH_INFO=/take", json[] = "CONTENT_TYPE=application/json",
	    ten[] = "CONTENT_LENGTH=10", many[] = "CONTENT_LENGTH=400000";
static char *sends_ten[] = {post, take, json, ten, NULL}, *sends_many[] = {post, take, json, many, NULL};

static void an_answer_larger_than_a_pipe_comes_whole(void **state)
{
	const char *text;

	(void)state;
	start(asks_for_much, NULL);
	hang_up(&cgi.in);
	text = heard();
	assert_true(str_starts(text, "Status: 200 OK\r\n"));
	assert_true(str_ends(text, "xxx\"}"));
	assert_int_equal(end(), 0);
}

static void who_does_not_read_is_not_waited_for_beyond_the_requests_time(void **state)
{
	struct unit_watch watch = unit_watch_begin();

	(void)state;
	start(asks_for_much, NULL);
	hang_up(&cgi.in);
	assert_int_equal(end(), 1);
	assert_true(unit_watch_took(&watch, 0, LIMIT_MS / 2));
}

static void who_has_gone_ends_no_process_by_a_signal(void **state)
{
	(void)state;
	start(asks_for_much, NULL);
	hang_up(&cgi.in);
	hang_up(&cgi.out);
	assert_int_equal(end(), 1);
}

static void let_no_file_grow(void)
{
	FILE *file = tmpfile();

	dup2(fileno(file), STDOUT_FILENO);
	setrlimit(RLIMIT_FSIZE, &(const struct rlimit){0, 0});
}

static void a_file_that_may_not_grow_is_an_error_of_the_write(void **state)
{
	(void)state;
	start(asks_for_much, let_no_file_grow);
	hang_up(&cgi.in);
	assert_int_equal(end(), 1);
}

static void who_sends_no_body_hears_so_in_time(void **state)
{
	struct unit_watch watch = unit_watch_begin();

	(void)state;
	start(sends_ten, NULL);
	assert_true(str_starts(heard(), "Status: 408 Request Timeout\r\n"));
	assert_int_equal(end(), 0);
	assert_true(unit_watch_took(&watch, 250, LIMIT_MS / 2));
}

static void one_byte_too_many_is_noticed(void **state)
{
	(void)state;
	start(sends_ten, NULL);
	assert_int_equal(write(cgi.in, "12345678901", 11), 11);
	assert_true(str_starts(heard(), "Status: 400 Bad Request\r\n"));
	hang_up(&cgi.in);
	assert_int_equal(end(), 0);
}

/* A server that can't deliver it would give up the connection, and with it the answer. */
static void check_is_read_away(void (*prepare)(void), const char *status, int exits)
{
	const char *body = repeat("x", LARGE);
	size_t left = LARGE;
	ssize_t n = 1;

	signal(SIGPIPE, SIG_IGN);
	start(sends_many, prepare);
	for (; left && n > 0; left -= n > 0 ? (size_t)n : 0)
		n = write(cgi.in, body, left);
	assert_int_equal(left, 0);
	hang_up(&cgi.in);
	assert_true(str_starts(heard(), status));
	assert_int_equal(end(), exits);
}

static void a_body_that_is_refused_is_read_away(void **state)
{
	(void)state;
	check_is_read_away(NULL, "Status: 413 Content Too Large\r\n", 0);
}

static void have_no_settings(void)
{
	struct err e;

	err_set(&e, ERR_CONFIG, "a setting is wrong");
	responder_cgi_error(&e);
	_exit(1);
}

static void a_program_that_cannot_start_reads_the_body_away_too(void **state)
{
	(void)state;
	check_is_read_away(have_no_settings, "Status: 500 Internal Server Error\r\n", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(an_answer_larger_than_a_pipe_comes_whole),
		holds(who_does_not_read_is_not_waited_for_beyond_the_requests_time),
		holds(who_has_gone_ends_no_process_by_a_signal),
		holds(a_file_that_may_not_grow_is_an_error_of_the_write),
		holds(who_sends_no_body_hears_so_in_time),
		holds(one_byte_too_many_is_noticed),
		holds(a_body_that_is_refused_is_read_away),
		holds(a_program_that_cannot_start_reads_the_body_away_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

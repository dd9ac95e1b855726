/* SPDX-License-Identifier: ISC */
/*
 * The HTTP client, asking a server of this file over a real socket: what it sends, whom it asks, and that
 * nothing but a whole answer in time is one.
 */
#include "unit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proxy.h"
#include "net/http.h"

#define LIMIT_MS 20000 /* for what should be at once */
#define DATE "Date: Tue, 26 Nov 2024 09:20:00 GMT\r\n"

/* What the server and the test share. */
static struct served {
	atomic_int connections, requests;
	char head[4096]; /* of the last request */
} *served;

/* What is given back to malloc() loses its first bytes. */
#define SECRET_BEGIN "wJalrXUtnFEMI-K7MDENG-bPxRfiCY"
#define SECRET_END "EXAMPLEKEY-of-somebody-else-01"

static pid_t server;
static char base[64];
static struct http_client *client;
static struct http_answer answer;

static void say(int fd, const char *text)
{
	send(fd, text, strlen(text), MSG_NOSIGNAL);
}

/* Sends until the peer has gone. */
static void say_endlessly(int fd)
{
	static char chunk[65536];

	say(fd, "HTTP/1.1 200 OK\r\n\r\n");
	while (send(fd, chunk, sizeof chunk, MSG_NOSIGNAL) > 0)
		;
}

/* A body of so many bytes. */
static void say_bytes(int fd, size_t left)
{
	static char chunk[65536];
	char head[128];
	ssize_t n = 1;

	snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", left);
	say(fd, head);
	for (; left && n > 0; left -= n > 0 ? (size_t)n : 0)
		n = send(fd, chunk, left < sizeof chunk ? left : sizeof chunk, MSG_NOSIGNAL);
}

/* Answers what is asked on one connection, each by its path. */
static void serve_peer(int fd)
{
	ssize_t n;

	while ((n = recv(fd, served->head, sizeof served->head - 1, 0)) > 0) {
		served->head[n] = '\0';
		atomic_fetch_add(&served->requests, 1);
		if (strstr(served->head, "/redirect "))
			say(fd, "HTTP/1.1 302 Found\r\nLocation: /fine\r\nContent-Length: 0\r\n\r\n");
		else if (str_starts(served->head, "CONNECT "))
			say(fd, "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n");
		else if (strstr(served->head, "/refused "))
			say(fd, "HTTP/1.1 402 No\r\nX-Id: second\r\nContent-Length: 2\r\n\r\nno");
		else if (strstr(served->head, "/endless "))
			say_endlessly(fd);
		else if (strstr(served->head, "/largest "))
			say_bytes(fd, HTTP_MAX_ANSWER);
		else if (strstr(served->head, "/larger "))
			say_bytes(fd, HTTP_MAX_ANSWER + 1);
		else if (strstr(served->head, "/secret "))
			say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n" SECRET_BEGIN SECRET_END);
		else if (strstr(served->head, "/silent "))
			pause();
		else if (strstr(served->head, "/cut ")) {
			say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal");
			return;
		} else
			say(fd, "HTTP/1.1 200 OK\r\n" DATE "X-Id: first\r\nContent-Length: 4\r\n\r\nfine");
	}
}

static void serve(int listener)
{
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		atomic_fetch_add(&served->connections, 1);
		if (fork() == 0) {
			serve_peer(fd);
			_exit(0);
		}
		close(fd);
	}
}

static int set_up(void **state)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof at;
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	assert_return_code(bind(listener, (struct sockaddr *)&at, size), 0);
	assert_return_code(listen(listener, 8), 0);
	assert_return_code(getsockname(listener, (struct sockaddr *)&at, &size), 0);
	served = mmap(NULL, sizeof *served, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(served, MAP_FAILED);
	server = fork();
	if (server == 0) {
		setpgid(0, 0);
		serve(listener);
	}
	setpgid(server, server);
	close(listener);
	snprintf(base, sizeof base, "http://127.0.0.1:%d", ntohs(at.sin_port));
	client = http_client_new();
	http_answer_init(&answer);
	return 0;
}

static int tear_down(void **state)
{
	http_answer_free(&answer);
	http_client_free(client);
	proxy_choose(NULL);
	kill(-server, SIGKILL);
	waitpid(server, NULL, 0);
	munmap(served, sizeof *served);
	return unit_release(state);
}

/* Asks for a path, or for an address as it is. */
static int ask_within(const char *path, int64_t ms, struct err *e)
{
	const struct http_request request = {
		.method = "GET", .headers = {"Authorization: Bearer sk_test_1"}, .deadline = deadline_in(ms),
		.url = *path == '/' ? keep_text(str_printf("%s%s", base, path)) : path,
	};

	*e = (struct err){.code = ERR_NONE};
	return http_perform(client, &request, &answer, e);
}

static int ask(const char *path, struct err *e)
{
	return ask_within(path, LIMIT_MS, e);
}

static void an_answer_is_had_whole_with_its_headers(void **state)
{
	struct err e;

	(void)state;
	assert_null(http_last_header(client, "X-Id"));
	check_int(e.text, ask("/fine", &e), 0);
	assert_int_equal(answer.status, 200);
	assert_string_equal(buf_text(&answer.body), "fine");
	assert_string_equal(http_last_header(client, "x-id"), "first");
	assert_int_equal(http_last_date(client), 1732612800);
	assert_non_null(strstr(served->head, "\r\nAuthorization: Bearer sk_test_1\r\n"));
	assert_non_null(strstr(served->head, "\r\nUser-Agent: ordersnap/"));

	/* Nothing of it is in the next one, which comes over the same connection. */
	check_int(e.text, ask("/refused", &e), 0);
	assert_int_equal(answer.status, 402);
	assert_string_equal(buf_text(&answer.body), "no");
	assert_string_equal(http_last_header(client, "X-Id"), "second");
	assert_int_equal(http_last_date(client), -1);
	assert_int_equal(served->connections, 1);
	assert_int_equal(http_client_calls(client), 2);
}

/* It may have been a secret. */
static void an_answer_that_is_given_back_is_overwritten(void **state)
{
	char left[sizeof SECRET_END] = "";
	int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	struct err e;
	off_t end;

	(void)state;
	check_int(e.text, ask("/secret", &e), 0);
	end = (off_t)(uintptr_t)answer.body.data + (off_t)strlen(SECRET_BEGIN);
	assert_int_equal(pread(memory, left, strlen(SECRET_END), end), strlen(SECRET_END));
	assert_string_equal(left, SECRET_END);
	http_answer_free(&answer);
	assert_int_equal(pread(memory, left, strlen(SECRET_END), end), strlen(SECRET_END));
	assert_string_not_equal(left, SECRET_END);
	close(memory);
}

static void a_post_has_its_body_also_an_empty_one(void **state)
{
	struct http_request request = {.method = "POST", .url = keep_text(str_printf("%s/fine", base)),
				       .body = {"a=1&b", 3}, .deadline = deadline_in(LIMIT_MS)};
	struct err e;

	(void)state;
	assert_int_equal(http_perform(client, &request, &answer, &e), 0);
	assert_non_null(strstr(served->head, "\r\nContent-Length: 3\r\n"));
	assert_true(str_ends(served->head, "\r\n\r\na=1"));
	request.body.n = 0;
	assert_int_equal(http_perform(client, &request, &answer, &e), 0);
	assert_non_null(strstr(served->head, "\r\nContent-Length: 0\r\n"));
}

static void a_server_hears_path_and_query_as_they_are(void **state)
{
	static const struct {
		const char *rest, *line;
	} table[] = {
		{"", "GET / HTTP/1.1\r\n"},
		{"/", "GET / HTTP/1.1\r\n"},
		{"/?a=b", "GET /?a=b HTTP/1.1\r\n"},
		{"/v1/charges/ch_1?expand[]=a.b&c=%2F", "GET /v1/charges/ch_1?expand[]=a.b&c=%2F HTTP/1.1\r\n"},
		{"/a//b/http://c/?d=http://e/", "GET /a//b/http://c/?d=http://e/ HTTP/1.1\r\n"},
		{"?a", "GET /?a HTTP/1.1\r\n"},
		{"/a#b", "GET /a HTTP/1.1\r\n"},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		check_int(row->rest, ask(keep_text(str_printf("%s%s", base, row->rest)), &e), 0);
		check(row->rest, str_starts(served->head, row->line));
	}
}

static void an_address_with_a_line_end_or_a_blank_is_none(void **state)
{
	static const char *const rests[] = {"/a\r\nX: y", "/a\nb", "/a\177b", "/a?\x01", "/a b"}, *const *rest;
	struct err e;

	(void)state;
	for EACH(rest, rests) {
		check_int(*rest, ask(*rest, &e), -1);
		check_err(*rest, &e, ERR_UNAVAILABLE, "URL");
	}
	assert_int_equal(served->connections, 0);
}

/* The key would be shown to whoever stands there. */
static void a_redirect_is_an_answer_and_followed_by_nobody(void **state)
{
	struct err e;

	(void)state;
	check_int(e.text, ask("/redirect", &e), 0);
	assert_int_equal(answer.status, 302);
	assert_int_equal(served->requests, 1);
}

static void what_is_not_whole_is_no_answer(void **state)
{
	static const char *const paths[] = {"/cut", "/endless", "/larger"};
	struct unit_watch watch = unit_watch_begin();
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(paths); i++) {
		check_int(paths[i], ask("/fine", &e), 0);
		check_int(paths[i], ask(paths[i], &e), -1);
		check_err(paths[i], &e, ERR_UNAVAILABLE, paths[i]);
		check_int(paths[i], answer.status, 0);
		check(paths[i], answer.body.len <= HTTP_MAX_ANSWER);
	}
	assert_true(unit_watch_took(&watch, 0, LIMIT_MS / 2)); /* no time is lost with it */
	check_int(e.text, ask("/largest", &e), 0);
	assert_int_equal(answer.body.len, HTTP_MAX_ANSWER);
}

static void nobody_is_waited_for_beyond_the_deadline(void **state)
{
	struct unit_watch watch = unit_watch_begin();
	struct err e;

	(void)state;
	check_int(e.text, ask_within("/silent", 200, &e), -1);
	check_err("silent", &e, ERR_UNAVAILABLE, "/silent");
	assert_true(unit_watch_took(&watch, 150, LIMIT_MS));
	check_int(e.text, ask_within("/fine", 0, &e), -1);
	check_err("no time", &e, ERR_UNAVAILABLE, "no time left to ask");
	assert_int_equal(served->requests, 1);
}

/* Begins to ask for a path. */
static struct http_ahead *begin(const char *path, int64_t ms)
{
	const struct http_request request = {.method = "GET", .deadline = deadline_in(ms),
					     .url = keep_text(str_printf("%s%s", base, path))};

	return http_begin(client, &request);
}

static void what_is_asked_ahead_has_its_own_headers_and_its_own_time(void **state)
{
	bool waited = false;
	struct err e;

	(void)state;
	check_int(e.text, http_finish(client, begin("/refused", LIMIT_MS), &answer, &waited, &e), 0);
	assert_int_equal(answer.status, 402);
	assert_string_equal(http_last_header(client, "X-Id"), "second");
	check_int(e.text, ask("/fine", &e), 0);
	assert_string_equal(http_last_header(client, "X-Id"), "first");

	assert_int_equal(http_finish(client, begin("/silent", 500), &answer, &waited, &e), -1);
	check_err("silent", &e, ERR_UNAVAILABLE, "/silent");
	assert_true(waited);
	assert_null(begin("/fine", 0));
	assert_int_equal(served->requests, 3);
}

/* One whose backlog is full answers no more than one that a firewall swallows. */
static void a_connection_that_is_not_made_leaves_time_for_another(void **state)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int listener = socket(AF_INET, SOCK_STREAM, 0), waiting[2], i;
	socklen_t size = sizeof at;
	struct err e;

	(void)state;
	assert_return_code(bind(listener, (struct sockaddr *)&at, size), 0);
	assert_return_code(listen(listener, 0), 0);
	assert_return_code(getsockname(listener, (struct sockaddr *)&at, &size), 0);
	for (i = 0; i < 2; i++) {
		waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(waiting[i], (struct sockaddr *)&at, size);
	}
	assert_int_equal(ask(keep_text(str_printf("http://127.0.0.1:%d/", ntohs(at.sin_port))), &e), -1);
	check_err("full", &e, ERR_UNAVAILABLE, "after 4"); /* of the twenty seconds */
	for (i = 0; i < 2; i++)
		close(waiting[i]);
	close(listener);
}

static void nothing_but_http_is_asked(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(ask("file:///etc/hostname", &e), -1);
	assert_int_equal(ask("file:///etc/hostname#", &e), -1); /* no path of a request, so it stays whole */
	assert_int_equal(ask("ftp://127.0.0.1/x", &e), -1);
	assert_int_equal(answer.status, 0);
	assert_int_equal(answer.body.len, 0);
}

/* A client's header Proxy becomes HTTP_PROXY in a CGI program (https://httpoxy.org/). */
static void a_proxy_is_the_settings_never_the_environments(void **state)
{
	static const char *const names[] = {"http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"};
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(names); i++)
		setenv(names[i], base, 1);
	assert_int_equal(ask("http://127.0.0.2:1/nobody", &e), -1);
	assert_int_equal(served->requests, 0);

	/* The chosen one is asked for others, not for this machine. */
	proxy_choose(base);
	check_int(e.text, ask("/fine", &e), 0);
	assert_true(str_starts(served->head, "GET /fine HTTP/1.1\r\n"));
	check_int(e.text, ask("http://shop.test/fine", &e), 0);
	assert_true(str_starts(served->head, "GET http://shop.test/fine HTTP/1.1\r\n"));

	check_int(e.text, ask("http://table.test:8000/a?b=c", &e), 0);
	assert_true(str_starts(served->head, "GET http://table.test:8000/a?b=c HTTP/1.1\r\n"));

	/* Of https it hears the host alone, and that it refuses to go there is no answer. */
	assert_int_equal(ask("https://shop.test/fine", &e), -1);
	assert_true(str_starts(served->head, "CONNECT shop.test:443 HTTP/1.1\r\n"));
	assert_null(strstr(served->head, "sk_test_1"));
	for (i = 0; i < LENGTH(names); i++)
		unsetenv(names[i]);
}

/* libc asks the second name server after five seconds else, when a connection's time is over. */
static void names_are_looked_up_in_a_hurry_and_the_owners_options_stay(void **state)
{
	struct err e;

	(void)state;
	setenv("RES_OPTIONS", "ndots:3", 1);
	check_int(e.text, ask("/fine", &e), 0);
	assert_string_equal(getenv("RES_OPTIONS"), "timeout:1 attempts:2 ndots:3");
	http_client_free(client);
	client = http_client_new();
	check_int(e.text, ask("/fine", &e), 0);
	assert_string_equal(getenv("RES_OPTIONS"), "timeout:1 attempts:2 ndots:3");
	unsetenv("RES_OPTIONS");
}

#define beside_a_server(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		beside_a_server(an_answer_is_had_whole_with_its_headers),
		beside_a_server(an_answer_that_is_given_back_is_overwritten),
		beside_a_server(a_post_has_its_body_also_an_empty_one),
		beside_a_server(a_server_hears_path_and_query_as_they_are),
		beside_a_server(an_address_with_a_line_end_or_a_blank_is_none),
		beside_a_server(a_redirect_is_an_answer_and_followed_by_nobody),
		beside_a_server(what_is_not_whole_is_no_answer),
		beside_a_server(nobody_is_waited_for_beyond_the_deadline),
		beside_a_server(what_is_asked_ahead_has_its_own_headers_and_its_own_time),
		beside_a_server(a_connection_that_is_not_made_leaves_time_for_another),
		beside_a_server(nothing_but_http_is_asked),
		beside_a_server(a_proxy_is_the_settings_never_the_environments),
		beside_a_server(names_are_looked_up_in_a_hurry_and_the_owners_options_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

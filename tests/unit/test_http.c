/* SPDX-License-Identifier: ISC */
/*
 * What a server hears of an address: asked directly, by a proxy, and where the address is none.
 */
#include "unit.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proxy.h"
#include "net/http.h"

#define WAIT_MS 10000

static char host[32]; /* of the server: "127.0.0.1:40000" */
static pid_t server;

/* Answers a request with its first line. */
static void answer(int connection)
{
	char head[4096] = "";
	size_t n = 0;
	ssize_t got;

	while (!strstr(head, "\r\n\r\n") && n < sizeof head - 1 &&
	       (got = read(connection, head + n, sizeof head - 1 - n)) > 0)
		head[n += (size_t)got] = '\0';
	head[strcspn(head, "\r")] = '\0';
	dprintf(connection, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
		strlen(head), head);
	close(connection);
}

static int start_server(void **state)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM, 0), connection;

	(void)state;
	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 8), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	snprintf(host, sizeof host, "127.0.0.1:%d", ntohs(address.sin_port));
	server = fork();
	if (server == 0) {
		while ((connection = accept(listener, NULL, NULL)) >= 0)
			answer(connection);
		_exit(1);
	}
	close(listener);
	return server > 0 ? 0 : -1;
}

static int stop_server(void **state)
{
	(void)state;
	kill(server, SIGKILL);
	return waitpid(server, NULL, 0) == server ? 0 : -1;
}

/* The first line of a request to an address; NULL with `e`: there was none. */
static const char *line_of(const char *url, struct err *e)
{
	const struct http_request request = {.method = "GET", .url = url, .deadline = deadline_in(WAIT_MS)};
	struct http_client *client = http_client_new();
	struct http_answer heard;
	const char *line = NULL;

	http_answer_init(&heard);
	if (http_perform(client, &request, &heard, e) == 0)
		line = keep_text(str_dup(buf_text(&heard.body)));
	http_answer_free(&heard);
	http_client_free(client);
	return line;
}

static void a_server_hears_path_and_query_as_they_are(void **state)
{
	static const struct {
		const char *rest, *line;
	} table[] = {
		{"", "GET / HTTP/1.1"},
		{"/", "GET / HTTP/1.1"},
		{"/?a=b", "GET /?a=b HTTP/1.1"},
		{"/v1/charges/ch_1?expand[]=a.b&c=%2F", "GET /v1/charges/ch_1?expand[]=a.b&c=%2F HTTP/1.1"},
		{"/a//b/http://c/?d=http://e/", "GET /a//b/http://c/?d=http://e/ HTTP/1.1"},
		{"?a", "GET /?a HTTP/1.1"},
		{"/a#b", "GET /a HTTP/1.1"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct err e;

		check_text(row->rest, line_of(keep_text(str_printf("http://%s%s", host, row->rest)), &e),
			   row->line);
	}
}

static void a_proxy_hears_the_whole_address(void **state)
{
	struct err e;

	(void)state;
	proxy_choose(keep_text(str_printf("http://%s", host)));
	check_text("path", line_of("http://table.test:8000/a?b=c", &e),
		   "GET http://table.test:8000/a?b=c HTTP/1.1");
	proxy_choose("");
}

static void an_address_with_a_line_end_is_none(void **state)
{
	static const char *const rests[] = {"/a\r\nX: y", "/a\nb", "/a\177b", "/a?\x01"}, *const *rest;

	(void)state;
	for EACH(rest, rests) {
		struct err e;

		check(*rest, !line_of(keep_text(str_printf("http://%s%s", host, *rest)), &e));
		check_err(*rest, &e, ERR_UNAVAILABLE, "URL");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		holds(a_server_hears_path_and_query_as_they_are),
		holds(a_proxy_hears_the_whole_address),
		holds(an_address_with_a_line_end_is_none),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}

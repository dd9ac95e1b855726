/* SPDX-License-Identifier: ISC */
/*
 * What is asked ahead of Stripe: a server of this file answers each request by the next
 * row of a script.
 */
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "stripe/client.h"

#define PEERS (2 * STRIPE_AHEAD) /* those that are asked ahead may each stay open when they are answered */
#define LIMIT_MS 20000 /* for what should be at once */

enum reply { REPLY_OK, REPLY_FAILED, REPLY_REFUSED, REPLY_LIMITED, REPLY_NOTHING, REPLY_CLOSED };

/* What the server and the test share. */
static struct served {
	atomic_int requests, closed;
} *served;

static pid_t server;

/* Answers the request that has come; false: the connection is at its end. */
static bool answer(int fd, enum reply reply, int number)
{
	static const struct {
		const char *status, *code;
	} words[] = {{"200 OK", ""}, {"500 No", "api_error"}, {"404 No", "resource_missing"},
		     {"429 No", "rate_limit"}};
	char request[4096], text[512], body[256];
	ssize_t got = recv(fd, request, sizeof request, 0);

	if (got <= 0)
		return false;
	atomic_fetch_add(&served->requests, 1);
	if (reply == REPLY_NOTHING)
		return true;
	if (reply == REPLY_CLOSED)
		return false;
	snprintf(body, sizeof body, "{\"amount\":%d,\"error\":{\"code\":\"%s\"}}", number, words[reply].code);
	snprintf(text, sizeof text, "HTTP/1.1 %s\r\nContent-Type: application/json\r\n"
		 "Idempotent-Replayed: %d\r\nContent-Length: %zu\r\n\r\n%s", words[reply].status, number,
		 strlen(body), body);
	return send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text);
}

static void serve(int listener, const enum reply *script, int n)
{
	struct pollfd peers[1 + PEERS] = {{.fd = listener, .events = POLLIN}};
	int open = 1, i, number = 0;

	while (poll(peers, (nfds_t)open, LIMIT_MS) > 0) {
		for (i = 1; i < open; i++) {
			if (!peers[i].revents)
				continue;
			if (!answer(peers[i].fd, number < n ? script[number] : REPLY_REFUSED, number)) {
				shutdown(peers[i].fd, SHUT_RDWR);
				close(peers[i].fd);
				atomic_fetch_add(&served->closed, 1);
				peers[i--] = peers[--open];
			}
			number = atomic_load(&served->requests);
		}
		if (peers[0].revents && open <= PEERS)
			peers[open++] = (struct pollfd){.fd = accept(listener, NULL, NULL), .events = POLLIN};
	}
	_exit(0);
}

/* A client of a server with this script. */
static struct stripe_client *client_of(const enum reply *script, int n)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof at;
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	char base[64];

	assert_return_code(bind(listener, (struct sockaddr *)&at, size), 0);
	assert_return_code(listen(listener, PEERS), 0);
	assert_return_code(getsockname(listener, (struct sockaddr *)&at, &size), 0);
	served = mmap(NULL, sizeof *served, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(served, MAP_FAILED);
	server = fork();
	if (server == 0)
		serve(listener, script, n);
	close(listener);
	snprintf(base, sizeof base, "http://127.0.0.1:%d", ntohs(at.sin_port));
	return stripe_client_new("sk_test_1", base);
}

static void end(struct stripe_client *client)
{
	stripe_client_free(client);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	munmap(served, sizeof *served);
}

/* The number of the request that was answered, or -1 with `e`. */
static int64_t ask(struct stripe_client *client, const char *path, struct err *e)
{
	struct stripe_request request = {.method = "GET", .path = path, .deadline = deadline_in(LIMIT_MS)};
	struct json_object *got;
	int64_t number;

	if (stripe_send(client, &request, &got, e))
		return -1;
	number = json_int_or(got, "amount", -2);
	json_object_put(got);
	return number;
}

static void wait_for(atomic_int *count, int what)
{
	int64_t until = deadline_in(LIMIT_MS);

	while (atomic_load(count) < what && deadline_left(until) > 0)
		deadline_sleep(1, until);
	assert_int_equal(atomic_load(count), what);
}

static void an_answer_that_was_asked_ahead_is_taken_by_the_same_path_alone(void **state)
{
	static const enum reply script[] = {REPLY_OK, REPLY_OK, REPLY_OK, REPLY_OK};
	struct stripe_client *client = client_of(script, 4);
	struct err e;

	(void)state;
	stripe_ask_ahead(client, "/v1/a", deadline_in(LIMIT_MS));
	wait_for(&served->requests, 1);
	stripe_ask_ahead(client, "/v1/b", deadline_in(LIMIT_MS));
	wait_for(&served->requests, 2);
	stripe_ask_ahead(client, "/v1/a", deadline_in(LIMIT_MS)); /* it is on its way */
	assert_int_equal(ask(client, "/v1/c", &e), 2);
	assert_int_equal(ask(client, "/v1/b", &e), 1);
	assert_true(stripe_was_replayed(client)); /* the headers are those of this answer */
	assert_int_equal(ask(client, "/v1/a", &e), 0);
	assert_int_equal(ask(client, "/v1/a", &e), 3); /* once */
	assert_int_equal(stripe_client_calls(client), 4);
	end(client);
}

static void what_stripe_answers_ahead_counts_as_the_first_try(void **state)
{
	static const enum reply script[] = {REPLY_FAILED, REPLY_OK, REPLY_REFUSED, REPLY_LIMITED};
	struct stripe_client *client = client_of(script, 4);
	struct err e;

	(void)state;
	stripe_ask_ahead(client, "/v1/a", deadline_in(LIMIT_MS));
	assert_int_equal(ask(client, "/v1/a", &e), 1);
	stripe_ask_ahead(client, "/v1/a", deadline_in(LIMIT_MS));
	assert_int_equal(ask(client, "/v1/a", &e), -1);
	assert_int_equal(e.upstream, 404);
	assert_string_equal(stripe_last_refusal(client)->code, "resource_missing");
	stripe_ask_ahead(client, "/v1/a", deadline_in(LIMIT_MS));
	assert_int_equal(ask(client, "/v1/a", &e), -1);
	assert_int_equal(e.upstream, 429);
	assert_int_equal(stripe_client_calls(client), 4);
	end(client);
}

static void what_was_lost_before_anybody_waited_for_it_is_no_try(void **state)
{
	static const enum reply script[] = {REPLY_CLOSED, REPLY_FAILED, REPLY_FAILED, REPLY_OK};
	struct stripe_client *client = client_of(script, 4);
	struct err e;

	(void)state;
	stripe_ask_ahead(client, "/v1/a", deadline_in(LIMIT_MS));
	wait_for(&served->closed, 1);
	assert_int_equal(ask(client, "/v1/a", &e), 3);
	end(client);
}

static void what_was_lost_before_anybody_waited_for_it_is_asked_for_anew(void **state)
{
	static const enum reply script[] = {REPLY_CLOSED, REPLY_OK, REPLY_NOTHING, REPLY_OK};
	struct stripe_client *client = client_of(script, 4);
	int64_t soon;
	struct err e;

	(void)state;
	stripe_ask_ahead(client, "/v1/a", deadline_in(LIMIT_MS));
	wait_for(&served->closed, 1);
	assert_int_equal(ask(client, "/v1/a", &e), 1);

	/* Its time is over when it is looked for. */
	soon = deadline_in(50);
	stripe_ask_ahead(client, "/v1/a", soon);
	wait_for(&served->requests, 3);
	deadline_sleep(1000, soon + 20);
	assert_int_equal(ask(client, "/v1/a", &e), 3);
	end(client);
}

static void what_fails_while_it_is_waited_for_is_tried_again(void **state)
{
	static const enum reply script[] = {REPLY_NOTHING, REPLY_OK};
	struct stripe_client *client = client_of(script, 2);
	struct err e;

	(void)state;
	stripe_ask_ahead(client, "/v1/a", deadline_in(1000));
	wait_for(&served->requests, 1);
	assert_int_equal(ask(client, "/v1/a", &e), 1);
	assert_int_equal(stripe_client_calls(client), 2);
	end(client);
}

static void no_more_is_asked_ahead_than_there_is_room_for_and_all_of_it_is_forgotten(void **state)
{
	static const enum reply script[STRIPE_AHEAD + 2] = {REPLY_OK};
	struct stripe_client *client = client_of(script, STRIPE_AHEAD + 2);
	char path[32];
	struct err e;
	int i;

	(void)state;
	for (i = 0; i < STRIPE_AHEAD + 2; i++) {
		snprintf(path, sizeof path, "/v1/%d", i);
		stripe_ask_ahead(client, path, deadline_in(LIMIT_MS));
	}
	assert_int_equal(stripe_client_calls(client), STRIPE_AHEAD);
	stripe_forget_ahead(client);
	assert_int_equal(ask(client, "/v1/0", &e) >= 0, true);
	assert_int_equal(stripe_client_calls(client), STRIPE_AHEAD + 1);
	stripe_ask_ahead(client, "/v1/0", deadline_in(LIMIT_MS));
	end(client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_that_was_asked_ahead_is_taken_by_the_same_path_alone),
		cmocka_unit_test(what_stripe_answers_ahead_counts_as_the_first_try),
		cmocka_unit_test(what_was_lost_before_anybody_waited_for_it_is_no_try),
		cmocka_unit_test(what_was_lost_before_anybody_waited_for_it_is_asked_for_anew),
		cmocka_unit_test(what_fails_while_it_is_waited_for_is_tried_again),
		cmocka_unit_test(no_more_is_asked_ahead_than_there_is_room_for_and_all_of_it_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

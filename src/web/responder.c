/* SPDX-License-Identifier: ISC */
/*
 * Serving.  The one idea: SIGTERM and SIGINT are blocked everywhere but inside
 * epoll_pwait(), so a stop never interrupts a request, and an idle process stops at
 * once.  The listener is non-blocking because other processes wait on it too:
 * who comes second polls again.
 *
 * No peer is waited for beyond a request's time, whether it does not send or
 * does not read.  Neither libfcgi nor a pipe has a timeout: SIGALRM, whose
 * handler does nothing, makes a read or write that waits fail.
 */
#include "web/responder.h"

#include <errno.h>
#include <fcgiapp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "web/listener.h"

#define LISTENER STDIN_FILENO
#define PARAMETERS_MS 3000 /* a server sends them at once */
#define TICK_MS 100
#define REST_MS 1000
#define CLOSE_MS 250
#define DRAIN_MAX_BYTES (8u << 20)
#define DRAIN_PAUSE_MS 300
#define DRAIN_MS 1000
#define ANSWER_MAX_BYTES (4u << 20)
#define LINES_MAX_BYTES 8192 /* of the log, that wait */
#define RECORD_MAX 65528 /* FastCGI's limit is 65535; a multiple of eight is what it recommends */
#define ERROR_MS 3000 /* for the answer of a program that can't start */

bool responder_is_fastcgi(void)
{
	int listening = 0;
	socklen_t n = sizeof listening;

	return getsockopt(LISTENER, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) == 0 && listening;
}

static void handle(int number, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler};

	sigemptyset(&action.sa_mask);
	sigaction(number, &action, NULL);
}

static void on_alarm(int number)
{
	(void)number;
}

static int64_t limit; /* that is set, 0: none */

/* From `until` on, a read or write that waits fails with EINTR.  The first
 * signal could come right before it begins to wait; the next ones make sure. */
static void limit_io(int64_t until)
{
	int64_t left = deadline_left(until);
	struct itimerval timer = {.it_interval.tv_usec = TICK_MS * 1000};

	if (until == limit)
		return;
	limit = until;
	left = left ? left : 1;
	timer.it_value.tv_sec = (time_t)(left / 1000);
	timer.it_value.tv_usec = (suseconds_t)(left % 1000 * 1000);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static void unlimit_io(void)
{
	limit = 0;
	setitimer(ITIMER_REAL, &(struct itimerval){.it_value.tv_sec = 0}, NULL);
}

/* Until when the answer to a request has to be sent: half of the time that
 * its handler leaves for that, since the other half may pass in closing. */
static int64_t end_of(const struct endpoint *endpoint, int64_t since)
{
	return since + endpoint->request_ms - ENDPOINT_ANSWER_MS / 2;
}

/* The whole answer to one request, ready to be sent; buf_free() it. */
static void answer(const struct endpoint *endpoint, const struct arrival *arrival,
		   struct buf *out)
{
	struct response response;

	response_init(&response);
	endpoint_serve(endpoint, arrival, &response);
	buf_init(out, ANSWER_MAX_BYTES);
	response_format(&response, out);
	response_free(&response);
}

static int write_out(int fd, const struct buf *out, int64_t end)
{
	size_t done = 0;

	while (done < out->len) {
		ssize_t n = write(fd, out->data + done, out->len - done);

		if (n < 0 && errno == EINTR && deadline_left(end))
			continue;
		if (n <= 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

/* --- CGI ----------------------------------------------------------------- */

static bool input_ready(int64_t ms)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};

	return poll(&in, 1, (int)ms) > 0;
}

static ssize_t cgi_read(void *context, char *bytes, size_t n, int64_t until)
{
	(void)context;
	return input_ready(deadline_left(until)) ? read(STDIN_FILENO, bytes, n) : -1;
}

static bool cgi_has_more(void *context, int64_t until)
{
	char byte;

	(void)context;
	(void)until;
	return input_ready(0) && read(STDIN_FILENO, &byte, 1) > 0;
}

/* Sets up what a CGI process needs for its answer until `end`. */
static void prepare_cgi(int64_t end)
{
	handle(SIGALRM, on_alarm);
	limit_io(end);
}

/* Reads away what is left of a body that was refused: a server that can't
 * deliver it would give up the connection, and with it our answer. */
static void drain_input(void)
{
	int64_t until = deadline_in(DRAIN_MS);
	char chunk[16384];
	size_t total = 0;
	ssize_t n = 1;

	while (n > 0 && total < DRAIN_MAX_BYTES && deadline_left(until) &&
	       input_ready(DRAIN_PAUSE_MS)) {
		n = read(STDIN_FILENO, chunk, sizeof chunk);
		total += n > 0 ? (size_t)n : 0;
	}
}

static int run_cgi(const struct endpoint *endpoint)
{
	int64_t since = clock_monotonic_ms(), end = end_of(endpoint, since);
	const struct arrival arrival = {environ, {cgi_read, cgi_has_more, NULL}, since};
	struct buf out;
	int rc;

	prepare_cgi(end);
	answer(endpoint, &arrival, &out);
	rc = write_out(STDOUT_FILENO, &out, end);
	buf_free(&out);
	drain_input();
	return rc ? 1 : 0;
}

void responder_cgi_error(const struct err *e)
{
	int64_t end = deadline_in(ERROR_MS);
	struct response response;
	struct buf out;

	prepare_cgi(end);
	response_init(&response);
	response_error(&response, e);
	buf_init(&out, ANSWER_MAX_BYTES);
	response_format(&response, &out);
	write_out(STDOUT_FILENO, &out, end);
	drain_input();
	buf_free(&out);
	response_free(&response);
}

/* --- FastCGI ------------------------------------------------------------- */

/* The types of the records that answer a request. */
enum record { RECORD_END = 3, RECORD_STDOUT = 6, RECORD_STDERR = 7 };

static volatile sig_atomic_t stopping;

static void on_stop(int number)
{
	(void)number;
	stopping = 1;
}

struct peer {
	FCGX_Request *request;
	int64_t end;     /* until when it has to be answered */
	bool read_whole; /* it has sent all that it will */
	bool has_logged; /* a line, so that the stream of lines has to be ended */
	bool is_gone;    /* nothing more can be sent */
	struct buf out;  /* records that are not sent yet */
};

static ssize_t fastcgi_read(void *context, char *bytes, size_t n, int64_t until)
{
	const struct peer *peer = context;

	limit_io(until);
	return FCGX_GetStr(bytes, (int)n, peer->request->in);
}

/* The server has to end the body's stream, so this waits no longer than any
 * other read. */
static bool fastcgi_has_more(void *context, int64_t until)
{
	struct peer *peer = context;
	bool more;

	limit_io(until);
	more = FCGX_GetChar(peer->request->in) != EOF;
	peer->read_whole = !more && FCGX_GetError(peer->request->in) == 0;
	limit_io(peer->end);
	return more;
}

/* Adds records of a type, one at least (an empty one ends a stream):
 *     version 1, type, request id, content length (two bytes each), padding length, 0 */
static void add_records(struct peer *peer, enum record type, const char *bytes, size_t n)
{
	const int id = peer->request->requestId;
	size_t part;

	do {
		part = n < RECORD_MAX ? n : RECORD_MAX;
		buf_putc(&peer->out, 1);
		buf_putc(&peer->out, (char)type);
		buf_putc(&peer->out, (char)(id >> 8));
		buf_putc(&peer->out, (char)id);
		buf_putc(&peer->out, (char)(part >> 8));
		buf_putc(&peer->out, (char)part);
		buf_add(&peer->out, "\0\0", 2);
		buf_add(&peer->out, bytes, part);
		bytes += part;
		n -= part;
	} while (n);
}

/* The lines that the server has not taken go where the process's own do: what was done was done. */
static void keep_lines(const struct peer *peer)
{
	const unsigned char *sent = (const unsigned char *)peer->out.data;
	struct buf lines;
	size_t at, n;

	buf_init(&lines, 2 * ANSWER_MAX_BYTES);
	for (at = 0; at + 8 <= peer->out.len; at += 8 + n) {
		n = (size_t)sent[at + 4] << 8 | sent[at + 5];
		if (sent[at + 1] == RECORD_STDERR && at + 8 + n <= peer->out.len)
			buf_add(&lines, peer->out.data + at + 8, n);
	}
	write_out(STDERR_FILENO, &lines, peer->end);
	buf_free(&lines);
}

static int send_records(struct peer *peer)
{
	if (peer->is_gone || peer->out.failed || write_out(peer->request->ipcFd, &peer->out, peer->end)) {
		peer->is_gone = true;
		keep_lines(peer);
	}
	buf_reset(&peer->out);
	return peer->is_gone ? -1 : 0;
}

/* A record a line: nginx cuts longer ones.  A few lines wait for the answer. */
static void fastcgi_log(void *context, const char *line, size_t n)
{
	struct peer *peer = context;

	if (peer->out.len > LINES_MAX_BYTES)
		send_records(peer);
	peer->has_logged = true;
	add_records(peer, RECORD_STDERR, line, n);
}

/* Answers.  What libfcgi would send in four writes, each of which wakes the server, is one: the
 * lines of the log, the answer, and three ends.  Its own streams stay empty, and closed. */
static void serve(const struct endpoint *endpoint, struct peer *peer, int64_t since)
{
	static const char done[8]; /* status 0, "request complete" */
	FCGX_Request *request = peer->request;
	const struct arrival arrival = {
		request->envp, {fastcgi_read, fastcgi_has_more, peer}, since
	};
	struct buf out;

	peer->end = end_of(endpoint, since);
	buf_init(&peer->out, 2 * ANSWER_MAX_BYTES);
	log_set_sink(fastcgi_log, peer);
	answer(endpoint, &arrival, &out);
	log_set_sink(NULL, NULL);
	limit_io(peer->end);
	if (peer->has_logged)
		add_records(peer, RECORD_STDERR, "", 0);
	if (out.len)
		add_records(peer, RECORD_STDOUT, out.data, out.len);
	add_records(peer, RECORD_STDOUT, "", 0);
	add_records(peer, RECORD_END, done, sizeof done);
	if (send_records(peer))
		log_warning("Answer not sent", LOG_STR("program", endpoint->program));
	request->out->wasFCloseCalled = request->err->wasFCloseCalled = 1;
	buf_free(&peer->out);
	buf_free(&out);
}

static const int stops[] = {SIGTERM, SIGINT, SIGUSR1, SIGHUP};

#define STOPS (sizeof stops / sizeof *stops)

/* Blocks the signals that stop, and gives the mask to wait with. */
static void block_stops(sigset_t *waiting)
{
	sigset_t blocked;
	size_t i;

	sigprocmask(SIG_SETMASK, NULL, waiting);
	blocked = *waiting;
	for (i = 0; i < STOPS; i++) {
		sigaddset(&blocked, stops[i]);
		sigdelset(waiting, stops[i]);
	}
	sigdelset(&blocked, SIGALRM);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
}

/* FCGX_Init() has installed handlers of its own. */
static void set_handlers(void)
{
	size_t i;

	for (i = 0; i < STOPS; i++)
		handle(stops[i], on_stop);
	handle(SIGALRM, on_alarm);
	handle(SIGPIPE, SIG_IGN);
}

/* True when a peer may be waiting, false when it is time to stop.  Of the processes that wait, the
 * same one may be woken for each peer: the others look after what they hold now and then. */
static bool wait_for_peer(const struct endpoint *endpoint, int waiting, const sigset_t *mask)
{
	struct epoll_event in;

	while (!stopping) {
		int n = epoll_pwait(waiting, &in, 1, endpoint->rest ? REST_MS : -1, mask);

		if (n > 0 && (in.events & EPOLLIN))
			return true;
		if (n > 0 || (n < 0 && errno != EINTR)) { /* it was shut down, or can't be waited for */
			listener_failed(n > 0 ? EPIPE : errno);
			return false;
		}
		if (n < 0) /* a limit of the request before */
			unlimit_io();
		if (n == 0 && endpoint->rest)
			endpoint->rest(endpoint->context);
	}
	return false;
}

/* One connection, one request, whatever the peer asks for: a kept connection
 * would keep this process from everybody else.
 *
 * FCGX_Accept_r() gets the connection as one that was kept.  Left to accept for
 * itself it takes the next peer when one fails, within the time of the first. */
static void serve_peer(const struct endpoint *endpoint, FCGX_Request *request, bool on_unix)
{
	struct peer peer = {.request = request};
	int64_t since;
	int fd = listener_accept(LISTENER, on_unix);

	if (fd < 0)
		return;
	since = clock_monotonic_ms();
	request->ipcFd = fd;
	request->keepConnection = 1;
	limit_io(since + PARAMETERS_MS);
	/* It takes parameters that end in a failure for whole ones. */
	if (FCGX_Accept_r(request) == 0 && FCGX_GetError(request->in) == 0)
		serve(endpoint, &peer, since);
	request->keepConnection = 0;
	/* What a peer may still send is read away, or our answer could be lost on the way; a Unix
	 * socket keeps it when all was read. */
	request->detached = on_unix && peer.read_whole;
	if (!request->detached)
		limit_io(deadline_in(CLOSE_MS));
	FCGX_Finish_r(request);
}

/* libfcgi looks at it where it accepts, which it does not here. */
static bool has_address_list(void)
{
	if (!getenv("FCGI_WEB_SERVER_ADDRS"))
		return false;
	log_error("FCGI_WEB_SERVER_ADDRS is not supported: listen on a Unix socket",
		  LOG_STR("setting", "FCGI_WEB_SERVER_ADDRS"));
	return true;
}

static int run_fastcgi(const struct endpoint *endpoint)
{
	bool on_unix = listener_is_unix(LISTENER);
	int waiting = listener_wait_with(LISTENER);
	FCGX_Request request;
	sigset_t mask;

	block_stops(&mask);
	if (waiting < 0 || has_address_list() || FCGX_Init() || FCGX_InitRequest(&request, -1, 0))
		return 1;
	set_handlers();
	while (wait_for_peer(endpoint, waiting, &mask))
		serve_peer(endpoint, &request, on_unix);
	close(waiting);
	FCGX_Free(&request, 1);
	return stopping ? 0 : 1;
}

int responder_run(const struct endpoint *endpoint)
{
	return responder_is_fastcgi() ? run_fastcgi(endpoint) : run_cgi(endpoint);
}

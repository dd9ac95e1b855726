/* SPDX-License-Identifier: ISC */
/*
 * Serving.  The one idea: SIGTERM and SIGINT are blocked everywhere but inside
 * ppoll(), so a stop never interrupts a request, and an idle process stops at
 * once.  The listener is non-blocking because other processes wait on it too:
 * who comes second polls again.
 *
 * libfcgi has no timeout for a peer that connects and stalls; SIGALRM, whose
 * handler does nothing, makes its read fail.
 */
#include "web/responder.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define LISTENER STDIN_FILENO
#define READ_SECONDS 10
#define DRAIN_MAX_BYTES (8u << 20)
#define DRAIN_PAUSE_MS 100
#define ACCEPT_PAUSE_US 1000
#define ANSWER_MAX_BYTES (4u << 20)

extern char **environ;

bool responder_is_fastcgi(void)
{
	int listening = 0;
	socklen_t n = sizeof listening;

	return getsockopt(LISTENER, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) == 0 && listening;
}

/* The whole answer to one request, ready to be sent; buf_free() it. */
static void answer(const struct endpoint *endpoint, char *const *variables,
		   const struct body_source *source, struct buf *out)
{
	struct response response;

	response_init(&response);
	endpoint_serve(endpoint, variables, source, &response);
	buf_init(out, ANSWER_MAX_BYTES);
	response_format(&response, out);
	response_free(&response);
}

/* --- CGI ----------------------------------------------------------------- */

static bool input_ready(int64_t ms)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};

	return poll(&in, 1, (int)ms) > 0;
}

/* `context` is the moment until which the body has to be there. */
static ssize_t cgi_read(void *context, char *bytes, size_t n)
{
	const int64_t *until = context;

	return input_ready(deadline_left(*until)) ? read(STDIN_FILENO, bytes, n) : -1;
}

static bool cgi_has_more(void *context)
{
	char byte;

	(void)context;
	return input_ready(0) && read(STDIN_FILENO, &byte, 1) > 0;
}

static int write_out(const struct buf *out)
{
	size_t done = 0;

	while (done < out->len) {
		ssize_t n = write(STDOUT_FILENO, out->data + done, out->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

/* Reads away what is left of a body that was refused: a server that can't
 * deliver it would give up the connection, and with it our answer. */
static void drain_input(void)
{
	char chunk[16384];
	size_t total = 0;
	ssize_t n = 1;

	while (n > 0 && total < DRAIN_MAX_BYTES && input_ready(DRAIN_PAUSE_MS)) {
		n = read(STDIN_FILENO, chunk, sizeof chunk);
		total += n > 0 ? (size_t)n : 0;
	}
}

static int run_cgi(const struct endpoint *endpoint)
{
	int64_t until = deadline_in(READ_SECONDS * 1000);
	const struct body_source source = {cgi_read, cgi_has_more, &until};
	struct buf out;
	int rc;

	signal(SIGPIPE, SIG_IGN);
	answer(endpoint, environ, &source, &out);
	rc = write_out(&out);
	buf_free(&out);
	drain_input();
	return rc ? 1 : 0;
}

void responder_cgi_error(const struct err *e)
{
	struct response response;
	struct buf out;

	response_init(&response);
	response_error(&response, e);
	buf_init(&out, ANSWER_MAX_BYTES);
	response_format(&response, &out);
	write_out(&out);
	drain_input();
	buf_free(&out);
	response_free(&response);
}

/* --- FastCGI ------------------------------------------------------------- */

static volatile sig_atomic_t stopping;

static void on_stop(int number)
{
	(void)number;
	stopping = 1;
}

static void on_alarm(int number)
{
	(void)number;
}

static ssize_t fastcgi_read(void *context, char *bytes, size_t n)
{
	FCGX_Request *request = context;

	return FCGX_GetStr(bytes, (int)n, request->in);
}

/* The server has to end the body's stream, so this waits no longer than any
 * other read. */
static bool fastcgi_has_more(void *context)
{
	FCGX_Request *request = context;

	return FCGX_GetChar(request->in) != EOF;
}

static void fastcgi_log(void *context, const char *line, size_t n)
{
	FCGX_Request *request = context;

	FCGX_PutStr(line, (int)n, request->err);
	FCGX_FFlush(request->err); /* a record a line: nginx cuts longer ones */
}

static void serve(const struct endpoint *endpoint, FCGX_Request *request)
{
	const struct body_source source = {fastcgi_read, fastcgi_has_more, request};
	struct buf out;

	log_set_sink(fastcgi_log, request);
	answer(endpoint, request->envp, &source, &out);
	if (FCGX_PutStr(buf_text(&out), (int)out.len, request->out) != (int)out.len)
		log_warning("Answer not sent", LOG_STR("program", endpoint->program));
	log_set_sink(NULL, NULL);
	buf_free(&out);
}

static const int stops[] = {SIGTERM, SIGINT, SIGUSR1, SIGHUP};

#define STOPS (sizeof stops / sizeof *stops)

static void handle(int number, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler};

	sigemptyset(&action.sa_mask);
	sigaction(number, &action, NULL);
}

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

/* The first signal could come right before a read begins; the next ones make
 * sure. */
static void limit_io(int seconds)
{
	const struct itimerval timer = {.it_value.tv_sec = seconds,
					.it_interval.tv_sec = seconds ? 1 : 0};

	setitimer(ITIMER_REAL, &timer, NULL);
}

/* True when a peer may be waiting, false when it is time to stop. */
static bool wait_for_peer(const sigset_t *waiting)
{
	struct pollfd in = {.fd = LISTENER, .events = POLLIN};

	while (!stopping) {
		int n = ppoll(&in, 1, NULL, waiting);

		if (n > 0)
			return (in.revents & POLLIN) != 0;
		if (n < 0 && errno != EINTR)
			return false;
	}
	return false;
}

/* One connection, one request, whatever the peer asks for: a kept connection
 * would keep this process from everybody else. */
static void serve_peer(const struct endpoint *endpoint, FCGX_Request *request)
{
	limit_io(READ_SECONDS);
	if (FCGX_Accept_r(request) == 0)
		serve(endpoint, request);
	else
		usleep(ACCEPT_PAUSE_US); /* another process had it, or there is no descriptor left */
	request->keepConnection = 0;
	FCGX_Finish_r(request);
	limit_io(0);
}

static int run_fastcgi(const struct endpoint *endpoint)
{
	FCGX_Request request;
	sigset_t waiting;

	block_stops(&waiting);
	if (FCGX_Init() || FCGX_InitRequest(&request, LISTENER, FCGI_FAIL_ACCEPT_ON_INTR))
		return 1;
	set_handlers();
	fcntl(LISTENER, F_SETFL, fcntl(LISTENER, F_GETFL) | O_NONBLOCK);
	while (wait_for_peer(&waiting))
		serve_peer(endpoint, &request);
	FCGX_Free(&request, 1);
	return stopping ? 0 : 1;
}

int responder_run(const struct endpoint *endpoint)
{
	return responder_is_fastcgi() ? run_fastcgi(endpoint) : run_cgi(endpoint);
}

/* SPDX-License-Identifier: ISC */
/*
 * The upstreams: a Stripe and a DynamoDB that answer at once (Stripe's, after
 * so many milliseconds), so that the program that asks is measured and not
 * what it asks.
 *
 *   upstreams SESSION-FILE LINES-FILE DELAY-MS CREATED [LISTED-FILE SESSIONS NEWEST]
 *
 * The files have @ID@ in the place of the session's id, and @AT@ in that of the time when it was created:
 * CREATED (epoch seconds), but for those that are listed.  So many are, as LISTED-FILE has one, a second
 * apart, the last one of NEWEST (epoch seconds); all else that is listed is nothing.  The table "bench" is
 * as `ordersnap init` makes it, stays empty and takes every write.  It prints "STRIPE-PORT TABLE-PORT" and
 * serves until it is ended; on SIGUSR1 it prints the calls so far, as JSON.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_REQUEST (1 << 20)

#define LISTED "cs_test_listed" /* an id is this and the session's number in eight digits, from 0 on */
#define PAGE 100

static char *session_text, *lines_text, *listed_text;
static int delay_ms;
static long listed, newest, others_created;
static atomic_long sessions, lines, lists, other, reads, writes, write_items, read_items;

static char *read_file(const char *name)
{
	FILE *f = fopen(name, "rb");
	char *text = calloc(1, MAX_REQUEST);

	if (!f || !text || !fread(text, 1, MAX_REQUEST - 1, f)) {
		perror(name);
		exit(1);
	}
	fclose(f);
	return text;
}

/* When the session with this id was created. */
static long created(const char *id)
{
	if (strncmp(id, LISTED, strlen(LISTED)) != 0)
		return others_created;
	return newest - listed + 1 + strtol(id + strlen(LISTED), NULL, 10);
}

static void put(FILE *to, const char *text, const char *id, size_t id_length)
{
	const char *at;

	while ((at = strchr(text, '@'))) {
		fwrite(text, 1, (size_t)(at - text), to);
		text = at + 4;
		if (strncmp(at, "@ID@", 4) == 0) {
			fwrite(id, 1, id_length, to);
		} else if (strncmp(at, "@AT@", 4) == 0) {
			fprintf(to, "%ld", created(id));
		} else {
			fputc('@', to);
			text = at + 1;
		}
	}
	fputs(text, to);
}

/* The number behind `name` in a request's line, or `otherwise`. */
static long number_of(const char *request, const char *name, long otherwise)
{
	const char *end = strstr(request, " HTTP/"), *at = strstr(request, name);

	return at && at < end ? strtol(at + strlen(name), NULL, 10) : otherwise;
}

/* A page of the sessions, newest first. */
static void put_page(FILE *to, const char *request)
{
	long oldest = newest - listed + 1;
	long first = number_of(request, "created[lte]=", newest) - oldest;
	long last = number_of(request, "created[gte]=", oldest) - oldest;
	long after = number_of(request, "starting_after=" LISTED, listed), n;
	char id[64];

	first = first < after ? first : after - 1;
	first = first < listed ? first : listed - 1;
	last = last < 0 ? 0 : last;
	fputs("{\"object\":\"list\",\"url\":\"/v1/checkout/sessions\",\"data\":[", to);
	for (n = first; n >= last && n > first - PAGE; n--) {
		snprintf(id, sizeof id, LISTED "%08ld", n); /* the order's number is its last letters */
		if (n < first)
			fputc(',', to);
		put(to, listed_text, id, strlen(id));
	}
	fprintf(to, "],\"has_more\":%s}", n >= last ? "true" : "false");
}

static long count_of(const char *text, const char *what)
{
	long n = 0;

	while ((text = strstr(text, what))) {
		n++;
		text += strlen(what);
	}
	return n;
}

/* The body of the answer to a request for Stripe, for free(). */
static char *stripe_answer(const char *request, int *status)
{
	static const char prefix[] = "GET /v1/checkout/sessions/";
	static const char sessions_list[] = "GET /v1/checkout/sessions?";
	const char *id = request + sizeof prefix - 1;
	size_t n;
	char *body = NULL, *end;
	size_t size;
	FILE *to = open_memstream(&body, &size);

	*status = 200;
	if (strncmp(request, prefix, sizeof prefix - 1) == 0) {
		n = strcspn(id, "/? ");
		end = strstr(id, " HTTP/");
		if (id[n] == '/') {
			atomic_fetch_add(&lines, 1);
			put(to, lines_text, id, n);
		} else if (end) {
			atomic_fetch_add(&sessions, 1);
			put(to, session_text, id, n);
		}
	} else if (strncmp(request, sessions_list, sizeof sessions_list - 1) == 0) {
		atomic_fetch_add(&lists, 1);
		put_page(to, request);
	} else if (strncmp(request, "GET /v1/", 8) == 0 && request[8 + strcspn(request + 8, "/ ?")] != '/') {
		atomic_fetch_add(&lists, 1);
		fputs("{\"object\":\"list\",\"data\":[],\"has_more\":false}", to);
	} else {
		atomic_fetch_add(&other, 1);
		*status = 404;
		fputs("{\"error\": {\"type\": \"invalid_request_error\", \"code\": \"resource_missing\","
		      " \"message\": \"No such thing\"}}", to);
	}
	fclose(to);
	if (delay_ms)
		nanosleep(&(struct timespec){delay_ms / 1000, delay_ms % 1000 * 1000000L}, NULL);
	return body;
}

/* What `ordersnap init` puts into a new table: no order of anybody else's is in it. */
static const char adopted[] = "{\"Responses\":{\"bench\":[{\"PK\":{\"S\":\"SYSTEM\"},"
			      "\"SK\":{\"S\":\"ADOPTED\"},\"version\":{\"N\":\"1\"},"
			      "\"adoptedAt\":{\"S\":\"2026-01-01T00:00:00Z\"}}]},\"UnprocessedKeys\":{}}";

static char *table_answer(const char *request, const char *body, int *status)
{
	const char *target = strcasestr(request, "DynamoDB_20120810.");

	*status = 200;
	target = target ? target + 18 : "";
	if (strncmp(target, "TransactWriteItems", 18) == 0) {
		atomic_fetch_add(&writes, 1);
		atomic_fetch_add(&write_items, count_of(body, "\"TableName\""));
		return strdup("{}");
	}
	atomic_fetch_add(&reads, 1);
	atomic_fetch_add(&read_items, count_of(body, "\"PK\""));
	if (strncmp(target, "BatchGetItem", 12) == 0)
		return strdup(strstr(body, "\"ADOPTED\"") ? adopted : "{\"Responses\":{},\"UnprocessedKeys\":{}}");
	if (strncmp(target, "Query", 5) == 0)
		return strdup("{\"Items\":[],\"Count\":0,\"ScannedCount\":0}");
	return strdup("{}");
}

struct peer {
	int fd;
	int is_table;
};

/* Reads a request whole; its length, or -1 at the end of the connection. */
static long read_request(int fd, char *text, char **body)
{
	size_t n = 0;
	char *end, *field;

	for (;;) {
		ssize_t got = recv(fd, text + n, MAX_REQUEST - 1 - n, 0);

		if (got <= 0)
			return -1;
		n += (size_t)got;
		text[n] = '\0';
		end = strstr(text, "\r\n\r\n");
		if (!end)
			continue;
		*body = end + 4;
		field = strcasestr(text, "\r\ncontent-length:");
		if (!field || field > end || n >= (size_t)(*body - text) + strtoul(field + 17, NULL, 10))
			return (long)n;
		if (strcasestr(text, "\r\nexpect: 100-continue") && n == (size_t)(*body - text))
			send(fd, "HTTP/1.1 100 Continue\r\n\r\n", 25, MSG_NOSIGNAL);
	}
}

static void *serve(void *context)
{
	struct peer *peer = context;
	char *text = malloc(MAX_REQUEST), *body, *answer, *whole;
	int status, n;

	while (text && read_request(peer->fd, text, &body) >= 0) {
		answer = peer->is_table ? table_answer(text, body, &status) : stripe_answer(text, &status);
		n = asprintf(&whole, "HTTP/1.1 %d OK\r\nContent-Type: application/json\r\n"
			     "Request-Id: req_bench\r\nx-amzn-RequestId: BENCH\r\n"
			     "Content-Length: %zu\r\n\r\n%s", status, strlen(answer), answer);
		if (n < 0 || send(peer->fd, whole, (size_t)n, MSG_NOSIGNAL) != n)
			break;
		free(whole);
		free(answer);
	}
	close(peer->fd);
	free(text);
	free(peer);
	return NULL;
}

static int listen_on(int *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, n) || listen(fd, 1024) ||
	    getsockname(fd, (struct sockaddr *)&at, &n)) {
		perror("listen");
		exit(1);
	}
	*port = ntohs(at.sin_port);
	return fd;
}

struct listener {
	int fd, is_table;
};

static void *accept_all(void *context)
{
	const struct listener *l = context;
	pthread_attr_t attributes;
	pthread_t thread;
	int one = 1;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, 256 * 1024);
	for (;;) {
		struct peer *peer = malloc(sizeof *peer);

		*peer = (struct peer){accept(l->fd, NULL, NULL), l->is_table};
		if (peer->fd < 0) {
			free(peer);
			continue;
		}
		setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		if (pthread_create(&thread, &attributes, serve, peer))
			exit(1);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static struct listener listeners[2];
	int ports[2], i, number;
	pthread_t thread;
	sigset_t signals;

	if (argc != 5 && argc != 8)
		return 2;
	session_text = read_file(argv[1]);
	lines_text = read_file(argv[2]);
	delay_ms = (int)strtol(argv[3], NULL, 10);
	others_created = strtol(argv[4], NULL, 10);
	if (argc == 8) {
		listed_text = read_file(argv[5]);
		listed = strtol(argv[6], NULL, 10);
		newest = strtol(argv[7], NULL, 10);
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	for (i = 0; i < 2; i++) {
		listeners[i] = (struct listener){listen_on(&ports[i]), i};
		if (pthread_create(&thread, NULL, accept_all, &listeners[i]))
			return 1;
	}
	printf("%d %d\n", ports[0], ports[1]);
	fflush(stdout);
	while (sigwait(&signals, &number) == 0) {
		printf("{\"sessions\": %ld, \"lines\": %ld, \"lists\": %ld, \"other\": %ld, \"reads\": %ld, "
		       "\"read_items\": %ld, \"writes\": %ld, \"write_items\": %ld}\n",
		       atomic_load(&sessions), atomic_load(&lines), atomic_load(&lists),
		       atomic_load(&other), atomic_load(&reads), atomic_load(&read_items), atomic_load(&writes),
		       atomic_load(&write_items));
		fflush(stdout);
	}
	return 0;
}

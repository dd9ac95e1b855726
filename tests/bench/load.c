/* SPDX-License-Identifier: ISC */
/*
 * The load: posts the deliveries of a file over so many kept connections, each
 * as soon as the one before it is answered, and checks every answer.
 *
 *   load PORT PATH FILE IN-FLIGHT STATUS
 *
 * FILE has, for each delivery, a line "LENGTH SIGNATURE" and LENGTH bytes of
 * body.  It prints one line of JSON: seconds, answers, wrong, p50 and p99 in
 * milliseconds.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct delivery {
	const char *signature, *body;
	size_t length;
};

static struct delivery *deliveries;
static double *latencies; /* milliseconds, of each delivery */
static size_t count;
static atomic_size_t next_delivery, wrong;
static int port, wanted;
static const char *path;

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static char *read_file(const char *name, size_t *size)
{
	FILE *f = fopen(name, "rb");
	struct stat st;
	char *text;

	if (!f || fstat(fileno(f), &st))
		fail(name);
	*size = (size_t)st.st_size;
	text = malloc(*size + 1);
	if (!text || fread(text, 1, *size, f) != *size)
		fail(name);
	text[*size] = '\0';
	fclose(f);
	return text;
}

static void read_deliveries(const char *name)
{
	size_t size, room = 0;
	char *p = read_file(name, &size), *end = p + size;

	while (p < end) {
		char *line = p, *space, *newline = strchr(p, '\n');

		if (!newline)
			fail("the file of deliveries is cut");
		*newline = '\0';
		if (count == room) {
			room = room ? 2 * room : 1024;
			deliveries = realloc(deliveries, room * sizeof *deliveries);
			if (!deliveries)
				fail("memory");
		}
		space = strchr(line, ' ');
		deliveries[count] = (struct delivery){
			.length = strtoul(line, NULL, 10),
			.signature = space ? space + 1 : "",
			.body = newline + 1,
		};
		p = newline + 1 + deliveries[count++].length;
	}
}

static int connect_to(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to))
		fail("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return fd;
}

static void send_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

		if (sent <= 0)
			fail("send");
		p += sent;
		n -= (size_t)sent;
	}
}

/* Where the body of a chunked answer ends: whether its last chunk is there. */
static int chunks_are_whole(const char *body, size_t n)
{
	return n >= 5 && memcmp(body + n - 5, "0\r\n\r\n", 5) == 0;
}

/* Reads an answer whole; its status, negative where the server closes after it. */
static int read_answer(int fd)
{
	char text[65536];
	size_t n = 0;
	char *end = NULL, *field;
	int status, closes;

	for (;;) {
		ssize_t got = recv(fd, text + n, sizeof text - 1 - n, 0);

		if (got <= 0)
			fail("the server closed a connection");
		n += (size_t)got;
		text[n] = '\0';
		if (!end)
			end = strstr(text, "\r\n\r\n");
		if (!end)
			continue;
		field = strcasestr(text, "\r\ncontent-length:");
		if (field && field < end) {
			if (n >= (size_t)(end + 4 - text) + strtoul(field + 17, NULL, 10))
				break;
		} else if (chunks_are_whole(end + 4, n - (size_t)(end + 4 - text))) {
			break;
		}
	}
	status = (int)strtol(text + 9, NULL, 10);
	field = strcasestr(text, "\r\nconnection: close");
	closes = field && field < end;
	return closes ? -status : status;
}

static void *post_all(void *unused)
{
	int fd = connect_to();
	size_t i;

	while ((i = atomic_fetch_add(&next_delivery, 1)) < count) {
		const struct delivery *d = &deliveries[i];
		double start = now_ms();
		char *text;
		int n, status;

		n = asprintf(&text, "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
			     "Content-Type: application/json; charset=utf-8\r\nContent-Length: %zu\r\n"
			     "Stripe-Signature: %s\r\nUser-Agent: Stripe/1.0\r\nAccept: */*\r\n\r\n%.*s",
			     path, d->length, d->signature, (int)d->length, d->body);
		if (n < 0)
			fail("memory");
		send_all(fd, text, (size_t)n);
		free(text);
		status = read_answer(fd);
		latencies[i] = now_ms() - start;
		if (abs(status) != wanted)
			atomic_fetch_add(&wrong, 1);
		if (status < 0) {
			close(fd);
			fd = connect_to();
		}
	}
	close(fd);
	return unused;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	pthread_t threads[256];
	int n, i;
	double start;

	if (argc != 6)
		return 2;
	port = (int)strtol(argv[1], NULL, 10);
	path = argv[2];
	read_deliveries(argv[3]);
	n = (int)strtol(argv[4], NULL, 10);
	wanted = (int)strtol(argv[5], NULL, 10);
	latencies = calloc(count + 1, sizeof *latencies);
	if (!latencies || n < 1 || n > 256)
		return 2;
	start = now_ms();
	for (i = 0; i < n; i++)
		if (pthread_create(&threads[i], NULL, post_all, NULL))
			fail("pthread_create");
	for (i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	start = now_ms() - start;
	qsort(latencies, count, sizeof *latencies, by_size);
	printf("{\"seconds\": %.4f, \"answers\": %zu, \"wrong\": %zu, \"p50\": %.3f, \"p99\": %.3f}\n",
	       start / 1e3, count, atomic_load(&wrong), count ? latencies[count / 2] : 0,
	       count ? latencies[count - 1 - count / 100] : 0);
	return 0;
}

/* SPDX-License-Identifier: ISC */
/*
 * The fake servers.
 */
#include "fake_http.h"

#include <string.h>

#include "../lib/counting_http.h"
#include "../lib/standing_clock.h"
#include "base/clock.h"
#include "targets.h"

#define EPOCH 1700000000
#define REQUEST_MS 20     /* what a request takes */
#define BETWEEN_MS 3600000 /* and what lies between two inputs: no rate limit reaches over it */

static struct span answers; /* that are left */
static unsigned requests;
static int64_t now_ms;   /* since the clock's beginning, */
static int64_t began_ms; /* and when that was, by the monotonic clock */
static bool retry, no_retry, replayed; /* headers of the last answer, */
static char header[300];               /* and what all others say */

void fake_http_answer(struct span lines)
{
	answers = lines;
	requests = 0;
	began_ms += now_ms + BETWEEN_MS;
	now_ms = 0;
}

unsigned fake_http_requests(void)
{
	return requests;
}

/* --- the clock ----------------------------------------------------------------------------- */

int64_t standing_clock_epoch(void)
{
	return EPOCH + now_ms / 1000;
}

int64_t standing_clock_ms(void)
{
	return began_ms + now_ms;
}

void standing_clock_pass(int64_t ms)
{
	now_ms += ms;
}

/* --- the servers --------------------------------------------------------------------------- */

const char *http_last_header(struct http_client *client, const char *name)
{
	(void)client;
	if (strcmp(name, "Stripe-Should-Retry") == 0)
		return retry ? "true" : no_retry ? "false" : NULL;
	if (strcmp(name, "Idempotent-Replayed") == 0)
		return replayed ? "true" : NULL;
	return *header ? header : NULL;
}

static bool is_printable(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7F)
			return false;
	return true;
}

/* curl looks at an address itself, and sends a header as it is. */
static bool can_be_asked(const struct http_request *request)
{
	size_t i;

	HOLDS(is_printable(request->method));
	for (i = 0; i < HTTP_MAX_HEADERS && request->headers[i]; i++)
		HOLDS(is_printable(request->headers[i]));
	return is_printable(request->url) && !strchr(request->url, ' ') &&
	       (str_starts(request->url, "http://") || str_starts(request->url, "https://"));
}

int http_perform(struct http_client *client, const struct http_request *request,
		 struct http_answer *answer, struct err *e)
{
	struct span line = {NULL, 0};
	bool has_header = false;
	size_t at = 0;
	int status = 0;

	client->calls++;
	requests++;
	buf_reset(&answer->body);
	answer->status = 0;
	if (!can_be_asked(request))
		return err_set(e, ERR_UNAVAILABLE, "no address");
	if (deadline_left(request->deadline) < REQUEST_MS) {
		deadline_sleep(REQUEST_MS, request->deadline);
		return err_set(e, ERR_UNAVAILABLE, "time is over");
	}
	/* Behind the last line they are silent. */
	if (!answers.n) {
		deadline_sleep(INT64_MAX, request->deadline);
		return err_set(e, ERR_UNAVAILABLE, "no answer in time");
	}
	now_ms += REQUEST_MS;
	span_next(&answers, '\n', &line);
	for (; at < line.n && at < 3 && line.p[at] >= '0' && line.p[at] <= '9'; at++)
		status = status * 10 + (line.p[at] - '0');
	if (status < 100 || status > 599)
		return err_set(e, ERR_UNAVAILABLE, "no answer");
	retry = no_retry = replayed = false;
	*header = '\0';
	for (; at < line.n && line.p[at] != ' '; at++) {
		retry |= line.p[at] == 'r';
		no_retry |= line.p[at] == 'f';
		replayed |= line.p[at] == 'i';
		has_header |= line.p[at] == 'h';
	}
	answer->status = status;
	if (at < line.n)
		buf_add(&answer->body, line.p + at + 1, line.n - at - 1);
	if (has_header)
		snprintf(header, sizeof header, "%s", buf_text(&answer->body));
	return 0;
}

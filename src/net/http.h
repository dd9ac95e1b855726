/* SPDX-License-Identifier: ISC */
/*
 * An HTTP client for APIs: one handle a process, and a few for what is asked ahead, so that
 * connections are kept and reused; https and http only, no redirects, no proxy from the
 * environment (httpoxy), every wait bounded by the request's deadline, every
 * answer by a cap.  The only place that knows libcurl.
 */
#ifndef ORDERSNAP_NET_HTTP_H
#define ORDERSNAP_NET_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define HTTP_MAX_HEADERS 12
#define HTTP_MAX_ANSWER (16u << 20) /* bytes */

struct http_client;

struct http_request {
	const char *method; /* "POST", or another that is sent without a body */
	const char *url;
	const char *headers[HTTP_MAX_HEADERS]; /* "Name: value"; up to the first NULL */
	struct span body;                      /* POST only */
	int64_t deadline;                      /* base/clock.h; nothing is waited for beyond it */
};

struct http_answer {
	int status;      /* 100..599 */
	struct buf body; /* http_answer_free() it; that wipes it, for it may have been a secret */
};

/* What all clients of a process need for https, and what nobody changes: a process that is about
 * to fork calls it once for all its children, who else need not. */
void http_prepare(void);

/* Never NULL.  Allocates the handle only when the first request is made. */
struct http_client *http_client_new(void);
void http_client_free(struct http_client *client);

/*
 * Sends one request and reads the whole answer.  0 for any HTTP status; -1
 * with ERR_UNAVAILABLE when there was no whole answer (no connection, time
 * over, cut off, larger than HTTP_MAX_ANSWER).  `answer` is to be freed in
 * both cases; it may be used again without.
 */
int http_perform(struct http_client *client, const struct http_request *request,
		 struct http_answer *answer, struct err *e);

/*
 * A request that is sent now and whose answer is taken later: until then it comes in beside
 * whatever else is done.  NULL where it could not be sent.
 */
struct http_ahead;
struct http_ahead *http_begin(struct http_client *client, const struct http_request *request);

/* Lets in what has come of the answers, without waiting: a connection that nobody reads from stands
 * still.  Cheap: for whoever is busy with something else. */
void http_go_on(struct http_client *client);

/* Takes the answer, waiting for it as long as its request may take, and frees `ahead`.  0 and -1
 * as http_perform(); *waited: whether it failed while it was waited for. */
int http_finish(struct http_client *client, struct http_ahead *ahead, struct http_answer *answer,
		bool *waited, struct err *e);

/* Forgets the request, and frees `ahead`; NULL: nothing happens. */
void http_drop(struct http_client *client, struct http_ahead *ahead);

/* A header of the last answer, NULL if it had none.  Borrowed until the next
 * request. */
const char *http_last_header(struct http_client *client, const char *name);

/* The Date of the last answer in epoch seconds, -1 if it had none. */
int64_t http_last_date(struct http_client *client);

/* How many requests this client has sent. */
unsigned http_client_calls(const struct http_client *client);

void http_answer_init(struct http_answer *answer);
void http_answer_free(struct http_answer *answer);

#endif

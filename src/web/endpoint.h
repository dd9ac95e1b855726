/* SPDX-License-Identifier: ISC */
/*
 * What a program answers: a table of routes, and the decisions that are the
 * same for all of them (404, 405, 411, 413, 415, OPTIONS, HEAD, CORS, how an
 * error becomes an answer), made once.
 */
#ifndef ORDERSNAP_WEB_ENDPOINT_H
#define ORDERSNAP_WEB_ENDPOINT_H

#include "base/metrics.h"
#include "web/request.h"
#include "web/response.h"

/* Fills the response and returns 0, or returns -1 with `e` set. */
typedef int endpoint_handler(void *context, const struct request *request,
			     struct response *response, struct err *e);

#define ENDPOINT_BODY_MS 3000
#define ENDPOINT_ANSWER_MS 500 /* of a request's time, kept for sending the answer */

/* Whether requests that come in this way are served at all: 0, or -1 with `e` set. */
typedef int endpoint_admission(void *context, const struct request *request, struct err *e);

struct route {
	const char *path;   /* "/cart/quote" */
	bool below;         /* whatever one part stands below the path: request->path_rest */
	const char *method; /* "POST", or "GET" (which answers HEAD too) */
	size_t body_max;    /* bytes of a POST's body */
	int64_t body_ms;    /* until it is whole, from the request's begin on; 0: ENDPOINT_BODY_MS */
	bool type_may_lack; /* a POST without a Content-Type is fine */
	endpoint_handler *handle;
};

struct endpoint {
	const char *program;        /* "cart-quote" */
	const struct route *routes; /* up to one whose path is NULL */
	const char *cors;           /* CORS_ALLOW_ORIGIN or NULL */
	const char *token_header;   /* AUTH_HEADER or NULL */
	int64_t request_ms;         /* what a request may take */
	endpoint_admission *admit;  /* asked before each request, or NULL */
	void (*rest)(void *context); /* called each second without a peer, or NULL */
	void *context;              /* the handlers' */
};

/* How long requests took, by endpoint, status and outcome ("ok" or the error's name). */
extern const struct metrics_family endpoint_seconds;

/* A request as it came in. */
struct arrival {
	char *const *variables; /* "NAME=value", NULL at the end */
	struct body_source source;
	int64_t since; /* when it began, clock_monotonic_ms() */
};

/* Answers one request; `response` was initialised.  The handler's deadline is
 * request_ms after the request began, less ENDPOINT_ANSWER_MS. */
void endpoint_serve(const struct endpoint *endpoint, const struct arrival *arrival,
		    struct response *response);

#endif

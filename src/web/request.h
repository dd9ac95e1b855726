/* SPDX-License-Identifier: ISC */
/*
 * A request as CGI/1.1 gives it (RFC 3875): variables and a body, the same
 * from a CGI process's environment and standard input as from FastCGI.
 */
#ifndef ORDERSNAP_WEB_REQUEST_H
#define ORDERSNAP_WEB_REQUEST_H

#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "format/json.h"

struct request {
	char *const *variables; /* "NAME=value", NULL at the end */
	struct buf body;        /* raw; empty for methods without one */
	int64_t deadline;       /* base/clock.h */
	struct span path_rest;  /* what stands in the place of a route's `*`; else empty */
};

/* Where the body comes from.  Neither waits beyond `until`, a deadline of
 * base/clock.h. */
struct body_source {
	/* Reads up to n bytes; 0 at the body's end, -1 on failure or when the
	 * sender stalls. */
	ssize_t (*read)(void *context, char *bytes, size_t n, int64_t until);
	/* Whether there is a byte beyond the body. */
	bool (*has_more)(void *context, int64_t until);
	void *context;
};

/* What a body may be: bytes, and until when it has to be whole. */
struct body_limits {
	size_t max;
	int64_t until;
};

/* A CGI variable ("REQUEST_METHOD", "HTTP_ORIGIN"); NULL where it is not set or
 * empty. */
const char *request_variable(const struct request *r, const char *name);

/* The value of a header, by its usual name ("Stripe-Signature"), or NULL. */
const char *request_header(const struct request *r, const char *name, char *variable, size_t n);

/* The bearer token that the request has (RFC 6750), without blanks: empty where nothing stands behind
 * `Bearer`; NULL where there is none.  It is looked for in Authorization, in
 * REDIRECT_HTTP_AUTHORIZATION (what Apache makes of it on a rewrite), then in `header` (or NULL). */
const char *request_token(const struct request *r, const char *header);

/*
 * Whether the request is for `path` ("/cart/quote") of the program `program`
 * ("cart-quote"): the server's path ends in it, or the server runs the program
 * itself (/cgi-bin/cart-quote.fcgi) and nothing comes behind.
 */
bool request_is_for(const struct request *r, const char *path, const char *program);

/* Whether the server's path goes on behind `path`: /healthz/metrics behind
 * /healthz, and SCRIPT_NAME=/healthz with PATH_INFO=/metrics. */
bool request_goes_through(const struct request *r, const char *path, const char *program);

/*
 * Whether the request is for something below `path`: "/orders/cs_test_1" below
 * "/orders" (of the program "orders").  *rest is the one part behind the slash, as
 * the server decoded it and not empty; it points into the request's variables.
 */
bool request_is_below(const struct request *r, const char *path, const char *program,
		      struct span *rest);

/* 0, or -1 with ERR_MEDIA_TYPE where Content-Type is not application/json (with
 * or without parameters); `may_lack`: none at all is fine. */
int request_check_type(const struct request *r, bool may_lack, struct err *e);

/*
 * Reads the body, which has to have exactly CONTENT_LENGTH bytes, within the
 * limits.  Checks before it allocates.  -1 with ERR_LENGTH (none given, or no
 * number: some servers say -1 of a body in chunks), ERR_TOO_LARGE, ERR_TIMEOUT (not
 * whole in time), or ERR_BAD_REQUEST (shorter or longer than said).
 */
int request_read_body(struct request *r, const struct body_source *source,
		      struct body_limits limits, struct err *e);

/* The body as JSON, to release.  -1 with ERR_BAD_REQUEST. */
int request_json(const struct request *r, struct json_object **json, struct err *e);

#endif

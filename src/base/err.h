/* SPDX-License-Identifier: ISC */
/*
 * One error type for the whole program.
 *
 * A function that can fail returns 0 or -1 and takes a `struct err *` last.
 * The code is for branching, the text for the log.  One table (err.c) turns
 * the code into an HTTP status and decides what a client may read: the text
 * of a client's own mistake is written for the client, everything else is
 * replaced by a fixed sentence.
 */
#ifndef ORDERSNAP_BASE_ERR_H
#define ORDERSNAP_BASE_ERR_H

enum err_code {
	ERR_NONE = 0,
	ERR_BAD_REQUEST,  /* 400: the client's input; the text names what and where */
	ERR_UNAUTHORIZED, /* 401: a bearer token that is missing or not valid */
	ERR_FORBIDDEN,    /* 403: a valid identity that may not do this */
	ERR_NOT_FOUND,    /* 404: no such path, quote or order */
	ERR_METHOD,       /* 405: the path exists, the method does not */
	ERR_TIMEOUT,      /* 408: a body that is not whole in time */
	ERR_ORDERED,      /* 409: what the request would order is ordered already */
	ERR_OUTDATED,     /* 409: what the request rests on has changed; the text says what to do */
	ERR_GONE,         /* 410: the quote has expired */
	ERR_LENGTH,       /* 411: a body without CONTENT_LENGTH, or no number in it */
	ERR_TOO_LARGE,    /* 413: a body above the endpoint's cap */
	ERR_MEDIA_TYPE,   /* 415: a body that is not JSON by its Content-Type */
	ERR_SIGNATURE,    /* 400: a webhook without a valid Stripe-Signature */
	ERR_PAYLOAD,      /* 400: a signed webhook that is not an event */
	ERR_CONFLICT,     /* 503: a write's condition did not hold */
	ERR_UNAVAILABLE,  /* 503: the store or Stripe is away for a passing reason */
	ERR_REFUSED,      /* 502: Stripe refused for a lasting reason */
	ERR_CONFIG,       /* 500: a setting is missing or wrong */
	ERR_INTERNAL,     /* 500: a fault of this program */
	ERR_CODES
};

struct err {
	enum err_code code;
	int upstream;   /* the HTTP status that Stripe answered with, or 0 */
	int retry_after; /* seconds for which Stripe wants no other try, or 0 */
	char text[480]; /* for the log; cut, never overflowed */
};

/* Fills `e` (which may be NULL) and is -1, so that a caller can write
 * `return err_set(e, ERR_..., "...")`; a macro, so that compilers see the -1.
 * `upstream` and `retry_after` become 0. */
#define err_set(...) (err_fill(__VA_ARGS__), err_minus_one())
static inline int err_minus_one(void)
{
	return -1;
}
void err_fill(struct err *e, enum err_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "where: " in front of the text that `e` has; is -1 too. */
#define err_prefix(...) (err_put_before(__VA_ARGS__), err_minus_one())
void err_put_before(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The HTTP status of the code, 400 to 503. */
int err_http_status(enum err_code code);

/* What a client may read: e->text for a client's own mistake, else a fixed
 * sentence.  Borrowed; lives as long as `e`. */
const char *err_public_text(const struct err *e);

/* What a client's program branches on where one status has several meanings
 * ("already_ordered"); NULL for a status that says it alone.  Contract: a word
 * stays once it is out.  Static. */
const char *err_public_code(enum err_code code);

/* The code's name for the log ("unavailable").  Static. */
const char *err_name(enum err_code code);

#endif

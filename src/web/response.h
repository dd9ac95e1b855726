/* SPDX-License-Identifier: ISC */
/*
 * An answer: a status, headers, JSON.
 */
#ifndef ORDERSNAP_WEB_RESPONSE_H
#define ORDERSNAP_WEB_RESPONSE_H

#include "base/err.h"
#include "format/json.h"

#define RETRY_AFTER_SECONDS 5
#define RESPONSE_TEXT_MAX (2u << 20)

struct response {
	int status;
	struct buf headers;       /* lines that end in CRLF, beside those of every answer */
	struct json_object *json; /* owned; NULL: the text, or no body */
	struct buf text;          /* where its type is set */
	const char *text_type;    /* static; NULL: there is none */
	bool no_body;             /* HEAD: the headers of the body, without it */
	const char *cache_control; /* NULL: no-store */
	bool had_token;           /* the request has one: a 401 says that it does not count */
};

void response_init(struct response *r);
void response_free(struct response *r);

/* Adds a header.  The value comes from a table or was checked: a control
 * character in it drops the header. */
void response_header(struct response *r, const char *name, const char *value);

/* An answer with JSON; takes `json`. */
void response_json(struct response *r, int status, struct json_object *json);

/* An answer of another type, whose body is r->text. */
void response_text(struct response *r, int status, const char *type);

/* The answer that an error gives: its status, {"error": what a client may
 * read}, with "code" where err_public_code() has one, Retry-After with a 503,
 * WWW-Authenticate with a 401 (RFC 6750 section 3). */
void response_error(struct response *r, const struct err *e);

/* Adds the whole CGI answer (RFC 3875 section 6), `Status:` first.  One that does not fit, into r->text
 * or into `out`, is a 500: cut, it would be a success that nobody can read. */
void response_format(struct response *r, struct buf *out);

#endif

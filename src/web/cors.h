/* SPDX-License-Identifier: ISC */
/*
 * Cross-origin requests (the Fetch standard's CORS protocol): which pages may
 * read the answers.  Stripe and servers don't ask.
 */
#ifndef ORDERSNAP_WEB_CORS_H
#define ORDERSNAP_WEB_CORS_H

#include "web/request.h"
#include "web/response.h"

/* Adds `Vary: Origin`, and, if the request's origin is in the list
 * (CORS_ALLOW_ORIGIN, NULL: none; `*`: any), `Access-Control-Allow-Origin` and
 * the headers that its page may read. */
void cors_answer(const struct request *request, const char *allowed, struct response *response);

/* Adds to the answer of an OPTIONS request what the origin may send:
 * `methods` as in Allow, and the one more header that a token may come in
 * (AUTH_HEADER, or NULL). */
void cors_preflight(const struct request *request, const char *allowed, const char *methods,
		    const char *token_header, struct response *response);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * The error type and the one table that turns a code into an HTTP answer.
 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

static const struct {
	int status;
	const char *name;
	const char *public_text; /* NULL: the error's own text is meant for the client */
} codes[ERR_CODES] = {
	[ERR_NONE] = {500, "none", "Internal error"},
	[ERR_BAD_REQUEST] = {400, "bad_request", NULL},
	[ERR_UNAUTHORIZED] = {401, "unauthorized", NULL},
	[ERR_FORBIDDEN] = {403, "forbidden", NULL},
	[ERR_NOT_FOUND] = {404, "not_found", NULL},
	[ERR_METHOD] = {405, "method", "Method not allowed"},
	[ERR_TIMEOUT] = {408, "timeout", NULL},
	[ERR_ORDERED] = {409, "already_ordered", NULL},
	[ERR_OUTDATED] = {409, "outdated", NULL},
	[ERR_GONE] = {410, "gone", NULL},
	[ERR_LENGTH] = {411, "length", "Content-Length is required"},
	[ERR_TOO_LARGE] = {413, "too_large", NULL},
	[ERR_MEDIA_TYPE] = {415, "media_type", "Content-Type must be application/json"},
	[ERR_SIGNATURE] = {400, "signature", "Invalid Stripe signature"},
	[ERR_PAYLOAD] = {400, "payload", "Invalid Stripe payload"},
	[ERR_CONFLICT] = {503, "conflict", "Service temporarily unavailable"},
	[ERR_UNAVAILABLE] = {503, "unavailable", "Service temporarily unavailable"},
	[ERR_REFUSED] = {502, "refused", "The payment provider refused the request"},
	[ERR_CONFIG] = {500, "config", "Service misconfigured"},
	[ERR_INTERNAL] = {500, "internal", "Internal error"},
};

void err_fill(struct err *e, enum err_code code, const char *format, ...)
{
	va_list ap;

	if (!e)
		return;
	e->code = code;
	e->upstream = 0;
	e->retry_after = 0;
	va_start(ap, format);
	vsnprintf(e->text, sizeof e->text, format, ap);
	va_end(ap);
	str_trim_sequence(e->text);
}

void err_put_before(struct err *e, const char *format, ...)
{
	char old[sizeof e->text];
	va_list ap;
	int n;

	if (!e)
		return;
	memcpy(old, e->text, sizeof old);
	va_start(ap, format);
	n = vsnprintf(e->text, sizeof e->text, format, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n + 2 < sizeof e->text)
		snprintf(e->text + n, sizeof e->text - (size_t)n, ": %.*s",
			 (int)(sizeof e->text - (size_t)n - 3), old);
	str_trim_sequence(e->text);
}

int err_http_status(enum err_code code)
{
	return codes[code].status;
}

const char *err_public_text(const struct err *e)
{
	return codes[e->code].public_text ? codes[e->code].public_text : e->text;
}

/* 409 alone has two: a quote that is ordered, after which nothing is to be bought
 * by itself, and one that has to be made anew. */
const char *err_public_code(enum err_code code)
{
	return codes[code].status == 409 ? codes[code].name : NULL;
}

const char *err_name(enum err_code code)
{
	return codes[code].name;
}

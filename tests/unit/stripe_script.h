/* SPDX-License-Identifier: ISC */
/*
 * A Stripe that answers each request by the next row of a script.
 */
#ifndef ORDERSNAP_TESTS_STRIPE_SCRIPT_H
#define ORDERSNAP_TESTS_STRIPE_SCRIPT_H

#include "outside.h"

#include "base/clock.h"
#include "net/http.h"

struct reply {
	int status; /* 0: no answer */
	const char *body;
	struct outside_header headers[3];
};

#define REPLY(what, text) {.status = what, .body = text}
#define REPLY_WITH(what, text, ...) {.status = what, .body = text, .headers = __VA_ARGS__}
#define ENDS {.status = 0}
#define REFUSAL "{'error':{'code':'c','param':'p','message':'m'}}"
#define REFUSES(what) REPLY(what, REFUSAL)
#define REFUSES_WITH(what, ...) REPLY_WITH(what, REFUSAL, __VA_ARGS__)
#define OK REPLY(200, "{'id':'cs_1'}")

static const struct reply *script; /* the last row answers all that come after it */
static struct buf asked;           /* a line for each request: method, path and, of a POST, its key */

static inline int serve(const struct http_request *request, struct buf *body)
{
	const struct reply *reply = script;
	size_t i;

	buf_printf(&asked, "%s %s", request->method, strstr(request->url, "/v1/"));
	for (i = 0; i < HTTP_MAX_HEADERS && request->headers[i]; i++)
		if (str_starts(request->headers[i], "Idempotency-Key: "))
			buf_printf(&asked, " %s", request->headers[i] + strlen("Idempotency-Key: "));
	buf_puts(&asked, "\n");
	outside.headers = reply->headers;
	add_json(body, reply->body ? reply->body : "");
	if (script[1].status || script[1].body)
		script++;
	return reply->status;
}

static inline struct stripe_client *begin(const struct reply *rows)
{
	struct err e;

	outside_begin();
	outside.serve = serve;
	script = rows;
	buf_init(&asked, 1 << 20);
	return app_stripe(&outside.app, deadline_in(1), &e);
}

static inline void end(void)
{
	buf_free(&asked);
	outside_end();
}

static inline unsigned count_asked(void)
{
	return stripe_client_calls(outside.app.stripe_opened);
}

#endif

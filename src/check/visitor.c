/* SPDX-License-Identifier: ISC */
/*
 * A visitor.
 */
#include "check/visitor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/http.h"

struct visitor {
	struct http_client *http;
	char *base;
};

struct visitor *visitor_new(const char *base)
{
	struct visitor *visitor = mem_zalloc(1, sizeof *visitor);
	size_t n = strlen(base);

	while (n && base[n - 1] == '/')
		n--;
	visitor->base = span_dup((struct span){base, n});
	visitor->http = http_client_new();
	return visitor;
}

void visitor_free(struct visitor *visitor)
{
	if (!visitor)
		return;
	http_client_free(visitor->http);
	free(visitor->base);
	free(visitor);
}

const char *visitor_base(const struct visitor *visitor)
{
	return visitor->base;
}

void visitor_forget(struct visit_answer *answer)
{
	json_object_put(answer->json);
	answer->json = NULL;
}

static void copy_header(struct visitor *visitor, const char *name, char *out, size_t size)
{
	const char *value = http_last_header(visitor->http, name);

	snprintf(out, size, "%s", value ? value : "");
}

static void read_answer(struct visitor *visitor, const struct http_answer *http,
			struct visit_answer *answer)
{
	answer->status = http->status;
	answer->json = json_parse((struct span){buf_text(&http->body), http->body.len});
	if (!json_object_is_type(answer->json, json_type_object))
		visitor_forget(answer);
	copy_header(visitor, "Location", answer->location, sizeof answer->location);
	copy_header(visitor, "Access-Control-Allow-Origin", answer->allow_origin,
		    sizeof answer->allow_origin);
	copy_header(visitor, "Access-Control-Allow-Methods", answer->allow_methods,
		    sizeof answer->allow_methods);
	copy_header(visitor, "Access-Control-Allow-Headers", answer->allow_headers,
		    sizeof answer->allow_headers);
}

static int ask(struct visitor *visitor, const struct visit *visit, const char *url,
	       struct http_answer *answer, struct err *e)
{
	char *origin = visit->origin ? str_printf("Origin: %s", visit->origin) : NULL;
	char *token = visit->authorization ? str_printf("Authorization: %s", visit->authorization)
					   : NULL;
	char *more = token && visit->token_header ?
		str_printf("%s: %s", visit->token_header, visit->authorization) : NULL;
	struct http_request request = {.method = visit->method, .url = url, .body = visit->body,
				       .deadline = visit->deadline};
	size_t n = 0;
	int rc;

	if (strcmp(visit->method, "POST") == 0)
		request.headers[n++] = "Content-Type: application/json";
	if (visit->preflight) {
		request.headers[n++] = "Access-Control-Request-Method: POST";
		request.headers[n++] = "Access-Control-Request-Headers: content-type";
	}
	if (origin)
		request.headers[n++] = origin;
	if (token)
		request.headers[n++] = token;
	if (more)
		request.headers[n++] = more;
	rc = http_perform(visitor->http, &request, answer, e);
	free(more);
	free(token);
	free(origin);
	return rc;
}

int visitor_ask(struct visitor *visitor, const struct visit *visit, struct visit_answer *answer,
		struct err *e)
{
	char *url = str_printf("%s%s", visitor->base, visit->path);
	struct http_answer http;
	int rc;

	memset(answer, 0, sizeof *answer);
	http_answer_init(&http);
	rc = ask(visitor, visit, url, &http, e);
	if (!rc)
		read_answer(visitor, &http, answer);
	http_answer_free(&http);
	free(url);
	return rc;
}

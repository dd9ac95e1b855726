/* SPDX-License-Identifier: ISC */
/*
 * A probe: one request as a browser or Stripe would send it, and of the answer what the
 * check judges.
 */
#include "check/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/http.h"

struct probe {
	struct http_client *http;
	char *base;
};

struct probe *probe_new(const char *base)
{
	struct probe *probe = mem_zalloc(1, sizeof *probe);
	size_t n = strlen(base);

	while (n && base[n - 1] == '/')
		n--;
	probe->base = span_dup((struct span){base, n});
	probe->http = http_client_new();
	return probe;
}

void probe_free(struct probe *probe)
{
	if (!probe)
		return;
	http_client_free(probe->http);
	free(probe->base);
	free(probe);
}

const char *probe_base(const struct probe *probe)
{
	return probe->base;
}

void probe_answer_free(struct probe_answer *answer)
{
	json_object_put(answer->json);
	answer->json = NULL;
}

/* Keeps the header's value, "" where there is none. */
static void copy_header(struct probe *probe, const char *name, char *out, size_t size)
{
	const char *value = http_last_header(probe->http, name);

	snprintf(out, size, "%s", value ? value : "");
}

/* Sends the request with the headers that it asks for. */
static int ask(struct probe *probe, const struct probe_request *request, const char *url,
	       struct http_answer *answer, struct err *e)
{
	char *origin = request->origin ? str_printf("Origin: %s", request->origin) : NULL;
	char *token = request->authorization ? str_printf("Authorization: %s", request->authorization)
					   : NULL;
	char *more = token && request->token_header ?
		str_printf("%s: %s", request->token_header, request->authorization) : NULL;
	char *range = request->range ? str_printf("Range: %s", request->range) : NULL;
	struct http_request call = {.method = request->method, .url = url, .body = request->body,
				       .deadline = request->deadline};
	size_t n = 0;
	int rc;

	if (strcmp(request->method, "POST") == 0)
		call.headers[n++] = "Content-Type: application/json";
	if (request->preflight) {
		call.headers[n++] = "Access-Control-Request-Method: POST";
		call.headers[n++] = "Access-Control-Request-Headers: content-type";
	}
	if (origin)
		call.headers[n++] = origin;
	if (range)
		call.headers[n++] = range;
	if (token)
		call.headers[n++] = token;
	if (more)
		call.headers[n++] = more;
	rc = http_perform(probe->http, &call, answer, e);
	free(range);
	free(more);
	free(token);
	free(origin);
	return rc;
}

int probe_ask(struct probe *probe, const struct probe_request *request, struct probe_answer *answer,
	      struct err *e)
{
	char *url = str_printf("%s%s", probe->base, request->path);
	struct http_answer http;
	int rc;

	memset(answer, 0, sizeof *answer);
	http_answer_init(&http);
	rc = ask(probe, request, url, &http, e);
	if (rc)
		goto out;
	answer->status = http.status;
	answer->json = json_parse((struct span){buf_text(&http.body), http.body.len});
	if (!json_object_is_type(answer->json, json_type_object))
		probe_answer_free(answer);
	answer->beginning_n = http.body.len < PROBE_BEGINNING ? http.body.len : PROBE_BEGINNING;
	memcpy(answer->beginning, buf_text(&http.body), answer->beginning_n);
	copy_header(probe, "Location", answer->location, sizeof answer->location);
	copy_header(probe, "Access-Control-Allow-Origin", answer->allow_origin,
		    sizeof answer->allow_origin);
	copy_header(probe, "Access-Control-Allow-Methods", answer->allow_methods,
		    sizeof answer->allow_methods);
	copy_header(probe, "Access-Control-Allow-Headers", answer->allow_headers,
		    sizeof answer->allow_headers);
out:
	http_answer_free(&http);
	free(url);
	return rc;
}

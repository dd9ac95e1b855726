/* SPDX-License-Identifier: ISC */
/*
 * Writing an answer.
 */
#include "web/response.h"

#include <string.h>

#include "base/log.h"

#define HEADERS_MAX_BYTES 4096

static const struct {
	int status;
	const char *phrase;
} phrases[] = {
	{200, "OK"},
	{204, "No Content"},
	{304, "Not Modified"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{408, "Request Timeout"},
	{409, "Conflict"},
	{410, "Gone"},
	{411, "Length Required"},
	{413, "Content Too Large"},
	{415, "Unsupported Media Type"},
	{500, "Internal Server Error"},
	{502, "Bad Gateway"},
	{503, "Service Unavailable"},
};

void response_init(struct response *r)
{
	memset(r, 0, sizeof *r);
	r->status = 500;
	buf_init(&r->headers, HEADERS_MAX_BYTES);
	buf_init(&r->text, RESPONSE_TEXT_MAX);
}

void response_free(struct response *r)
{
	buf_free(&r->headers);
	buf_free(&r->text);
	json_object_put(r->json);
	r->json = NULL;
}

void response_header(struct response *r, const char *name, const char *value)
{
	const char *p;

	for (p = value; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7F)
			return;
	buf_printf(&r->headers, "%s: %s\r\n", name, value);
}

void response_json(struct response *r, int status, struct json_object *json)
{
	json_object_put(r->json);
	r->status = status;
	r->json = json;
}

void response_text(struct response *r, int status, const char *type)
{
	r->status = status;
	r->text_type = type;
}

void response_error(struct response *r, const struct err *e)
{
	struct json_object *json = json_object_new_object();
	int status = err_http_status(e->code);

	r->cache_control = NULL;
	json_set_string(json, "error", err_public_text(e));
	if (err_public_code(e->code))
		json_set_string(json, "code", err_public_code(e->code));
	if (status == 503)
		buf_printf(&r->headers, "Retry-After: %d\r\n", RETRY_AFTER_SECONDS);
	if (status == 401)
		response_header(r, "WWW-Authenticate",
				r->had_token ? "Bearer error=\"invalid_token\"" : "Bearer");
	response_json(r, status, json);
}

static const char *phrase_of(int status)
{
	size_t i;

	for (i = 0; i < sizeof phrases / sizeof *phrases; i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "Status";
}

static void add_answer(const struct response *r, struct buf *out)
{
	const char *body = r->json ? json_text(r->json) : r->text_type ? buf_text(&r->text) : "";
	const char *type = r->json ? "application/json" : r->text_type;

	buf_printf(out, "Status: %d %s\r\n", r->status, phrase_of(r->status));
	if (type)
		buf_printf(out, "Content-Type: %s\r\nContent-Length: %zu\r\n", type, strlen(body));
	buf_printf(out, "Cache-Control: %s\r\nX-Content-Type-Options: nosniff\r\n",
		   r->cache_control ? r->cache_control : "no-store");
	buf_add(out, buf_text(&r->headers), r->headers.len);
	buf_puts(out, "\r\n");
	if (!r->no_body)
		buf_puts(out, body);
}

void response_format(struct response *r, struct buf *out)
{
	struct err e = {.code = ERR_INTERNAL};
	size_t begin = out->len;

	add_answer(r, out);
	if (!out->failed && !r->text.failed)
		return;
	log_error("Answer too large", LOG_INT("status", r->status));
	buf_reset(&r->text);
	response_error(r, &e);
	out->len = begin;
	out->failed = false;
	add_answer(r, out);
}

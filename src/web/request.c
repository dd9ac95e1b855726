/* SPDX-License-Identifier: ISC */
/*
 * Reading a request.  The one idea: the length is checked against the cap
 * before a byte is read, and against what came after the last one.
 */
#include "web/request.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/str.h"

#define CHUNK 16384
#define SCHEME "Bearer"

const char *request_variable(const struct request *r, const char *name)
{
	size_t n = strlen(name), i;

	for (i = 0; r->variables && r->variables[i]; i++)
		if (*r->variables[i] == *name && strncmp(r->variables[i], name, n) == 0 &&
		    r->variables[i][n] == '=')
			return r->variables[i][n + 1] ? r->variables[i] + n + 1 : NULL;
	return NULL;
}

const char *request_header(const struct request *r, const char *name, char *variable, size_t n)
{
	size_t at = 5;

	if (strlen(name) + at >= n)
		return NULL;
	memcpy(variable, "HTTP_", at);
	for (; *name; name++)
		variable[at++] = *name == '-' ? '_' : (char)toupper((unsigned char)*name);
	variable[at] = '\0';
	return request_variable(r, variable);
}

/* A server may have taken the blank behind `Bearer` away, so nothing behind it is an empty token and not
 * another scheme. */
const char *request_token(const struct request *r, const char *header)
{
	char variable[128];
	const char *values[] = {
		request_variable(r, "HTTP_AUTHORIZATION"),
		request_variable(r, "REDIRECT_HTTP_AUTHORIZATION"),
		header ? request_header(r, header, variable, sizeof variable) : NULL,
	};
	size_t i;

	for (i = 0; i < sizeof values / sizeof *values; i++) {
		const char *token = values[i];

		if (!token || strncasecmp(token, SCHEME, strlen(SCHEME)) != 0)
			continue;
		token += strlen(SCHEME);
		if (*token == '\0' || *token == ' ')
			return token + strspn(token, " ");
	}
	return NULL;
}

static struct span variable_or_empty(const struct request *r, const char *name)
{
	const char *value = request_variable(r, name);

	return span_of(value ? value : "");
}

/* "/anything/cart-quote", with .fcgi or .cgi or nothing behind. */
static bool is_program(struct span script, const char *program)
{
	static const char *const suffixes[] = {"", ".fcgi", ".cgi"};
	size_t n = strlen(program), i;

	for (i = 0; i < 3; i++) {
		struct span stem = script;

		if (!span_ends(stem, suffixes[i]))
			continue;
		stem.n -= strlen(suffixes[i]);
		if (span_ends(stem, program) && stem.n > n && stem.p[stem.n - n - 1] == '/')
			return true;
	}
	return false;
}

/* Whether the path is `path` on whatever stands before it, but not one part below
 * another of it: "/orders/orders" is an order of a strange name. */
static bool is_at(struct span whole, const char *path)
{
	if (!span_ends(whole, path))
		return false;
	whole.n -= strlen(path);
	return !span_ends(whole, path);
}

bool request_is_for(const struct request *r, const char *path, const char *program)
{
	struct span script = variable_or_empty(r, "SCRIPT_NAME");
	struct span info = variable_or_empty(r, "PATH_INFO");

	if (info.n)
		return (span_equals(info, path) && !span_ends(script, path)) ||
		       (!is_program(script, program) && is_at(info, path));
	return script.n == 0 || is_at(script, path) ||
	       (is_program(script, program) && !span_ends(script, path));
}

static bool goes_through(struct span s, const char *path)
{
	size_t n = strlen(path);

	for (; s.n > n; s.p++, s.n--)
		if (memcmp(s.p, path, n) == 0 && s.p[n] == '/')
			return true;
	return false;
}

bool request_goes_through(const struct request *r, const char *path, const char *program)
{
	struct span script = variable_or_empty(r, "SCRIPT_NAME");
	struct span info = variable_or_empty(r, "PATH_INFO");

	return goes_through(script, path) || goes_through(info, path) ||
	       (info.n && span_ends(script, path) && !is_program(script, program));
}

/* Cuts the last part, "/x", off a path; false where nothing stands behind the
 * last slash. */
static bool cut_last(struct span *path, struct span *last)
{
	size_t n = path->n;

	while (n && path->p[n - 1] != '/')
		n--;
	*last = (struct span){path->p + n, path->n - n};
	path->n = n ? n - 1 : 0;
	return n && last->n;
}

bool request_is_below(const struct request *r, const char *path, const char *program,
		      struct span *rest)
{
	struct span script = variable_or_empty(r, "SCRIPT_NAME");
	struct span info = variable_or_empty(r, "PATH_INFO");

	if (!info.n)
		return cut_last(&script, rest) && span_ends(script, path);
	if (!cut_last(&info, rest))
		return false;
	if (is_program(script, program) || span_ends(script, path))
		return info.n == 0 || span_equals(info, path);
	return span_ends(info, path);
}

int request_check_type(const struct request *r, bool may_lack, struct err *e)
{
	struct span type = variable_or_empty(r, "CONTENT_TYPE");
	const char *parameters = memchr(type.p, ';', type.n);

	if (type.n == 0 && may_lack)
		return 0;
	if (parameters)
		type.n = (size_t)(parameters - type.p);
	type = span_trim(type);
	if (type.n == strlen("application/json") &&
	    strncasecmp(type.p, "application/json", type.n) == 0)
		return 0;
	return err_set(e, ERR_MEDIA_TYPE, "the Content-Type is not application/json");
}

static int content_length(const struct request *r, size_t max, size_t *length, struct err *e)
{
	struct span text = variable_or_empty(r, "CONTENT_LENGTH");
	int64_t value;
	size_t i;

	if (text.n == 0)
		return err_set(e, ERR_LENGTH, "no Content-Length");
	for (i = 0; i < text.n; i++)
		if (!isdigit((unsigned char)text.p[i]))
			return err_set(e, ERR_LENGTH, "Content-Length is not a number");
	if (span_to_int64(text, &value) || (uint64_t)value > max)
		return err_set(e, ERR_TOO_LARGE, "The body is larger than %zu bytes", max);
	*length = (size_t)value;
	return 0;
}

/* Why a read gave nothing. */
static int body_ended(int64_t until, struct err *e)
{
	if (deadline_left(until) == 0)
		return err_set(e, ERR_TIMEOUT, "The body did not arrive in time");
	return err_set(e, ERR_BAD_REQUEST, "The body is shorter than Content-Length says");
}

int request_read_body(struct request *r, const struct body_source *source,
		      struct body_limits limits, struct err *e)
{
	char chunk[CHUNK];
	size_t length, left;

	if (content_length(r, limits.max, &length, e))
		return -1;
	for (left = length; left;) {
		ssize_t n = source->read(source->context, chunk, left < CHUNK ? left : CHUNK,
					 limits.until);

		if (n <= 0)
			return body_ended(limits.until, e);
		buf_add(&r->body, chunk, (size_t)n);
		left -= (size_t)n;
		if (left && deadline_left(limits.until) == 0)
			return body_ended(limits.until, e);
	}
	if (source->has_more(source->context, limits.until))
		return err_set(e, ERR_BAD_REQUEST, "The body is longer than Content-Length says");
	return r->body.failed ? err_set(e, ERR_INTERNAL, "the body's buffer is too small") : 0;
}

int request_json(const struct request *r, struct json_object **json, struct err *e)
{
	*json = json_parse((struct span){buf_text(&r->body), r->body.len});
	return *json ? 0 : err_set(e, ERR_BAD_REQUEST, "The body is not JSON");
}

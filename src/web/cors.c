/* SPDX-License-Identifier: ISC */
/*
 * CORS headers.  An origin that is not in the list gets none.
 */
#include "web/cors.h"

#include <stdio.h>

#include "base/url.h"

#define MAX_AGE_SECONDS "600"

/* What to answer to the request's origin: itself, where it is in the list, or "*", where
 * that is; else NULL. */
static const char *allow(const struct request *request, const char *allowed)
{
	const char *origin = request_variable(request, "HTTP_ORIGIN");
	struct span rest = span_of(allowed ? allowed : ""), one;
	struct url url;

	if (!origin)
		return NULL;
	while (url_next_origin(&rest, &one))
		if (span_equals(one, "*"))
			return "*";
	if (!allowed || url_parse(span_of(origin), &url) || url.rest.n || url.has_user)
		return NULL;
	return url_in_origins(&url, allowed) ? origin : NULL;
}

void cors_answer(const struct request *request, const char *allowed, struct response *response)
{
	const char *origin = allow(request, allowed);

	response_header(response, "Vary", "Origin");
	if (!origin)
		return;
	response_header(response, "Access-Control-Allow-Origin", origin);
	response_header(response, "Access-Control-Expose-Headers", "ETag, Retry-After");
}

void cors_preflight(const struct request *request, const char *allowed, const char *methods,
		    const char *token_header, struct response *response)
{
	char headers[256];

	if (!allow(request, allowed))
		return;
	snprintf(headers, sizeof headers, "Content-Type, Authorization, If-None-Match%s%s",
		 token_header ? ", " : "", token_header ? token_header : "");
	response_header(response, "Access-Control-Allow-Methods", methods);
	response_header(response, "Access-Control-Allow-Headers", headers);
	response_header(response, "Access-Control-Max-Age", MAX_AGE_SECONDS);
}

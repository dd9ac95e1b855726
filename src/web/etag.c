/* SPDX-License-Identifier: ISC */
/*
 * Entity tags: a digest of the body in quotes, so that a client that has the body asks
 * only whether it is still the same.
 */
#include "web/etag.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"

#define TAG_HEX 32 /* of the digest's 64 */
#define TAG_SIZE (TAG_HEX + 3)

/* If-None-Match is `*` or a list; a weak tag (W/"...") is as good as a strong one
 * there (RFC 9110 section 13.1.2). */
static bool names(const char *list, const char *tag)
{
	struct span rest = span_of(list), one;

	while (span_next(&rest, ',', &one)) {
		one = span_trim(one);
		if (one.n > 2 && memcmp(one.p, "W/", 2) == 0)
			one = (struct span){one.p + 2, one.n - 2};
		if (span_equals(one, "*") || span_equals(one, tag))
			return true;
	}
	return false;
}

void etag_answer(const struct request *request, struct response *response)
{
	const char *has = request_variable(request, "HTTP_IF_NONE_MATCH");
	char hex[DIGEST_HEX], tag[TAG_SIZE];

	digest_sha256_hex(span_of(json_text(response->json)), hex);
	snprintf(tag, sizeof tag, "\"%.*s\"", TAG_HEX, hex);
	response->cache_control = "private, no-cache";
	response_header(response, "ETag", tag);
	response_header(response, "Vary", "Origin, Authorization");
	if (has && names(has, tag))
		response_json(response, 304, NULL);
}

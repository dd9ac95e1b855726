/* SPDX-License-Identifier: ISC */
/*
 * Recognizing an example's value.  The one idea: the shipped files have few
 * spellings of "put your own here", and a guard holds them to these.
 */
#include "base/example.h"

#include <string.h>
#include <strings.h>

#define MARK "REPLACE_ME"
#define ELLIPSIS "\xE2\x80\xA6"
#define HOST "shop.example"

static bool ends_with(struct span text, const char *end)
{
	size_t n = strlen(end);

	return text.n >= n && strncasecmp(text.p + text.n - n, end, n) == 0;
}

bool example_is_secret(const char *text)
{
	struct span rest = span_of(text), one;

	while (span_next(&rest, ',', &one)) {
		one = span_trim(one);
		if (ends_with(one, "...") || ends_with(one, ELLIPSIS))
			return true;
		for (; one.n >= strlen(MARK); one.p++, one.n--)
			if (strncasecmp(one.p, MARK, strlen(MARK)) == 0)
				return true;
	}
	return false;
}

bool example_is_host(struct span host)
{
	/* A name may end in the root's dot. */
	if (host.n && host.p[host.n - 1] == '.')
		host.n--;
	if (!ends_with(host, HOST))
		return false;
	return host.n == strlen(HOST) || host.p[host.n - strlen(HOST) - 1] == '.';
}

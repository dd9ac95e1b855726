/* SPDX-License-Identifier: ISC */
/*
 * Reading a query string.
 */
#include "web/query.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX_BYTES 20

/* The digit's value, -1 where it is none. */
static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Adds what `text` stands for; 0 or -1.  A control character is none that any
 * parameter could have. */
static int decode(struct span text, struct buf *out)
{
	size_t i;

	for (i = 0; i < text.n; i++) {
		int c = text.p[i] == '+' ? ' ' : (unsigned char)text.p[i];

		if (c == '%') {
			int high = i + 2 < text.n ? hex_digit(text.p[i + 1]) : -1;
			int low = i + 2 < text.n ? hex_digit(text.p[i + 2]) : -1;

			if (high < 0 || low < 0)
				return -1;
			c = high << 4 | low;
			i += 2;
		}
		if (c < 0x20 || c == 0x7F || buf_putc(out, (char)c))
			return -1;
	}
	return 0;
}

/* Whether `part` is `name=...`; then *text is what stands behind the sign. */
static bool has_name(struct span part, const char *name, struct span *text)
{
	size_t n = strlen(name);

	if (part.n < n || memcmp(part.p, name, n) != 0 || (part.n > n && part.p[n] != '='))
		return false;
	*text = part.n > n ? (struct span){part.p + n + 1, part.n - n - 1} : (struct span){"", 0};
	return true;
}

int query_get(const struct request *request, const char *name, size_t max, char **value,
	      struct err *e)
{
	const char *query = request_variable(request, "QUERY_STRING");
	struct span rest = span_of(query ? query : ""), part, text;
	int times = 0, rc = 0;
	struct buf out;

	*value = NULL;
	buf_init(&out, max);
	while (!rc && span_next(&rest, '&', &part)) {
		if (!has_name(part, name, &text))
			continue;
		if (times++)
			rc = err_set(e, ERR_BAD_REQUEST, "%s stands twice in the address", name);
		else if (decode(text, &out) || span_utf8_length((struct span){buf_text(&out), out.len}) < 0)
			rc = err_set(e, ERR_BAD_REQUEST, "%s is not well-formed or too long", name);
	}
	if (!rc && out.len)
		*value = str_dup(buf_text(&out));
	buf_free(&out);
	return rc;
}

int query_get_int(const struct request *request, const char *name, struct query_range range,
		  int64_t *value, struct err *e)
{
	int64_t number = range.min;
	char *text;
	int rc = query_get(request, name, NUMBER_MAX_BYTES, &text, NULL);

	if (rc || (text && (span_to_int64(span_of(text), &number) || number < range.min ||
			    number > range.max)))
		rc = err_set(e, ERR_BAD_REQUEST, "%s must be a whole number from %" PRId64 " to %" PRId64,
			     name, range.min, range.max);
	else if (text)
		*value = number;
	free(text);
	return rc;
}

/* SPDX-License-Identifier: ISC */
/*
 * Strings and spans.
 */
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct span span_of(const char *s)
{
	return (struct span){s, s ? strlen(s) : 0};
}

bool span_equals(struct span a, const char *b)
{
	return a.n == strlen(b) && memcmp(a.p, b, a.n) == 0;
}

bool span_ends(struct span s, const char *suffix)
{
	size_t n = strlen(suffix);

	return s.n >= n && memcmp(s.p + s.n - n, suffix, n) == 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct span span_trim(struct span s)
{
	while (s.n && is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct span span_without_bom(struct span text)
{
	static const char bom[] = {'\xEF', '\xBB', '\xBF'};

	if (text.n >= sizeof bom && memcmp(text.p, bom, sizeof bom) == 0) {
		text.p += sizeof bom;
		text.n -= sizeof bom;
	}
	return text;
}

bool span_next(struct span *rest, char separator, struct span *part)
{
	const char *cut;

	if (!rest->p)
		return false;
	cut = memchr(rest->p, separator, rest->n);
	if (!cut) {
		*part = *rest;
		*rest = (struct span){NULL, 0};
		return true;
	}
	*part = (struct span){rest->p, (size_t)(cut - rest->p)};
	rest->n -= part->n + 1;
	rest->p = cut + 1;
	return true;
}

char *span_dup(struct span s)
{
	char *copy = mem_zalloc(s.n + 1, 1);

	if (s.n)
		memcpy(copy, s.p, s.n);
	return copy;
}

char *str_dup(const char *s)
{
	return s ? span_dup(span_of(s)) : NULL;
}

/* Mostly the text is short: then it is formatted once.  It may be a secret, so no copy stays behind. */
char *str_printf(const char *format, ...)
{
	char room[512], *s;
	va_list ap, again;
	size_t size;
	int n;

	va_start(ap, format);
	va_copy(again, ap);
	n = vsnprintf(room, sizeof room, format, ap);
	va_end(ap);
	size = n < 0 ? 1 : (size_t)n + 1;
	s = mem_realloc(NULL, size);
	if (size > sizeof room)
		vsnprintf(s, size, format, again);
	else
		memcpy(s, n < 0 ? "" : room, size);
	va_end(again);
	mem_wipe(room, size < sizeof room ? size : sizeof room);
	return s;
}

int span_to_int64(struct span s, int64_t *value)
{
	bool negative = s.n > 1 && s.p[0] == '-';
	size_t i = negative ? 1 : 0;
	int64_t v = 0;

	if (i >= s.n)
		return -1;
	for (; i < s.n; i++) {
		int digit = s.p[i] - '0';

		if (digit < 0 || digit > 9 || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_sub_overflow(v, digit, &v))
			return -1;
	}
	if (!negative && __builtin_sub_overflow((int64_t)0, v, &v))
		return -1;
	*value = v;
	return 0;
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	return span_ends(span_of(s), suffix);
}

bool str_empty(const char *s)
{
	return !s || !*s;
}

void str_lower(char *s)
{
	for (; *s; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s += 'a' - 'A';
}

void str_upper(char *s)
{
	for (; *s; s++)
		if (*s >= 'a' && *s <= 'z')
			*s -= 'a' - 'A';
}

/* The table of RFC 3629 section 4: what the second byte may be depends on
 * the first, all later ones are 80..BF. */
size_t utf8_sequence(const unsigned char *p, size_t n)
{
	unsigned char low = 0x80, high = 0xBF;
	size_t length, i;

	if (n == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xC2 || p[0] > 0xF4)
		return 0;
	length = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
	if (p[0] == 0xE0)
		low = 0xA0;
	if (p[0] == 0xED)
		high = 0x9F;
	if (p[0] == 0xF0)
		low = 0x90;
	if (p[0] == 0xF4)
		high = 0x8F;
	if (n < length || p[1] < low || p[1] > high)
		return 0;
	for (i = 2; i < length; i++)
		if (p[i] < 0x80 || p[i] > 0xBF)
			return 0;
	return length;
}

long span_utf8_length(struct span s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t left = s.n;
	long count = 0;

	while (left) {
		size_t n = utf8_sequence(p, left);

		if (!n)
			return -1;
		p += n;
		left -= n;
		count++;
	}
	return count;
}

unsigned long utf8_code_point(const unsigned char *p, size_t n)
{
	static const unsigned char first[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
	unsigned long c = p[0] & first[n];
	size_t i;

	for (i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3F);
	return c;
}

bool unicode_is_control(unsigned long c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x61C || c == 0x200E || c == 0x200F ||
	       (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

void str_trim_sequence(char *text)
{
	size_t n = strlen(text), start = n;

	while (start && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
		start--;
	if (start && !utf8_sequence((unsigned char *)text + start - 1, n - start + 1))
		text[start - 1] = '\0';
}

void str_hex(const unsigned char *bytes, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < n; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * n] = '\0';
}

const char *str_grouped(int64_t number, char *out)
{
	char digits[STR_GROUPED_SIZE];
	int n = snprintf(digits, sizeof digits, "%lld", (long long)number), i;
	char *to = out;

	for (i = 0; i < n; i++) {
		if (i > (digits[0] == '-') && (n - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
	return out;
}

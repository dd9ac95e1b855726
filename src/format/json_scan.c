/* SPDX-License-Identifier: ISC */
/*
 * The words of JSON's grammar.
 */
#include "format/json_scan.h"

#include <ctype.h>
#include <string.h>

bool json_scan_word(struct json_scan *s, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
		return false;
	s->p += n;
	return true;
}

static bool take_digits(struct json_scan *s)
{
	const unsigned char *first = s->p;

	while (s->p < s->end && isdigit(*s->p))
		s->p++;
	return s->p > first;
}

/* Four hexadecimal digits; -1: there are none. */
static long take_unit(struct json_scan *s)
{
	long unit = 0;
	int i;

	for (i = 0; i < 4; i++, s->p++) {
		if (s->p == s->end || !isxdigit(*s->p))
			return -1;
		unit = unit * 16 + (isdigit(*s->p) ? *s->p - '0' : tolower(*s->p) - 'a' + 10);
	}
	return unit;
}

static void put_utf8(struct buf *b, unsigned long c)
{
	static const unsigned char first[] = {0, 0xC0, 0xE0, 0xF0};
	int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;

	buf_putc(b, (char)(first[more] | c >> 6 * more));
	for (; more > 0; more--)
		buf_putc(b, (char)(0x80 | (c >> 6 * (more - 1) & 0x3F)));
}

/* What follows `\u`.  Half of a surrogate pair alone is no character: U+FFFD
 * stands for it (RFC 8259, 8.2, leaves that open). */
static bool take_unicode(struct json_scan *s)
{
	long unit = take_unit(s), low;
	const unsigned char *after = s->p;

	if (unit < 0)
		return false;
	if (unit >= 0xD800 && unit <= 0xDBFF && s->end - s->p >= 2 && s->p[0] == '\\' && s->p[1] == 'u') {
		s->p += 2;
		low = take_unit(s);
		if (low < 0)
			return false;
		if (low >= 0xDC00 && low <= 0xDFFF) {
			put_utf8(&s->text, 0x10000 + ((unsigned long)(unit - 0xD800) << 10) +
					   (unsigned long)(low - 0xDC00));
			return true;
		}
		s->p = after; /* what follows is a character of its own */
	}
	put_utf8(&s->text, unit >= 0xD800 && unit <= 0xDFFF ? 0xFFFD : (unsigned long)unit);
	return true;
}

static bool take_escape(struct json_scan *s)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;

	if (s->p == s->end)
		return false;
	if (json_scan_take(s, 'u'))
		return take_unicode(s);
	at = *s->p ? strchr(from, *s->p) : NULL;
	if (!at)
		return false;
	s->p++;
	buf_putc(&s->text, to[at - from]);
	return true;
}

/* ASCII that needs no look: no control character, no quote, no backslash. */
static const bool is_plain[256] = {
	/* 20 */ [0x20] = 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	/* 30 */ [0x30] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	/* 40 */ [0x40] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	/* 50 */ [0x50] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1,
	/* 60 */ [0x60] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	/* 70 */ [0x70] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
};

/* Goes to the next byte that is not as plain as most of a string's; false: there is none. */
static bool pass_plain(struct json_scan *s)
{
	const unsigned char *p = s->p;

	while (p < s->end && is_plain[*p])
		p++;
	s->p = p;
	return p < s->end;
}

/* Mostly there is no escape in it: then its text is where it stands, else s->text. */
bool json_scan_string(struct json_scan *s, struct span *out)
{
	const unsigned char *run;
	bool escaped = false;

	if (!json_scan_take(s, '"'))
		return false;
	for (run = s->p; pass_plain(s) && *s->p != '"'; ) {
		size_t n;

		if (*s->p < 0x20)
			return false;
		if (*s->p != '\\') {
			n = utf8_sequence(s->p, (size_t)(s->end - s->p));
			if (!n)
				return false;
			s->p += n;
			continue;
		}
		if (!escaped)
			buf_reset(&s->text);
		escaped = true;
		buf_add(&s->text, run, (size_t)(s->p - run));
		s->p++;
		if (!take_escape(s))
			return false;
		run = s->p;
	}
	if (escaped)
		buf_add(&s->text, run, (size_t)(s->p - run));
	*out = escaped ? (struct span){buf_text(&s->text), s->text.len}
		       : (struct span){(const char *)run, (size_t)(s->p - run)};
	return json_scan_take(s, '"');
}

bool json_scan_number(struct json_scan *s, struct span *out, bool *integer)
{
	const unsigned char *first = s->p;

	*integer = true;
	json_scan_take(s, '-');
	if (!json_scan_take(s, '0') && !take_digits(s))
		return false;
	if (json_scan_take(s, '.')) {
		*integer = false;
		if (!take_digits(s))
			return false;
	}
	if (json_scan_take(s, 'e') || json_scan_take(s, 'E')) {
		*integer = false;
		if (!json_scan_take(s, '+'))
			json_scan_take(s, '-');
		if (!take_digits(s))
			return false;
	}
	*out = (struct span){(const char *)first, (size_t)(s->p - first)};
	return true;
}

/* SPDX-License-Identifier: ISC */
/*
 * Is it JSON?  RFC 8259's grammar as a small machine over the bytes: no
 * recursion, one bit for each open bracket.  It exists because json-c, even
 * when told to be strict, takes single quotes, NaN, control characters in
 * strings, numbers like `01` and UTF-8 that isn't.
 */
#include <ctype.h>
#include <string.h>

#include "format/json.h"

struct scan {
	const unsigned char *p, *end;
	uint64_t objects; /* bit n: level n + 1 is an object, not an array */
	int depth;
};

static void skip_space(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

static bool take(struct scan *s, char c)
{
	if (s->p == s->end || *s->p != (unsigned char)c)
		return false;
	s->p++;
	return true;
}

static bool take_word(struct scan *s, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
		return false;
	s->p += n;
	return true;
}

static bool take_digits(struct scan *s)
{
	const unsigned char *first = s->p;

	while (s->p < s->end && isdigit(*s->p))
		s->p++;
	return s->p > first;
}

/* -? (0 | [1-9][0-9]*) ('.' [0-9]+)? ([eE] [+-]? [0-9]+)? */
static bool take_number(struct scan *s)
{
	take(s, '-');
	if (!take(s, '0') && !take_digits(s))
		return false;
	if (take(s, '.') && !take_digits(s))
		return false;
	if (take(s, 'e') || take(s, 'E')) {
		if (!take(s, '+'))
			take(s, '-');
		return take_digits(s);
	}
	return true;
}

static bool take_escape(struct scan *s)
{
	int i;

	if (s->p == s->end)
		return false;
	if (*s->p != 'u')
		return strchr("\"\\/bfnrt", *s->p) && *s->p++;
	s->p++;
	for (i = 0; i < 4; i++, s->p++)
		if (s->p == s->end || !isxdigit(*s->p))
			return false;
	return true;
}

static bool take_string(struct scan *s)
{
	if (!take(s, '"'))
		return false;
	while (s->p < s->end && *s->p != '"') {
		size_t n;

		if (*s->p < 0x20)
			return false;
		if (take(s, '\\')) {
			if (!take_escape(s))
				return false;
			continue;
		}
		n = utf8_sequence(s->p, (size_t)(s->end - s->p));
		if (!n)
			return false;
		s->p += n;
	}
	return take(s, '"');
}

static bool in_object(const struct scan *s)
{
	return s->objects >> (s->depth - 1) & 1;
}

static bool open_level(struct scan *s, bool object)
{
	if (s->depth == JSON_MAX_DEPTH)
		return false;
	s->objects &= ~(UINT64_C(1) << s->depth);
	s->objects |= (uint64_t)object << s->depth;
	s->depth++;
	return true;
}

/* "name" : with white space around, when the value to come is a member. */
static bool take_name(struct scan *s)
{
	skip_space(s);
	if (!take_string(s))
		return false;
	skip_space(s);
	return take(s, ':');
}

enum step { STEP_BAD, STEP_DOWN, STEP_DONE };

/* One value: a scalar (done), an empty container (done), or the opening of a
 * container whose first value comes next (down). */
static enum step take_value(struct scan *s)
{
	skip_space(s);
	if (take(s, '{')) {
		skip_space(s);
		if (take(s, '}'))
			return s->depth < JSON_MAX_DEPTH ? STEP_DONE : STEP_BAD;
		return open_level(s, true) && take_name(s) ? STEP_DOWN : STEP_BAD;
	}
	if (take(s, '[')) {
		skip_space(s);
		if (take(s, ']'))
			return s->depth < JSON_MAX_DEPTH ? STEP_DONE : STEP_BAD;
		return open_level(s, false) ? STEP_DOWN : STEP_BAD;
	}
	if (s->p < s->end && *s->p == '"')
		return take_string(s) ? STEP_DONE : STEP_BAD;
	if (take_word(s, "true") || take_word(s, "false") || take_word(s, "null"))
		return STEP_DONE;
	return take_number(s) ? STEP_DONE : STEP_BAD;
}

/* After a value: closes levels until a comma asks for the next value (true),
 * or the text is over or wrong (false; over when depth is 0). */
static bool next_value(struct scan *s)
{
	while (s->depth) {
		skip_space(s);
		if (take(s, ','))
			return !in_object(s) || take_name(s);
		if (!take(s, in_object(s) ? '}' : ']'))
			return false;
		s->depth--;
	}
	return false;
}

bool json_is_valid(struct span text)
{
	struct scan s = {.p = (const unsigned char *)text.p,
			 .end = (const unsigned char *)text.p + text.n};
	enum step step;

	do {
		while ((step = take_value(&s)) == STEP_DOWN)
			;
		if (step == STEP_BAD)
			return false;
	} while (next_value(&s));
	skip_space(&s);
	return s.depth == 0 && s.p == s.end;
}

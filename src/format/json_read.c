/* SPDX-License-Identifier: ISC */
/*
 * Text to values, by RFC 8259's grammar to the letter, in one pass: a small
 * machine over the bytes that builds json-c's values as it goes, without
 * recursion.  It exists because json-c's own parser, even when told to be
 * strict, takes single quotes, NaN, control characters in strings, numbers like
 * `01` and UTF-8 that isn't, and cuts an integer that is too large.
 */
#include "format/json.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* One level: an object or array that is open, and the name of the member whose
 * value comes next. */
struct level {
	struct json_object *container;
	char *name;
	size_t room; /* of name */
};

struct reader {
	const unsigned char *p, *end;
	bool build; /* values are made; else the grammar alone is looked at */
	struct level levels[JSON_MAX_DEPTH];
	uint64_t objects; /* bit n: level n + 1 is an object, not an array */
	int depth;
	struct json_object *top; /* the value of the text */
	struct buf text;         /* a string that has escapes, without them */
};

static void skip_space(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r'))
		r->p++;
}

static bool take(struct reader *r, char c)
{
	if (r->p == r->end || *r->p != (unsigned char)c)
		return false;
	r->p++;
	return true;
}

static bool take_word(struct reader *r, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(r->end - r->p) < n || memcmp(r->p, word, n) != 0)
		return false;
	r->p += n;
	return true;
}

static bool take_digits(struct reader *r)
{
	const unsigned char *first = r->p;

	while (r->p < r->end && isdigit(*r->p))
		r->p++;
	return r->p > first;
}

/* Four hexadecimal digits; -1: there are none. */
static long take_unit(struct reader *r)
{
	long unit = 0;
	int i;

	for (i = 0; i < 4; i++, r->p++) {
		if (r->p == r->end || !isxdigit(*r->p))
			return -1;
		unit = unit * 16 + (isdigit(*r->p) ? *r->p - '0' : tolower(*r->p) - 'a' + 10);
	}
	return unit;
}

static void put_utf8(struct buf *b, unsigned long c)
{
	if (c < 0x80) {
		buf_putc(b, (char)c);
	} else if (c < 0x800) {
		buf_putc(b, (char)(0xC0 | c >> 6));
		buf_putc(b, (char)(0x80 | (c & 0x3F)));
	} else if (c < 0x10000) {
		buf_putc(b, (char)(0xE0 | c >> 12));
		buf_putc(b, (char)(0x80 | (c >> 6 & 0x3F)));
		buf_putc(b, (char)(0x80 | (c & 0x3F)));
	} else {
		buf_putc(b, (char)(0xF0 | c >> 18));
		buf_putc(b, (char)(0x80 | (c >> 12 & 0x3F)));
		buf_putc(b, (char)(0x80 | (c >> 6 & 0x3F)));
		buf_putc(b, (char)(0x80 | (c & 0x3F)));
	}
}

/* What follows `\u`.  Half of a surrogate pair alone is no character: U+FFFD
 * stands for it (RFC 8259, 8.2, leaves that open). */
static bool take_unicode(struct reader *r)
{
	long unit = take_unit(r), low;
	const unsigned char *after = r->p;

	if (unit < 0)
		return false;
	if (unit >= 0xD800 && unit <= 0xDBFF && r->end - r->p >= 2 && r->p[0] == '\\' && r->p[1] == 'u') {
		r->p += 2;
		low = take_unit(r);
		if (low < 0)
			return false;
		if (low >= 0xDC00 && low <= 0xDFFF) {
			put_utf8(&r->text, 0x10000 + ((unsigned long)(unit - 0xD800) << 10) +
					   (unsigned long)(low - 0xDC00));
			return true;
		}
		r->p = after; /* what follows is a character of its own */
	}
	put_utf8(&r->text, unit >= 0xD800 && unit <= 0xDFFF ? 0xFFFD : (unsigned long)unit);
	return true;
}

static bool take_escape(struct reader *r)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;

	if (r->p == r->end)
		return false;
	if (take(r, 'u'))
		return take_unicode(r);
	at = *r->p ? strchr(from, *r->p) : NULL;
	if (!at)
		return false;
	r->p++;
	buf_putc(&r->text, to[at - from]);
	return true;
}

/*
 * A string; its text is left in *out until the next one is taken.  Mostly there
 * is no escape in it: then that is where it stands, else r->text.
 */
static bool take_string(struct reader *r, struct span *out)
{
	const unsigned char *run;
	bool escaped = false;

	if (!take(r, '"'))
		return false;
	for (run = r->p; r->p < r->end && *r->p != '"'; ) {
		size_t n;

		if (*r->p >= 0x20 && *r->p < 0x80 && *r->p != '\\') {
			r->p++;
			continue;
		}
		if (*r->p < 0x20)
			return false;
		if (*r->p != '\\') {
			n = utf8_sequence(r->p, (size_t)(r->end - r->p));
			if (!n)
				return false;
			r->p += n;
			continue;
		}
		if (!escaped)
			buf_reset(&r->text);
		escaped = true;
		buf_add(&r->text, run, (size_t)(r->p - run));
		r->p++;
		if (!take_escape(r))
			return false;
		run = r->p;
	}
	if (escaped)
		buf_add(&r->text, run, (size_t)(r->p - run));
	*out = escaped ? (struct span){buf_text(&r->text), r->text.len}
		       : (struct span){(const char *)run, (size_t)(r->p - run)};
	return take(r, '"');
}

/* Puts a value where it belongs: it is the text's, or the next of the level. */
static void place(struct reader *r, struct json_object *value)
{
	struct level *l = r->depth ? &r->levels[r->depth - 1] : NULL;

	if (!r->build)
		return;
	if (!l)
		r->top = value;
	else if (r->objects >> (r->depth - 1) & 1)
		json_object_object_add(l->container, l->name, value);
	else
		json_object_array_add(l->container, value);
}

/* An integer that fits is one; any other number keeps its digits as text. */
static struct json_object *number_of(const char *first, size_t n, bool integer)
{
	struct json_object *number;
	double nearest = 0;
	int64_t value;
	char *text;

	if (integer && span_to_int64((struct span){first, n}, &value) == 0)
		return json_object_new_int64(value);
	text = span_dup((struct span){first, n});
	json_parse_double(text, &nearest);
	number = json_object_new_double_s(nearest, text);
	free(text);
	return number;
}

/* -? (0 | [1-9][0-9]*) ('.' [0-9]+)? ([eE] [+-]? [0-9]+)? */
static bool take_number(struct reader *r)
{
	const unsigned char *first = r->p;
	bool integer = true;

	take(r, '-');
	if (!take(r, '0') && !take_digits(r))
		return false;
	if (take(r, '.')) {
		integer = false;
		if (!take_digits(r))
			return false;
	}
	if (take(r, 'e') || take(r, 'E')) {
		integer = false;
		if (!take(r, '+'))
			take(r, '-');
		if (!take_digits(r))
			return false;
	}
	if (r->build)
		place(r, number_of((const char *)first, (size_t)(r->p - first), integer));
	return true;
}

static bool open_level(struct reader *r, bool object)
{
	struct json_object *container = NULL;

	if (r->depth == JSON_MAX_DEPTH)
		return false;
	if (r->build)
		container = object ? json_object_new_object() : json_object_new_array();
	place(r, container);
	r->levels[r->depth].container = container;
	r->objects &= ~(UINT64_C(1) << r->depth);
	r->objects |= (uint64_t)object << r->depth;
	r->depth++;
	return true;
}

/* "name" : with white space around, when the value to come is a member. */
static bool take_name(struct reader *r)
{
	struct level *l = &r->levels[r->depth - 1];
	struct span name;

	skip_space(r);
	if (!take_string(r, &name))
		return false;
	if (r->build) {
		if (l->room <= name.n) {
			l->room = 2 * name.n + 32;
			l->name = mem_realloc(l->name, l->room);
		}
		memcpy(l->name, name.p, name.n);
		l->name[name.n] = '\0';
	}
	skip_space(r);
	return take(r, ':');
}

static bool take_literal(struct reader *r)
{
	if (take_word(r, "null"))
		place(r, NULL);
	else if (take_word(r, "true"))
		place(r, r->build ? json_object_new_boolean(true) : NULL);
	else if (take_word(r, "false"))
		place(r, r->build ? json_object_new_boolean(false) : NULL);
	else
		return false;
	return true;
}

enum step { STEP_BAD, STEP_DOWN, STEP_DONE };

/* One value: a scalar (done), an empty container (done), or the opening of a
 * container whose first value comes next (down). */
static enum step take_value(struct reader *r)
{
	struct span text;

	skip_space(r);
	if (take(r, '{')) {
		if (!open_level(r, true))
			return STEP_BAD;
		skip_space(r);
		if (!take(r, '}'))
			return take_name(r) ? STEP_DOWN : STEP_BAD;
		r->depth--;
		return STEP_DONE;
	}
	if (take(r, '[')) {
		if (!open_level(r, false))
			return STEP_BAD;
		skip_space(r);
		if (!take(r, ']'))
			return STEP_DOWN;
		r->depth--;
		return STEP_DONE;
	}
	if (r->p < r->end && *r->p == '"') {
		if (!take_string(r, &text))
			return STEP_BAD;
		if (r->build)
			place(r, json_object_new_string_len(text.p, (int)text.n));
		return STEP_DONE;
	}
	return take_literal(r) || take_number(r) ? STEP_DONE : STEP_BAD;
}

/* After a value: closes levels until a comma asks for the next value (true),
 * or the text is over or wrong (false; over when depth is 0). */
static bool next_value(struct reader *r)
{
	while (r->depth) {
		bool object = r->objects >> (r->depth - 1) & 1;

		skip_space(r);
		if (take(r, ','))
			return !object || take_name(r);
		if (!take(r, object ? '}' : ']'))
			return false;
		r->depth--;
	}
	return false;
}

static bool read_text(struct reader *r)
{
	enum step step;

	do {
		while ((step = take_value(r)) == STEP_DOWN)
			;
		if (step == STEP_BAD)
			return false;
	} while (next_value(r));
	skip_space(r);
	return r->depth == 0 && r->p == r->end;
}

static bool read_whole(struct span text, bool build, struct json_object **value, size_t *at)
{
	const unsigned char *first = (const unsigned char *)text.p;
	struct reader r = {.p = first, .build = build,
			   .end = first + text.n};
	bool valid;
	size_t i;

	*at = 0;
	if (text.n > INT32_MAX)
		return false;
	buf_init(&r.text, text.n + 1); /* an escape is longer than what it stands for */
	valid = read_text(&r);
	for (i = 0; i < JSON_MAX_DEPTH; i++)
		free(r.levels[i].name);
	buf_free(&r.text);
	*at = (size_t)(r.p - first);
	if (valid)
		*value = r.top;
	else
		json_object_put(r.top);
	return valid;
}

bool json_is_valid(struct span text)
{
	struct json_object *none;
	size_t at;

	return read_whole(text, false, &none, &at);
}

struct json_object *json_parse(struct span text)
{
	struct json_object *value = NULL;
	size_t at;

	return read_whole(text, true, &value, &at) ? value : NULL;
}

size_t json_fault_at(struct span text)
{
	struct json_object *none;
	size_t at;

	read_whole(text, false, &none, &at);
	return at;
}

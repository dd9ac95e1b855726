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
 * value comes next: its own copy, or one that lasts as long as the process. */
struct level {
	struct json_object *container;
	const char *lasting; /* or NULL */
	char *name;
	size_t room; /* of name */
};

struct reader {
	const unsigned char *p, *end;
	bool build; /* values are made; else the grammar alone is looked at */
	json_members *find; /* which members are made; NULL: all */
	int apart; /* the level of a member that is left out, or taken whole; 0: none */
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
	static const unsigned char first[] = {0, 0xC0, 0xE0, 0xF0};
	int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;

	buf_putc(b, (char)(first[more] | c >> 6 * more));
	for (; more > 0; more--)
		buf_putc(b, (char)(0x80 | (c >> 6 * (more - 1) & 0x3F)));
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

/* Goes to the next byte that is not as plain as most of a string's; false: there is none. */
static bool pass_plain(struct reader *r)
{
	const unsigned char *p = r->p;

	while (p < r->end && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\')
		p++;
	r->p = p;
	return p < r->end;
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
	for (run = r->p; pass_plain(r) && *r->p != '"'; ) {
		size_t n;

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
	else if (!(r->objects >> (r->depth - 1) & 1))
		json_object_array_add(l->container, value);
	else if (l->lasting)
		json_must_add(json_object_object_add_ex(l->container, l->lasting, value,
							JSON_C_OBJECT_ADD_CONSTANT_KEY));
	else
		json_object_object_add(l->container, l->name, value);
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

/* Goes back one level.  With it ends a member that was left out, or taken whole. */
static void close_level(struct reader *r)
{
	r->depth--;
	if (r->apart > r->depth) {
		r->apart = 0;
		r->build = true;
	}
}

/* Decides about the member whose value comes next: where only some are made, one that nobody
 * knows is left out with all that is in it, and of one that is whole nothing is. */
static void choose_member(struct reader *r, struct level *l, struct span name)
{
	bool whole;

	if (r->apart == r->depth) {
		r->apart = 0;
		r->build = true;
	}
	l->lasting = NULL;
	if (r->apart || !r->find)
		return;
	l->lasting = r->find(name, &whole);
	r->build = l->lasting != NULL;
	if (!r->build || whole)
		r->apart = r->depth;
}

static void keep_name(struct level *l, struct span name)
{
	if (l->room <= name.n) {
		l->room = 2 * name.n + 32;
		l->name = mem_realloc(l->name, l->room);
	}
	memcpy(l->name, name.p, name.n);
	l->name[name.n] = '\0';
}

/* "name" : with white space around, when the value to come is a member. */
static bool take_name(struct reader *r)
{
	struct level *l = &r->levels[r->depth - 1];
	struct span name;

	skip_space(r);
	if (!take_string(r, &name))
		return false;
	choose_member(r, l, name);
	if (r->build && !l->lasting)
		keep_name(l, name);
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
		close_level(r);
		return STEP_DONE;
	}
	if (take(r, '[')) {
		if (!open_level(r, false))
			return STEP_BAD;
		skip_space(r);
		if (!take(r, ']'))
			return STEP_DOWN;
		close_level(r);
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
		close_level(r);
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

/* Reads a text whole; what was made of it is r->top. */
static bool read_whole(struct span text, struct reader *r)
{
	bool valid;
	size_t i;

	if (text.n > INT32_MAX)
		return false;
	r->p = (const unsigned char *)text.p;
	r->end = r->p + text.n;
	buf_init(&r->text, text.n + 1); /* an escape is longer than what it stands for */
	valid = read_text(r);
	for (i = 0; i < JSON_MAX_DEPTH; i++)
		free(r->levels[i].name);
	buf_free(&r->text);
	if (valid)
		return true;
	json_object_put(r->top);
	r->top = NULL;
	return false;
}

bool json_is_valid(struct span text)
{
	struct reader r = {.build = false};

	return read_whole(text, &r);
}

struct json_object *json_parse(struct span text)
{
	return json_parse_members(text, NULL);
}

struct json_object *json_parse_members(struct span text, json_members *find)
{
	struct reader r = {.build = true, .find = find};

	read_whole(text, &r);
	return r.top;
}

size_t json_fault_at(struct span text)
{
	struct reader r = {.p = NULL};

	read_whole(text, &r);
	return r.p ? (size_t)(r.p - (const unsigned char *)text.p) : 0;
}

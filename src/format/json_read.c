/* SPDX-License-Identifier: ISC */
/*
 * Text to values, by RFC 8259's grammar to the letter, in one pass: a small
 * machine over the bytes that builds json-c's values as it goes, without
 * recursion.  It exists because json-c's own parser, even when told to be
 * strict, takes single quotes, NaN, control characters in strings, numbers like
 * `01` and UTF-8 that isn't, and cuts an integer that is too large.
 */
#include "format/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/json_name.h"
#include "format/json_scan.h"

#define MANY 11    /* members; json-c makes a new table for the next one, */
#define MORE 42    /* and here at once one for so many */

/* One level: an object or array that is open, and the name of the member whose
 * value comes next: its own copy, or one that lasts as long as the process. */
struct level {
	struct json_object *container;
	const char *lasting; /* or NULL */
	char *name;
	size_t room; /* of name */
};

struct reader {
	struct json_scan scan; /* the text */
	const struct json_known *known; /* an object that may stand in it, or NULL */
	bool build; /* values are made; else the grammar alone is looked at */
	json_members *find; /* which members are made; NULL: all */
	int apart; /* the level of a member that is left out, or taken whole; 0: none */
	struct level levels[JSON_MAX_DEPTH];
	uint64_t objects; /* bit n: level n + 1 is an object, not an array */
	int depth;
	struct json_object *top; /* the value of the text */
};

/* Puts a value where it belongs: it is the text's, or the next of the level. */
static void place(struct reader *r, struct json_object *value)
{
	struct level *l = r->depth ? &r->levels[r->depth - 1] : NULL;

	if (!r->build)
		return;
	if (!l) {
		r->top = value;
		return;
	}
	if (!(r->objects >> (r->depth - 1) & 1)) {
		json_object_array_add(l->container, value);
		return;
	}
	if (json_object_object_length(l->container) == MANY)
		json_make_room(l->container, MORE);
	if (l->lasting)
		json_must_add(json_object_object_add_ex(l->container, l->lasting, value,
							JSON_C_OBJECT_ADD_CONSTANT_KEY));
	else
		json_object_object_add(l->container, l->name, value);
}

/* An integer that fits is one; any other number keeps its digits as text. */
static struct json_object *number_of(struct span digits, bool integer)
{
	struct json_object *number;
	double nearest = 0;
	int64_t value;
	char *text;

	if (integer && span_to_int64(digits, &value) == 0)
		return json_object_new_int64(value);
	text = span_dup(digits);
	json_parse_double(text, &nearest);
	number = json_object_new_double_s(nearest, text);
	free(text);
	return number;
}

static bool take_number(struct reader *r)
{
	struct span digits;
	bool integer;

	if (!json_scan_number(&r->scan, &digits, &integer))
		return false;
	if (r->build)
		place(r, number_of(digits, integer));
	return true;
}

/* Takes an object that was read already, if it stands here in the same bytes: an object's text tells
 * by itself where it ends.  It is shared. */
static bool take_known(struct reader *r)
{
	const struct json_known *known = r->known;

	if (!known || !known->value || !r->depth || (size_t)(r->scan.end - r->scan.p) < known->text.len ||
	    memcmp(r->scan.p, buf_text(&known->text), known->text.len) != 0)
		return false;
	place(r, json_object_get(known->value));
	r->scan.p += known->text.len;
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

	json_scan_space(&r->scan);
	if (!json_scan_string(&r->scan, &name))
		return false;
	choose_member(r, l, name);
	if (r->build && !l->lasting)
		l->lasting = json_name(name);
	if (r->build && !l->lasting)
		keep_name(l, name);
	json_scan_space(&r->scan);
	return json_scan_take(&r->scan, ':');
}

static bool take_literal(struct reader *r)
{
	if (json_scan_word(&r->scan, "null"))
		place(r, NULL);
	else if (json_scan_word(&r->scan, "true"))
		place(r, r->build ? json_object_new_boolean(true) : NULL);
	else if (json_scan_word(&r->scan, "false"))
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

	json_scan_space(&r->scan);
	if (take_known(r))
		return STEP_DONE;
	if (json_scan_take(&r->scan, '{')) {
		if (!open_level(r, true))
			return STEP_BAD;
		json_scan_space(&r->scan);
		if (!json_scan_take(&r->scan, '}'))
			return take_name(r) ? STEP_DOWN : STEP_BAD;
		close_level(r);
		return STEP_DONE;
	}
	if (json_scan_take(&r->scan, '[')) {
		if (!open_level(r, false))
			return STEP_BAD;
		json_scan_space(&r->scan);
		if (!json_scan_take(&r->scan, ']'))
			return STEP_DOWN;
		close_level(r);
		return STEP_DONE;
	}
	if (r->scan.p < r->scan.end && *r->scan.p == '"') {
		if (!json_scan_string(&r->scan, &text))
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

		json_scan_space(&r->scan);
		if (json_scan_take(&r->scan, ','))
			return !object || take_name(r);
		if (!json_scan_take(&r->scan, object ? '}' : ']'))
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
	json_scan_space(&r->scan);
	return r->depth == 0 && r->scan.p == r->scan.end;
}

/* Reads a text whole; what was made of it is r->top. */
static bool read_whole(struct span text, struct reader *r)
{
	bool valid;
	size_t i;

	if (text.n > INT32_MAX)
		return false;
	r->scan.p = (const unsigned char *)text.p;
	r->scan.end = r->scan.p + text.n;
	buf_init(&r->scan.text, text.n + 1); /* an escape is longer than what it stands for */
	valid = read_text(r);
	for (i = 0; i < JSON_MAX_DEPTH; i++)
		free(r->levels[i].name);
	buf_forget(&r->scan.text); /* a secret may have escapes */
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

struct json_object *json_parse_after(struct json_known *known, struct span text)
{
	struct reader r = {.build = true, .known = known};

	read_whole(text, &r);
	if (!known)
		return r.top;
	known->value = json_object_is_type(r.top, json_type_object) ? r.top : NULL;
	buf_reset(&known->text);
	if (!known->value || buf_add(&known->text, text.p, text.n))
		known->value = NULL;
	return r.top;
}

size_t json_fault_at(struct span text)
{
	struct reader r = {.build = false};

	read_whole(text, &r);
	return r.scan.p ? (size_t)(r.scan.p - (const unsigned char *)text.p) : 0;
}

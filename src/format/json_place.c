/* SPDX-License-Identifier: ISC */
/*
 * Finding a place's line: json-c's values know nothing of where they stood, so the
 * text is walked along the place once more.
 */
#include "format/json_place.h"

#include <string.h>

void json_place_name(const struct json_place *place, struct buf *out)
{
	if (!place)
		return;
	json_place_name(place->up, out);
	if (place->name)
		buf_printf(out, "%s%s", place->up ? "." : "", place->name);
	else
		buf_printf(out, "[%zu]", place->index);
}

static size_t line_at(struct span text, size_t n)
{
	size_t i, line = 1;

	for (i = 0; i < n && i < text.n; i++)
		line += text.p[i] == '\n';
	return line;
}

size_t json_fault_line(struct span text)
{
	return line_at(text, json_fault_at(text));
}

struct cursor {
	const char *p, *end;
};

static bool is_at(const struct cursor *c, const char *any)
{
	return c->p < c->end && *c->p && strchr(any, *c->p);
}

static void skip_space(struct cursor *c)
{
	while (is_at(c, " \t\r\n"))
		c->p++;
}

/* The string with its quotes. */
static struct span take_string(struct cursor *c)
{
	const char *first = c->p++;

	while (c->p < c->end && *c->p != '"')
		c->p += *c->p == '\\' && c->end - c->p > 1 ? 2 : 1;
	c->p += c->p < c->end;
	return (struct span){first, (size_t)(c->p - first)};
}

static void skip_value(struct cursor *c)
{
	size_t depth = 0;

	do {
		if (is_at(c, "\"")) {
			take_string(c);
			continue;
		}
		depth += is_at(c, "{[");
		if (is_at(c, "}]"))
			depth--;
		c->p++;
		while (!depth && c->p < c->end && !is_at(c, ",]} \t\r\n\""))
			c->p++; /* the rest of a number or word */
	} while (depth && c->p < c->end);
}

static bool is_name(struct span string, const char *name)
{
	struct json_object *value = json_parse(string);
	bool same = value && strcmp(json_object_get_string(value), name) == 0;

	json_object_put(value);
	return same;
}

/* To the value of the last member of that name; where its name stands. */
static const char *seek_member(struct cursor *c, const char *name)
{
	struct cursor found = {NULL, c->end};
	const char *at = NULL;

	if (!is_at(c, "{"))
		return NULL;
	c->p++;
	for (skip_space(c); is_at(c, "\""); skip_space(c)) {
		struct span string = take_string(c);

		skip_space(c);
		c->p++; /* the colon */
		skip_space(c);
		if (is_name(string, name)) {
			at = string.p;
			found = *c;
		}
		skip_value(c);
		skip_space(c);
		if (is_at(c, ","))
			c->p++;
	}
	*c = found;
	return at;
}

static const char *seek_element(struct cursor *c, size_t index)
{
	if (!is_at(c, "["))
		return NULL;
	c->p++;
	for (skip_space(c); index && c->p < c->end && !is_at(c, "]"); index--) {
		skip_value(c);
		skip_space(c);
		if (is_at(c, ","))
			c->p++;
		skip_space(c);
	}
	return index || is_at(c, "]") ? NULL : c->p;
}

/* To the place's value; where the place begins, NULL where it is not there. */
static const char *seek(struct cursor *c, const struct json_place *place)
{
	if (place->up && !seek(c, place->up))
		return NULL;
	skip_space(c);
	return place->name ? seek_member(c, place->name) : seek_element(c, place->index);
}

size_t json_place_line(const struct json_place *place, struct span text)
{
	struct cursor c = {text.p, text.p + text.n};
	const char *at = place ? seek(&c, place) : NULL;

	return at ? line_at(text, (size_t)(at - text.p)) : 1;
}

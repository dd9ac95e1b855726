/* SPDX-License-Identifier: ISC */
/*
 * Reading Stripe's objects by tables of paths.
 */
#include "shop/attributes.h"

#include <string.h>

#include "format/iso8601.h"

#define STEP_MAX 64      /* bytes of one step of a path; Stripe's names are shorter */
#define DECIMAL_MAX 40   /* bytes of a number that is taken over as text */

/* The name of the member that a step of a path means; NULL where it is none. */
static const char *step_name(struct json_object *object, struct span of, char step[STEP_MAX])
{
	if (!of.n || of.n >= STEP_MAX)
		return NULL;
	memcpy(step, of.p, of.n);
	step[of.n] = '\0';
	return *step == '@' && strcmp(step, "@type") == 0 ? json_string_or_null(object, "type") : step;
}

/* Follows a path to its last step: the object that this is a member of, and its name. */
static struct json_object *find_last(struct json_object *from, const char *path,
				     char step[STEP_MAX], const char **name)
{
	const char *dot;

	while ((dot = strchr(path, '.'))) {
		*name = step_name(from, (struct span){path, (size_t)(dot - path)}, step);
		if (!*name || json_get_object(from, *name, &from) != JSON_FOUND)
			return NULL;
		path = dot + 1;
	}
	*name = step_name(from, span_of(path), step);
	return *name ? from : NULL;
}

struct json_object *attributes_find(struct json_object *from, const char *path)
{
	struct json_object *value = NULL, *object;
	char step[STEP_MAX];
	const char *name;

	if (!*path)
		return from;
	object = find_last(from, path, step, &name);
	if (json_object_is_type(object, json_type_object))
		json_object_object_get_ex(object, name, &value);
	return value;
}

/* A number as Stripe writes it, but without zeros at the end of its fraction: 19.0
 * per cent are "19". */
static struct json_object *decimal_of(struct json_object *value)
{
	const char *text;
	size_t n;

	if (!json_object_is_type(value, json_type_double) &&
	    !json_object_is_type(value, json_type_int))
		return NULL;
	text = json_text(value);
	n = strlen(text);
	if (n > DECIMAL_MAX)
		return NULL;
	if (strchr(text, '.') && !strpbrk(text, "eE")) {
		while (text[n - 1] == '0')
			n--;
		n -= text[n - 1] == '.';
	}
	return json_object_new_string_len(text, (int)n);
}

static struct json_object *text_of(const char *text)
{
	return str_empty(text) ? NULL : json_object_new_string(text);
}

/* A text, an id, a time or a number; NULL where it is not there, or empty. */
static struct json_object *scalar_of(const struct attribute *a, struct json_object *from)
{
	char step[STEP_MAX], time[ISO8601_SIZE];
	const char *name;
	int64_t number;

	from = find_last(from, a->path, step, &name);
	if (!from)
		return NULL;
	switch (a->kind) {
	case ATTRIBUTE_TEXT:
		return text_of(json_string_or_null(from, name));
	case ATTRIBUTE_ID:
		return text_of(json_id_or_null(from, name));
	case ATTRIBUTE_TIME:
		if (json_get_time(from, name, &number) != JSON_FOUND)
			return NULL;
		return text_of(iso8601_time(number, time));
	default:
		if (json_get_int(from, name, &number) != JSON_FOUND)
			return NULL;
		return json_object_new_int64(number);
	}
}

struct json_object *attributes_object(struct json_object *from, const struct attribute *table)
{
	struct json_object *object;
	const struct attribute *a;

	if (!json_object_is_type(from, json_type_object))
		return NULL;
	object = json_object_new_object();
	attributes_set(object, table, from);
	for (a = table; a->name; a++)
		if (!a->aside && json_object_object_get_ex(object, a->name, NULL))
			return object;
	json_object_put(object);
	return NULL;
}

/* The elements of which something is there; NULL where none is. */
static struct json_object *list_of(struct json_object *value, const struct attribute *inside)
{
	struct json_object *list = NULL, *object;
	size_t i, n = json_object_is_type(value, json_type_array) ? json_object_array_length(value)
								  : 0;

	for (i = 0; i < n; i++) {
		object = attributes_object(json_object_array_get_idx(value, i), inside);
		if (object && !list)
			list = json_object_new_array();
		if (object)
			json_object_array_add(list, object);
	}
	return list;
}

/* What stands at the attribute's path, as its kind says; NULL where nothing does. */
static struct json_object *value_of(const struct attribute *a, struct json_object *from)
{
	switch (a->kind) {
	case ATTRIBUTE_OBJECT:
		return attributes_object(attributes_find(from, a->path), a->inside);
	case ATTRIBUTE_LIST:
		return list_of(attributes_find(from, a->path), a->inside);
	case ATTRIBUTE_DECIMAL:
		return decimal_of(attributes_find(from, a->path));
	default:
		return scalar_of(a, from);
	}
}

void attributes_set(struct json_object *to, const struct attribute *table,
		    struct json_object *from)
{
	const struct attribute *a;

	for (a = table; a->name; a++)
		if (!json_object_object_length(to) || !json_object_object_get_ex(to, a->name, NULL))
			json_set(to, a->name, value_of(a, from));
}

/* SPDX-License-Identifier: ISC */
/*
 * Attribute values, both ways, by one function for each.
 */
#include "store/value.h"

#include <stdlib.h>
#include <string.h>

static struct json_object *from_json(struct json_object *value);

static struct json_object *tagged(const char *tag, struct json_object *value)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, tag, value);
	return object;
}

static struct json_object *list_from_json(struct json_object *array)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; i < json_object_array_length(array); i++)
		json_object_array_add(list, from_json(json_object_array_get_idx(array, i)));
	return list;
}

struct json_object *aws_item_from_json(struct json_object *object)
{
	struct json_object *item = json_object_new_object();
	struct json_walk walk = json_walk_of(object);

	while (json_walk_next(&walk))
		json_object_object_add(item, walk.key, from_json(walk.value));
	return item;
}

static struct json_object *from_json(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_string:
		return tagged("S", json_copy(value));
	case json_type_int:
	case json_type_double:
		return tagged("N", json_object_new_string(json_text(value)));
	case json_type_boolean:
		return tagged("BOOL", json_copy(value));
	case json_type_array:
		return tagged("L", list_from_json(value));
	case json_type_object:
		return tagged("M", aws_item_from_json(value));
	case json_type_null:
		break;
	}
	return tagged("NULL", json_object_new_boolean(true));
}

/* *ok becomes false where `value` is no attribute value. */
static struct json_object *to_json(struct json_object *value, bool *ok);

/* A number, which is a string on the wire. */
static struct json_object *number_to_json(struct json_object *value, bool *ok)
{
	const char *text = json_object_is_type(value, json_type_string)
		? json_object_get_string(value) : "";
	struct json_object *parsed, *number;
	int64_t integer;

	if (span_to_int64(span_of(text), &integer) == 0)
		return json_object_new_int64(integer);
	parsed = json_parse(span_of(text));
	*ok &= json_object_is_type(parsed, json_type_int) ||
	       json_object_is_type(parsed, json_type_double);
	number = json_object_new_double_s(json_object_get_double(parsed), text);
	json_object_put(parsed);
	return number;
}

static struct json_object *list_to_json(struct json_object *list, bool *ok)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < json_object_array_length(list); i++)
		json_object_array_add(array, to_json(json_object_array_get_idx(list, i), ok));
	return array;
}

static struct json_object *numbers_to_json(struct json_object *set, bool *ok)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < json_object_array_length(set); i++)
		json_object_array_add(array, number_to_json(json_object_array_get_idx(set, i), ok));
	return array;
}

static struct json_object *map_to_json(struct json_object *map, bool *ok)
{
	struct json_object *object = json_object_new_object();
	struct json_walk walk = json_walk_of(map);

	while (json_walk_next(&walk))
		json_object_object_add(object, walk.key, to_json(walk.value, ok));
	return object;
}

static struct json_object *to_json(struct json_object *value, bool *ok)
{
	struct json_object *of;

	if (json_object_object_get_ex(value, "S", &of) ||
	    json_object_object_get_ex(value, "B", &of) ||
	    json_object_object_get_ex(value, "BOOL", &of) ||
	    json_object_object_get_ex(value, "SS", &of) ||
	    json_object_object_get_ex(value, "BS", &of))
		return json_copy(of);
	if (json_object_object_get_ex(value, "N", &of))
		return number_to_json(of, ok);
	if (json_get_array(value, "L", &of) == JSON_FOUND)
		return list_to_json(of, ok);
	if (json_get_array(value, "NS", &of) == JSON_FOUND)
		return numbers_to_json(of, ok);
	if (json_get_object(value, "M", &of) == JSON_FOUND)
		return map_to_json(of, ok);
	*ok &= json_object_object_get_ex(value, "NULL", NULL) != 0;
	return NULL;
}

struct json_object *aws_item_to_json(struct json_object *item)
{
	struct json_object *object;
	bool ok = true;

	if (!json_object_is_type(item, json_type_object))
		return NULL;
	object = map_to_json(item, &ok);
	if (ok)
		return object;
	json_object_put(object);
	return NULL;
}

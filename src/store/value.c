/* SPDX-License-Identifier: ISC */
/*
 * Attribute values, both ways, by one function for each.
 */
#include "store/value.h"

#include "format/json_canonical.h"
#include "format/json_write.h"

static void write_value(struct buf *out, struct json_object *value);

void aws_item_write(struct buf *out, struct json_object *object)
{
	json_write_object(out, object, write_value);
}

/* {"S":"text"} and the like, with the value's own text. */
static void write_tagged(struct buf *out, const char *tag, struct json_object *value)
{
	buf_puts(out, tag);
	json_write(out, value);
	buf_putc(out, '}');
}

static void write_value(struct buf *out, struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_string:
		write_tagged(out, "{\"S\":", value);
		break;
	case json_type_int:
	case json_type_double:
		buf_puts(out, "{\"N\":\"");
		json_write(out, value);
		buf_puts(out, "\"}");
		break;
	case json_type_boolean:
		write_tagged(out, "{\"BOOL\":", value);
		break;
	case json_type_array:
		buf_puts(out, "{\"L\":");
		json_write_array(out, value, write_value);
		buf_putc(out, '}');
		break;
	case json_type_object:
		buf_puts(out, "{\"M\":");
		aws_item_write(out, value);
		buf_putc(out, '}');
		break;
	case json_type_null:
		buf_puts(out, "{\"NULL\":true}");
	}
}

void aws_string_write(struct buf *out, const char *text)
{
	buf_puts(out, "{\"S\":");
	json_write_string(out, span_of(text));
	buf_putc(out, '}');
}

void aws_number_write(struct buf *out, int64_t number)
{
	buf_puts(out, "{\"N\":\"");
	json_write_int(out, number);
	buf_puts(out, "\"}");
}

/* *ok becomes false where `value` is no attribute value. */
static struct json_object *to_json(struct json_object *value, bool *ok);

/* A number, which is a string on the wire.  What is worth an integer is one, however it is written:
 * Amazon's DynamoDB gives 2500 for each of 2500.0 and 25E+2, what is said to be compatible may not. */
static struct json_object *number_to_json(struct json_object *value, bool *ok)
{
	const char *text = json_object_is_type(value, json_type_string)
		? json_object_get_string(value) : "";
	struct json_object *parsed, *number;
	int64_t integer;

	if (span_to_int64(span_of(text), &integer) == 0)
		return json_object_new_int64(integer);
	parsed = json_parse(span_of(text));
	if (!json_object_is_type(parsed, json_type_int) && !json_object_is_type(parsed, json_type_double)) {
		*ok = false;
		number = NULL;
	} else if (json_number_to_int64(text, &integer) == 0) {
		number = json_object_new_int64(integer);
	} else {
		number = json_object_new_double_s(json_object_get_double(parsed), text);
	}
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

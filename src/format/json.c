/* SPDX-License-Identifier: ISC */
/*
 * Strict getters over json-c.
 */
#include "format/json.h"

#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "format/iso8601.h"

struct json_object *json_must(struct json_object *value)
{
	if (!value)
		mem_out();
	return value;
}

void json_must_add(int rc)
{
	if (rc)
		mem_out();
}

static enum json_found get(struct json_object *object, const char *key, enum json_type type,
			   struct json_object **value)
{
	struct json_object *member;

	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, key, &member) || !member)
		return JSON_ABSENT;
	if (!json_object_is_type(member, type))
		return JSON_WRONG;
	*value = member;
	return JSON_FOUND;
}

enum json_found json_get_string(struct json_object *object, const char *key, const char **value)
{
	struct json_object *member;
	enum json_found found = get(object, key, json_type_string, &member);
	const char *text;

	if (found != JSON_FOUND)
		return found;
	text = json_object_get_string(member);
	if (strlen(text) != (size_t)json_object_get_string_len(member))
		return JSON_WRONG;
	*value = text;
	return JSON_FOUND;
}

enum json_found json_get_int(struct json_object *object, const char *key, int64_t *value)
{
	struct json_object *member;
	enum json_found found = get(object, key, json_type_int, &member);
	int64_t number;

	if (found != JSON_FOUND)
		return found;
	number = json_object_get_int64(member);
	if (number == INT64_MAX || number == INT64_MIN)
		return JSON_WRONG;
	*value = number;
	return JSON_FOUND;
}

enum json_found json_get_time(struct json_object *object, const char *key, int64_t *seconds)
{
	int64_t number;
	enum json_found found = json_get_int(object, key, &number);

	if (found != JSON_FOUND)
		return found;
	if (number < 0 || number > ISO8601_LAST_SECOND)
		return JSON_WRONG;
	*seconds = number;
	return JSON_FOUND;
}

enum json_found json_get_bool(struct json_object *object, const char *key, bool *value)
{
	struct json_object *member;
	enum json_found found = get(object, key, json_type_boolean, &member);

	if (found == JSON_FOUND)
		*value = json_object_get_boolean(member);
	return found;
}

enum json_found json_get_object(struct json_object *object, const char *key,
				struct json_object **value)
{
	return get(object, key, json_type_object, value);
}

enum json_found json_get_array(struct json_object *object, const char *key,
			       struct json_object **value)
{
	return get(object, key, json_type_array, value);
}

const char *json_string_or_null(struct json_object *object, const char *key)
{
	const char *value = NULL;

	json_get_string(object, key, &value);
	return value;
}

const char *json_id_or_null(struct json_object *object, const char *key)
{
	struct json_object *expanded;

	const char *id;

	if (json_get_object(object, key, &expanded) == JSON_FOUND)
		id = json_string_or_null(expanded, "id");
	else
		id = json_string_or_null(object, key);
	return str_empty(id) ? NULL : id;
}

const char *json_label_or_null(struct json_object *object, const char *key)
{
	struct json_object *number;
	const char *text = json_string_or_null(object, key);

	if (text || !json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, key, &number) ||
	    !(json_object_is_type(number, json_type_int) || json_object_is_type(number, json_type_double)))
		return text;
	text = json_text(number);
	return text[strspn(text, "-0123456789")] ? NULL : text;
}

int64_t json_int_or(struct json_object *object, const char *key, int64_t otherwise)
{
	json_get_int(object, key, &otherwise);
	return otherwise;
}

int64_t json_time_or(struct json_object *object, const char *key, int64_t otherwise)
{
	json_get_time(object, key, &otherwise);
	return otherwise;
}

int64_t json_count_or_0(struct json_object *object, const char *key)
{
	int64_t count = json_int_or(object, key, 0);

	return count >= 0 && count <= INT64_MAX / 2 ? count : 0;
}

void json_set(struct json_object *object, const char *key, struct json_object *value)
{
	if (value)
		json_object_object_add(object, key, value);
}

void json_set_string(struct json_object *object, const char *key, const char *value)
{
	if (value)
		json_object_object_add(object, key, json_object_new_string(value));
}

void json_set_int(struct json_object *object, const char *key, int64_t value)
{
	json_object_object_add(object, key, json_object_new_int64(value));
}

void json_set_bool(struct json_object *object, const char *key, bool value)
{
	json_object_object_add(object, key, json_object_new_boolean(value));
}

void json_wipe_string(struct json_object *object, const char *key)
{
	struct json_object *text;

	if (get(object, key, json_type_string, &text) == JSON_FOUND)
		mem_wipe((char *)(uintptr_t)json_object_get_string(text),
			 (size_t)json_object_get_string_len(text));
}

void json_make_room(struct json_object *object, int members)
{
	struct lh_table *table = json_object_get_object(object);
	int size = members + members / 2 + 1; /* it grows where two thirds are taken */

	if (table->size < size)
		json_must_add(lh_table_resize(table, size));
}

/* Adds a member of another object that is in this one not yet. */
static void add_new(struct json_object *to, const struct json_walk *of, struct json_object *value)
{
	json_must_add(json_object_object_add_ex(to, of->key, value, JSON_C_OBJECT_ADD_KEY_IS_NEW |
						(of->lasts ? JSON_C_OBJECT_ADD_CONSTANT_KEY : 0)));
}

/* An empty one, with room for what the other one has. */
static struct json_object *new_like(struct json_object *object)
{
	struct json_object *empty = json_object_new_object();

	json_make_room(empty, json_object_object_length(object));
	return empty;
}

struct json_object *json_share(struct json_object *object)
{
	struct json_object *copy = new_like(object);
	struct json_walk walk = json_walk_of(object);

	while (json_walk_next(&walk))
		add_new(copy, &walk, json_object_get(walk.value));
	return copy;
}

/* As deep as json_parse() lets anything be.  What is no container never changes: it is shared. */
struct json_object *json_copy(struct json_object *value)
{
	struct json_object *copy;
	struct json_walk walk;
	size_t i, n;

	switch (json_object_get_type(value)) {
	case json_type_object:
		copy = new_like(value);
		for (walk = json_walk_of(value); json_walk_next(&walk);)
			add_new(copy, &walk, json_copy(walk.value));
		return copy;
	case json_type_array:
		n = json_object_array_length(value);
		copy = json_object_new_array();
		for (i = 0; i < n; i++)
			json_object_array_add(copy, json_copy(json_object_array_get_idx(value, i)));
		return copy;
	default:
		return json_object_get(value);
	}
}

void json_copy_member(struct json_object *to, const char *to_key, struct json_object *from,
		      const char *from_key)
{
	struct json_object *value;

	if (json_object_object_get_ex(from, from_key, &value))
		json_object_object_add(to, to_key, json_copy(value));
}

struct json_walk json_walk_of(struct json_object *object)
{
	struct lh_table *table = object ? json_object_get_object(object) : NULL;

	return (struct json_walk){.next = table ? lh_table_head(table) : NULL};
}

bool json_walk_next(struct json_walk *walk)
{
	if (!walk->next)
		return false;
	walk->key = lh_entry_k(walk->next);
	walk->lasts = walk->next->k_is_constant != 0;
	walk->value = (struct json_object *)lh_entry_v(walk->next);
	walk->next = lh_entry_next(walk->next);
	return true;
}

void json_merge(struct json_object *to, struct json_object *from)
{
	struct json_walk walk = json_walk_of(from);
	struct json_object *inner;

	while (json_walk_next(&walk)) {
		if (json_object_is_type(walk.value, json_type_object) &&
		    json_get_object(to, walk.key, &inner) == JSON_FOUND)
			json_merge(inner, walk.value);
		else
			json_object_object_add(to, walk.key, json_copy(walk.value));
	}
}

const char *json_text(struct json_object *value)
{
	return json_object_to_json_string_ext(value,
					      JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

/* As deep as json_parse() lets anything be.  json-c's own looks each name up in both objects. */
bool json_equal(struct json_object *a, struct json_object *b)
{
	enum json_type type = json_object_get_type(a);
	struct json_object *other;
	struct json_walk walk;
	size_t i, n;

	if (a == b)
		return true;
	if (!a || !b || type != json_object_get_type(b))
		return false;
	switch (type) {
	case json_type_object:
		if (json_object_object_length(a) != json_object_object_length(b))
			return false;
		for (walk = json_walk_of(a); json_walk_next(&walk);)
			if (!json_object_object_get_ex(b, walk.key, &other) ||
			    !json_equal(walk.value, other))
				return false;
		return true;
	case json_type_array:
		n = json_object_array_length(a);
		if (n != json_object_array_length(b))
			return false;
		for (i = 0; i < n; i++)
			if (!json_equal(json_object_array_get_idx(a, i), json_object_array_get_idx(b, i)))
				return false;
		return true;
	default:
		return json_object_equal(a, b);
	}
}

/* SPDX-License-Identifier: ISC */
/*
 * Mutations of JSON as JSON, each second one.  Bytes that change by chance hardly ever leave an object that a
 * strict parser takes; here a value becomes another one, goes, or stands in another's place, so that what is
 * tried is odd but valid.  The other half is libFuzzer's own, which has the dictionaries.
 */
#include <string.h>

#include "format/json.h"
#include "targets.h"

#define PLACES 400 /* of one text, that are chosen from */

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t most, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t n, size_t most);

/* Where a value stands: in an object under `key`, or in an array at `at`. */
struct place {
	struct json_object *in, *value;
	const char *key;
	size_t at;
};

static uint32_t state;

/* xorshift32: the same seed gives the same mutation. */
static size_t below(size_t n)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % n;
}

static size_t find_places(struct json_object *in, struct place *places, size_t n)
{
	struct json_walk walk;
	size_t i;

	if (json_object_is_type(in, json_type_object)) {
		for (walk = json_walk_of(in); n < PLACES && json_walk_next(&walk);) {
			places[n] = (struct place){.in = in, .value = walk.value, .key = walk.key};
			n = find_places(walk.value, places, n + 1);
		}
	} else if (json_object_is_type(in, json_type_array)) {
		for (i = 0; n < PLACES && i < json_object_array_length(in); i++) {
			struct json_object *value = json_object_array_get_idx(in, i);

			places[n] = (struct place){.in = in, .value = value, .at = i};
			n = find_places(value, places, n + 1);
		}
	}
	return n;
}

/* A value that is nobody's: of any kind, at the edge of its kind, or what stands elsewhere. */
static struct json_object *another(const struct place *places, size_t n)
{
	static const char *const values[] = {
		"null", "true", "false", "0", "1", "-1", "1.5", "1e300", "100", "1700000000", "\"\"", "\" \"",
		"\"x\"", "\"0\"", "\"-1\"", "\"12abc\"", "\"\\u0000\"", "\"\\u001b[0m\"", "\"\\u202e\"",
		"9223372036854775806", "-9223372036854775807", "9223372036854775807",
		"18446744073709551615", "[]", "{}", "[null]", "[[]]", "[{}]", "{\"id\":null}", "{\"data\":[{}]}",
	};
	size_t which = below(2 * sizeof values / sizeof *values);

	if (which < sizeof values / sizeof *values)
		return json_parse(span_of(values[which]));
	return json_copy(places[below(n)].value);
}

static struct json_object *wrapped(struct json_object *value)
{
	struct json_object *list = json_object_new_array();

	json_object_array_add(list, json_copy(value));
	return list;
}

/* A number a little larger or smaller; else another value. */
static struct json_object *shifted(struct json_object *value, const struct place *places, size_t n)
{
	int64_t number;

	if (!json_object_is_type(value, json_type_int))
		return another(places, n);
	number = json_object_get_int64(value);
	return json_object_new_int64(number > INT64_MIN && number < INT64_MAX ? number + 1 - 2 * (int64_t)below(2)
									     : 0);
}

/* A string whose bytes libFuzzer changes; else another value. */
static struct json_object *misspelt(struct json_object *value, const struct place *places, size_t n)
{
	char text[256];
	size_t length;

	if (!json_object_is_type(value, json_type_string))
		return another(places, n);
	length = (size_t)json_object_get_string_len(value);
	length = length < 128 ? length : 128;
	memcpy(text, json_object_get_string(value), length);
	length = LLVMFuzzerMutate((uint8_t *)text, length, sizeof text);
	return json_object_new_string_len(text, (int)length);
}

static void put(const struct place *place, struct json_object *value)
{
	if (place->key)
		json_object_object_add(place->in, place->key, value);
	else
		json_object_array_put_idx(place->in, place->at, value);
}

static void change(const struct place *places, size_t n)
{
	const struct place *place = &places[below(n)];
	const char *name;

	switch (below(8)) {
	case 0:
		if (place->key)
			json_object_object_del(place->in, place->key);
		else
			json_object_array_del_idx(place->in, place->at, 1);
		break;
	case 1: /* under another's name */
		name = places[below(n)].key;
		if (place->key && name)
			json_object_object_add(place->in, name, another(places, n));
		break;
	case 2: /* once more */
		if (!place->key)
			json_object_array_add(place->in, json_copy(place->value));
		break;
	case 3:
		put(place, wrapped(place->value));
		break;
	case 4:
		put(place, shifted(place->value, places, n));
		break;
	case 5:
		put(place, misspelt(place->value, places, n));
		break;
	default:
		put(place, another(places, n));
	}
}

/* Changes a JSON text in a buffer of `most` bytes; its new length, 0 where it is none or becomes too long. */
static size_t change_text(uint8_t *data, size_t n, size_t most)
{
	static struct place places[PLACES];
	struct json_object *json = json_parse((struct span){(const char *)data, n});
	size_t found = find_places(json, places, 0), length = 0;
	const char *text;

	if (found) {
		change(places, found);
		text = json_text(json);
		length = strlen(text);
		if (length <= most)
			memcpy(data, text, length);
		else
			length = 0;
	}
	json_object_put(json);
	return length;
}

/* Where a text may begin and end in an input: from a line's first bracket to its end, or to the input's. */
static size_t find_texts(struct span input, struct span *texts, size_t most)
{
	struct span rest = input, line;
	size_t n = 0;

	while (n + 1 < most && span_next(&rest, '\n', &line)) {
		while (line.n && *line.p != '{' && *line.p != '[')
			line = (struct span){line.p + 1, line.n - 1};
		if (!line.n)
			continue;
		if (n == 0 && rest.n)
			texts[n++] = (struct span){line.p, input.n - (size_t)(line.p - input.p)};
		texts[n++] = line;
	}
	return n;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t most, unsigned seed)
{
	struct span texts[64];
	size_t found, at, length, behind;
	uint8_t *room;

	state = seed ? seed : 1;
	below(1);
	found = find_texts((struct span){(const char *)data, n}, texts, sizeof texts / sizeof *texts);
	if (!found || below(2))
		return LLVMFuzzerMutate(data, n, most);

	/* One of the texts is changed, and what stands behind it moves. */
	texts[0] = texts[below(found)];
	at = (size_t)(texts[0].p - (const char *)data);
	behind = n - at - texts[0].n;
	room = malloc(most);
	HOLDS(room);
	memcpy(room, texts[0].p, texts[0].n);
	length = change_text(room, texts[0].n, most - at - behind);
	if (length) {
		memmove(data + at + length, data + at + texts[0].n, behind);
		memcpy(data + at, room, length);
		n = at + length + behind;
	}
	free(room);
	return length ? n : LLVMFuzzerMutate(data, n, most);
}

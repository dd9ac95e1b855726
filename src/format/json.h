/* SPDX-License-Identifier: ISC */
/*
 * JSON, strictly: json-c's values with a parser and getters that never guess.
 *
 * json-c alone takes "12abc" for 12, a missing number for 0 and a saturated
 * one for itself, and its parser lets single quotes, NaN and control
 * characters through.  Here a text is read by RFC 8259 to the letter
 * (json_read.c), and a getter says found, absent or wrong type.
 *
 * Ownership is json-c's: json_parse() and json_object_new_*() give a
 * reference to release with json_object_put(); getters lend.
 */
#ifndef ORDERSNAP_FORMAT_JSON_H
#define ORDERSNAP_FORMAT_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

#define JSON_MAX_DEPTH 64

/* Whether `text` is one JSON value by RFC 8259: UTF-8, no BOM, nothing but
 * white space around it, at most JSON_MAX_DEPTH levels. */
bool json_is_valid(struct span text);

/* The value of `text`, or NULL where json_is_valid() is false.  A JSON null is
 * refused as well: no text of ours may be just that.  Of two members of one name
 * the last counts; a number that is no int64_t keeps its digits. */
struct json_object *json_parse(struct span text);

/*
 * json_parse() of a text of which a part is asked for: a member whose name `find` does not know
 * (NULL) is held against the grammar, and is not there.  Within one that is *whole nothing is left
 * out.  What it returns is the name again, in a copy that lasts as long as the process.
 */
typedef const char *json_members(struct span name, bool *whole);
struct json_object *json_parse_members(struct span text, json_members *find);

/*
 * json_parse() of texts one after the other of which one may have the one before it in it, in the same
 * bytes: such an object is not read again, but shared, so that neither may be changed.
 * Begin with a text of some capacity (buf_init(); a longer one is not looked for), and free it in
 * the end.  The values are the caller's, and live until then.  NULL: nothing was read before.
 */
struct json_known {
	struct buf text;
	struct json_object *value; /* NULL: none */
};
struct json_object *json_parse_after(struct json_known *known, struct span text);

/* How many bytes of a text that is not valid were: where the fault is. */
size_t json_fault_at(struct span text);

enum json_found {
	JSON_WRONG = -1,  /* it is there, with another type or an impossible value */
	JSON_ABSENT = 0,  /* no such key, or null */
	JSON_FOUND = 1,
};

/*
 * Getters: `object` may be NULL or no object (then all is absent).  The
 * out-parameter is written only for JSON_FOUND.
 * A string with U+0000 in it is JSON_WRONG.  An integer is written without
 * fraction and exponent and fits 64 bits with room to spare (its extremes are
 * what json-c saturates to, and count as wrong).
 */
enum json_found json_get_string(struct json_object *object, const char *key, const char **value);
enum json_found json_get_int(struct json_object *object, const char *key, int64_t *value);
/* A time in epoch seconds, up to the end of the year 9999: what can be written as
 * a date.  Another number is JSON_WRONG. */
enum json_found json_get_time(struct json_object *object, const char *key, int64_t *seconds);
enum json_found json_get_bool(struct json_object *object, const char *key, bool *value);
enum json_found json_get_object(struct json_object *object, const char *key,
				struct json_object **value);
enum json_found json_get_array(struct json_object *object, const char *key,
			       struct json_object **value);

/* The string, or NULL where it is absent or no string. */
const char *json_string_or_null(struct json_object *object, const char *key);

/* The string of a field that is an id or an expanded object with an `id`
 * (https://docs.stripe.com/expand); NULL where it is neither, or empty. */
const char *json_id_or_null(struct json_object *object, const char *key);

/* The string, or the digits of a whole number that somebody has written in its place, which may be longer
 * than an integer is (a parcel's may have 22); NULL where it is neither. */
const char *json_label_or_null(struct json_object *object, const char *key);

/* The integer, or `otherwise` where it is absent or no integer. */
int64_t json_int_or(struct json_object *object, const char *key, int64_t otherwise);

/* The moment as by json_get_time(), or `otherwise`: what is none can't be counted with. */
int64_t json_time_or(struct json_object *object, const char *key, int64_t otherwise);

/* The count that was noted; 0 where it is absent, below 0, or so large that nothing can be added. */
int64_t json_count_or_0(struct json_object *object, const char *key);

/*
 * json-c says NULL or -1 where memory is out, and what was to be added would be missing from an
 * order without a word.  As with base/mem.h the process ends instead: each name below is json-c's
 * own, with that looked at.
 */
struct json_object *json_must(struct json_object *value);
void json_must_add(int rc);

#define json_object_new_object() json_must(json_object_new_object())
#define json_object_new_array() json_must(json_object_new_array())
#define json_object_new_string(text) json_must(json_object_new_string(text))
#define json_object_new_string_len(text, n) json_must(json_object_new_string_len(text, n))
#define json_object_new_int64(number) json_must(json_object_new_int64(number))
#define json_object_new_boolean(flag) json_must(json_object_new_boolean(flag))
#define json_object_new_double_s(number, text) json_must(json_object_new_double_s(number, text))
#define json_object_object_add(to, key, value) json_must_add(json_object_object_add(to, key, value))
#define json_object_array_add(to, value) json_must_add(json_object_array_add(to, value))

/* Makes room for so many members in all: without it an object's table grows by doubling, and each
 * time all names are hashed anew. */
void json_make_room(struct json_object *object, int members);

/* Sets a string (NULL: nothing happens), an integer, a flag, or a value whose
 * reference is given away (NULL: nothing happens). */
void json_set_string(struct json_object *object, const char *key, const char *value);
void json_set_int(struct json_object *object, const char *key, int64_t value);
void json_set_bool(struct json_object *object, const char *key, bool value);
void json_set(struct json_object *object, const char *key, struct json_object *value);

/* Overwrites the text of a member that was a secret, in place, with zeros; nothing where there is no text. */
void json_wipe_string(struct json_object *object, const char *key);

/* Sets `to`'s key to a copy of `from`'s; nothing happens where there is none. */
void json_copy_member(struct json_object *to, const char *to_key, struct json_object *from,
		      const char *from_key);

/* Walks an object's members in their order:
 *   struct json_walk walk = json_walk_of(object);
 *   while (json_walk_next(&walk)) use(walk.key, walk.value);
 * The object must not change meanwhile; NULL has no members.  Both are borrowed. */
struct json_walk {
	const char *key;
	bool lasts; /* the key lives as long as the process */
	struct json_object *value;
	struct lh_entry *next;
};
struct json_walk json_walk_of(struct json_object *object);
bool json_walk_next(struct json_walk *walk);

/* A copy whose objects and arrays are its own; the caller releases it.  Strings, numbers and flags
 * are shared: nothing changes one, it is replaced. */
struct json_object *json_copy(struct json_object *value);

/* An object of its own with the members of `object`, all of which are shared: they may be replaced,
 * and not changed.  The caller releases it. */
struct json_object *json_share(struct json_object *object);

/* Merges an object into another: objects merge member by member, anything else of
 * `from` (a copy of it) takes the place of what `to` has. */
void json_merge(struct json_object *to, struct json_object *from);

/* The compact text of a value, slashes not escaped.  Borrowed: it lives until
 * the value changes or goes. */
const char *json_text(struct json_object *value);

/* Whether two values are the same, the order of keys not counting. */
bool json_equal(struct json_object *a, struct json_object *b);

#endif

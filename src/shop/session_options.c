/* SPDX-License-Identifier: ISC */
/*
 * Reading the owner's options: one walk through the file's value, each place of it
 * held against the table.
 */
#include "shop/session_options.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "format/json_place.h"

#define NAME_BYTES 200
#define METADATA_MAX_KEYS 46 /* of Stripe's 50, ordersnap's own taken off */
#define METADATA_MAX_KEY 40

struct options_file {
	const char *path;
	struct span text;
};

/* --- messages -------------------------------------------------------------------- */

static int wrong(const struct options_file *file, const struct json_place *place,
		 const char *what, struct err *e)
{
	struct buf name;

	buf_init(&name, NAME_BYTES);
	json_place_name(place, &name);
	err_set(e, ERR_CONFIG, "%s:%zu: %s%s%s", file->path, json_place_line(place, file->text),
		buf_text(&name), place ? " " : "", what);
	buf_free(&name);
	return -1;
}

/* The same, with a text that is freed. */
static int wrong_free(const struct options_file *file, const struct json_place *place, char *what,
		      struct err *e)
{
	int rc = wrong(file, place, what, e);

	free(what);
	return rc;
}

/* "must be ..." of a type. */
static int wrong_type(const struct options_file *file, const struct json_place *place,
		      const struct session_option *option, struct err *e)
{
	static const char *const fixed[] = {
		[OPTION_FLAG] = "must be true or false",
		[OPTION_COUNTRY] = "must be two capital letters (ISO 3166-1)",
		[OPTION_CURRENCY] = "must be three small letters (ISO 4217)",
		[OPTION_OBJECT] = "must be an object",
		[OPTION_OURS] = NULL,
	};
	struct buf what;

	buf_init(&what, 2 * NAME_BYTES);
	if (option->type == OPTION_TEXT)
		buf_printf(&what, "must be a text of 1 to %lld characters", (long long)option->max);
	else if (option->type == OPTION_INT)
		buf_printf(&what, "must be a whole number from %lld to %lld",
			   (long long)option->min, (long long)option->max);
	else if (option->type == OPTION_CHOICE)
		buf_printf(&what, "must be one of: %s", option->text);
	else if (option->type == OPTION_LIST)
		buf_printf(&what, "must be a list of 1 to %lld elements", (long long)option->max);
	else if (option->type == OPTION_OURS)
		buf_printf(&what, "can't stand here: %s", option->text);
	else
		buf_puts(&what, fixed[option->type]);
	wrong(file, place, buf_text(&what), e);
	buf_free(&what);
	return -1;
}

/* --- the table ------------------------------------------------------------------- */

/* What is left of the table's path behind the place, NULL where it is of another
 * place: "" the place itself, ".x" a member of it, "[]" an element. */
static const char *rest_of(const char *path, const struct json_place *place)
{
	const char *p = place && place->up ? rest_of(path, place->up) : path;
	size_t n;

	if (!p || !place)
		return p;
	if (!place->name)
		return str_starts(p, "[]") ? p + 2 : NULL;
	if (p != path && *p != '.')
		return NULL;
	if (p != path)
		p++;
	if (*p == '*')
		return p + 1;
	n = strlen(place->name);
	if (!n || strpbrk(place->name, ".[*") || strncmp(p, place->name, n) != 0)
		return NULL;
	return strchr(".[", p[n]) ? p + n : NULL;
}

/* A place is what its rows of the table say. */
struct shape {
	const struct session_option *scalar, *list; /* the row of its own, or of its elements */
	bool object, elements;
};

/* What the table says of a place: a value of its own, an object or a list. */
static struct shape shape_of(const struct json_place *place)
{
	struct shape shape = {.scalar = NULL};
	const struct session_option *option;

	for (option = session_option_table; option->path; option++) {
		const char *rest = rest_of(option->path, place);

		if (!rest)
			continue;
		/* A name of ordersnap's own is told from any other name by its own row. */
		if (!*rest && option->type == OPTION_LIST)
			continue;
		if (!*rest && option->type == OPTION_OBJECT)
			shape.object = true;
		else if (!*rest && (!shape.scalar || option->type == OPTION_OURS))
			shape.scalar = option;
		else if (strcmp(rest, "[]") == 0 && option->type == OPTION_LIST)
			shape.list = option;
		shape.object |= *rest == '.' || (!place && *rest);
		shape.elements |= str_starts(rest, "[]");
	}
	return shape;
}

/* --- values ---------------------------------------------------------------------- */

bool session_option_has_word(const char *text, const char *word)
{
	struct span rest = span_of(text), one;

	while (span_next(&rest, ' ', &one))
		if (span_equals(one, word))
			return true;
	return false;
}

static bool is_letters(const char *text, size_t n, int (*is_kind)(int))
{
	size_t i;

	for (i = 0; text[i]; i++)
		if (!is_kind((unsigned char)text[i]) || (unsigned char)text[i] > 0x7F)
			return false;
	return i == n;
}

/* Whether the text is one of the option's type. */
static bool text_fits(const char *text, const struct session_option *option)
{
	long length = span_utf8_length(span_of(text));

	switch (option->type) {
	case OPTION_TEXT:
		return length >= 1 && length <= option->max;
	case OPTION_CHOICE:
		return session_option_has_word(option->text, text);
	case OPTION_COUNTRY:
		return is_letters(text, 2, isupper);
	default: /* OPTION_CURRENCY: all others are no texts */
		return is_letters(text, 3, islower);
	}
}

/* Whether the value is one of the option's type. */
static bool scalar_fits(struct json_object *value, const struct session_option *option)
{
	int64_t number;

	if (option->type == OPTION_FLAG)
		return json_object_is_type(value, json_type_boolean);
	if (option->type == OPTION_INT) {
		number = json_object_is_type(value, json_type_int) ? json_object_get_int64(value)
								    : INT64_MIN;
		return number >= option->min && number <= option->max;
	}
	return json_object_is_type(value, json_type_string) &&
	       strlen(json_object_get_string(value)) ==
		       (size_t)json_object_get_string_len(value) &&
	       text_fits(json_object_get_string(value), option);
}

/* The member of the object at `place` that a path of the table names, if it names
 * one; `name` has NAME_BYTES. */
static bool member_of(const char *path, const struct json_place *place, char *name)
{
	const char *rest = rest_of(path, place);
	size_t n;

	if (!rest || (place && *rest != '.'))
		return false;
	rest += place != NULL;
	n = strcspn(rest, ".[");
	if (n >= NAME_BYTES || *rest == '*' || (rest[n] && strcmp(rest + n, "[]") != 0))
		return false;
	memcpy(name, rest, n);
	name[n] = '\0';
	return true;
}

/* What Stripe says of an object's members together: some have to be there, some
 * exclude each other. */
static int check_members(const struct options_file *file, struct json_object *object,
			 const struct json_place *place, struct err *e)
{
	const struct session_option *option;
	char name[NAME_BYTES], other[NAME_BYTES];
	bool has, has_other;
	size_t i;

	for (option = session_option_table; option->path; option++) {
		if (!option->needed || !member_of(option->path, place, name) ||
		    json_object_object_get_ex(object, name, NULL))
			continue;
		return wrong_free(file, place, str_printf("needs %s", name), e);
	}
	for (i = 0; session_option_exclusive[i][0]; i++) {
		const struct json_place second = {.up = place, .name = other};

		if (!member_of(session_option_exclusive[i][0], place, name) ||
		    !member_of(session_option_exclusive[i][1], place, other))
			continue;
		has = json_object_object_get_ex(object, name, NULL);
		has_other = json_object_object_get_ex(object, other, NULL);
		if (has && has_other)
			return wrong_free(file, &second,
					  str_printf("can't stand beside %s", name), e);
		/* An element of a list is one of the two; at the top there may be neither. */
		if (place && !has && !has_other)
			return wrong_free(file, place, str_printf("needs %s or %s", name, other), e);
	}
	return 0;
}

static bool is_metadata(const struct json_place *place)
{
	return place && place->name && strcmp(place->name, "metadata") == 0;
}

static int check_value(const struct options_file *file, struct json_object *value,
		       const struct json_place *place, struct err *e);

/* Each member, then what they have to be together. */
static int check_object(const struct options_file *file, struct json_object *value,
			const struct json_place *place, struct err *e)
{
	struct json_walk walk = json_walk_of(value);

	if (is_metadata(place) && json_object_object_length(value) > METADATA_MAX_KEYS)
		return wrong(file, place, "has more than 46 keys", e);
	while (json_walk_next(&walk)) {
		const struct json_place member = {.up = place, .name = walk.key};

		if (is_metadata(place) &&
		    (strpbrk(walk.key, "[]") || !*walk.key ||
		     span_utf8_length(span_of(walk.key)) > METADATA_MAX_KEY))
			return wrong(file, &member, "is no key of metadata: it must have 1 to 40 "
				     "characters and no brackets", e);
		if (check_value(file, walk.value, &member, e))
			return -1;
	}
	return check_members(file, value, place, e);
}

static int check_list(const struct options_file *file, struct json_object *value,
		      const struct json_place *place, struct err *e)
{
	size_t i;

	for (i = 0; i < json_object_array_length(value); i++) {
		const struct json_place element = {.up = place, .index = i};

		if (check_value(file, json_object_array_get_idx(value, i), &element, e))
			return -1;
	}
	return 0;
}

/* A value, and all that is in it, held against what the table says of its place. */
static int check_value(const struct options_file *file, struct json_object *value,
		       const struct json_place *place, struct err *e)
{
	const struct shape shape = shape_of(place);
	size_t n;

	if (shape.scalar && (shape.scalar->type == OPTION_OURS || !scalar_fits(value, shape.scalar)))
		return wrong_type(file, place, shape.scalar, e);
	if (shape.scalar)
		return 0;
	if (shape.object)
		return json_object_is_type(value, json_type_object)
			? check_object(file, value, place, e)
			: wrong(file, place, "must be an object", e);
	if (!shape.elements)
		return wrong(file, place, "is no option of Checkout that can stand here", e);
	if (!json_object_is_type(value, json_type_array))
		return wrong(file, place, "must be a list", e);
	n = json_object_array_length(value);
	if (shape.list && (n < 1 || n > (size_t)shape.list->max))
		return wrong_type(file, place, shape.list, e);
	return check_list(file, value, place, e);
}

/* The payment gets the session's metadata and its own. */
static int check_metadata_of_payment(const struct options_file *file, struct json_object *options,
				     struct err *e)
{
	const struct json_place payment = {.name = "payment_intent_data"};
	const struct json_place place = {.up = &payment, .name = "metadata"};
	struct json_object *session = NULL, *data = NULL, *own = NULL, *both = json_object_new_object();
	bool fits;

	json_get_object(options, "metadata", &session);
	json_get_object(options, payment.name, &data);
	json_get_object(data, place.name, &own);
	json_merge(both, session);
	json_merge(both, own);
	fits = json_object_object_length(both) <= METADATA_MAX_KEYS;
	json_object_put(both);
	return fits ? 0 : wrong(file, &place, "and metadata have more than 46 keys, and the payment gets "
				"those of both", e);
}

int session_options_read(const char *path, struct span text, struct json_object **options,
			 struct err *e)
{
	const struct options_file file = {.path = path, .text = span_without_bom(text)};
	struct json_object *value;

	if (!json_is_valid(file.text))
		return err_set(e, ERR_CONFIG, "%s:%zu: this is no JSON", path, json_fault_line(file.text));
	value = json_parse(file.text);
	if (!json_object_is_type(value, json_type_object)) {
		json_object_put(value);
		return err_set(e, ERR_CONFIG, "%s:1: this must be an object, {...}", path);
	}
	if (check_value(&file, value, NULL, e) || check_metadata_of_payment(&file, value, e)) {
		json_object_put(value);
		return -1;
	}
	*options = value;
	return 0;
}

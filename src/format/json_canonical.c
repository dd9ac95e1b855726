/* SPDX-License-Identifier: ISC */
/*
 * Comparing JSON.  The one idea: numbers are never computed with, they are
 * texts of digits, so nothing is rounded.
 */
#include "format/json_canonical.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/json_write.h"

static int compare_members(const void *a, const void *b)
{
	return strcmp(((const struct json_walk *)a)->key, ((const struct json_walk *)b)->key);
}

/* The members in the order of their keys, `n` of them; to free(). */
static struct json_walk *sorted_members(struct json_object *object, size_t n)
{
	struct json_walk *members = mem_zalloc(n ? n : 1, sizeof *members);
	struct json_walk walk = json_walk_of(object);
	size_t i;

	for (i = 0; i < n && json_walk_next(&walk); i++)
		members[i] = walk;
	qsort(members, n, sizeof *members, compare_members);
	return members;
}

static void add_value(struct json_object *value, struct buf *out);

static void add_object(struct json_object *object, struct buf *out)
{
	size_t n = (size_t)json_object_object_length(object), i;
	struct json_walk *members = sorted_members(object, n);

	buf_putc(out, '{');
	for (i = 0; i < n; i++) {
		if (i)
			buf_putc(out, ',');
		json_write_string(out, span_of(members[i].key));
		buf_putc(out, ':');
		add_value(members[i].value, out);
	}
	buf_putc(out, '}');
	free(members);
}

static void add_array(struct json_object *array, struct buf *out)
{
	size_t i;

	buf_putc(out, '[');
	for (i = 0; i < json_object_array_length(array); i++) {
		if (i)
			buf_putc(out, ',');
		add_value(json_object_array_get_idx(array, i), out);
	}
	buf_putc(out, ']');
}

/* As deep as json_parse() lets anything be. */
static void add_value(struct json_object *value, struct buf *out)
{
	if (json_object_is_type(value, json_type_object))
		add_object(value, out);
	else if (json_object_is_type(value, json_type_array))
		add_array(value, out);
	else
		json_write(out, value);
}

int json_canonical(struct json_object *value, struct buf *out)
{
	add_value(value, out);
	return out->failed ? -1 : 0;
}

/* --- numbers -------------------------------------------------------------- */

/* A number's digits without zeros on either side, as they stand in its text
 * (with perhaps a point between), and the power of ten of the last one. */
struct decimal {
	bool negative;
	const char *first, *end; /* equal: the number is 0 */
	int64_t exponent;
};

/* What stands behind the `e` at `p`; far beyond any number that is kept it
 * stops to count. */
static int64_t exponent_at(const char *p)
{
	bool negative = p[0] && p[1] == '-';
	int64_t exponent = 0;

	for (p += p[0] && (p[1] == '-' || p[1] == '+') ? 2 : p[0] != '\0'; isdigit((unsigned char)*p);
	     p++)
		exponent = exponent > 1000000000 ? exponent : exponent * 10 + (*p - '0');
	return negative ? -exponent : exponent;
}

static struct decimal decimal_of(const char *text)
{
	struct decimal d = {.negative = *text == '-', .first = text + (*text == '-')};
	const char *mantissa_end = d.first + strcspn(d.first, "eE");
	const char *point = memchr(d.first, '.', (size_t)(mantissa_end - d.first));
	const char *p;

	d.end = mantissa_end;
	d.exponent = exponent_at(mantissa_end);
	while (d.first < d.end && (*d.first == '0' || *d.first == '.'))
		d.first++;
	while (d.end > d.first && (d.end[-1] == '0' || d.end[-1] == '.'))
		d.end--;
	if (d.first == d.end)
		return (struct decimal){.first = d.end, .end = d.end};
	p = point ? point : mantissa_end;
	d.exponent += p >= d.end ? p - d.end : p - d.end + 1;
	return d;
}

/* The next digit, a point left out; 0 at the end. */
static char next_digit(struct decimal *d)
{
	if (d->first < d->end && *d->first == '.')
		d->first++;
	return d->first < d->end ? *d->first++ : '\0';
}

static bool same_number(const char *a, const char *b)
{
	struct decimal x = decimal_of(a), y = decimal_of(b);
	char digit;

	if (x.negative != y.negative || x.exponent != y.exponent)
		return false;
	do {
		digit = next_digit(&x);
		if (digit != next_digit(&y))
			return false;
	} while (digit);
	return true;
}

int json_number_to_int64(const char *text, int64_t *value)
{
	struct decimal d = decimal_of(text);
	int64_t number = 0;
	char digit;

	if (d.exponent < 0)
		return -1;
	while ((digit = next_digit(&d)))
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_sub_overflow(number, digit - '0', &number))
			return -1;
	for (; d.exponent > 0; d.exponent--)
		if (__builtin_mul_overflow(number, 10, &number))
			return -1;
	if (!d.negative && __builtin_sub_overflow((int64_t)0, number, &number))
		return -1;
	*value = number;
	return 0;
}

static bool is_number(struct json_object *value)
{
	return json_object_is_type(value, json_type_int) ||
	       json_object_is_type(value, json_type_double);
}

/* --- values --------------------------------------------------------------- */

static bool same_objects(struct json_object *a, struct json_object *b)
{
	struct json_walk walk = json_walk_of(a);
	struct json_object *other;

	if (json_object_object_length(a) != json_object_object_length(b))
		return false;
	while (json_walk_next(&walk))
		if (!json_object_object_get_ex(b, walk.key, &other) || !json_same(walk.value, other))
			return false;
	return true;
}

static bool same_arrays(struct json_object *a, struct json_object *b)
{
	size_t n = json_object_array_length(a), i;

	if (n != json_object_array_length(b))
		return false;
	for (i = 0; i < n; i++)
		if (!json_same(json_object_array_get_idx(a, i), json_object_array_get_idx(b, i)))
			return false;
	return true;
}

bool json_same(struct json_object *a, struct json_object *b)
{
	if (is_number(a) && is_number(b))
		return same_number(json_text(a), json_text(b));
	if (json_object_get_type(a) != json_object_get_type(b))
		return false;
	if (json_object_is_type(a, json_type_object))
		return same_objects(a, b);
	if (json_object_is_type(a, json_type_array))
		return same_arrays(a, b);
	return json_equal(a, b);
}

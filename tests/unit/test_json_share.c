/* SPDX-License-Identifier: ISC */
/*
 * What values share with each other: names, members, and objects that were read already.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/json_name.h"

#define MANY 3000 /* members: more than names are kept */

/* The member `x` of `second`, read after `first`. */
static struct json_object *read_after(const char *first, const char *second, struct json_object **one)
{
	struct json_known known = {.text = {.max = 1000}};
	struct json_object *two, *x = NULL;

	*one = keep(json_parse_after(&known, span_of(first)));
	two = keep(json_parse_after(&known, span_of(second)));
	buf_free(&known.text);
	check_text(second, json_text(two), json_text(keep(json_parse(span_of(second)))));
	json_object_object_get_ex(two, "x", &x);
	return x;
}

static void an_object_that_was_read_already_is_shared(void **state)
{
	static const struct {
		const char *first, *second;
		bool shared;
	} table[] = {
		{"{\"a\":1}", "{\"x\":{\"a\":1}}", true},
		{"{\"a\":1}", "{\"y\":2,\"x\": {\"a\":1} ,\"z\":3}", true},
		{"{\"a\":{\"b\":[1,{}]}}", "{\"x\":{\"a\":{\"b\":[1,{}]}},\"a\":1}", true},
		{"{}", "{\"x\":{}}", true},
		{"{\"a\":1}", "{\"x\":{\"a\":2}}", false},
		{"{\"a\":1}", "{\"x\":{\"a\": 1}}", false},
		{"{\"a\":1}", "{\"x\":{\"a\":12}}", false},
		{"{\"a\":1}", "{\"x\":{\"a\":1,\"b\":2}}", false},
		{"{\"a\":1}", "{\"x\":\"{\\\"a\\\":1}\"}", false},
		{"[1]", "{\"x\":[1]}", false},
		{"1", "{\"x\":1}", false},
	}, *row;
	struct json_object *one;

	(void)state;
	for EACH(row, table)
		check(row->second, (read_after(row->first, row->second, &one) == one) == row->shared);
}

static void a_text_that_is_the_one_before_it_is_a_value_of_its_own(void **state)
{
	struct json_known known = {.text = {.max = 7}};
	struct json_object *one = keep(json_parse_after(&known, span_of("{\"a\":1}")));
	struct json_object *two = keep(json_parse_after(&known, span_of("{\"a\":1}")));

	(void)state;
	assert_true(json_equal(one, two));
	assert_ptr_not_equal(one, two);
	/* What is no JSON, or too long to be kept, is not looked for. */
	assert_null(json_parse_after(&known, span_of("{\"a\":1")));
	assert_non_null(keep(json_parse_after(&known, span_of("{\"x\":{\"a\":1}}"))));
	assert_null(known.value);
	buf_free(&known.text);
	assert_non_null(keep(json_parse_after(NULL, span_of("{}"))));
}

static void what_was_read_last_is_looked_for(void **state)
{
	struct json_known known = {.text = {.max = 7}};
	struct json_object *last, *x = NULL;

	(void)state;
	keep(json_parse_after(&known, span_of("{\"b\":2}")));
	last = keep(json_parse_after(&known, span_of("{\"a\":1}")));
	json_object_object_get_ex(keep(json_parse_after(&known, span_of("{\"x\":{\"a\":1}}"))), "x", &x);
	assert_ptr_equal(x, last);
	buf_free(&known.text);
}

static void a_name_is_kept_once_and_very_many_or_long_ones_are_not(void **state)
{
	char *text = keep_text(str_printf("%0*d", 40, 0)), name[16];
	const char *kept = json_name(span_of("orderId"));
	int i, n = 0;

	(void)state;
	assert_string_equal(kept, "orderId");
	assert_ptr_equal(json_name((struct span){"orderIds", 7}), kept);
	assert_string_equal(json_name(span_of("")), "");
	assert_null(json_name(span_of(text)));
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "name%d", i);
		n += json_name(span_of(name)) != NULL;
	}
	assert_in_range(n, 100, MANY - 1);
	assert_ptr_equal(json_name(span_of("orderId")), kept);
}

static void an_object_has_all_its_members_however_many(void **state)
{
	struct json_object *made = keep(json_object_new_object()), *read, *copy;
	char name[16];
	int i;

	(void)state;
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "member%d", i);
		json_set_int(made, name, i);
	}
	json_make_room(made, 5);
	read = keep(json_parse(span_of(json_text(made))));
	copy = keep(json_share(keep(json_copy(read))));
	assert_int_equal(json_object_object_length(copy), MANY);
	assert_string_equal(json_text(copy), json_text(made));
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "member%d", i);
		check_int(name, json_int_or(copy, name, -1), i);
	}
	assert_true(json_equal(copy, made));
}

static void an_object_that_shares_members_has_them_for_itself(void **state)
{
	struct json_object *a = json_of("{'a':{'b':1},'c':2}"), *b = keep(json_share(a));

	(void)state;
	assert_ptr_equal(json_object_object_get(a, "a"), json_object_object_get(b, "a"));
	json_set_int(b, "a", 3);
	json_object_object_del(b, "c");
	json_set_int(b, "d", 4);
	check_json("the first", a, "{'a':{'b':1},'c':2}");
	check_json("the second", b, "{'a':3,'d':4}");
}

static void values_are_equal_member_by_member(void **state)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} table[] = {
		{"{'a':1,'b':{'c':[1,'x',null]}}", "{'b':{'c':[1,'x',null]},'a':1}", true},
		{"{'a':1}", "{'b':1}", false}, {"{'a':null}", "{'b':null}", false},
		{"{'a':1}", "{'a':1,'b':2}", false}, {"{'a':1,'b':2}", "{'a':1}", false},
		{"[1]", "[1,2]", false}, {"[1,2]", "[1]", false}, {"[{'a':1}]", "[{'a':2}]", false},
		{"1", "'1'", false}, {"1", "1.0", false}, {"true", "false", false}, {"[]", "{}", false},
		{"[null]", "[0]", false}, {"1.5", "1.5", true},
	}, *row;

	(void)state;
	for EACH(row, table)
		check(row->a, json_equal(json_of("%s", row->a), json_of("%s", row->b)) == row->equal);
	assert_true(json_equal(NULL, NULL));
	assert_false(json_equal(NULL, json_of("{}")) || json_equal(json_of("{}"), NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(an_object_that_was_read_already_is_shared),
		holds(a_text_that_is_the_one_before_it_is_a_value_of_its_own),
		holds(what_was_read_last_is_looked_for),
		holds(a_name_is_kept_once_and_very_many_or_long_ones_are_not),
		holds(an_object_has_all_its_members_however_many),
		holds(an_object_that_shares_members_has_them_for_itself),
		holds(values_are_equal_member_by_member),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * Canonical JSON: one text for one value, and numbers by what they are worth.
 */
#include "unit.h"

#include "format/json_canonical.h"

static const char *canonical(const char *text)
{
	struct json_object *value = json_of("%s", text);
	struct buf out;

	buf_init(&out, 65536);
	check_int(text, json_canonical(value, &out), 0);
	return keep_text(buf_detach(&out));
}

static void keys_stand_in_the_order_of_their_bytes_at_every_depth(void **state)
{
	static const struct {
		const char *text, *canonical;
	} table[] = {
		{"{}", "{}"}, {"[]", "[]"}, {" { 'b' : 1 , 'a' : [ ] } ", "{'a':[],'b':1}"},
		{"{'b':1,'B':2,'a':3,'A':4,'':5,'aa':6}", "{'':5,'A':4,'B':2,'a':3,'aa':6,'b':1}"},
		{"{'z':{'d':1,'c':{'b':1,'a':2}},'y':[{'b':1,'a':2},3]}",
		 "{'y':[{'a':2,'b':1},3],'z':{'c':{'a':2,'b':1},'d':1}}"},
		{"{'\xC3\xA4':1,'z':2,'\xF0\x9F\x98\x80':3,'\xEF\xBF\xBF':4}",
		 "{'z':2,'\xC3\xA4':1,'\xEF\xBF\xBF':4,'\xF0\x9F\x98\x80':3}"},
		{"['b','a',null,true,false]", "['b','a',null,true,false]"},
		{"{'n':null}", "{'n':null}"}, {"{'a/b':'c/d'}", "{'a/b':'c/d'}"},
		{"{'k\\ney':'\\u00e4\\u0001\\t\\\\'}", "{'k\\ney':'\xC3\xA4\\u0001\\t\\\\'}"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		char *expected = keep_text(str_dup(row->canonical)), *p;

		for (p = expected; *p; p++)
			*p = *p == '\'' ? '"' : *p;
		check_text(row->text, canonical(row->text), expected);
		check_text(row->text, canonical(canonical(row->text)), expected);
	}
}

static void numbers_stay_as_they_are_written(void **state)
{
	static const char text[] = "[0,-1,9007199254740993,9223372036854775807,"
				   "-9223372036854775808,18446744073709551615,1.50,1e3,1E-7,0.1,"
				   "123456789012345678901234567890.5]";

	(void)state;
	assert_string_equal(canonical(text), text);
}

static void what_does_not_fit_is_told(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 5);
	assert_int_equal(json_canonical(json_of("{'a':'long'}"), &out), -1);
	buf_free(&out);
}

static void numbers_are_compared_by_their_worth(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} table[] = {
		{"1", "1", true}, {"1", "2", false}, {"1", "-1", false}, {"1", "1.0", true},
		{"1.50", "1.5", true}, {"15e-1", "1.5", true}, {"0.15E+1", "1.5", true},
		{"1000", "1e3", true}, {"1e3", "1e4", false}, {"10", "1", false}, {"1", "10", false},
		{"100", "1e2", true}, {"0.001", "1e-3", true}, {"0.001", "0.01", false},
		{"0.00100", "1.0e-3", true}, {"105", "15", false}, {"1.05", "10.5", false},
		{"1.05", "1.5", false}, {"10.50", "10.5", true}, {"100.001", "100.001", true},
		{"0", "0.0", true}, {"0", "0e5", true}, {"-0.0", "0", true}, {"0", "1", false},
		{"0.1", "0.10000000000000001", false}, {"9007199254740993", "9007199254740992", false},
		{"9007199254740993", "9007199254740993.0", true},
		{"123456789012345678901234567890.5", "123456789012345678901234567890.50", true},
		{"123456789012345678901234567890.5", "123456789012345678901234567891.5", false},
		{"1e400", "1e400", true}, {"1e400", "1e401", false}, {"12", "123", false},
		{"1e18446744073709551617", "1e1", false}, {"1e-18446744073709551617", "1e-1", false},
		{"1", "true", false}, {"1", "'1'", false}, {"0", "null", false}, {"0", "[]", false},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct json_object *a = json_of("[%s]", row->a), *b = json_of("[%s]", row->b);
		const char *name = keep_text(str_printf("%s and %s", row->a, row->b));

		check_int(name, json_same(a, b), row->same);
		check_int(name, json_same(b, a), row->same);
	}
}

static void a_number_is_the_integer_that_it_is_worth(void **state)
{
	static const struct {
		const char *text;
		int rc;
		int64_t value;
	} table[] = {
		{"2500", 0, 2500}, {"2500.0", 0, 2500}, {"25E+2", 0, 2500}, {"25e2", 0, 2500}, {"2.5E3", 0, 2500},
		{"0.0025e+6", 0, 2500}, {"250000e-2", 0, 2500}, {"-2500.00", 0, -2500}, {"0", 0, 0},
		{"-0.0", 0, 0}, {"0E+400", 0, 0}, {"10", 0, 10}, {"105.0", 0, 105}, {"1.05e2", 0, 105},
		{"9223372036854775807", 0, INT64_MAX}, {"9223372036854775807.0", 0, INT64_MAX},
		{"-9223372036854775808", 0, INT64_MIN}, {"9.223372036854775807e18", 0, INT64_MAX},
		{"9223372036854775808", -1, 0}, {"-9223372036854775809", -1, 0}, {"1e19", -1, 0},
		{"92233720368547758080", -1, 0}, {"1e400", -1, 0}, {"1e18446744073709551617", -1, 0},
		{"25.5", -1, 0}, {"1E-7", -1, 0}, {"2500.01", -1, 0}, {"25e-3", -1, 0},
	}, *row;

	(void)state;
	for EACH(row, table) {
		int64_t value = 0;

		check_int(row->text, json_number_to_int64(row->text, &value), row->rc);
		check_int(row->text, value, row->value);
	}
}

static void values_are_the_same_in_any_order_of_keys(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} table[] = {
		{"{'a':1,'b':[1,{'c':null,'d':'x'}]}", "{'b':[1.0,{'d':'x','c':null}],'a':1}", true},
		{"{'a':1}", "{'a':1,'b':null}", false}, {"{'a':1,'b':null}", "{'a':1,'c':null}", false},
		{"{'a':null}", "{'a':null}", true}, {"{'a':null}", "{'a':0}", false},
		{"[1,2]", "[2,1]", false}, {"[1,2]", "[1,2,3]", false}, {"[1,2,3]", "[1,2]", false},
		{"{}", "[]", false}, {"{'a':{}}", "{'a':{}}", true}, {"{'a':{}}", "{'a':{'b':1}}", false},
		{"['']", "['']", true}, {"['a']", "['A']", false}, {"['a\\u0000b']", "['a\\u0000c']", false},
		{"[true]", "[true]", true}, {"[true]", "[false]", false},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_int(row->a, json_same(json_of("%s", row->a), json_of("%s", row->b)), row->same);
	assert_true(json_same(NULL, NULL));
	assert_false(json_same(NULL, json_of("{}")));
}

static const struct CMUnitTest tests[] = {
	holds(keys_stand_in_the_order_of_their_bytes_at_every_depth),
	holds(numbers_stay_as_they_are_written),
	holds(what_does_not_fit_is_told),
	holds(numbers_are_compared_by_their_worth),
	holds(a_number_is_the_integer_that_it_is_worth),
	holds(values_are_the_same_in_any_order_of_keys),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * What is JSON (RFC 8259; the cases are those of JSONTestSuite, where y_ has to
 * be accepted, n_ refused, and i_ is left open and decided here), and getters
 * that say found, absent or wrong and never guess.
 */
#include "unit.h"

#define SPAN(literal) {(literal), sizeof(literal) - 1}

static const struct span valid[] = {
	SPAN("{}"), SPAN("[]"), SPAN("true"), SPAN("false"), SPAN("0"), SPAN("-0"), SPAN("\"\""),
	SPAN(" \t\r\n{ } \t\r\n"), SPAN("[ ]"), SPAN("[1]"), SPAN("[1,2]"), SPAN("[ 1 , 2 ]"),
	SPAN("[null]"), SPAN("[null, 1, \"1\", {}]"), SPAN("[[] ]"), SPAN("[[[]],[]]"),
	SPAN("{\"a\":1}"), SPAN("{ \"a\" : 1 , \"b\" : 2 }"), SPAN("{\"\":0}"),
	SPAN("{\"a\":{\"b\":[{\"c\":null}]}}"), SPAN("{\"a\":\"b\",\"a\":\"c\"}"),
	SPAN("[1\n]"), SPAN("[{},[]]"), SPAN("{\"a\":[],\"b\":{}}"),
	SPAN("1"), SPAN("-1"), SPAN("10"), SPAN("123"), SPAN("-123"), SPAN("0.0"), SPAN("0.1"),
	SPAN("-0.0"), SPAN("123.456"), SPAN("1e1"), SPAN("1E1"), SPAN("1e+1"), SPAN("1e-1"),
	SPAN("1E-2"), SPAN("1E+2"), SPAN("0e1"), SPAN("0e+1"), SPAN("123e45"), SPAN("123.456e78"),
	SPAN("-123123123123123123123123123123"), SPAN("123123e100000"), SPAN("0.4e00669999999999999"),
	SPAN("\"a\""), SPAN("\" \""), SPAN("\"\\\"\""), SPAN("\"\\\\\""), SPAN("\"\\/\""),
	SPAN("\"\\b\\f\\n\\r\\t\""), SPAN("\"\\u0000\""), SPAN("\"\\u0060\\u012a\\u12AB\""),
	SPAN("\"\\uD801\\udc37\""), SPAN("\"\\uFFFF\""), SPAN("\"\x7F\""), SPAN("\"\xC2\x80\""),
	SPAN("\"\xE2\x82\xAC\""), SPAN("\"\xF0\x9D\x84\x9E\""), SPAN("\"\xF4\x8F\xBF\xBF\""),
	SPAN("\"\xEF\xBF\xBF\""), SPAN("\"\xE2\x80\xA8\""), SPAN("\"a/*b*/c\""), SPAN("[\"\"]"),
	SPAN("\"\\\\n\""), SPAN("[\"\\uD834\"]"),
};

static const struct span invalid[] = {
	SPAN(""), SPAN(" "), SPAN("\n"), SPAN("{"), SPAN("}"), SPAN("["), SPAN("]"), SPAN("[}"),
	SPAN("{]"), SPAN("[1}"), SPAN("{\"a\":1]"), SPAN("[1"), SPAN("[1,"), SPAN("[1,]"), SPAN("[,]"),
	SPAN("[,1]"), SPAN("[1,,2]"), SPAN("[1 2]"), SPAN("[1:2]"), SPAN("[\"a\":1]"), SPAN("[-]"),
	SPAN("{\"a\"}"), SPAN("{\"a\":}"), SPAN("{\"a\":1,}"), SPAN("{,\"a\":1}"), SPAN("{a:1}"),
	SPAN("{'a':1}"), SPAN("{1:1}"), SPAN("{\"a\" 1}"), SPAN("{\"a\",1}"), SPAN("{\"a\":1 \"b\":2}"),
	SPAN("{\"a\":1,,\"b\":2}"), SPAN("{\"a\":1:2}"), SPAN("{\"a\":1,\"b\"}"), SPAN("{null:1}"),
	SPAN("{\"a\":1,2}"), SPAN("{\"a\":1}}"), SPAN("{\"a\":1,"), SPAN("{\"a\""), SPAN("{\"a\":"),
	SPAN("{{}}"), SPAN("{[]}"),
	SPAN("{} junk"), SPAN("{}{}"), SPAN("{},"), SPAN("[]]"), SPAN("[],"), SPAN("1 2"), SPAN("1,"),
	SPAN("1]"), SPAN("\"a\"b"), SPAN("{}#"), SPAN("{}//x"), SPAN("{}/**/"), SPAN("/**/{}"),
	SPAN("[1/**/]"), SPAN("{}\0"), SPAN("[]\0[]"), SPAN("[\0]"), SPAN("1\0"),
	SPAN("01"), SPAN("00"), SPAN("-01"), SPAN("012.3"), SPAN("+1"), SPAN("-"), SPAN("--1"),
	SPAN("- 1"), SPAN("+-1"), SPAN(".1"), SPAN("-.1"), SPAN("1."), SPAN("1.e1"), SPAN("1.-"),
	SPAN("-1.x"), SPAN("1e"), SPAN("1E"), SPAN("1e+"), SPAN("1e-"), SPAN("1ee1"), SPAN("1e1.1"),
	SPAN("1eE1"), SPAN("1e+-1"), SPAN("1.2.3"), SPAN("1a"), SPAN("12abc"), SPAN("0x1"), SPAN("0x42"),
	SPAN("1_000"), SPAN("1 000"), SPAN("Infinity"), SPAN("-Infinity"), SPAN("inf"), SPAN("NaN"),
	SPAN("nan"), SPAN("-NaN"), SPAN("-a"), SPAN("\xEF\xBC\x91"), SPAN("1/"), SPAN("1:"), SPAN("/1"),
	SPAN("True"), SPAN("TRUE"), SPAN("tru"), SPAN("truee"), SPAN("fals"), SPAN("nul"), SPAN("nulll"),
	SPAN("None"), SPAN("undefined"), SPAN("t"), SPAN("[tru]"), SPAN("a"), SPAN("abc"),
	SPAN("\""), SPAN("\"a"), SPAN("\"a\n"), SPAN("[\"a\n]"), SPAN("{\"a\n:1}"), SPAN("\"\\"),
	SPAN("\"\\\""), SPAN("\"\\a\""), SPAN("\"\\x00\""),
	SPAN("\"\\'\""), SPAN("\"\\0\""), SPAN("\"\\\n\""), SPAN("\"\\U0041\""), SPAN("\"\\u\""),
	SPAN("\"\\u1\""), SPAN("\"\\u12\""), SPAN("\"\\u123\""), SPAN("\"\\u00G0\""),
	SPAN("\"\\u 123\""), SPAN("\"\\u123"), SPAN("\"\\u123g\""), SPAN("\"\\\0\""), SPAN("\"\\u\0\0\0\0\""),
	SPAN("\"\n\""), SPAN("\"\t\""), SPAN("\"\0\""), SPAN("\"\x1F\""), SPAN("\"\x01\""),
	SPAN("'a'"), SPAN("\xE2\x80\x9C" "a\xE2\x80\x9D"),
	SPAN("\"\xFF\""), SPAN("\"\x80\""), SPAN("\"\xC0\x80\""), SPAN("\"\xC0\xAF\""),
	SPAN("\"\xE0\x80\xAF\""), SPAN("\"\xED\xA0\x80\""), SPAN("\"\xE2\x82\""), SPAN("\"\xC3"),
	SPAN("\"\xF4\x90\x80\x80\""), SPAN("\"\xF0\x80\x80\xAF\""), SPAN("\"\xC3\""), SPAN("\"\xE9\""),
	SPAN("\xEF\xBB\xBF{}"), SPAN("\xFE\xFF\0{\0}"), SPAN("\v{}"), SPAN("\f{}"), SPAN("\xC2\xA0{}"),
	SPAN("\xE2\x81\xA0{}"), SPAN("[\v1]"), SPAN("<x>"), SPAN("*"), SPAN("{\"a\":\"b\" # c\n}"),
};

static void what_rfc_8259_allows_is_json(void **state)
{
	const struct span *row;

	(void)state;
	for EACH(row, valid) {
		check(row->p, json_is_valid(*row));
		check(row->p, keep(json_parse(*row)) != NULL);
	}
}

static void what_rfc_8259_forbids_is_not(void **state)
{
	const struct span *row;

	(void)state;
	for EACH(row, invalid) {
		check(row->p, !json_is_valid(*row));
		check(row->p, json_parse(*row) == NULL);
	}
}

static void a_text_that_is_just_null_is_json_and_refused(void **state)
{
	(void)state;
	assert_true(json_is_valid(span_of("null")));
	assert_null(json_parse(span_of("null")));
	assert_null(json_parse(span_of(" null ")));
}

/* The machine looks at the bytes of the span and at none behind. */
static void a_text_ends_where_its_span_ends(void **state)
{
	(void)state;
	assert_false(json_is_valid((struct span){"[]", 1}));
	assert_false(json_is_valid((struct span){"true", 3}));
	assert_false(json_is_valid((struct span){"\"a\"", 2}));
	assert_false(json_is_valid((struct span){"\"\\u1234\"", 6}));
	assert_true(json_is_valid((struct span){"[]x", 2}));
	assert_true(json_is_valid((struct span){"12x", 2}));
	assert_int_equal(json_object_get_int64(keep(json_parse((struct span){"1234", 2}))), 12);
}

static const char *find_ab(struct span name, bool *whole)
{
	*whole = span_equals(name, "b");
	return *whole ? "b" : span_equals(name, "a") ? "a" : NULL;
}

static void of_members_only_those_are_made_that_are_asked_for(void **state)
{
	static const struct {
		const char *text, *made;
	} table[] = {
		{"{'a':1,'x':2,'b':3}", "{'a':1,'b':3}"},
		{"{'x':{'a':1,'y':[{'a':2}]},'a':4}", "{'a':4}"},
		{"{'a':{'x':1,'a':{'x':[],'b':2}},'x':3}", "{'a':{'a':{'b':2}}}"},
		{"{'b':{'x':1,'a':{'y':[{'z':2}]}},'y':3,'a':5}", "{'b':{'x':1,'a':{'y':[{'z':2}]}},'a':5}"},
		{"{'a':[{'x':1,'a':2},{'x':[[1]]},[{'x':3}],4,null]}", "{'a':[{'a':2},{},[{}],4,null]}"},
		{"{'x':[],'a':[],'y':{},'b':{}}", "{'a':[],'b':{}}"},
		{"{'b':[],'x':[1]}", "{'b':[]}"},
		{"{'x':1}", "{}"},
		{"[{'x':1},{'b':{'x':1}}]", "[{},{'b':{'x':1}}]"},
		{"{'a':[[{'x':[1]}],[[2],{'a':'x'}]]}", "{'a':[[{}],[[2],{'a':'x'}]]}"},
		{"{'a':1,'a':{'x':2}}", "{'a':{}}"},
		{"{'a':null,'x':null}", "{'a':null}"},
		{"{'ab':1,'':2,'A':3}", "{}"},
		{"'x'", "'x'"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(table); i++) {
		char *text = keep_text(str_dup(table[i].text)), *p;

		for (p = text; *p; p++)
			*p = *p == '\'' ? '"' : *p;
		check_json(table[i].text, keep(json_parse_members(span_of(text), find_ab)), table[i].made);
	}
}

static void what_is_left_out_has_to_be_json_as_well(void **state)
{
	const struct span *row;

	(void)state;
	for EACH(row, invalid) {
		char *text = str_printf("{\"x\":%.*s}", (int)row->n, row->p);
		bool is_valid = json_is_valid(span_of(text)); /* some are, as a part of this */

		check(text, (keep(json_parse_members(span_of(text), find_ab)) != NULL) == is_valid);
		free(text);
	}
}

static bool nested(const char *open, const char *inner, const char *close, size_t levels)
{
	const char *text = keep_text(str_printf("%s%s%s", repeat(open, levels), inner,
						repeat(close, levels)));
	struct json_object *value = json_parse(span_of(text));

	keep(value);
	assert_true(json_is_valid(span_of(text)) == (value != NULL));
	return value != NULL;
}

static void values_nest_64_deep_and_no_deeper(void **state)
{
	(void)state;
	assert_true(nested("[", "", "]", 64));
	assert_false(nested("[", "", "]", 65));
	assert_true(nested("[", "1", "]", 64));
	assert_false(nested("[", "1", "]", 65));
	assert_true(nested("{\"a\":", "1", "}", 64));
	assert_false(nested("{\"a\":", "1", "}", 65));
	assert_true(nested("{\"a\":", "{}", "}", 63));
	assert_false(nested("{\"a\":", "{}", "}", 64));
	assert_true(nested("[", "[ ]", "]", 63));
	assert_false(nested("[", "[ ]", "]", 64));
	assert_true(nested("{\"a\":[", "0", "]}", 32));
	assert_false(nested("{\"a\":[", "[0]", "]}", 32));
	assert_false(nested("[", "", "]", 100000));
}

static void brackets_close_what_they_opened_at_every_depth(void **state)
{
	(void)state;
	assert_true(nested("[{\"a\":", "1", "}]", 30));
	assert_true(nested("[{\"a\":[],\"b\":", "[{}]", "},1]", 20));
	assert_false(nested("[{\"a\":", "1", "]}", 30));
	assert_false(nested("[", "{\"a\":1]", "]", 3));
	assert_true(json_is_valid(span_of("[[1],{\"a\":[{\"b\":1}],\"c\":2},[[3]]]")));
	assert_false(json_is_valid(span_of("[[1],{\"a\":[{\"b\":1}],2},[[3]]]")));
	assert_false(json_is_valid(span_of("[{\"a\":1},\"b\":2]")));
	assert_false(json_is_valid(span_of("{\"a\":[1],2}")));
}

static void siblings_do_not_count_as_depth(void **state)
{
	const char *many = keep_text(str_printf("[%s{}]", repeat("[[]],{},", 200)));

	(void)state;
	assert_true(json_is_valid(span_of(many)));
}

static struct json_object *parsed(const char *text)
{
	return keep(json_parse(span_of(text)));
}

static void integers_are_found_only_where_they_are_integers(void **state)
{
	static const struct {
		const char *value;
		enum json_found found;
		int64_t number;
	} table[] = {
		{"0", JSON_FOUND, 0}, {"-0", JSON_FOUND, 0}, {"12", JSON_FOUND, 12},
		{"-12", JSON_FOUND, -12}, {"2147483648", JSON_FOUND, 2147483648},
		{"-2147483649", JSON_FOUND, -2147483649}, {"9007199254740993", JSON_FOUND, 9007199254740993},
		{"9223372036854775806", JSON_FOUND, INT64_MAX - 1},
		{"-9223372036854775807", JSON_FOUND, INT64_MIN + 1},
		{"9223372036854775807", JSON_WRONG, 0}, {"-9223372036854775808", JSON_WRONG, 0},
		{"9223372036854775808", JSON_WRONG, 0}, {"-9223372036854775809", JSON_WRONG, 0},
		{"18446744073709551615", JSON_WRONG, 0}, {"18446744073709551616", JSON_WRONG, 0},
		{"99999999999999999999999", JSON_WRONG, 0},
		{"1.0", JSON_WRONG, 0}, {"1.5", JSON_WRONG, 0}, {"1e2", JSON_WRONG, 0},
		{"1E0", JSON_WRONG, 0}, {"\"12\"", JSON_WRONG, 0}, {"true", JSON_WRONG, 0},
		{"[1]", JSON_WRONG, 0}, {"{}", JSON_WRONG, 0}, {"null", JSON_ABSENT, 0},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct json_object *object = parsed(keep_text(str_printf("{\"n\":%s}", row->value)));
		int64_t number = 77;

		check_int(row->value, json_get_int(object, "n", &number), row->found);
		check_int(row->value, number, row->found == JSON_FOUND ? row->number : 77);
		check_int(row->value, json_int_or(object, "n", -5),
			  row->found == JSON_FOUND ? row->number : -5);
	}
}

static void what_is_no_moment_or_no_count_is_not_counted_with(void **state)
{
	static const struct {
		const char *value;
		int64_t time, count;
	} table[] = {
		{"0", 0, 0}, {"7", 7, 7}, {"-1", -5, 0}, {"253402300799", 253402300799, 253402300799},
		{"253402300800", -5, 253402300800}, {"4611686018427387903", -5, INT64_MAX / 2},
		{"4611686018427387904", -5, 0}, {"9223372036854775806", -5, 0},
		{"-9223372036854775807", -5, 0}, {"\"7\"", -5, 0}, {"null", -5, 0},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct json_object *object = parsed(keep_text(str_printf("{\"n\":%s}", row->value)));

		check_int(row->value, json_time_or(object, "n", -5), row->time);
		check_int(row->value, json_count_or_0(object, "n"), row->count);
	}
}

static void strings_are_found_whole_or_not_at_all(void **state)
{
	static const struct {
		const char *value;
		enum json_found found;
		const char *text;
	} table[] = {
		{"\"\"", JSON_FOUND, ""}, {"\"a\"", JSON_FOUND, "a"},
		{"\"\\u00e4\\/\\n\"", JSON_FOUND, "\xC3\xA4/\n"},
		{"\"\\ud83d\\ude00\"", JSON_FOUND, "\xF0\x9F\x98\x80"},
		/* The first and the last of two bytes to four. */
		{"\"\\u0080\\u07ff\"", JSON_FOUND, "\xC2\x80\xDF\xBF"},
		{"\"\\u0800\\uffff\"", JSON_FOUND, "\xE0\xA0\x80\xEF\xBF\xBF"},
		{"\"\\ud800\\udc00\\udbff\\udfff\"", JSON_FOUND, "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"},
		/* Half of a pair is U+FFFD, and takes nothing with it. */
		{"\"\\ud83d\"", JSON_FOUND, "\xEF\xBF\xBD"}, {"\"\\ude00x\"", JSON_FOUND, "\xEF\xBF\xBDx"},
		{"\"\\ud83d\\u0041\"", JSON_FOUND, "\xEF\xBF\xBD" "A"},
		{"\"\\ud83d\\ud83d\\ude00\"", JSON_FOUND, "\xEF\xBF\xBD\xF0\x9F\x98\x80"},
		{"\"a\\u0000b\"", JSON_WRONG, NULL}, {"\"\\u0000\"", JSON_WRONG, NULL},
		{"\"a\\u0000\"", JSON_WRONG, NULL}, {"1", JSON_WRONG, NULL}, {"true", JSON_WRONG, NULL},
		{"{}", JSON_WRONG, NULL}, {"[\"a\"]", JSON_WRONG, NULL}, {"null", JSON_ABSENT, NULL},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct json_object *object = parsed(keep_text(str_printf("{\"s\":%s}", row->value)));
		const char *text = "untouched";

		check_int(row->value, json_get_string(object, "s", &text), row->found);
		check_text(row->value, text, row->found == JSON_FOUND ? row->text : "untouched");
		check_text(row->value, json_string_or_null(object, "s"), row->text);
	}
}

static void flags_objects_and_arrays_are_found_by_their_type(void **state)
{
	struct json_object *o = json_of("{'t':true,'f':false,'o':{},'a':[],'n':null,'i':1,'s':'true'}");
	static const struct {
		const char *key;
		enum json_found flag, object, array;
	} table[] = {
		{"t", JSON_FOUND, JSON_WRONG, JSON_WRONG}, {"f", JSON_FOUND, JSON_WRONG, JSON_WRONG},
		{"o", JSON_WRONG, JSON_FOUND, JSON_WRONG}, {"a", JSON_WRONG, JSON_WRONG, JSON_FOUND},
		{"n", JSON_ABSENT, JSON_ABSENT, JSON_ABSENT}, {"i", JSON_WRONG, JSON_WRONG, JSON_WRONG},
		{"s", JSON_WRONG, JSON_WRONG, JSON_WRONG}, {"x", JSON_ABSENT, JSON_ABSENT, JSON_ABSENT},
	}, *row;

	(void)state;
	for EACH(row, table) {
		bool flag = strcmp(row->key, "f") == 0;
		struct json_object *value = o;

		check_int(row->key, json_get_bool(o, row->key, &flag), row->flag);
		check(row->key, flag == (strcmp(row->key, "t") == 0));
		check_int(row->key, json_get_object(o, row->key, &value), row->object);
		check(row->key, (value == o) == (row->object != JSON_FOUND));
		value = o;
		check_int(row->key, json_get_array(o, row->key, &value), row->array);
		check(row->key, (value == o) == (row->array != JSON_FOUND));
	}
}

static void nothing_is_found_in_what_is_no_object(void **state)
{
	struct json_object *const table[] = {NULL, json_of("[1]"), json_of("'s'"), json_of("1")};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(table); i++) {
		const char *text;
		int64_t number;
		bool flag;

		assert_int_equal(json_get_string(table[i], "k", &text), JSON_ABSENT);
		assert_int_equal(json_get_int(table[i], "k", &number), JSON_ABSENT);
		assert_int_equal(json_get_bool(table[i], "k", &flag), JSON_ABSENT);
		assert_null(json_id_or_null(table[i], "k"));
	}
}

static void the_last_of_two_members_counts(void **state)
{
	(void)state;
	assert_int_equal(json_int_or(parsed("{\"a\":1,\"a\":2}"), "a", 0), 2);
	assert_string_equal(json_string_or_null(parsed("{\"a\":1,\"a\":\"x\"}"), "a"), "x");
	assert_null(json_string_or_null(parsed("{\"a\":\"x\",\"a\":null}"), "a"));
}

static void an_id_is_a_string_or_in_an_expanded_object(void **state)
{
	static const struct {
		const char *json, *id;
	} table[] = {
		{"{'p':'pi_1'}", "pi_1"}, {"{'p':{'id':'pi_2','x':1}}", "pi_2"}, {"{'p':{}}", NULL},
		{"{'p':{'id':3}}", NULL}, {"{'p':{'id':null}}", NULL}, {"{'p':null}", NULL},
		{"{'p':''}", NULL}, {"{'p':{'id':''}}", NULL},
		{"{'p':7}", NULL}, {"{'p':['pi_1']}", NULL}, {"{}", NULL},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_text(row->json, json_id_or_null(json_of("%s", row->json), "p"), row->id);
}

static void a_label_is_a_string_or_a_whole_number_of_any_length(void **state)
{
	static const struct {
		const char *json, *label;
	} table[] = {
		{"{\"l\":\"1Z\"}", "1Z"}, {"{\"l\":\"\"}", ""}, {"{\"l\":340434161094}", "340434161094"},
		{"{\"l\":9400110898825022579493}", "9400110898825022579493"}, {"{\"l\":-1}", "-1"},
		{"{\"l\":1.5}", NULL}, {"{\"l\":1e3}", NULL}, {"{\"l\":true}", NULL}, {"{\"l\":null}", NULL},
		{"{\"l\":{}}", NULL}, {"{\"l\":[\"1\"]}", NULL}, {"{}", NULL}, {"[1]", NULL},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_text(row->json, json_label_or_null(parsed(row->json), "l"), row->label);
	assert_null(json_label_or_null(NULL, "l"));
}

static void setters_write_and_leave_out_what_is_null(void **state)
{
	struct json_object *o = keep(json_object_new_object());

	(void)state;
	json_set_string(o, "s", "a/b\"c");
	json_set_string(o, "none", NULL);
	json_set_int(o, "i", INT64_MAX);
	json_set_bool(o, "t", true);
	json_set_bool(o, "f", false);
	json_set(o, "o", json_object_new_object());
	json_set(o, "nothing", NULL);
	json_set_int(o, "i", -3);
	assert_string_equal(json_text(o),
			    "{\"s\":\"a/b\\\"c\",\"i\":-3,\"t\":true,\"f\":false,\"o\":{}}");
}

static void a_member_is_copied_with_all_that_is_in_it(void **state)
{
	struct json_object *from = json_of("{'a':{'b':[1]},'n':null}");
	struct json_object *to = json_of("{}"), *inner = NULL;

	(void)state;
	json_copy_member(to, "x", from, "a");
	json_copy_member(to, "y", from, "missing");
	check_json("copied", to, "{'x':{'b':[1]}}");
	assert_int_equal(json_get_object(to, "x", &inner), JSON_FOUND);
	json_set_int(inner, "c", 2);
	check_json("the original", from, "{'a':{'b':[1]},'n':null}");
}

static void a_walk_sees_every_member_in_its_order(void **state)
{
	struct json_walk walk = json_walk_of(json_of("{'b':1,'a':null,'c':{}}"));
	struct json_walk none = json_walk_of(NULL), empty = json_walk_of(json_of("{}"));

	(void)state;
	assert_true(json_walk_next(&walk));
	assert_string_equal(walk.key, "b");
	assert_int_equal(json_object_get_int(walk.value), 1);
	assert_true(json_walk_next(&walk));
	assert_string_equal(walk.key, "a");
	assert_null(walk.value);
	assert_true(json_walk_next(&walk));
	assert_string_equal(walk.key, "c");
	assert_false(json_walk_next(&walk));
	assert_false(json_walk_next(&none) || json_walk_next(&empty));
}

static void a_copy_is_equal_and_independent(void **state)
{
	struct json_object *a = json_of("{'a':[1,{'b':'c'}],'d':null}"), *b = keep(json_copy(a));

	(void)state;
	assert_true(json_equal(a, b));
	json_set_int(b, "e", 1);
	assert_false(json_equal(a, b));
	assert_null(json_copy(NULL));
	assert_true(json_equal(json_of("{'a':1,'b':2}"), json_of("{'b':2,'a':1}")));
	assert_false(json_equal(json_of("{'a':1}"), json_of("{'a':2}")));
	assert_false(json_equal(json_of("[1,2]"), json_of("[2,1]")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(what_rfc_8259_allows_is_json),
		holds(what_rfc_8259_forbids_is_not),
		holds(a_text_that_is_just_null_is_json_and_refused),
		holds(a_text_ends_where_its_span_ends),
		holds(of_members_only_those_are_made_that_are_asked_for),
		holds(what_is_left_out_has_to_be_json_as_well),
		holds(values_nest_64_deep_and_no_deeper),
		holds(brackets_close_what_they_opened_at_every_depth),
		holds(siblings_do_not_count_as_depth),
		holds(integers_are_found_only_where_they_are_integers),
		holds(what_is_no_moment_or_no_count_is_not_counted_with),
		holds(strings_are_found_whole_or_not_at_all),
		holds(flags_objects_and_arrays_are_found_by_their_type),
		holds(nothing_is_found_in_what_is_no_object),
		holds(the_last_of_two_members_counts),
		holds(an_id_is_a_string_or_in_an_expanded_object),
		holds(a_label_is_a_string_or_a_whole_number_of_any_length),
		holds(setters_write_and_leave_out_what_is_null),
		holds(a_member_is_copied_with_all_that_is_in_it),
		holds(a_walk_sees_every_member_in_its_order),
		holds(a_copy_is_equal_and_independent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

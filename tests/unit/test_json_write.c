/* SPDX-License-Identifier: ISC */
/*
 * JSON written straight into a buffer: the text is json_text()'s, and an item's on
 * DynamoDB's wire is what comes back from it.
 */
#include "unit.h"

#include "format/json_write.h"
#include "store/value.h"

static const char *written(struct json_object *value)
{
	struct buf out;

	buf_init(&out, 65536);
	json_write(&out, value);
	assert_false(out.failed);
	return keep_text(buf_detach(&out));
}

static void what_is_written_is_the_text_that_a_tree_has(void **state)
{
	static const char *const table[] = {
		"{}", "[]", "{'a':1}", "{'b':[1,[2,{'c':null}],{}],'a':{'x':{'y':[]}}}",
		"[true,false,null,0,-1,9223372036854775807,-9223372036854775808]",
		"[18446744073709551615,1.50,1e3,1E-7,123456789012345678901234567890.5]",
		"['','a/b','\xC3\xA4\xF0\x9F\x98\x80','\\u007f']", "{'a/\\n':'\\u0000b\\u001f'}",
		"['\\\\','\\b\\t\\n\\f\\r\\u0001','x\\\"\\\"y','\\\"']",
	}, *const *row;

	(void)state;
	for EACH(row, table) {
		struct json_object *value = json_of("%s", *row);

		check_text(*row, written(value), json_text(value));
	}
}

static void an_integer_is_written_to_its_last_digit(void **state)
{
	static const struct {
		int64_t number;
		const char *text;
	} table[] = {
		{0, "0"}, {7, "7"}, {10, "10"}, {-1, "-1"}, {-10, "-10"}, {1795783854, "1795783854"},
		{INT64_MAX, "9223372036854775807"}, {INT64_MIN, "-9223372036854775808"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct buf out;

		buf_init(&out, 64);
		json_write_int(&out, row->number);
		check_text(row->text, buf_text(&out), row->text);
		buf_free(&out);
	}
}

static void what_does_not_fit_is_told(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 5);
	json_write(&out, json_of("%s", "'abcd'"));
	assert_true(out.failed);
	buf_free(&out);
}

static const char *on_the_wire(struct json_object *item)
{
	struct buf out;

	buf_init(&out, 65536);
	aws_item_write(&out, item);
	return keep_text(buf_detach(&out));
}

static void an_item_is_written_as_attribute_values(void **state)
{
	static const struct {
		const char *item, *wire;
	} table[] = {
		{"{}", "{}"},
		{"{'PK':'USER#1','n':12,'f':1.50}", "{'PK':{'S':'USER#1'},'n':{'N':'12'},'f':{'N':'1.50'}}"},
		{"{'t':true,'f':false,'z':null}", "{'t':{'BOOL':true},'f':{'BOOL':false},'z':{'NULL':true}}"},
		{"{'l':[],'m':{}}", "{'l':{'L':[]},'m':{'M':{}}}"},
		{"{'l':['a',{'b':[1]}]}", "{'l':{'L':[{'S':'a'},{'M':{'b':{'L':[{'N':'1'}]}}}]}}"},
		{"{'a b':'c/d'}", "{'a b':{'S':'c/d'}}"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct json_object *item = json_of("%s", row->item), *back;
		const char *wire = on_the_wire(item);

		check_text(row->item, wire, written(json_of("%s", row->wire)));
		back = keep(aws_item_to_json(json_of("%s", wire)));
		check_text(row->item, json_text(back), json_text(item));
	}
}

static void a_number_that_is_worth_an_integer_is_one(void **state)
{
	static const struct {
		const char *wire, *item;
	} table[] = {
		{"{'n':{'N':'2500'}}", "{'n':2500}"}, {"{'n':{'N':'2500.0'}}", "{'n':2500}"},
		{"{'n':{'N':'25E+2'}}", "{'n':2500}"}, {"{'n':{'NS':['25E+2','1.50']}}", "{'n':[2500,1.50]}"},
		{"{'n':{'N':'1.50'}}", "{'n':1.50}"}, {"{'n':{'N':'1E+30'}}", "{'n':1E+30}"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct json_object *item = keep(aws_item_to_json(json_of("%s", row->wire)));

		check_text(row->wire, written(item), written(json_of("%s", row->item)));
	}
	assert_null(aws_item_to_json(json_of("{'n':{'N':'+5'}}")));
	assert_null(aws_item_to_json(json_of("{'n':{'N':'true'}}")));
	assert_null(aws_item_to_json(json_of("{'n':{'N':5}}")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(what_is_written_is_the_text_that_a_tree_has),
		holds(an_integer_is_written_to_its_last_digit),
		holds(what_does_not_fit_is_told),
		holds(an_item_is_written_as_attribute_values),
		holds(a_number_that_is_worth_an_integer_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * The table's promises, written against store.h alone and run against every
 * backend in the table at the bottom; then what only a file can suffer.
 *
 * A backend's table may be shared and old: each test has partition keys of its
 * own and reads nothing else.
 */
#include "unit.h"

#include <fcntl.h>
#include <libgen.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/dynamodb_table.h"
#include "base/clock.h"
#include "base/mem.h"
#include "store/store.h"
#include "store/store_dynamodb.h"
#include "store/store_sqlite.h"
#include "store/store_sqlite_file.h"
#include "store/store_sqlite_make.h"

struct backend {
	const char *name;
	void (*begin)(void);          /* before each test */
	struct store *(*open)(void);  /* a connection of its own */
	void (*end)(void);            /* after each test */
};

static const struct backend *backend;
static struct store *store; /* the test's first connection */
static int test_number;

/* The library's wall clock, by the linker's --wrap: some tests set it forward. */
static int64_t clock_ahead;
int64_t __real_clock_epoch(void);
int64_t __wrap_clock_epoch(void);

int64_t __wrap_clock_epoch(void)
{
	return __real_clock_epoch() + clock_ahead;
}

static int64_t soon(void)
{
	return deadline_in(60000);
}

/* A partition key that no other test has. */
static const char *pk(const char *name)
{
	return keep_text(str_printf("TEST#%ld#%d#%s", (long)getppid() * 1000000 + getpid(),
				    test_number, name));
}

static struct json_object *item(const char *name, const char *sk, const char *more)
{
	return json_of("{'PK':'%s','SK':'%s'%s%s}", pk(name), sk, *more ? "," : "", more);
}

static int put(struct store *s, struct json_object *value, enum store_condition condition,
	       int64_t version, struct err *e)
{
	const struct store_action one = {.item = value, .condition = condition, .version = version};

	*e = (struct err){.code = ERR_NONE};
	return store_write(s, &one, 1, NULL, soon(), e);
}

static void must_put(struct json_object *value)
{
	struct err e;

	check_int(e.text, put(store, value, STORE_ANY, 0, &e), 0);
}

static struct json_object *get_from(struct store *s, const char *name, const char *sk)
{
	const struct store_key key = {pk(name), sk};
	struct json_object *found = NULL;
	struct err e = {.code = ERR_NONE};

	check_int(e.text, store_get_many(s, &key, 1, &found, soon(), &e), 0);
	return keep(found);
}

static struct json_object *get(const char *name, const char *sk)
{
	return get_from(store, name, sk);
}

/* The SKs that a query gives, with blanks between. */
static const char *query(const char *name, const char *prefix, const char *before, size_t limit)
{
	struct json_object *items = NULL;
	struct err e = {.code = ERR_NONE};
	struct buf sks;
	size_t i;

	check_int(e.text, store_query(store, pk(name), prefix, before, limit, &items, soon(), &e),
		  0);
	keep(items);
	buf_init(&sks, 65536);
	for (i = 0; i < json_object_array_length(items); i++)
		buf_printf(&sks, "%s%s", i ? " " : "",
			   json_string_or_null(json_object_array_get_idx(items, i), "SK"));
	return keep_text(buf_detach(&sks));
}

/* --- reading ------------------------------------------------------------- */

static void items_are_read_in_the_order_of_their_keys(void **state)
{
	const struct store_key keys[] = {{pk("b"), "2"}, {pk("a"), "1"}, {pk("none"), "1"},
					 {pk("a"), "2"}, {pk("b"), "1"}};
	struct json_object *items[LENGTH(keys)];
	struct err e;

	(void)state;
	must_put(item("a", "1", "'n':1"));
	must_put(item("b", "2", "'n':2"));
	must_put(item("b", "1", "'n':3"));
	assert_int_equal(store_get_many(store, keys, LENGTH(keys), items, soon(), &e), 0);
	assert_int_equal(json_int_or(keep(items[0]), "n", 0), 2);
	assert_int_equal(json_int_or(keep(items[1]), "n", 0), 1);
	assert_null(items[2]);
	assert_null(items[3]);
	assert_int_equal(json_int_or(keep(items[4]), "n", 0), 3);
}

static void a_key_that_is_named_twice_gives_its_item_twice(void **state)
{
	const struct store_key keys[] = {{pk("a"), "1"}, {pk("b"), "1"}, {pk("a"), "1"},
					 {pk("none"), "1"}, {pk("none"), "1"}};
	struct json_object *items[LENGTH(keys)];
	struct err e = {.code = ERR_NONE};

	(void)state;
	must_put(item("a", "1", "'n':1"));
	must_put(item("b", "1", "'n':2"));
	check_int(e.text, store_get_many(store, keys, LENGTH(keys), items, soon(), &e), 0);
	assert_int_equal(json_int_or(keep(items[0]), "n", 0), 1);
	assert_int_equal(json_int_or(keep(items[1]), "n", 0), 2);
	assert_int_equal(json_int_or(keep(items[2]), "n", 0), 1);
	assert_null(items[3]);
	assert_null(items[4]);
	check_int(e.text, store_get_many(store, &keys[3], 2, items, soon(), &e), 0);
	assert_null(items[0]);
	assert_null(items[1]);
}

static void a_hundred_items_are_written_and_read_at_once(void **state)
{
	struct store_action puts[STORE_MAX_ITEMS];
	struct store_key keys[STORE_MAX_ITEMS];
	struct json_object *items[STORE_MAX_ITEMS];
	struct err e;
	int i;

	(void)state;
	for (i = 0; i < STORE_MAX_ITEMS; i++) {
		const char *sk = keep_text(str_printf("%d", i));

		puts[i] = (struct store_action){.item = item("many", sk, keep_text(
						     str_printf("'n':%d", i))),
					     .condition = STORE_ABSENT};
		keys[STORE_MAX_ITEMS - 1 - i] = (struct store_key){pk("many"), sk};
	}
	check_int(e.text, store_write(store, puts, STORE_MAX_ITEMS, NULL, soon(), &e), 0);
	check_int(e.text, store_get_many(store, keys, STORE_MAX_ITEMS, items, soon(), &e), 0);
	for (i = 0; i < STORE_MAX_ITEMS; i++)
		assert_int_equal(json_int_or(keep(items[i]), "n", -1), STORE_MAX_ITEMS - 1 - i);
}

static void a_read_of_none_or_too_many_is_a_fault_of_the_caller(void **state)
{
	struct store_key keys[STORE_MAX_ITEMS + 1];
	struct json_object *items[STORE_MAX_ITEMS + 1];
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(keys); i++) {
		keys[i] = (struct store_key){pk("x"), "x"};
		items[i] = json_of("1");
	}
	assert_int_equal(store_get_many(store, keys, 0, items, soon(), &e), -1);
	assert_int_equal(e.code, ERR_INTERNAL);
	assert_int_equal(store_get_many(store, keys, LENGTH(keys), items, soon(), &e), -1);
	assert_int_equal(e.code, ERR_INTERNAL);
	for (i = 0; i < LENGTH(keys); i++)
		assert_null(items[i]);
}

static void an_item_comes_back_byte_for_byte(void **state)
{
	struct json_object *whole = item("whole", "k\xC3\xA4#\xF0\x9F\x98\x80",
		"'text':'\xE2\x82\xAC \xF0\x9F\x98\x80 \\u0001\\n\\\\/\\u007f','empty':'',"
		"'max':9223372036854775806,'min':-9223372036854775807,'zero':0,'big':9007199254740993,"
		"'t':true,'f':false,'null':null,'list':[1,'a',[],{}],'map':{'a':{'b':[null]}},"
		"'key with space':1,'\xC3\xA4':2,'a.b':3,'#c':4,':d':5");

	(void)state;
	must_put(whole);
	assert_true(json_equal(get("whole", "k\xC3\xA4#\xF0\x9F\x98\x80"), whole));
	assert_int_equal(json_int_or(get("whole", "k\xC3\xA4#\xF0\x9F\x98\x80"), "max", 0),
			 INT64_MAX - 1);
}

static void a_large_item_is_whole(void **state)
{
	struct json_object *large = item("large", "1", "");

	(void)state;
	json_set_string(large, "text", repeat("0123456789", 30000));
	must_put(large);
	assert_true(json_equal(get("large", "1"), large));
}

static void keys_are_compared_byte_for_byte(void **state)
{
	(void)state;
	must_put(item("case", "a", "'n':1"));
	assert_null(get("case", "A"));
	assert_null(get("Case", "a"));
	assert_null(get("case", "a "));
	assert_null(get("case", "%"));
	assert_non_null(get("case", "a"));
}

/* --- writing ------------------------------------------------------------- */

static void versions_begin_at_1_and_grow_by_1(void **state)
{
	struct json_object *value = item("v", "1", "");
	struct err e;
	int64_t version;

	(void)state;
	assert_int_equal(put(store, value, STORE_ABSENT, 0, &e), 0);
	for (version = 1; version < 4; version++) {
		assert_int_equal(store_item_version(value), version);
		assert_int_equal(store_item_version(get("v", "1")), version);
		assert_int_equal(put(store, value, STORE_VERSION, version, &e), 0);
	}
	assert_int_equal(store_item_version(get("v", "1")), 4);
	value = item("v", "2", "'version':7");
	assert_int_equal(put(store, value, STORE_ABSENT, 0, &e), 0);
	assert_int_equal(store_item_version(get("v", "2")), 1);
}

static void an_item_written_under_no_condition_keeps_its_version(void **state)
{
	(void)state;
	must_put(item("any", "1", ""));
	assert_int_equal(store_item_version(get("any", "1")), 1);
	must_put(item("any", "1", "'version':7"));
	assert_int_equal(store_item_version(get("any", "1")), 7);
	must_put(item("any", "1", "'n':1"));
	assert_int_equal(store_item_version(get("any", "1")), 1);
	assert_int_equal(json_int_or(get("any", "1"), "n", 0), 1);
}

static void a_write_replaces_the_whole_item(void **state)
{
	(void)state;
	must_put(item("r", "1", "'a':1,'b':2"));
	must_put(item("r", "1", "'b':3"));
	assert_true(json_equal(get("r", "1"), item("r", "1", "'b':3,'version':1")));
}

static void a_condition_that_does_not_hold_is_a_conflict(void **state)
{
	static const struct {
		enum store_condition condition;
		int64_t version;
		bool on_present, on_absent; /* holds where an item of version 2 stands, or none */
	} table[] = {
		{STORE_ANY, 0, true, true}, {STORE_ABSENT, 0, false, true},
		{STORE_VERSION, 2, true, false}, {STORE_VERSION, 1, false, false},
		{STORE_VERSION, 3, false, false}, {STORE_VERSION, 0, false, false},
	};
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(table); i++) {
		const char *sk = keep_text(str_printf("%zu", i));
		const char *row = keep_text(str_printf("condition %zu", i));

		check_int(row, put(store, item("absent", sk, "'n':1"), table[i].condition,
				   table[i].version, &e), table[i].on_absent ? 0 : -1);
		check_int(row, e.code, table[i].on_absent ? ERR_NONE : ERR_CONFLICT);
		check(row, (get("absent", sk) != NULL) == table[i].on_absent);
		must_put(item("there", sk, "'n':1,'version':2"));
		check_int(row, put(store, item("there", sk, "'n':2"), table[i].condition,
				   table[i].version, &e), table[i].on_present ? 0 : -1);
		check_int(row, e.code, table[i].on_present ? ERR_NONE : ERR_CONFLICT);
		check_int(row, json_int_or(get("there", sk), "n", 0), table[i].on_present ? 2 : 1);
	}
}

/* As the Lambda functions left them: store_write() always sets a version. */
static void put_without_version(struct json_object *value)
{
	const struct store_action one = {.item = value, .condition = STORE_ANY};
	struct err e = {.code = ERR_NONE};
	size_t failed;

	check_int(e.text, store->backend->write(store, &one, 1, &failed, soon(), &e), 0);
}

static void an_item_without_a_version_has_version_0(void **state)
{
	struct err e;

	(void)state;
	put_without_version(item("old", "1", "'n':1"));
	assert_int_equal(store_item_version(get("old", "1")), 0);
	assert_int_equal(put(store, item("old", "1", ""), STORE_VERSION, 1, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(put(store, item("old", "1", ""), STORE_ABSENT, 0, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(put(store, item("old", "1", "'n':2"), STORE_VERSION, 0, &e), 0);
	assert_int_equal(store_item_version(get("old", "1")), 1);
	assert_int_equal(put(store, item("old", "1", "'n':3"), STORE_VERSION, 0, &e), -1);
	assert_int_equal(json_int_or(get("old", "1"), "n", 0), 2);
}

static void all_are_written_or_none_and_the_failing_one_is_told(void **state)
{
	size_t bad, i;

	(void)state;
	must_put(item("taken", "1", "'n':1"));
	for (bad = 0; bad < 4; bad++) {
		struct store_action puts[4];
		struct err e = {.code = ERR_NONE};
		size_t failed = 99;

		for (i = 0; i < 4; i++)
			puts[i] = (struct store_action){
				.item = i == bad ? item("taken", "1", "'n':2")
						 : item("new", keep_text(str_printf("%zu", i)), ""),
				.condition = STORE_ABSENT};
		assert_int_equal(store_write(store, puts, 4, &failed, soon(), &e), -1);
		assert_int_equal(e.code, ERR_CONFLICT);
		assert_int_equal(failed, bad);
		assert_string_equal(query("new", "", NULL, 10), "");
		assert_int_equal(json_int_or(get("taken", "1"), "n", 0), 1);
	}
}

static void a_conflict_leaves_the_connection_usable(void **state)
{
	struct err e;
	int i;

	(void)state;
	must_put(item("c", "1", ""));
	for (i = 0; i < 3; i++)
		assert_int_equal(put(store, item("c", "1", ""), STORE_ABSENT, 0, &e), -1);
	assert_int_equal(put(store, item("c", "2", ""), STORE_ABSENT, 0, &e), 0);
	assert_string_equal(query("c", "", NULL, 10), "2 1");
}

static void mixed_conditions_hold_together(void **state)
{
	struct store_action puts[3];
	struct err e;

	(void)state;
	must_put(item("m", "1", "'version':5"));
	puts[0] = (struct store_action){.item = item("m", "1", "'n':1"), .condition = STORE_VERSION,
				     .version = 5};
	puts[1] = (struct store_action){.item = item("m", "2", "'n':2"), .condition = STORE_ABSENT};
	puts[2] = (struct store_action){.item = item("m", "3", "'n':3"), .condition = STORE_ANY};
	check_int(e.text, store_write(store, puts, 3, NULL, soon(), &e), 0);
	assert_int_equal(store_item_version(get("m", "1")), 6);
	assert_int_equal(store_item_version(get("m", "2")), 1);
	assert_int_equal(json_int_or(get("m", "3"), "n", 0), 3);
}

/* A check of what stands as `value`, next to a put of `other`; the code of the
 * error, or ERR_NONE. */
static enum err_code check_beside_put(struct store_action check, struct json_object *other,
				      size_t *failed)
{
	const struct store_action actions[] = {{.item = other, .condition = STORE_ANY}, check};
	struct err e = {.code = ERR_NONE};

	return store_write(store, actions, 2, failed, soon(), &e) ? e.code : ERR_NONE;
}

static void a_check_lets_a_write_pass_only_while_its_item_is_as_it_was_read(void **state)
{
	struct json_object *read;
	size_t failed = 99;

	(void)state;
	must_put(item("order", "1", "'version':7,'n':1"));
	read = get("order", "1");
	assert_int_equal(check_beside_put(store_check(read), item("day", "1", "'n':1"), NULL), ERR_NONE);
	assert_int_equal(json_int_or(get("day", "1"), "n", 0), 1);
	assert_true(json_equal(get("order", "1"), read));
	must_put(item("order", "1", "'version':8,'n':2"));
	assert_int_equal(check_beside_put(store_check(read), item("day", "1", "'n':2"), &failed),
			 ERR_CONFLICT);
	assert_int_equal(failed, 1);
	assert_int_equal(json_int_or(get("day", "1"), "n", 0), 1);
	assert_int_equal(json_int_or(get("order", "1"), "n", 0), 2);
}

static void a_check_of_an_item_without_version_or_of_none_holds_as_of_any_other(void **state)
{
	const struct store_action old = {.item = item("old", "1", "'n':1"), .as_it_is = true};
	struct err e = {.code = ERR_NONE};

	(void)state;
	check_int(e.text, store_write(store, &old, 1, NULL, soon(), &e), 0);
	assert_int_equal(check_beside_put(store_check(get("old", "1")), item("d", "1", ""), NULL),
			 ERR_NONE);
	assert_true(json_equal(get("old", "1"), old.item));
	must_put(item("old", "1", ""));
	assert_int_equal(check_beside_put(store_check(old.item), item("d", "1", ""), NULL),
			 ERR_CONFLICT);
	assert_int_equal(check_beside_put(store_check(item("gone", "1", "'version':1")),
					  item("d", "1", ""), NULL), ERR_CONFLICT);
}

static void a_version_that_is_no_count_is_version_0(void **state)
{
	static const char *const odd[] = {"'1'", "''", "null", "0", "true", "{'a':1}", "[1]"};
	struct err e = {.code = ERR_NONE};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof odd / sizeof *odd; i++) {
		const char *sk = keep_text(str_printf("%zu", i));
		const char *version = keep_text(str_printf("'version':%s", odd[i]));
		struct json_object *beside = item("beside", sk, "");

		put_without_version(item("odd", sk, version));
		check_int(version, store_item_version(get("odd", sk)), 0);
		check_int(version, put(store, item("odd", sk, ""), STORE_VERSION, 1, &e), -1);
		check_int(version, check_beside_put(store_check(get("odd", sk)), beside, NULL), ERR_NONE);
		check_int(version, put(store, item("odd", sk, "'n':2"), STORE_VERSION, 0, &e), 0);
		check_int(version, store_item_version(get("odd", sk)), 1);
		check_int(version, put(store, item("odd", sk, ""), STORE_VERSION, 0, &e), -1);
	}
}

static void a_delete_takes_an_item_away_under_its_condition(void **state)
{
	const struct store_key keys[] = {{pk("from"), "1"}, {pk("to"), "1"}};
	struct json_object *items[2];
	struct store_action move[2];
	struct err e = {.code = ERR_NONE};
	size_t failed = 99;

	(void)state;
	must_put(item("from", "1", "'version':3"));
	move[0] = (struct store_action){.item = item("to", "1", ""), .condition = STORE_ABSENT};
	move[1] = (struct store_action){.verb = STORE_DELETE, .item = item("from", "1", ""),
					.condition = STORE_VERSION, .version = 2};
	assert_int_equal(store_write(store, move, 2, &failed, soon(), &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(failed, 1);
	assert_string_equal(query("to", "", NULL, 10), "");
	assert_int_equal(store_item_version(get("from", "1")), 3);
	move[1].version = 3;
	check_int(e.text, store_write(store, move, 2, NULL, soon(), &e), 0);
	check_int(e.text, store_get_many(store, keys, 2, items, soon(), &e), 0);
	assert_null(items[0]);
	assert_int_equal(store_item_version(keep(items[1])), 1);
	move[1].condition = STORE_ANY;
	check_int("what is not there may be deleted", store_write(store, &move[1], 1, NULL, soon(), &e), 0);
}

static void a_write_without_keys_or_of_a_wrong_number_is_refused(void **state)
{
	static const char *const wrong[] = {"{}", "{'PK':'a'}", "{'SK':'a'}", "{'PK':1,'SK':'a'}",
					    "{'PK':'a','SK':null}"};
	struct store_action puts[STORE_MAX_ITEMS + 1] = {{.item = NULL}};
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(wrong); i++) {
		check_int(wrong[i], put(store, json_of("%s", wrong[i]), STORE_ANY, 0, &e), -1);
		check_int(wrong[i], e.code, ERR_INTERNAL);
	}
	assert_int_equal(store_write(store, puts, 0, NULL, soon(), &e), -1);
	assert_int_equal(e.code, ERR_INTERNAL);
	for (i = 0; i < LENGTH(puts); i++)
		puts[i].item = item("x", keep_text(str_printf("%zu", i)), "");
	assert_int_equal(store_write(store, puts, LENGTH(puts), NULL, soon(), &e), -1);
	assert_int_equal(e.code, ERR_INTERNAL);
	assert_string_equal(query("x", "", NULL, 10), "");
}

static void calls_are_counted(void **state)
{
	unsigned reads = store->reads, writes = store->writes;

	(void)state;
	must_put(item("n", "1", ""));
	get("n", "1");
	query("n", "", NULL, 1);
	assert_int_equal(store->reads, reads + 2);
	assert_int_equal(store->writes, writes + 1);
}

/* --- expiry -------------------------------------------------------------- */

static const char *expiring(int64_t seconds)
{
	return keep_text(str_printf("'expiresAt':%lld", (long long)(clock_epoch() + seconds)));
}

static void an_expired_item_is_not_seen(void **state)
{
	(void)state;
	must_put(item("e", "1", expiring(-1000)));
	must_put(item("e", "2", expiring(0)));
	must_put(item("e", "3", expiring(1000)));
	must_put(item("e", "4", "'expiresAt':'soon'"));
	must_put(item("e", "5", "'expiresAt':1"));
	assert_null(get("e", "1"));
	assert_null(get("e", "2"));
	assert_non_null(get("e", "3"));
	assert_non_null(get("e", "4"));
	assert_null(get("e", "5"));
	assert_string_equal(query("e", "", NULL, 10), "4 3");
}

static void an_expired_item_counts_as_absent(void **state)
{
	struct err e;

	(void)state;
	must_put(item("e", "1", expiring(-5)));
	assert_null(get("e", "1"));
	assert_int_equal(put(store, item("e", "1", "'n':1"), STORE_ABSENT, 0, &e), 0);
	assert_int_equal(json_int_or(get("e", "1"), "n", 0), 1);
	must_put(item("e", "2", expiring(1000)));
	assert_int_equal(put(store, item("e", "2", "'n':1"), STORE_ABSENT, 0, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
}

static void an_item_that_expires_after_it_was_read_can_be_replaced(void **state)
{
	struct json_object *value = item("e", "1", expiring(1000));
	struct err e;

	(void)state;
	must_put(value);
	assert_non_null(get("e", "1"));
	clock_ahead = 1000;
	assert_null(get("e", "1"));
	assert_int_equal(put(store, item("e", "1", "'n':1"), STORE_VERSION, 1, &e), 0);
	assert_int_equal(json_int_or(get("e", "1"), "n", 0), 1);
}

static void an_item_that_no_longer_expires_stays(void **state)
{
	(void)state;
	must_put(item("e", "1", expiring(-5)));
	must_put(item("e", "1", "'n':1"));
	assert_non_null(get("e", "1"));
	must_put(item("e", "2", "'n':1"));
	assert_non_null(get("e", "1"));
}

/* --- queries ------------------------------------------------------------- */

static void a_query_gives_the_newest_first_up_to_its_limit(void **state)
{
	static const struct {
		const char *prefix, *before;
		size_t limit;
		const char *sks;
	} table[] = {
		{"ORDER#", NULL, 10, "ORDER#30 ORDER#20#b ORDER#20#a ORDER#10"},
		{"ORDER#", NULL, 2, "ORDER#30 ORDER#20#b"}, {"ORDER#", NULL, 1, "ORDER#30"},
		{"ORDER#", NULL, 4, "ORDER#30 ORDER#20#b ORDER#20#a ORDER#10"},
		{"ORDER#", "ORDER#30", 10, "ORDER#20#b ORDER#20#a ORDER#10"},
		{"ORDER#", "ORDER#20#b", 1, "ORDER#20#a"}, {"ORDER#", "ORDER#10", 10, ""},
		{"ORDER#", "ORDER#25", 10, "ORDER#20#b ORDER#20#a ORDER#10"},
		{"ORDER#", "ORDER#", 10, ""}, {"", "", 10, ""},
		{"ORDER#", "Z", 10, "ORDER#30 ORDER#20#b ORDER#20#a ORDER#10"},
		{"ORDER#", "A", 10, ""},
		{"ORDER#2", NULL, 10, "ORDER#20#b ORDER#20#a"}, {"ORDER#20#a", NULL, 10, "ORDER#20#a"},
		{"ORDER#20#c", NULL, 10, ""},
		{"ORDE", NULL, 10, "ORDER2#1 ORDER#30 ORDER#20#b ORDER#20#a ORDER#10"},
		{"order#", NULL, 10, ""}, {"META", NULL, 10, "METADATA"},
		{"", NULL, 10, "ORDER2#1 ORDER#30 ORDER#20#b ORDER#20#a ORDER#10 METADATA"},
		{"%", NULL, 10, ""}, {"_", NULL, 10, ""},
	};
	static const char *const sks[] = {"ORDER#20#a", "METADATA", "ORDER#10", "ORDER#30",
					  "ORDER#20#b", "ORDER2#1"};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(sks); i++)
		must_put(item("u", sks[i], ""));
	must_put(item("uu", "ORDER#40", ""));
	must_put(item("", "ORDER#50", ""));
	for (i = 0; i < LENGTH(table); i++)
		check_text(keep_text(str_printf("row %zu: %s", i, table[i].sks)),
			   query("u", table[i].prefix, table[i].before, table[i].limit),
			   table[i].sks);
	assert_string_equal(query("nobody", "", NULL, 10), "");
}

static void a_query_gives_the_items_themselves(void **state)
{
	struct json_object *value = item("u", "ORDER#1", "'n':7,'t':'\xC3\xA4'"), *items = NULL;
	struct err e;

	(void)state;
	must_put(value);
	assert_int_equal(store_query(store, pk("u"), "ORDER#", NULL, 5, &items, soon(), &e), 0);
	keep(items);
	assert_int_equal(json_object_array_length(items), 1);
	assert_true(json_equal(json_object_array_get_idx(items, 0), value));
}

static void a_prefix_goes_up_to_the_highest_character(void **state)
{
	(void)state;
	must_put(item("p", "a\x7F", ""));
	must_put(item("p", "a\xEF\xBF\xBF", ""));
	must_put(item("p", "a\xF0\x9F\x98\x80", ""));
	must_put(item("p", "b", ""));
	assert_string_equal(query("p", "a", NULL, 10),
			    "a\xF0\x9F\x98\x80 a\xEF\xBF\xBF a\x7F");
}

static void expired_items_take_no_place_within_the_limit(void **state)
{
	(void)state;
	must_put(item("q", "4", expiring(-9)));
	must_put(item("q", "3", ""));
	must_put(item("q", "2", expiring(-9)));
	must_put(item("q", "1", ""));
	assert_string_equal(query("q", "", NULL, 2), "3 1");
}

/* --- the whole table ------------------------------------------------------ */

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *join_sorted(const char **texts, size_t n)
{
	struct buf joined;
	size_t i;

	qsort(texts, n, sizeof *texts, compare_texts);
	buf_init(&joined, 65536);
	for (i = 0; i < n; i++)
		buf_printf(&joined, "%s ", texts[i]);
	return keep_text(buf_detach(&joined));
}

/* Walks the table in pages of `limit`: the SKs under the test's own `name`,
 * each with a blank behind it, sorted; *pages is how many there were. */
static const char *walk(const char *name, size_t limit, int *pages)
{
	struct json_object *items = NULL, *last = NULL;
	struct store_key after;
	const char *texts[300];
	struct err e = {.code = ERR_NONE};
	size_t n = 0, i;

	*pages = 0;
	do {
		struct json_object *from = keep(last);

		after = (struct store_key){json_string_or_null(from, "PK"),
					   json_string_or_null(from, "SK")};
		check_int(e.text, store_scan(store, from ? &after : NULL, limit, &items, &last,
					     soon(), &e), 0);
		keep(items);
		assert_true(json_object_array_length(items) <= limit);
		for (i = 0; i < json_object_array_length(items); i++) {
			struct json_object *one = json_object_array_get_idx(items, i);

			if (strcmp(json_string_or_null(one, "PK"), pk(name)) == 0)
				texts[n++] = json_string_or_null(one, "SK");
		}
		++*pages;
	} while (last);
	return join_sorted(texts, n);
}

static void a_scan_sees_each_item_once_whatever_the_page(void **state)
{
	static const size_t limits[] = {1, 2, 3, 7, STORE_MAX_ITEMS};
	int i, pages;

	(void)state;
	for (i = 0; i < 7; i++)
		must_put(item("w", keep_text(str_printf("%d", i)), ""));
	for (i = 0; i < (int)LENGTH(limits); i++) {
		check_text(keep_text(str_printf("pages of %zu", limits[i])),
			   walk("w", limits[i], &pages), "0 1 2 3 4 5 6 ");
		assert_true(pages >= 7 / (int)limits[i]);
	}
}

static void a_scan_gives_the_items_of_all_partitions_as_they_are(void **state)
{
	struct json_object *items = NULL, *last = NULL, *value;
	const struct store_key before = {pk("k"), "a"};
	struct err e;

	(void)state;
	value = item("k", "b", "'n':1.50,'t':'\xC3\xA4','list':[null,{}],'version':7");
	must_put(value);
	must_put(item("l", "c", ""));
	/* From a key that no item has; the next one is its neighbour. */
	assert_int_equal(store_scan(store, &before, 1, &items, &last, soon(), &e), 0);
	keep(items);
	keep(last);
	assert_int_equal(json_object_array_length(items), 1);
	assert_true(json_equal(json_object_array_get_idx(items, 0), value));
	check_text("its key", json_string_or_null(last, "PK"), pk("k"));
	check_text("its key", json_string_or_null(last, "SK"), "b");
	assert_int_equal(json_object_object_length(last), 2);
}

static void a_scan_does_not_see_what_has_expired(void **state)
{
	int pages;

	(void)state;
	must_put(item("e", "1", expiring(-9)));
	must_put(item("e", "2", expiring(-9)));
	must_put(item("e", "3", expiring(1000)));
	must_put(item("e", "4", expiring(-9)));
	must_put(item("e", "5", ""));
	assert_string_equal(walk("e", 1, &pages), "3 5 ");
	assert_string_equal(walk("e", 2, &pages), "3 5 ");
	assert_string_equal(walk("e", 100, &pages), "3 5 ");
}

static void a_scan_of_large_items_has_small_pages(void **state)
{
	struct json_object *large = item("big", "", "");
	int i, pages;

	(void)state;
	json_set_string(large, "text", repeat("0123456789", 30000));
	for (i = 0; i < 9; i++) {
		json_set_string(large, "SK", keep_text(str_printf("%d", i)));
		must_put(large);
	}
	assert_string_equal(walk("big", 100, &pages), "0 1 2 3 4 5 6 7 8 ");
	assert_true(pages > 2);
}

static void a_table_is_counted_or_that_is_not_known(void **state)
{
	int64_t before = store_count(store, soon());

	(void)state;
	must_put(item("n", "1", ""));
	must_put(item("n", "2", ""));
	assert_true(before == -1 ? store_count(store, soon()) == -1
				 : store_count(store, soon()) == before + 2);
}

static void a_page_of_none_or_too_many_is_a_fault_of_the_caller(void **state)
{
	struct json_object *items = NULL, *last = NULL;
	struct err e;

	(void)state;
	assert_int_equal(store_scan(store, NULL, 0, &items, &last, soon(), &e), -1);
	assert_int_equal(e.code, ERR_INTERNAL);
	assert_int_equal(store_scan(store, NULL, STORE_MAX_ITEMS + 1, &items, &last, soon(), &e),
			 -1);
	assert_int_equal(e.code, ERR_INTERNAL);
	assert_null(items);
}

/* --- copies --------------------------------------------------------------- */

static int copy(struct json_object *value, enum store_condition condition, int64_t version,
		struct err *e)
{
	const struct store_action one = {.item = value, .condition = condition, .version = version,
				      .as_it_is = true};

	return store_write(store, &one, 1, NULL, soon(), e);
}

static void a_copy_keeps_its_version_under_every_condition(void **state)
{
	struct json_object *value = item("c", "1", "'version':7,'n':1");
	struct err e;

	(void)state;
	assert_int_equal(copy(value, STORE_ABSENT, 0, &e), 0);
	assert_true(json_equal(get("c", "1"), value));
	assert_int_equal(copy(item("c", "1", "'version':5"), STORE_ABSENT, 0, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(copy(item("c", "1", "'version':9"), STORE_VERSION, 6, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_true(json_equal(get("c", "1"), value));
	assert_int_equal(copy(item("c", "1", "'version':9"), STORE_VERSION, 7, &e), 0);
	assert_int_equal(store_item_version(get("c", "1")), 9);
}

static void a_copy_without_a_version_stays_without(void **state)
{
	struct json_object *value = item("c", "1", "'n':1");
	struct err e;

	(void)state;
	assert_int_equal(copy(value, STORE_ABSENT, 0, &e), 0);
	assert_true(json_equal(get("c", "1"), value));
	assert_int_equal(copy(item("c", "1", "'n':2"), STORE_VERSION, 0, &e), 0);
	assert_true(json_equal(get("c", "1"), item("c", "1", "'n':2")));
	assert_int_equal(copy(item("c", "1", ""), STORE_ANY, 0, &e), 0);
	assert_true(json_equal(get("c", "1"), item("c", "1", "")));
}

/* --- several writers ----------------------------------------------------- */

static void what_one_connection_wrote_another_sees_at_once(void **state)
{
	struct store *other = backend->open();
	struct err e;
	int i;

	(void)state;
	for (i = 1; i < 20; i++) {
		assert_int_equal(put(i % 2 ? store : other, item("s", "1", keep_text(
					str_printf("'n':%d", i))), STORE_ANY, 0, &e), 0);
		assert_int_equal(json_int_or(get_from(i % 2 ? other : store, "s", "1"), "n", 0), i);
	}
	store_close(other);
}

static void who_has_read_is_not_in_the_way_of_writers(void **state)
{
	struct store *other = backend->open();
	struct err e;

	(void)state;
	must_put(item("s", "1", ""));
	get("s", "1");
	query("s", "", NULL, 1);
	assert_int_equal(put(other, item("s", "2", ""), STORE_ABSENT, 0, &e), 0);
	check_int(e.text, put(store, item("s", "3", ""), STORE_ABSENT, 0, &e), 0);
	get_from(other, "s", "1");
	assert_int_equal(put(store, item("s", "4", ""), STORE_ABSENT, 0, &e), 0);
	check_int(e.text, put(other, item("s", "5", ""), STORE_ABSENT, 0, &e), 0);
	assert_string_equal(query("s", "", NULL, 9), "5 4 3 2 1");
	store_close(other);
}

static void one_of_two_writers_of_a_version_wins(void **state)
{
	struct store *other = backend->open();
	struct err e;

	(void)state;
	assert_int_equal(put(store, item("w", "1", "'n':1"), STORE_ABSENT, 0, &e), 0);
	assert_int_equal(put(other, item("w", "1", "'n':2"), STORE_ABSENT, 0, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(put(other, item("w", "1", "'n':3"), STORE_VERSION, 1, &e), 0);
	assert_int_equal(put(store, item("w", "1", "'n':4"), STORE_VERSION, 1, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(json_int_or(get("w", "1"), "n", 0), 3);
	store_close(other);
}

#define PROCESSES 4
#define INCREMENTS 50

/* Adds one to the counter, again until nobody was in the way. */
static bool increment(struct store *s, const struct store_key *key)
{
	int tries;

	for (tries = 0; tries < 10000; tries++) {
		struct json_object *read = NULL, *value;
		struct store_action one;
		struct err e = {.code = ERR_NONE};
		int rc = store_get_many(s, key, 1, &read, soon(), &e);

		if (rc) {
			print_error("read: %s\n", e.text);
			return false;
		}
		value = json_object_new_object();
		json_set_string(value, "PK", key->pk);
		json_set_string(value, "SK", key->sk);
		json_set_int(value, "n", json_int_or(read, "n", 0) + 1);
		one = store_replace(value, read);
		rc = store_write(s, &one, 1, NULL, soon(), &e);
		json_object_put(read);
		json_object_put(value);
		if (rc && e.code != ERR_CONFLICT)
			print_error("write: %s\n", e.text);
		if (rc == 0 || e.code != ERR_CONFLICT)
			return rc == 0;
	}
	return false;
}

static int count_in_a_process(const struct store_key *key)
{
	struct store *s = backend->open();
	bool done = true;
	int i;

	for (i = 0; i < INCREMENTS && done; i++)
		done = increment(s, key);
	store_close(s);
	return done ? 0 : 1;
}

/* How many of the processes failed.  The caller has no connection open: they
 * do not survive a fork. */
static int count_in_processes(const struct store_key *key)
{
	pid_t children[PROCESSES];
	int i, status, failed = 0;

	for (i = 0; i < PROCESSES; i++) {
		children[i] = fork();
		if (children[i] == 0)
			_exit(count_in_a_process(key));
	}
	for (i = 0; i < PROCESSES; i++)
		failed += waitpid(children[i], &status, 0) != children[i] || status != 0;
	return failed;
}

static void check_counter(const struct store_key *key)
{
	store_close(store);
	store = NULL;
	assert_int_equal(count_in_processes(key), 0);
	store = backend->open();
	assert_int_equal(json_int_or(get("counter", key->sk), "n", 0), PROCESSES * INCREMENTS);
	assert_int_equal(store_item_version(get("counter", key->sk)), PROCESSES * INCREMENTS);
}

static void no_increment_of_four_processes_is_lost(void **state)
{
	const struct store_key key = {pk("counter"), "1"};

	(void)state;
	must_put(item("other", "1", ""));
	check_counter(&key);
}

/* --- what needs no table ------------------------------------------------- */

static void an_item_is_expired_from_its_second_on(void **state)
{
	struct json_object *value = json_of("{'expiresAt':1000}");

	(void)state;
	assert_false(store_item_expired(value, 999));
	assert_true(store_item_expired(value, 1000));
	assert_true(store_item_expired(value, 1001));
	assert_false(store_item_expired(json_of("{}"), 1000));
	assert_false(store_item_expired(json_of("{'expiresAt':'1'}"), 1000));
	assert_false(store_item_expired(NULL, 1000));
}

static void a_replacement_is_on_what_was_read(void **state)
{
	struct json_object *value = json_of("{}");
	struct store_action one = store_replace(value, NULL);

	(void)state;
	assert_ptr_equal(one.item, value);
	assert_int_equal(one.condition, STORE_ABSENT);
	one = store_replace(value, json_of("{'version':6}"));
	assert_int_equal(one.condition, STORE_VERSION);
	assert_int_equal(one.version, 6);
	one = store_replace(value, json_of("{}"));
	assert_int_equal(one.condition, STORE_VERSION);
	assert_int_equal(one.version, 0);
	assert_int_equal(store_item_version(NULL), 0);
}

static void closing_nothing_is_fine(void **state)
{
	(void)state;
	store_close(NULL);
}

/* --- SQLite: what only a file can suffer --------------------------------- */

static const char *folder, *file;

/* As `ordersnap init` does. */
static void make_store(const char *path)
{
	struct err e = {.code = ERR_NONE};
	bool made = false;

	check_int(e.text, sqlite_make(path, &made, &e), 0);
	assert_true(made);
}

static void sqlite_begin(void)
{
	folder = unit_folder();
	file = keep_text(str_printf("%s/orders.db", folder));
	make_store(file);
}

static struct store *sqlite_open(void)
{
	return store_sqlite_new(file);
}

static void sqlite_end(void)
{
	unit_remove_folder(folder);
}

/* Runs SQL behind the store's back; the first column of the last row. */
static int64_t sql(const char *text)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *statement = NULL;
	int64_t value = 0;

	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 2000);
	assert_int_equal(sqlite3_prepare_v2(db, text, -1, &statement, NULL), SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW)
		value = sqlite3_column_int64(statement, 0);
	assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
	sqlite3_close(db);
	return value;
}

/* A file as 0.2.0 made it. */
static void sqlite_begin_without_rowid(void)
{
	sqlite_begin();
	sql("DROP TABLE items");
	sql("CREATE TABLE items (pk TEXT NOT NULL, sk TEXT NOT NULL, item TEXT NOT NULL, expires_at INTEGER,"
	    " PRIMARY KEY (pk, sk)) WITHOUT ROWID");
	sql("CREATE INDEX items_expires_at ON items (expires_at) WHERE expires_at IS NOT NULL");
}

static int put_within(int64_t ms, struct json_object *value, struct err *e)
{
	const struct store_action one = {.item = value, .condition = STORE_ANY};

	*e = (struct err){.code = ERR_NONE};
	return store_write(store, &one, 1, NULL, deadline_in(ms), e);
}

/* For reports of the owner's, by the sqlite3 shell. */
static void indexes_and_columns_over_what_is_in_the_items_are_in_nobodys_way(void **state)
{
	(void)state;
	sql("CREATE INDEX by_email ON items (item ->> 'email')");
	sql("CREATE INDEX by_day ON items (json_extract(item, '$.day')) WHERE json_valid(item)");
	sql("ALTER TABLE items ADD COLUMN n GENERATED ALWAYS AS (item ->> 'n')");
	must_put(item("i", "1", "'n':1,'email':'a@shop.example'"));
	must_put(item("i", "1", "'n':2,'email':'b@shop.example'"));
	assert_int_equal(json_int_or(get("i", "1"), "n", 0), 2);
	assert_int_equal(sql("SELECT n FROM items WHERE item ->> 'email' = 'b@shop.example'"), 2);
}

static void a_locked_file_is_given_up_in_time_and_taken_up_again(void **state)
{
	sqlite3 *db = NULL;
	struct unit_watch watch;
	struct err e;

	(void)state;
	must_put(item("l", "1", "'n':1"));
	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	watch = unit_watch_begin();
	assert_int_equal(put_within(200, item("l", "1", "'n':2"), &e), -1);
	check_err("locked", &e, ERR_UNAVAILABLE, "orders.db");
	assert_true(unit_watch_took(&watch, 195, 1500));
	assert_int_equal(json_int_or(get("l", "1"), "n", 0), 1);
	assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(put_within(200, item("l", "1", "'n':3"), &e), 0);
}

static void a_file_that_is_locked_for_readers_too_is_given_up_in_time(void **state)
{
	const struct store_key key = {pk("l"), "1"};
	struct json_object *found = NULL, *items = NULL;
	sqlite3 *db = NULL;
	struct unit_watch watch;
	struct err e;

	(void)state;
	must_put(item("l", "1", ""));
	store_close(store);
	store = sqlite_open();
	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;"
					  "DELETE FROM items", NULL, NULL, NULL), SQLITE_OK);
	watch = unit_watch_begin();
	assert_int_equal(store_get_many(store, &key, 1, &found, deadline_in(100), &e), -1);
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_int_equal(store_query(store, key.pk, "", NULL, 1, &items, deadline_in(100), &e), -1);
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_true(unit_watch_took(&watch, 195, 2500));
	sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(db);
	assert_non_null(get("l", "1"));
}

static void a_connection_stays_open_from_verb_to_verb(void **state)
{
	int low = dup(STDERR_FILENO);

	(void)state;
	must_put(item("o", "1", ""));
	close(low);
	get("o", "1");
	query("o", "", NULL, 1);
	must_put(item("o", "1", ""));
	assert_int_equal(unit_next_descriptor(), low);
}

static void failures_leave_no_file_open(void **state)
{
	const struct store_key key = {pk("x"), "1"};
	int before = unit_next_descriptor(), i;
	struct json_object *found = NULL;
	struct err e;

	(void)state;
	must_put(item("x", "1", ""));
	sql("UPDATE items SET item = '{broken'");
	for (i = 0; i < 5; i++)
		assert_int_equal(store_get_many(store, &key, 1, &found, soon(), &e), -1);
	sql("PRAGMA user_version = 9");
	for (i = 0; i < 5; i++)
		assert_int_equal(store_get_many(store, &key, 1, &found, soon(), &e), -1);
	store_close(store);
	store = NULL;
	assert_int_equal(unit_next_descriptor(), before);
}

static void a_passed_deadline_waits_for_nobody(void **state)
{
	sqlite3 *db = NULL;
	struct unit_watch watch;
	struct err e;

	(void)state;
	must_put(item("l", "1", ""));
	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	watch = unit_watch_begin();
	assert_int_equal(put_within(-5, item("l", "1", ""), &e), -1);
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_true(unit_watch_took(&watch, 0, 150));
	sqlite3_close(db);
}

static void a_missing_folder_is_unavailable_until_it_is_there(void **state)
{
	const char *sub = keep_text(str_printf("%s/sub", folder));
	const char *path = keep_text(str_printf("%s/x.db", sub));
	struct store *s = store_sqlite_new(path);
	struct err e;

	(void)state;
	assert_int_equal(put(s, item("d", "1", ""), STORE_ANY, 0, &e), -1);
	check_err("missing", &e, ERR_UNAVAILABLE, "/sub/x.db");
	assert_int_equal(mkdir(sub, 0700), 0);
	make_store(path);
	check_int(e.text, put(s, item("d", "1", ""), STORE_ANY, 0, &e), 0);
	assert_non_null(get_from(s, "d", "1"));
	store_close(s);
	unit_remove_folder(sub);
}

static void a_file_that_is_no_database_is_unavailable_and_untouched(void **state)
{
	static const char text[] = "this is not a database, whatever its name says; "
				   "it is longer than a database's header, which has 100 bytes.";
	struct json_object *found = NULL, *items = NULL;
	struct store_key key;
	char after[sizeof text];
	struct err e;
	FILE *f = fopen(file, "w");

	(void)state;
	fputs(text, f);
	fclose(f);
	key = (struct store_key){pk("x"), "1"};
	assert_int_equal(store_get_many(store, &key, 1, &found, soon(), &e), -1);
	check_err("get", &e, ERR_UNAVAILABLE, "is not a database");
	check_err("get", &e, ERR_UNAVAILABLE, "`ordersnap restore`");
	assert_null(found);
	assert_int_equal(store_query(store, key.pk, "", NULL, 1, &items, soon(), &e), -1);
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_int_equal(put(store, item("x", "1", ""), STORE_ANY, 0, &e), -1);
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	f = fopen(file, "r");
	assert_non_null(fgets(after, sizeof after, f));
	fclose(f);
	assert_string_equal(after, text);
	unlink(file);
	make_store(file);
	assert_int_equal(put(store, item("x", "1", ""), STORE_ANY, 0, &e), 0);
}

/* With the side files that a connection has beside it. */
static void move(const char *from, const char *to)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	size_t i;

	for (i = 0; i < LENGTH(suffixes); i++)
		rename(keep_text(str_printf("%s%s", from, suffixes[i])),
		       keep_text(str_printf("%s%s", to, suffixes[i])));
}

static void a_file_that_was_moved_away_is_waited_for(void **state)
{
	const char *aside = keep_text(str_printf("%s.aside", file));
	struct json_object *found = NULL;
	struct store_key key;
	struct stat st;
	struct err e;
	int open;

	(void)state;
	must_put(item("x", "1", "'n':1"));
	open = unit_next_descriptor();
	move(file, aside);
	key = (struct store_key){pk("x"), "1"};
	assert_int_equal(put(store, item("x", "2", ""), STORE_ANY, 0, &e), -1);
	check_err("put", &e, ERR_UNAVAILABLE, "is not there");
	check_int("what is open stays", unit_next_descriptor(), open);
	assert_int_equal(store_get_many(store, &key, 1, &found, soon(), &e), -1);
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_int_equal(stat(file, &st), -1);
	move(aside, file);
	assert_int_equal(put(store, item("x", "2", ""), STORE_ANY, 0, &e), 0);
	assert_string_equal(query("x", "", NULL, 9), "2 1");
}

static void a_write_to_a_file_that_was_moved_away_meanwhile_does_not_count(void **state)
{
	const char *aside = keep_text(str_printf("%s.aside", file));
	char *path = str_dup(file);
	struct sqlite_file open = {.path = path};
	struct err e;

	(void)state;
	must_put(item("x", "1", ""));
	assert_int_equal(sqlite_file_open(&open, soon(), &e), 0);
	assert_int_equal(sqlite_file_confirm(&open, &e), 0);
	move(file, aside);
	assert_int_equal(sqlite_file_confirm(&open, &e), -1);
	check_err("away", &e, ERR_UNAVAILABLE, "was moved away, replaced or emptied");
	make_store(file);
	assert_int_equal(sqlite_file_confirm(&open, &e), -1);
	check_err("replaced", &e, ERR_UNAVAILABLE, "the write does not count");
	sqlite_file_free(&open);
	free(path);
}

static void a_file_that_was_replaced_is_read_and_written(void **state)
{
	const char *backup = keep_text(str_printf("%s.backup", file));
	struct store *other = store_sqlite_new(backup);
	struct err e;

	(void)state;
	make_store(backup);
	must_put(item("x", "old", ""));
	assert_int_equal(put(other, item("x", "new", ""), STORE_ANY, 0, &e), 0);
	store_close(other);
	move(file, keep_text(str_printf("%s.aside", file)));
	move(backup, file);
	assert_string_equal(query("x", "", NULL, 9), "new");
	assert_int_equal(put(store, item("x", "newer", ""), STORE_ABSENT, 0, &e), 0);
	other = sqlite_open();
	assert_non_null(get_from(other, "x", "newer"));
	assert_null(get_from(other, "x", "old"));
	store_close(other);
}

/* Others can't use a new file while somebody has the old one open, who may get no request. */
static void a_store_at_rest_lets_go_of_a_file_that_was_replaced_and_of_no_other(void **state)
{
	const char *aside = keep_text(str_printf("%s.aside", file));
	int open;

	(void)state;
	must_put(item("x", "old", ""));
	open = unit_next_descriptor();
	store_rest(store);
	check_int("in its place", unit_next_descriptor(), open);
	move(file, aside);
	store_rest(store);
	check_int("moved away", unit_next_descriptor(), open);
	make_store(file);
	store_rest(store);
	check("replaced", unit_next_descriptor() < open);
	store_rest(store);
	store_rest(NULL);
	assert_null(get("x", "old"));
}

/* The same where the file stands, and somebody took the log beside it away. */
static void a_store_at_rest_lets_go_of_a_file_without_its_log(void **state)
{
	const char *log = keep_text(str_printf("%s-wal", file));
	int open;

	(void)state;
	must_put(item("x", "kept", ""));
	open = unit_next_descriptor();
	assert_int_equal(unlink(log), 0);
	store_rest(store);
	check("the log is gone", unit_next_descriptor() < open);
	assert_non_null(get("x", "kept"));
}

/* The old connection may not take the new file's log away when it lets go. */
static void a_new_file_that_is_in_use_is_not_harmed_by_letting_the_old_one_go(void **state)
{
	struct store *other;
	struct err e;

	(void)state;
	must_put(item("x", "old", ""));
	move(file, keep_text(str_printf("%s.aside", file)));
	make_store(file);
	other = sqlite_open();
	assert_int_equal(put(other, item("x", "1", ""), STORE_ANY, 0, &e), 0);
	assert_string_equal(query("x", "", NULL, 9), "1");
	assert_int_equal(put(other, item("x", "2", ""), STORE_ANY, 0, &e), 0);
	must_put(item("x", "3", ""));
	store_close(other);
	store_close(store);
	store = sqlite_open();
	assert_string_equal(query("x", "", NULL, 9), "3 2 1");
}

static void the_file_is_for_its_owner_and_group_only(void **state)
{
	static const char *const names[] = {"orders.db", "orders.db-wal", "orders.db-shm"};
	mode_t before = umask(0);
	struct stat st;
	size_t i;

	(void)state;
	unlink(file);
	make_store(file);
	must_put(item("x", "1", ""));
	for (i = 0; i < LENGTH(names); i++) {
		check_int(names[i], stat(keep_text(str_printf("%s/%s", folder, names[i])), &st), 0);
		check_int(names[i], st.st_mode & 0777, 0660);
	}
	assert_int_equal(umask(before), 0);
}

static void writes_are_durable_and_readers_do_not_wait(void **state)
{
	(void)state;
	must_put(item("x", "1", ""));
	assert_int_equal(sql("SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'"),
			 1);
	assert_int_equal(sql("PRAGMA user_version"), 1);
}

static void writes_go_on_while_a_program_holds_the_folder(void **state)
{
	char *copy = str_dup(file);
	int held = open(dirname(copy), O_RDONLY | O_DIRECTORY);
	struct unit_watch watch;

	(void)state;
	assert_int_equal(flock(held, LOCK_EX), 0);
	watch = unit_watch_begin();
	must_put(item("x", "1", ""));
	assert_true(unit_watch_took(&watch, 999, 5000)); /* it is waited for, and not for long */
	must_put(item("x", "2", ""));
	close(held);
	free(copy);
}

static void the_log_is_written_into_the_file_and_begins_anew(void **state)
{
	const char *log = keep_text(str_printf("%s-wal", file));
	char *large = mem_zalloc(1, 20001);
	off_t size = 0;
	struct stat st;
	int i;

	(void)state;
	for (i = 0; i < 600; i++) {
		struct json_object *value = item("x", keep_text(str_printf("%d", i % 10)), "");

		memset(large, 'a' + i % 26, 20000);
		json_set_string(value, "text", large);
		must_put(value);
		assert_int_equal(stat(log, &st), 0);
		size = st.st_size > size ? st.st_size : size;
	}
	free(large);
	assert_in_range(size, 4000000, 6000000); /* twelve million bytes went through it */
}

static void rows_stand_in_the_order_in_which_they_came_and_stay_in_their_places(void **state)
{
	(void)state;
	must_put(item("z", "1", ""));
	must_put(item("a", "1", ""));
	must_put(item("z", "1", ""));
	assert_int_equal(sql("SELECT count(*) FROM items a, items z WHERE a.pk LIKE '%a' AND z.pk LIKE '%z'"
			     " AND z.rowid < a.rowid"), 1);
}

static void a_file_of_a_newer_program_is_not_touched(void **state)
{
	struct err e;

	(void)state;
	sql("PRAGMA user_version = 2");
	assert_int_equal(put(store, item("x", "1", ""), STORE_ANY, 0, &e), -1);
	check_err("newer", &e, ERR_CONFIG, "COMMERCE_DB");
	check_err("newer", &e, ERR_CONFIG, "version 2");
	assert_int_equal(put(store, item("x", "1", ""), STORE_ANY, 0, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	assert_int_equal(sql("SELECT count(*) FROM items"), 0);
	sql("PRAGMA user_version = 1");
	assert_int_equal(put(store, item("x", "1", ""), STORE_ANY, 0, &e), 0);
}

static void a_row_that_is_no_item_is_a_failure_or_its_key_and_never_an_absent_item(void **state)
{
	static const char *const texts[] = {"{broken", "", "7", "[]", "null", "\"x\"", "{} {}"}, *const *text;
	struct json_object *found = NULL, *items = NULL;
	struct store_key key = {pk("x"), "1"};
	const char *named = keep_text(str_printf("what stands under %s, 1 is no item", key.pk));
	struct err e;

	(void)state;
	for EACH(text, texts) {
		must_put(item("x", "1", ""));
		sql(keep_text(str_printf("UPDATE items SET item = '%s'", *text)));
		check_int(*text, store_get_many(store, &key, 1, &found, soon(), &e), -1);
		check_err(*text, &e, ERR_UNAVAILABLE, named);
		check_int(*text, store_query(store, key.pk, "", NULL, 5, &items, soon(), &e), 0);
		check_int(*text, json_object_array_length(keep(items)), 1);
		check_json(*text, json_object_array_get_idx(items, 0),
			   keep_text(str_printf("{'PK':'%s','SK':'1'}", key.pk)));
		check_int(*text, put(store, item("x", "1", ""), STORE_ABSENT, 0, &e), -1);
		check_err(*text, &e, ERR_UNAVAILABLE, named);
		check_int(*text, put(store, item("x", "1", ""), STORE_VERSION, 1, &e), -1);
		check_err(*text, &e, ERR_UNAVAILABLE, named);
		check_int(*text, sql("SELECT count(*) FROM items"), 1);
		sql("DELETE FROM items");
	}
}

/* Which item it is, the row says, whatever its text says of itself. */
static void a_row_says_which_item_it_is(void **state)
{
	static const char *const texts[] = {"{}", "{\"PK\":\"y\",\"SK\":\"2\"}", "{\"PK\":7,\"SK\":null}"};
	const char *const *text;
	struct store_key key = {pk("x"), "1"};
	const char *whole = keep_text(str_printf("{'PK':'%s','SK':'1'}", key.pk));
	struct json_object *items, *last;
	struct err e;

	(void)state;
	must_put(item("x", "1", ""));
	for EACH(text, texts) {
		sql(keep_text(str_printf("UPDATE items SET item = '%s'", *text)));
		check_json(*text, get("x", "1"), whole);
		check_int(*text, store_query(store, key.pk, "", NULL, 5, &items, soon(), &e), 0);
		check_json(*text, json_object_array_get_idx(keep(items), 0), whole);
		check_int(*text, store_scan(store, NULL, 5, &items, &last, soon(), &e), 0);
		check_json(*text, json_object_array_get_idx(keep(items), 0), whole);
	}
}

static void a_scan_names_the_row_that_is_no_item(void **state)
{
	struct json_object *items = NULL, *last = NULL;
	struct err e;

	(void)state;
	must_put(item("x", "1", ""));
	must_put(item("x", "2", ""));
	sql("UPDATE items SET item = '{broken' WHERE sk = '2'");
	assert_int_equal(store_scan(store, NULL, 9, &items, &last, soon(), &e), -1);
	check_err("scan", &e, ERR_UNAVAILABLE, pk("x"));
	assert_null(items);
	assert_null(last);
}

static void a_failed_read_gives_no_items_at_all(void **state)
{
	struct json_object *items[3];
	struct err e;
	size_t i;

	(void)state;
	must_put(item("x", "1", ""));
	must_put(item("x", "2", ""));
	sql("UPDATE items SET item = '{broken' WHERE sk = '2'");
	{
		const struct store_key keys[] = {{pk("x"), "1"}, {pk("x"), "2"}, {pk("x"), "3"}};

		assert_int_equal(store_get_many(store, keys, 3, items, soon(), &e), -1);
	}
	for (i = 0; i < 3; i++)
		assert_null(items[i]);
}

static void a_write_takes_a_few_expired_rows_along_the_oldest_first(void **state)
{
	int i;

	(void)state;
	must_put(item("keep", "1", expiring(1000)));
	must_put(item("keep", "2", ""));
	for (i = 0; i < 20; i++)
		sql(keep_text(str_printf("INSERT INTO items VALUES ('old', '%d', '{}', %d)", i,
					 1000 + i)));
	must_put(item("keep", "3", ""));
	assert_int_equal(sql("SELECT count(*) FROM items WHERE pk = 'old'"), 12);
	assert_int_equal(sql("SELECT min(expires_at) FROM items WHERE pk = 'old'"), 1008);
	must_put(item("keep", "3", ""));
	must_put(item("keep", "3", ""));
	assert_int_equal(sql("SELECT count(*) FROM items WHERE pk = 'old'"), 0);
	assert_int_equal(sql("SELECT count(*) FROM items"), 3);
}

static void four_processes_may_begin_on_a_new_table_at_once(void **state)
{
	const struct store_key key = {pk("counter"), "2"};

	(void)state;
	check_counter(&key);
}

static void a_conflict_writes_nothing_and_holds_no_lock(void **state)
{
	struct store *other = sqlite_open();
	struct err e;

	(void)state;
	must_put(item("x", "1", ""));
	assert_int_equal(put(store, item("x", "1", ""), STORE_ABSENT, 0, &e), -1);
	assert_int_equal(put(other, item("x", "2", ""), STORE_ABSENT, 0, &e), 0);
	store_close(other);
}

/* --- DynamoDB: one table a run, at the endpoint ORDERSNAP_TEST_DYNAMODB --- */

static struct aws_settings aws = {.region = "eu-central-1", .key_id = "AKIATEST",
				  .secret = "secret", .metadata_disabled = true};
static char table[64];

static void dynamodb_begin(void)
{
	struct dynamodb db = {.table = table};
	struct err e;

	if (*table)
		return;
	aws.endpoint = getenv("ORDERSNAP_TEST_DYNAMODB");
	snprintf(table, sizeof table, "test-store-%ld-%lld", (long)getpid(),
		 (long long)clock_epoch());
	db.client = aws_client_new(&aws, &aws_dynamodb);
	check_int(e.text, dynamodb_table_create(&db, deadline_in(30000), &e), 0);
	aws_client_free(db.client);
}

static struct store *dynamodb_open(void)
{
	return store_dynamodb_new(table, &aws);
}

static void dynamodb_end(void)
{
}

/* --- the list ------------------------------------------------------------ */

static const struct backend sqlite = {"sqlite", sqlite_begin, sqlite_open, sqlite_end};
static const struct backend without_rowid = {"sqlite, a table without rowid", sqlite_begin_without_rowid,
					     sqlite_open, sqlite_end};
static const struct backend dynamodb = {"dynamodb", dynamodb_begin, dynamodb_open, dynamodb_end};

static int set_up(void **state)
{
	backend = *state;
	test_number++;
	backend->begin();
	store = backend->open();
	return 0;
}

static int clean_up(void **state)
{
	store_close(store);
	clock_ahead = 0;
	backend->end();
	return unit_release(state);
}

#define with_store(f) {#f, f, set_up, clean_up, NULL}

/* What happens to the calls of a write that is tried again: `conflicts` of them meet
 * another writer, then `then` is what comes. */
struct tries {
	int conflicts, calls;
	enum err_code then;
};

static int try_write(void *context, struct err *e)
{
	struct tries *t = context;

	if (t->calls++ < t->conflicts)
		return err_set(e, ERR_CONFLICT, "in the way");
	return t->then ? err_set(e, t->then, "something else") : 0;
}

static void a_conflict_begins_again_at_the_read_and_anything_else_ends_it(void **state)
{
	static const struct {
		int conflicts;
		enum err_code then;
		int calls;
		enum err_code end;
	} rows[] = {
		{0, ERR_NONE, 1, ERR_NONE},
		{1, ERR_NONE, 2, ERR_NONE},
		{STORE_TRIES - 1, ERR_NONE, STORE_TRIES, ERR_NONE},
		{STORE_TRIES, ERR_NONE, STORE_TRIES, ERR_CONFLICT},
		{0, ERR_UNAVAILABLE, 1, ERR_UNAVAILABLE},
		{2, ERR_REFUSED, 3, ERR_REFUSED},
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(rows); i++) {
		struct tries t = {.conflicts = rows[i].conflicts, .then = rows[i].then};
		struct err e = {.code = ERR_NONE};
		char row[16];

		snprintf(row, sizeof row, "row %zu", i);
		check_int(row, store_until_written(try_write, &t, soon(), &e),
			  rows[i].end ? -1 : 0);
		check_int(row, t.calls, rows[i].calls);
		if (rows[i].end)
			check_int(row, e.code, rows[i].end);
	}
}

/* For who looks whether writers are in each other's way. */
static void each_conflict_is_counted(void **state)
{
	static const struct metrics_family *const families[] = {&store_conflicts, NULL};
	struct tries t = {.conflicts = 3};
	const char *counters = unit_folder();
	struct buf text;
	struct err e;

	(void)state;
	buf_init(&text, 1 << 16);
	assert_int_equal(metrics_open(keep_text(str_printf("%s/metrics", counters)), &e), 0);
	assert_int_equal(store_until_written(try_write, &t, soon(), &e), 0);
	assert_int_equal(metrics_format(&text, families, clock_epoch(), &e), 0);
	check(buf_text(&text), strstr(buf_text(&text), "\nordersnap_conflicts_total 3\n"));
	metrics_close();
	buf_free(&text);
	unit_remove_folder(counters);
}

static const struct CMUnitTest shared[] = {
	with_store(items_are_read_in_the_order_of_their_keys),
	with_store(a_key_that_is_named_twice_gives_its_item_twice),
	with_store(a_hundred_items_are_written_and_read_at_once),
	with_store(a_read_of_none_or_too_many_is_a_fault_of_the_caller),
	with_store(an_item_comes_back_byte_for_byte),
	with_store(a_large_item_is_whole),
	with_store(keys_are_compared_byte_for_byte),
	with_store(versions_begin_at_1_and_grow_by_1),
	with_store(an_item_written_under_no_condition_keeps_its_version),
	with_store(a_write_replaces_the_whole_item),
	with_store(a_condition_that_does_not_hold_is_a_conflict),
	with_store(an_item_without_a_version_has_version_0),
	with_store(all_are_written_or_none_and_the_failing_one_is_told),
	with_store(a_conflict_leaves_the_connection_usable),
	with_store(mixed_conditions_hold_together),
	with_store(a_check_lets_a_write_pass_only_while_its_item_is_as_it_was_read),
	with_store(a_check_of_an_item_without_version_or_of_none_holds_as_of_any_other),
	with_store(a_version_that_is_no_count_is_version_0),
	with_store(a_delete_takes_an_item_away_under_its_condition),
	with_store(a_write_without_keys_or_of_a_wrong_number_is_refused),
	with_store(calls_are_counted),
	with_store(an_expired_item_is_not_seen),
	with_store(an_expired_item_counts_as_absent),
	with_store(an_item_that_expires_after_it_was_read_can_be_replaced),
	with_store(an_item_that_no_longer_expires_stays),
	with_store(a_query_gives_the_newest_first_up_to_its_limit),
	with_store(a_query_gives_the_items_themselves),
	with_store(a_prefix_goes_up_to_the_highest_character),
	with_store(expired_items_take_no_place_within_the_limit),
	with_store(a_scan_sees_each_item_once_whatever_the_page),
	with_store(a_scan_gives_the_items_of_all_partitions_as_they_are),
	with_store(a_scan_does_not_see_what_has_expired),
	with_store(a_scan_of_large_items_has_small_pages),
	with_store(a_table_is_counted_or_that_is_not_known),
	with_store(a_page_of_none_or_too_many_is_a_fault_of_the_caller),
	with_store(a_copy_keeps_its_version_under_every_condition),
	with_store(a_copy_without_a_version_stays_without),
	with_store(what_one_connection_wrote_another_sees_at_once),
	with_store(who_has_read_is_not_in_the_way_of_writers),
	with_store(one_of_two_writers_of_a_version_wins),
	with_store(no_increment_of_four_processes_is_lost),
};

static const struct CMUnitTest sqlite_only[] = {
	with_store(indexes_and_columns_over_what_is_in_the_items_are_in_nobodys_way),
	with_store(a_locked_file_is_given_up_in_time_and_taken_up_again),
	with_store(a_file_that_is_locked_for_readers_too_is_given_up_in_time),
	with_store(a_connection_stays_open_from_verb_to_verb),
	with_store(failures_leave_no_file_open),
	with_store(a_passed_deadline_waits_for_nobody),
	with_store(four_processes_may_begin_on_a_new_table_at_once),
	with_store(a_missing_folder_is_unavailable_until_it_is_there),
	with_store(a_file_that_is_no_database_is_unavailable_and_untouched),
	with_store(a_file_that_was_moved_away_is_waited_for),
	with_store(a_write_to_a_file_that_was_moved_away_meanwhile_does_not_count),
	with_store(a_file_that_was_replaced_is_read_and_written),
	with_store(a_store_at_rest_lets_go_of_a_file_that_was_replaced_and_of_no_other),
	with_store(a_store_at_rest_lets_go_of_a_file_without_its_log),
	with_store(a_new_file_that_is_in_use_is_not_harmed_by_letting_the_old_one_go),
	with_store(the_file_is_for_its_owner_and_group_only),
	with_store(writes_are_durable_and_readers_do_not_wait),
	with_store(writes_go_on_while_a_program_holds_the_folder),
	with_store(the_log_is_written_into_the_file_and_begins_anew),
	with_store(rows_stand_in_the_order_in_which_they_came_and_stay_in_their_places),
	with_store(a_file_of_a_newer_program_is_not_touched),
	with_store(a_row_that_is_no_item_is_a_failure_or_its_key_and_never_an_absent_item),
		with_store(a_row_says_which_item_it_is),
	with_store(a_scan_names_the_row_that_is_no_item),
	with_store(a_failed_read_gives_no_items_at_all),
	with_store(a_write_takes_a_few_expired_rows_along_the_oldest_first),
	with_store(a_conflict_writes_nothing_and_holds_no_lock),
};

static const struct CMUnitTest pure[] = {
	holds(an_item_is_expired_from_its_second_on),
	holds(a_replacement_is_on_what_was_read),
	holds(closing_nothing_is_fine),
	holds(a_conflict_begins_again_at_the_read_and_anything_else_ends_it),
	holds(each_conflict_is_counted),
};

static struct CMUnitTest tests[2 * LENGTH(shared) + LENGTH(sqlite_only) + LENGTH(pure)];
static size_t count;

static void add_tests(const struct CMUnitTest *list, size_t n, const struct backend *b)
{
	static char names[LENGTH(tests)][160];
	size_t i;

	for (i = 0; i < n; i++, count++) {
		tests[count] = list[i];
		if (!b)
			continue;
		snprintf(names[count], sizeof names[count], "%s: %s", b->name, list[i].name);
		tests[count].name = names[count];
		tests[count].initial_state = (void *)(uintptr_t)b;
	}
}

/* Where ORDERSNAP_TEST_DYNAMODB is set (tests/dynamodb/test_store.py), that
 * backend alone. */
int main(void)
{
	if (getenv("ORDERSNAP_TEST_DYNAMODB")) {
		add_tests(shared, LENGTH(shared), &dynamodb);
	} else {
		add_tests(shared, LENGTH(shared), &sqlite);
		add_tests(shared, LENGTH(shared), &without_rowid);
		add_tests(sqlite_only, LENGTH(sqlite_only), &sqlite);
		add_tests(pure, LENGTH(pure), NULL);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * Who has a number: an order of another session that is there, wherever it has moved.
 */
#include "orders_fixture.h"

#include "app/numbering.h"

#define POINTER "{'PK':'NUMBER#BC-1','SK':'METADATA','orderPK':'USER#a','orderSK':'ORDER#1699999000#cs_a'," \
		"'orderId':'cs_a'}"

static struct numbering numbering_for(const char *session)
{
	return (struct numbering){.app = &outside.app, .session_id = session, .deadline = SOON};
}

static bool is_taken(const char *row, const char *pointer, const char *session)
{
	const struct numbering numbering = numbering_for(session);
	struct err e = {.code = ERR_NONE};
	bool taken = !pointer;

	check_int(row, numbering_is_taken(&numbering, pointer ? json_of("%s", pointer) : NULL, &taken, &e), 0);
	return taken;
}

/* What the session's item says of where its order stands. */
static void session_says(const char *pk)
{
	outside_put(json_of("{'PK':'SESSION#cs_a','SK':'METADATA','orderPK':'%s',"
			    "'orderSK':'ORDER#1699999000#cs_a','version':1}", pk));
}

static void a_number_is_taken_while_its_order_is_there_wherever_it_has_moved(void **state)
{
	(void)state;
	outside_begin();
	check("no pointer", !is_taken("no pointer", NULL, "cs_b"));
	check("gone", !is_taken("gone", POINTER, "cs_b"));
	session_says("USER#moved");
	check("gone with its session's item", !is_taken("gone", POINTER, "cs_b"));
	has_order("USER#moved", SECOND, "cs_a", "");
	check("moved", is_taken("moved", POINTER, "cs_b"));
	check("its own", !is_taken("its own", POINTER, "cs_a"));
	outside_end();

	outside_begin();
	has_order("USER#a", SECOND, "cs_a", "");
	check("there", is_taken("there", POINTER, "cs_b"));
	outside_end();

	/* Under its key stands an order of a third session. */
	outside_begin();
	outside_put(json_of("{'PK':'USER#a','SK':'ORDER#1699999000#cs_a','orderId':'cs_c','version':1}"));
	check("another's", !is_taken("another's", POINTER, "cs_b"));
	outside_end();
}

static void a_pointer_that_lacks_half_a_key_is_helped_by_the_sessions_item(void **state)
{
	static const char *const halves[] = {
		"{'PK':'NUMBER#BC-1','SK':'METADATA','orderPK':'USER#a','orderId':'cs_a'}",
		"{'PK':'NUMBER#BC-1','SK':'METADATA','orderSK':'ORDER#1699999000#cs_a','orderId':'cs_a'}",
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(halves); i++) {
		outside_begin();
		has_order("USER#a", SECOND, "cs_a", "");
		check(halves[i], !is_taken(halves[i], halves[i], "cs_b"));
		session_says("USER#a");
		check(halves[i], is_taken(halves[i], halves[i], "cs_b"));
		outside_end();
	}
}

static void a_table_that_is_away_frees_no_number(void **state)
{
	const struct numbering numbering = numbering_for("cs_b");
	unsigned at;
	struct err e;
	bool taken;

	(void)state;
	for (at = 1; at <= 2; at++) {
		outside_begin();
		session_says("USER#moved");
		has_order("USER#moved", SECOND, "cs_a", "");
		outside.calls = 0;
		outside.at = at;
		outside.fault = OUTSIDE_FAILS;
		assert_int_equal(numbering_is_taken(&numbering, json_of(POINTER), &taken, &e), -1);
		check_err("away", &e, ERR_UNAVAILABLE, "away");
		outside_end();
	}
}

static void a_number_grows_by_the_first_letter_that_nobody_has(void **state)
{
	const struct numbering numbering = numbering_for("cs_b");
	struct json_object *pointer;
	char *number;
	struct err e;
	int letter;

	(void)state;
	outside_begin();
	has_order("USER#a", SECOND, "cs_a", "");
	for (letter = 'A'; letter <= 'Z'; letter++) {
		char expected[8] = {'B', 'C', '-', '1', (char)letter, '\0'};

		assert_int_equal(numbering_next_free(&numbering, "BC-1", &number, &pointer, &e), 0);
		check_text(expected, keep_text(number), expected);
		assert_null(pointer);
		has_pointer(keep_text(key_number(expected)), "USER#a", "ORDER#1699999000#cs_a", "cs_a");
	}
	assert_int_equal(numbering_next_free(&numbering, "BC-1", &number, &pointer, &e), -1);
	check_err("Z", &e, ERR_INTERNAL, "order number BC-1 is used up");
	outside_end();
}

static void an_orders_own_number_is_the_one_with_a_letter_that_names_it(void **state)
{
	const struct numbering numbering = numbering_for("cs_b");
	struct json_object *pointer;
	struct err e;
	char *number;

	(void)state;
	outside_begin();
	has_pointer("NUMBER#BC-1A", "USER#a", "ORDER#1699999000#cs_a", "cs_a");
	assert_int_equal(numbering_find_own(&numbering, "BC-1", &number, &pointer, &e), 0);
	assert_null(number);
	assert_null(pointer);
	has_pointer("NUMBER#BC-1C", "USER#b", "ORDER#1699999000#cs_b", "cs_b");
	has_pointer("NUMBER#BC-1D", "USER#b", "ORDER#1699999000#cs_b", "cs_b");
	assert_int_equal(numbering_find_own(&numbering, "BC-1", &number, &pointer, &e), 0);
	check_text("own", keep_text(number), "BC-1C");
	check_text("own", json_string_or_null(keep(pointer), "orderPK"), "USER#b");
	outside.calls = 0;
	outside.at = 1;
	outside.fault = OUTSIDE_FAILS;
	assert_int_equal(numbering_find_own(&numbering, "BC-1", &number, &pointer, &e), -1);
	check_err("away", &e, ERR_UNAVAILABLE, "away");
	outside_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_number_is_taken_while_its_order_is_there_wherever_it_has_moved),
		holds(a_pointer_that_lacks_half_a_key_is_helped_by_the_sessions_item),
		holds(a_table_that_is_away_frees_no_number),
		holds(a_number_grows_by_the_first_letter_that_nobody_has),
		holds(an_orders_own_number_is_the_one_with_a_letter_that_names_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

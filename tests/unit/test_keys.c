/* SPDX-License-Identifier: ISC */
/*
 * Keys and order numbers: two people, two sessions, two days never share one.
 */
#include "unit.h"

#include <stdio.h>

#include "shop/keys.h"

static void each_key_has_its_prefix(void **state)
{
	(void)state;
	assert_string_equal(keep_text(key_user("user_12345")), "USER#user_12345");
	assert_string_equal(keep_text(key_order(1732612800, "cs_test_abc123")),
			    "ORDER#1732612800#cs_test_abc123");
	assert_string_equal(keep_text(key_session("cs_1")), "SESSION#cs_1");
	assert_string_equal(keep_text(key_event("evt_1")), "EVENT#evt_1");
	assert_string_equal(keep_text(key_payment("pi_1")), "PAYMENT#pi_1");
	assert_string_equal(keep_text(key_number("BC-ABC123")), "NUMBER#BC-ABC123");
	assert_string_equal(keep_text(key_quote("aa")), "QUOTE#aa");
	assert_string_equal(keep_text(key_price("tee-black")), "PRICE#tee-black");
	assert_string_equal(KEY_CACHE, "CACHE");
	assert_string_equal(KEY_METADATA, "METADATA");
}

static void the_functions_keep_few_characters_of_a_user(void **state)
{
	static const struct { const char *name, *key; } table[] = {
		{"user_12345", "USER#user_12345"}, {"Jane.Doe@Shop.Example", "USER#Jane.Doe@Shop.Example"},
		{"jane+gifts@shop.example", "USER#janegifts@shop.example"},
		{"auth0|J\xC3\xBCrgen #7", "USER#auth0Jrgen7"}, {"a b\tc%d-e", "USER#abcd-e"},
		{"\xC3\xBC|#", NULL}, {"", NULL}, {NULL, NULL},
	}, *row;
	char longest[600], *key;

	(void)state;
	for EACH(row, table)
		check_text(row->name, keep_text(key_user_of_functions(row->name)), row->key);
	memset(longest, '|', sizeof longest);
	memset(longest + 100, 'u', 400);
	longest[500] = '\0';
	key = keep_text(key_user_of_functions(longest));
	assert_int_equal(strlen(key), strlen("USER#") + 256);
}

static void a_day_begins_at_midnight_utc(void **state)
{
	(void)state;
	setenv("TZ", "America/New_York", 1);
	assert_string_equal(keep_text(key_day(1732612800)), "DAY#2024-11-26");
	assert_string_equal(keep_text(key_day(1732665599)), "DAY#2024-11-26");
	assert_string_equal(keep_text(key_day(1732665600)), "DAY#2024-11-27");
	assert_string_equal(keep_text(key_day(0)), "DAY#1970-01-01");
}

static void only_what_would_break_a_key_is_encoded(void **state)
{
	int c;

	(void)state;
	for (c = 1; c < 256; c++) {
		char id[2] = {(char)c, '\0'}, part[4];
		bool breaks = c < 0x20 || c == '#' || c == '%' || c == 0x7F;

		snprintf(part, sizeof part, breaks ? "%%%02X" : "%c", c);
		check_text(part, keep_text(key_user(id)), keep_text(str_printf("USER#%s", part)));
		check_text(part, keep_text(key_order(5, id)),
			   keep_text(str_printf("ORDER#5#%s", part)));
	}
}

static void different_ids_have_different_keys(void **state)
{
	static const char *const ids[] = {"a#b", "ab", "a%23b", "a%b", "a b", "A#b", "a+b@x.y",
					  "ab@x.y", "a\tb", "a##b", ""};
	size_t i, j;

	(void)state;
	for (i = 0; i < LENGTH(ids); i++)
		for (j = 0; j < i; j++)
			assert_string_not_equal(keep_text(key_user(ids[i])),
						keep_text(key_user(ids[j])));
}

static void an_order_number_is_made_of_the_last_eight_letters_and_digits(void **state)
{
	static const struct {
		const char *id, *number;
	} table[] = {
		{"cs_test_abc123", "BC-ABC123"},
		{"cs_test_a1", "BC-A1"},
		{"cs_test_abcdefg", "BC-ABCDEFG"},
		{"cs_test_abcdefgh", "BC-ABCDEFGH"},
		{"cs_test_abcdefghi", "BC-BCDEFGHI"},
		{"cs_live_a1TdOCgWaXCpkYdUUbFfRzZ9EwpqvKNTXi5n", "BC-VKNTXI5N"},
		{"cs_live_a1TdOCgWaXCpkYdUUbFfRzZ9EwpqvKNTXi5nX", "BC-KNTXI5NX"},
		{"abc123", "BC-ABC123"},
		{"cs_test_ab-c.1#2/3", "BC-ABC123"},
		{"cs_test_12-34-56-78-90", "BC-34567890"},
		{"cs_test_\xC3\xA4" "b1", "BC-B1"},
		{"_x", "BC-X"},
		{"cs_test_", "BC-"},
		{"", "BC-"},
		{"cs__zZ", "BC-ZZ"},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_text(row->id, keep_text(order_number("BC", row->id)), row->number);
	assert_string_equal(keep_text(order_number("SHOP9", "cs_test_abc123")), "SHOP9-ABC123");
}

static void the_time_is_read_back_from_an_orders_key(void **state)
{
	static const struct {
		const char *sk;
		int rc;
		int64_t created;
	} table[] = {
		{"ORDER#1732612800#cs_test_abc123", 0, 1732612800}, {"ORDER#0#", 0, 0},
		{"ORDER#5", 0, 5}, {"ORDER#12#a#b", 0, 12}, {NULL, -1, 7}, {"", -1, 7},
		{"ORDER", -1, 7}, {"ORDER#", -1, 7}, {"ORDER##x", -1, 7}, {"ORDER#x#y", -1, 7},
		{"ORDER#1x#y", -1, 7}, {"ORDER#-1#x", -1, 7},
		{"ORDER#253402300799#x", 0, 253402300799}, {"ORDER#253402300800#x", -1, 7},
		{"METADATA", -1, 7}, {"order#1#x", -1, 7}, {"XORDER#1#x", -1, 7},
	}, *row;

	(void)state;
	for EACH(row, table) {
		const char *name = row->sk ? row->sk : "NULL";
		int64_t created = 7;

		check_int(name, key_order_created(row->sk, &created), row->rc);
		check_int(name, created, row->created);
	}
}

static void a_user_id_is_trimmed_and_otherwise_as_given(void **state)
{
	static const struct {
		const char *text, *id;
	} table[] = {
		{NULL, NULL}, {"", NULL}, {" ", NULL}, {" \t\r\n ", NULL}, {"u", "u"},
		{" u ", "u"}, {"\tuser 1\n", "user 1"}, {"User_A", "User_A"}, {"a+b@X.y", "a+b@X.y"},
		{"#%", "#%"}, {"\xC3\xA4", "\xC3\xA4"},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_text(row->text ? row->text : "NULL", keep_text(user_id_from(row->text)),
			   row->id);
}

static void a_logins_name_that_would_be_trimmed_is_not_taken_for_another(void **state)
{
	static const struct {
		const char *name;
		bool is;
	} table[] = {
		{"", false}, {" ", false}, {"u ", false}, {" u", false}, {"u\n", false}, {"\ru", false},
		{"u\t", false}, {"u", true}, {"user 1", true}, {"u\xC2\xA0", true}, {"#%", true},
		{"J\xC3\xBCrgen", true}, {"J\xFCrgen", false}, {"u\xC2", false}, {"\xED\xA0\x80", false},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_int(row->name, user_id_is_exact(row->name), row->is);
	check_int("256", user_id_is_exact(repeat("x", 256)), true);
	check_int("257", user_id_is_exact(repeat("x", 257)), false);
}

static void a_user_id_has_at_most_256_bytes(void **state)
{
	const char *just = repeat("x", 256), *long_one = repeat("x", 257);

	(void)state;
	assert_int_equal(USER_ID_MAX, 256);
	assert_string_equal(keep_text(user_id_from(just)), just);
	assert_null(user_id_from(long_one));
	assert_string_equal(keep_text(user_id_from(keep_text(str_printf(" %s ", just)))), just);
	assert_null(user_id_from_email(long_one));
}

static void the_longest_user_id_fits_its_key_even_when_all_is_encoded(void **state)
{
	(void)state;
	assert_int_equal(strlen(keep_text(key_user(repeat("#", 256)))), 5 + 3 * 256);
}

static void a_guest_is_the_address_in_lower_case(void **state)
{
	(void)state;
	assert_string_equal(keep_text(user_id_from_email("Jane.Doe+X@Shop.Example")),
			    "jane.doe+x@shop.example");
	assert_string_equal(keep_text(user_id_from_email(" A@B.C ")), "a@b.c");
	assert_string_equal(keep_text(user_id_from_email("\xC3\x84@b.c")), "\xC3\x84@b.c");
	assert_null(user_id_from_email(NULL));
	assert_null(user_id_from_email(" "));
}

static void the_session_is_read_back_from_an_orders_key(void **state)
{
	static const struct {
		const char *sk, *session;
	} table[] = {
		{"ORDER#1732612800#cs_test_abc123", "cs_test_abc123"}, {"ORDER#1#a#b", "a#b"},
		{"ORDER#1#", NULL}, {"ORDER#1", NULL}, {"ORDER#x#cs_1", NULL}, {"METADATA", NULL}, {NULL, NULL},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_text(row->sk ? row->sk : "NULL", key_order_session(row->sk), row->session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(each_key_has_its_prefix),
		holds(the_functions_keep_few_characters_of_a_user),
		holds(a_day_begins_at_midnight_utc),
		holds(only_what_would_break_a_key_is_encoded),
		holds(different_ids_have_different_keys),
		holds(an_order_number_is_made_of_the_last_eight_letters_and_digits),
		holds(the_time_is_read_back_from_an_orders_key),
		holds(a_user_id_is_trimmed_and_otherwise_as_given),
		holds(a_logins_name_that_would_be_trimmed_is_not_taken_for_another),
		holds(a_user_id_has_at_most_256_bytes),
		holds(the_longest_user_id_fits_its_key_even_when_all_is_encoded),
		holds(a_guest_is_the_address_in_lower_case),
		holds(the_session_is_read_back_from_an_orders_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

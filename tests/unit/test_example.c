/* SPDX-License-Identifier: ISC */
/*
 * What is an example's value, and what only looks like one; live and test keys.
 */
#include "unit.h"

#include "base/example.h"
#include "config/secret.h"

static void a_secret_of_an_example_is_known(void **state)
{
	static const struct {
		const char *text;
		bool example;
	} table[] = {
		{"REPLACE_ME", true}, {"sk_test_REPLACE_ME", true}, {"REPLACE_ME_WITH_A_RANDOM_STRING", true},
		{"replace_me", true}, {"xRePlAcE_mEx", true}, {"whsec_...", true}, {"AKIA\xE2\x80\xA6", true},
		{"\xE2\x80\xA6", true}, {"...", true}, {"whsec_a, whsec_REPLACE_ME", true},
		{"whsec_... , whsec_a", true},
		{"", false}, {"REPLACE ME", false}, {"REPLACE-ME", false}, {"REPLACEME", false},
		{"REPLACE_M", false}, {"EPLACE_ME", false}, {"a...b", false}, {"a..", false},
		{"\xE2\x80\xA6x", false}, {"whsec_test_secret", false},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_int(row->text, example_is_secret(row->text), row->example);
}

static void the_host_of_the_examples_is_known(void **state)
{
	static const struct {
		const char *text;
		bool example;
	} table[] = {
		{"shop.example", true}, {"SHOP.Example", true}, {"www.shop.example", true},
		{"shop.example.", true}, {"a.b.shop.example.", true},
		{"myshop.example", false}, {"shop.example.org", false}, {"example", false}, {"", false},
		{".", false}, {"hop.example", false}, {"shop.examples", false},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_int(row->text, example_is_host(span_of(row->text)), row->example);
}

static void a_key_says_its_mode_before_its_random_part(void **state)
{
	static const struct {
		const char *key;
		enum key_mode mode;
	} table[] = {
		{"sk_live_51H", KEY_MODE_LIVE}, {"rk_live_51H", KEY_MODE_LIVE},
		{"sk_org_live_x", KEY_MODE_LIVE}, {"sk_live_a_test_b", KEY_MODE_LIVE},
		{"sk_test_51H", KEY_MODE_TEST}, {"rk_test_51H", KEY_MODE_TEST},
		{"sk_test_a_live_b", KEY_MODE_TEST}, {"sk_org_test_x", KEY_MODE_TEST},
		{"", KEY_MODE_UNKNOWN}, {"sk_51H", KEY_MODE_UNKNOWN}, {"sk_live", KEY_MODE_UNKNOWN},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_int(row->key, key_mode_of(row->key), row->mode);
}

static void each_secret_has_a_setting_and_a_parameter(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < SECRETS; i++) {
		const struct config_key *key = config_key_named(secret_settings[i].name);

		assert_non_null(key);
		assert_true(config_is_secret(key));
		assert_int_equal(key->type == CONFIG_SECRETS, secret_settings[i].several);
		assert_string_equal(key->or_else, secret_settings[i].parameter);
		assert_non_null(config_key_named(secret_settings[i].parameter));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_secret_of_an_example_is_known),
		holds(the_host_of_the_examples_is_known),
		holds(a_key_says_its_mode_before_its_random_part),
		holds(each_secret_has_a_setting_and_a_parameter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

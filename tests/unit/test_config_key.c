/* SPDX-License-Identifier: ISC */
/*
 * One value against its type: for each type what is right, what is wrong, and
 * both ends of what is allowed; and the limits and defaults of the settings.
 */
#include "unit.h"

#include "config/config.h"

static const struct config_key *key_of(const char *name)
{
	const struct config_key *key;

	for (key = config_keys; key->name; key++)
		if (strcmp(key->name, name) == 0)
			return key;
	fail_msg("no setting %s", name);
	return NULL;
}

/* A key of the type for the field commerce_db. */
static struct config_key key_for(enum config_type type)
{
	return (struct config_key){
		.name = "KEY", .type = type, .choices = "red green", .hint = "the hint",
		.offset = offsetof(struct config, commerce_db),
	};
}

static void texts_are_taken_by_their_type(void **state)
{
	static const struct {
		enum config_type type;
		const char *text;
	} table[] = {
		{CONFIG_TEXT, "a"}, {CONFIG_TEXT, "a b\xC3\xA4~"}, {CONFIG_TEXT, " a "},
		{CONFIG_SECRET, "whsec_abc"}, {CONFIG_SECRET, "a"}, {CONFIG_SECRET, "a,b"},
		{CONFIG_SECRETS, "a"}, {CONFIG_SECRETS, "a,b"}, {CONFIG_SECRETS, " a , b "},
		{CONFIG_CHOICE, "red"}, {CONFIG_CHOICE, "green"},
		{CONFIG_URL, "https://shop.example/x"}, {CONFIG_URL, "http://shop.example"},
		{CONFIG_API_URL, "https://api.stripe.com"}, {CONFIG_API_URL, "http://127.0.0.1:12111"},
		{CONFIG_API_URL, "http://localhost"}, {CONFIG_API_URL, "http://[::1]:1"},
		{CONFIG_ORIGINS, "https://a"}, {CONFIG_ORIGINS, "https://a,http://b:8080"},
		{CONFIG_ORIGINS, "https://a http://b"}, {CONFIG_ORIGINS, "*"},
		{CONFIG_ORIGINS, "https://a, *"},
		{CONFIG_PATH, "/a"}, {CONFIG_PATH, "/var/lib/ordersnap/orders.db"},
		{CONFIG_TARGET, "stderr"}, {CONFIG_TARGET, "syslog"}, {CONFIG_TARGET, "/var/log/x"},
		{CONFIG_PREFIX, "B"}, {CONFIG_PREFIX, "BC"}, {CONFIG_PREFIX, "abc123DEF456"},
		{CONFIG_LOOKUP_KEY, "a:{collectionId}:{variantId}:{currency}"},
		{CONFIG_LOOKUP_KEY, "{variantId}{collectionId}"},
		{CONFIG_TABLE, "abc"}, {CONFIG_TABLE, "My_Table-1.x"}, {CONFIG_AWS, "eu-central-1"},
		{CONFIG_AWS_SECRET, "a/b+c="},
		{CONFIG_HEADER, "X-Authorization"}, {CONFIG_HEADER, "a"}, {CONFIG_HEADER, "X9"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct config c = {0};
		struct config_key key = key_for(row->type);
		struct err e = {.code = ERR_NONE};

		check_int(row->text, config_set(&c, &key, row->text, &e), 0);
		check_text(row->text, c.commerce_db, row->text);
		check(row->text, c.commerce_db != row->text);
		free(c.commerce_db);
	}
}

static void what_does_not_fit_its_type_is_refused_by_name_and_changes_nothing(void **state)
{
	static const struct {
		enum config_type type;
		const char *text;
	} table[] = {
		{CONFIG_TEXT, "a\nb"}, {CONFIG_TEXT, "a\x7F"}, {CONFIG_TEXT, "a\x1F"},
		{CONFIG_TEXT, "a\xFF"}, {CONFIG_TEXT, "a\tb"},
		{CONFIG_SECRET, " a"}, {CONFIG_SECRET, "a "}, {CONFIG_SECRET, "a b"},
		{CONFIG_SECRET, "a\nb"}, {CONFIG_SECRET, "a\tb"}, {CONFIG_SECRET, "\xC3"},
		{CONFIG_SECRETS, ","}, {CONFIG_SECRETS, "a,"}, {CONFIG_SECRETS, ",a"},
		{CONFIG_SECRETS, "a,,b"}, {CONFIG_SECRETS, "a, ,b"}, {CONFIG_SECRETS, "a,b c"},
		{CONFIG_CHOICE, "blue"}, {CONFIG_CHOICE, "re"}, {CONFIG_CHOICE, "redd"},
		{CONFIG_CHOICE, "RED"}, {CONFIG_CHOICE, "red green"}, {CONFIG_CHOICE, " red"},
		{CONFIG_CHOICE, "xed"},
		{CONFIG_URL, "shop.example"}, {CONFIG_URL, "ftp://a"}, {CONFIG_URL, "https://"},
		{CONFIG_API_URL, "http://api.stripe.com"}, {CONFIG_API_URL, "http://127.evil.com"},
		{CONFIG_API_URL, "https://me:pw@api.stripe.com"}, {CONFIG_API_URL, "api.stripe.com"},
		{CONFIG_API_URL, "http://127.0.0.1@evil.com"},
		{CONFIG_API_URL, "http://localhost.evil.com"},
		{CONFIG_ORIGINS, "https://a/"}, {CONFIG_ORIGINS, "https://a/x"},
		{CONFIG_ORIGINS, "https://a,b"}, {CONFIG_ORIGINS, "shop.example"},
		{CONFIG_ORIGINS, "https://me@a"}, {CONFIG_ORIGINS, "https://a?x"},
		{CONFIG_ORIGINS, "null"}, {CONFIG_ORIGINS, "https://*.a"}, {CONFIG_ORIGINS, "**"},
		{CONFIG_PROXY, "https://proxy.test:3128"}, {CONFIG_PROXY, "http://proxy.test"},
		{CONFIG_PROXY, "http://me:pw@proxy.test:3128"}, {CONFIG_PROXY, "http://proxy.test:3128/x"},
		{CONFIG_PROXY, "proxy.test:3128"},
		{CONFIG_PATH, "a"}, {CONFIG_PATH, "a/b"}, {CONFIG_PATH, "./a"}, {CONFIG_PATH, "/"},
		{CONFIG_PATH, "/a/"}, {CONFIG_PATH, "/a\nb"},
		{CONFIG_TARGET, "stdout"}, {CONFIG_TARGET, "log/x"}, {CONFIG_TARGET, "STDERR"},
		{CONFIG_TARGET, "/"},
		{CONFIG_PREFIX, "abc123DEF4567"}, {CONFIG_PREFIX, "B-C"}, {CONFIG_PREFIX, "B C"},
		{CONFIG_PREFIX, "\xC3\x84"}, {CONFIG_PREFIX, "B_"},
		{CONFIG_LOOKUP_KEY, "a"}, {CONFIG_LOOKUP_KEY, "a:{collectionId}"},
		{CONFIG_LOOKUP_KEY, "{variantId}"}, {CONFIG_LOOKUP_KEY, "{collectionid}:{variantId}"},
		{CONFIG_LOOKUP_KEY, "{collectionId}:{variantId}:{colour}"},
		{CONFIG_LOOKUP_KEY, "{collectionId}:{variantId}}"},
		{CONFIG_LOOKUP_KEY, "{{collectionId}:{variantId}"},
		{CONFIG_LOOKUP_KEY, "{collectionId}\n{variantId}"},
		{CONFIG_TABLE, "ab"}, {CONFIG_TABLE, "/ab"}, {CONFIG_TEXT, "\x01" "a"},
		{CONFIG_PREFIX, "-B"}, {CONFIG_HEADER, "_X"}, {CONFIG_HEADER, ":X"},
		{CONFIG_TABLE, "a b c"}, {CONFIG_TABLE, "a/b"},
		{CONFIG_TABLE, "a\xC3\xA4"}, {CONFIG_AWS, "a\nb"}, {CONFIG_AWS_SECRET, "a\x7F"},
		{CONFIG_HEADER, "X Auth"}, {CONFIG_HEADER, "X:"}, {CONFIG_HEADER, "X_A"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct config c = {.commerce_db = str_dup("before")};
		struct config_key key = key_for(row->type);
		struct err e = {.code = ERR_NONE};

		check_int(row->text, config_set(&c, &key, row->text, &e), -1);
		check_err(row->text, &e, ERR_CONFIG, row->type == CONFIG_URL && !strstr(row->text, "http")
			  ? "KEY must begin with https://" : "KEY must be ");
		check_text(row->text, c.commerce_db, "before");
		free(c.commerce_db);
	}
}

static void what_an_address_can_not_have_is_named(void **state)
{
	static const struct {
		enum config_type type;
		const char *text, *told;
	} table[] = {
		{CONFIG_URL, "https://blumen-m\xC3\xBCller.example/danke", "KEY has a character beyond ASCII"},
		{CONFIG_URL, "https://shop.example/caf\xC3\xA9", "KEY has a character beyond ASCII"},
		{CONFIG_URL, "https://shop.example/thank you", "KEY has a space: write it as %20"},
		{CONFIG_ORIGINS, "https://a, https://m\xC3\xBCller.example", "KEY has a character beyond ASCII"},
		{CONFIG_ORIGINS, "https://a, b", "KEY must be "},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct config c = {.commerce_db = NULL};
		struct config_key key = key_for(row->type);
		struct err e = {.code = ERR_NONE};

		check_int(row->text, config_set(&c, &key, row->text, &e), -1);
		check_err(row->text, &e, ERR_CONFIG, row->told);
	}
}

static void an_empty_text_is_refused_whatever_the_type(void **state)
{
	static const char *const texts[] = {"", " ", "\t \t"};
	static const enum config_type types[] = {
		CONFIG_TEXT, CONFIG_SECRET, CONFIG_SECRETS, CONFIG_CHOICE, CONFIG_URL,
		CONFIG_API_URL, CONFIG_ORIGINS, CONFIG_PATH, CONFIG_TARGET, CONFIG_PREFIX,
		CONFIG_HEADER,
	};
	size_t i, j;

	(void)state;
	for (i = 0; i < LENGTH(types); i++) {
		for (j = 0; j < LENGTH(texts); j++) {
			struct config c = {0};
			struct config_key key = key_for(types[i]);
			struct err e;

			assert_int_equal(config_set(&c, &key, texts[j], &e), -1);
			check_err("empty", &e, ERR_CONFIG, "KEY is empty: it must be the hint");
			assert_null(c.commerce_db);
		}
	}
}

static void an_empty_aws_variable_changes_nothing(void **state)
{
	static const enum config_type types[] = {CONFIG_AWS, CONFIG_AWS_SECRET};
	struct config c = {.commerce_db = str_dup("before"), .aws_metadata_disabled = true};
	struct config_key key;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(types); i++) {
		key = key_for(types[i]);
		assert_int_equal(config_set(&c, &key, "", &e), 0);
		assert_string_equal(c.commerce_db, "before");
		assert_int_equal(config_set(&c, &key, " ", &e), -1);
	}
	assert_int_equal(config_set(&c, key_of("AWS_EC2_METADATA_DISABLED"), "", &e), 0);
	assert_true(c.aws_metadata_disabled);
	assert_int_equal(config_set(&c, key_of("AWS_EC2_METADATA_DISABLED"), "maybe", &e), -1);
	free(c.commerce_db);
}

static void what_is_still_an_examples_is_refused_where_a_secret_or_a_key_is_wanted(void **state)
{
	static const enum config_type secret[] = {CONFIG_SECRET, CONFIG_SECRETS, CONFIG_AWS_SECRET, CONFIG_AWS};
	static const char *const texts[] = {"sk_live_...", "whsec_\xE2\x80\xA6", "REPLACE_ME",
					    "sk_test_replace_me"};
	size_t i, j;

	(void)state;
	for (i = 0; i < LENGTH(secret); i++) {
		for (j = 0; j < LENGTH(texts); j++) {
			struct config c = {0};
			struct config_key key = key_for(secret[i]);
			struct err e;

			check_int(texts[j], config_set(&c, &key, texts[j], &e), -1);
			check_err(texts[j], &e, ERR_CONFIG, "still has an example's value");
			check(texts[j], c.commerce_db == NULL);
			key = key_for(CONFIG_TEXT);
			check_int(texts[j], config_set(&c, &key, texts[j], &e), 0);
			free(c.commerce_db);
		}
	}
}

static void a_lookup_key_has_at_most_200_bytes(void **state)
{
	const char *places = "{collectionId}{variantId}";
	struct config c = {0};
	struct config_key key = key_for(CONFIG_LOOKUP_KEY);
	size_t left = 200 - strlen(places);
	struct err e;

	(void)state;
	assert_int_equal(config_set(&c, &key, keep_text(str_printf("%s%s", places, repeat("x", left))), &e), 0);
	assert_int_equal(config_set(&c, &key, keep_text(str_printf("%s%s", places, repeat("x", left + 1))), &e),
			 -1);
	free(c.commerce_db);
}

static void a_tables_name_has_at_most_255_characters(void **state)
{
	struct config c = {0};
	struct config_key key = key_for(CONFIG_TABLE);
	struct err e;

	(void)state;
	assert_int_equal(config_set(&c, &key, repeat("x", 255), &e), 0);
	assert_int_equal(config_set(&c, &key, repeat("x", 256), &e), -1);
	free(c.commerce_db);
}

static void a_header_name_has_at_most_64_characters(void **state)
{
	struct config c = {0};
	struct config_key key = key_for(CONFIG_HEADER);
	struct err e;

	(void)state;
	assert_int_equal(config_set(&c, &key, repeat("x", 64), &e), 0);
	assert_int_equal(config_set(&c, &key, repeat("x", 65), &e), -1);
	free(c.commerce_db);
}

static void a_later_text_replaces_an_earlier_one(void **state)
{
	struct config c = {0};
	struct config_key key = key_for(CONFIG_TEXT);
	struct err e;

	(void)state;
	assert_int_equal(config_set(&c, &key, "one", &e), 0);
	assert_int_equal(config_set(&c, &key, "two", &e), 0);
	assert_string_equal(c.commerce_db, "two");
	free(c.commerce_db);
}

static void flags_have_four_words_for_each_answer(void **state)
{
	static const char *const on[] = {"1", "true", "yes", "on", "TRUE", "Yes", "ON"};
	static const char *const off[] = {"0", "false", "no", "off", "False", "NO", "Off"};
	static const char *const wrong[] = {"", " ", "2", "10", "tru", "y", " 1", "1 ", "enabled"};
	const struct config_key *key = key_of("CHECKOUT_REQUIRE_AUTH");
	struct config c = {0};
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(on); i++) {
		c.checkout_require_auth = false;
		check_int(on[i], config_set(&c, key, on[i], &e), 0);
		check(on[i], c.checkout_require_auth);
		check_int(off[i], config_set(&c, key, off[i], &e), 0);
		check(off[i], !c.checkout_require_auth);
	}
	for (i = 0; i < LENGTH(wrong); i++) {
		c.checkout_require_auth = true;
		check_int(wrong[i], config_set(&c, key, wrong[i], &e), -1);
		check_err(wrong[i], &e, ERR_CONFIG, "CHECKOUT_REQUIRE_AUTH must be 1 or 0");
		check(wrong[i], c.checkout_require_auth);
	}
}

static const struct number {
	const char *name, *fallback;
	int64_t min, max;
} numbers[] = {
	{"STRIPE_WEBHOOK_TOLERANCE", "300", 1, 2147483647},
	{"QUOTE_TTL_MINUTES", "15", 1, 1380},
	{"SESSION_TTL_MINUTES", "1440", 30, 525600},
	{"EVENT_TTL_DAYS", "90", 4, 36500},
	{"ORDER_TTL_DAYS", "0", 0, 36500},
	{"PRICE_CACHE_SECONDS", "300", 0, 86400},
};

static int set_number(const struct config_key *key, int64_t value, int64_t *read, struct err *e)
{
	struct config c = {0};
	int rc = config_set(&c, key, keep_text(str_printf("%lld", (long long)value)), e);

	memcpy(read, (const char *)&c + key->offset, sizeof *read);
	return rc;
}

static void numbers_are_taken_to_both_their_limits(void **state)
{
	const struct number *row;
	struct err e;
	int64_t read;

	(void)state;
	for EACH(row, numbers) {
		const struct config_key *key = key_of(row->name);

		check_int(row->name, set_number(key, row->min, &read, &e), 0);
		check_int(row->name, read, row->min);
		check_int(row->name, set_number(key, row->max, &read, &e), 0);
		check_int(row->name, read, row->max);
		check_int(row->name, set_number(key, row->min - 1, &read, &e), -1);
		check_err(row->name, &e, ERR_CONFIG, row->name);
		check_int(row->name, set_number(key, row->max + 1, &read, &e), -1);
		check_err(row->name, &e, ERR_CONFIG,
			  keep_text(str_printf("from %lld to %lld", (long long)row->min,
					       (long long)row->max)));
		check_text(row->name, key->fallback, row->fallback);
	}
}

static void what_is_no_number_is_refused(void **state)
{
	static const char *const table[] = {"", " ", "12abc", "1.5", "+5", " 5", "5 ", "0x5", "five",
					    "99999999999999999999", "1e2"};
	const char *const *row;
	struct config c = {.webhook_tolerance = 7};
	struct err e;

	(void)state;
	for EACH(row, table) {
		check_int(*row, config_set(&c, key_of("STRIPE_WEBHOOK_TOLERANCE"), *row, &e), -1);
		check_err(*row, &e, ERR_CONFIG, "STRIPE_WEBHOOK_TOLERANCE must be a whole number");
		check_int(*row, c.webhook_tolerance, 7);
	}
}

static void secrets_are_of_the_types_that_are_guarded(void **state)
{
	(void)state;
	assert_int_equal(key_of("STRIPE_SECRET")->type, CONFIG_SECRET);
	assert_int_equal(key_of("STRIPE_WEBHOOK_SECRET")->type, CONFIG_SECRETS);
	assert_int_equal(key_of("QUOTE_SIGNATURE_SECRET")->type, CONFIG_SECRET);
	assert_int_equal(key_of("JWT_SECRET")->type, CONFIG_SECRET);
	assert_int_equal(key_of("STRIPE_API_BASE")->type, CONFIG_API_URL);
}

static void every_setting_has_a_hint_and_a_default_that_is_right(void **state)
{
	const struct config_key *key, *other;

	(void)state;
	for (key = config_keys; key->name; key++) {
		struct config c = {0};
		struct err e = {.code = ERR_NONE};

		check(key->name, key->hint && *key->hint);
		check(key->name, !key->fallback || !config_set(&c, key, key->fallback, &e));
		config_free(&c);
		for (other = key + 1; other->name; other++)
			check(key->name, strcmp(key->name, other->name) != 0 &&
						 key->offset != other->offset);
	}
}

static void a_list_of_blanks_is_no_list_of_origins(void **state)
{
	struct config c = {0};
	struct config_key key = key_for(CONFIG_ORIGINS);
	struct err e;

	(void)state;
	assert_int_equal(config_set(&c, &key, ",", &e), -1);
	free(c.commerce_db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(texts_are_taken_by_their_type),
		holds(a_list_of_blanks_is_no_list_of_origins),
		holds(what_does_not_fit_its_type_is_refused_by_name_and_changes_nothing),
		holds(what_an_address_can_not_have_is_named),
		holds(an_empty_text_is_refused_whatever_the_type),
		holds(an_empty_aws_variable_changes_nothing),
		holds(what_is_still_an_examples_is_refused_where_a_secret_or_a_key_is_wanted),
		holds(a_lookup_key_has_at_most_200_bytes),
		holds(a_tables_name_has_at_most_255_characters),
		holds(a_header_name_has_at_most_64_characters),
		holds(a_later_text_replaces_an_earlier_one),
		holds(flags_have_four_words_for_each_answer),
		holds(numbers_are_taken_to_both_their_limits),
		holds(what_is_no_number_is_refused),
		holds(secrets_are_of_the_types_that_are_guarded),
		holds(every_setting_has_a_hint_and_a_default_that_is_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

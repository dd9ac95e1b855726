/* SPDX-License-Identifier: ISC */
/*
 * The configuration end to end: a file and an environment in, all settings or
 * a message that says what is wrong and where.
 */
#include "unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/environment.h"
#include "config/config.h"

static const char *folder;

static void clear_environment(void)
{
	const struct config_key *key;

	for (key = config_keys; key->name; key++)
		unsetenv(key->name);
	environment_clean();
}

static int clean_up(void **state)
{
	clear_environment();
	unit_remove_folder(folder);
	return unit_release(state);
}

/* Writes the file and points ORDERSNAP_CONF to it. */
static const char *file_with(const char *text, mode_t mode)
{
	const char *path = keep_text(str_printf("%s/test.conf", folder));
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
	setenv("ORDERSNAP_CONF", path, 1);
	return path;
}

/* An empty file is there, so that none of this machine's is looked for. */
static int set_up(void **state)
{
	(void)state;
	clear_environment();
	folder = unit_folder();
	file_with("", 0600);
	return 0;
}

static void load_fails(const char *part)
{
	struct config c;
	struct err e = {.code = ERR_NONE};
	int before = unit_next_descriptor();

	check_int(part, config_load(&c, &e), -1);
	check_err(part, &e, ERR_CONFIG, part);
	check_int(part, unit_next_descriptor(), before);
	config_free(&c);
}

static void a_file_is_read_and_the_rest_has_defaults(void **state)
{
	struct config c;
	struct err e = {.code = ERR_NONE};
	const char *path = file_with("STRIPE_SECRET=sk_test_x\nQUOTE_TTL_MINUTES=20\n"
				     "CHECKOUT_AUTOMATIC_TAX=yes\n"
				     "STRIPE_WEBHOOK_SECRET='whsec_a, whsec_b'\n", 0640);

	(void)state;
	check_int(e.text, config_load(&c, &e), 0);
	assert_string_equal(c.file, path);
	assert_string_equal(c.stripe_secret, "sk_test_x");
	assert_string_equal(c.stripe_webhook_secret, "whsec_a, whsec_b");
	assert_int_equal(c.quote_ttl_minutes, 20);
	assert_true(c.checkout_automatic_tax);
	assert_int_equal(c.webhook_tolerance, 300);
	assert_int_equal(c.session_ttl_minutes, 1440);
	assert_int_equal(c.event_ttl_days, 90);
	assert_int_equal(c.order_ttl_days, 0);
	assert_string_equal(c.order_sessions, "all");
	assert_int_equal(c.price_cache_seconds, 300);
	assert_string_equal(c.order_number_prefix, "BC");
	assert_string_equal(c.stripe_api_base, "https://api.stripe.com");
	assert_string_equal(c.checkout_mode, "payment");
	assert_string_equal(c.log_level, "info");
	assert_string_equal(c.log_format, "text");
	assert_string_equal(c.log_target, "stderr");
	assert_false(c.checkout_promotion_codes || c.checkout_require_auth);
	assert_null(c.commerce_db);
	assert_null(c.cors_allow_origin);
	config_free(&c);
}

static void each_setting_lands_in_its_own_field(void **state)
{
	struct config c;
	struct err e = {.code = ERR_NONE};

	(void)state;
	file_with("COMMERCE_DB=/db\nSTRIPE_SECRET=a\nSTRIPE_WEBHOOK_SECRET=b\n"
		  "QUOTE_SIGNATURE_SECRET=c\nJWT_SECRET=d\nJWT_PUBLIC_KEY_FILE=/e\nAUTH_HEADER=f\n"
		  "STRIPE_API_BASE=https://g\nSTRIPE_WEBHOOK_TOLERANCE=101\nQUOTE_TTL_MINUTES=102\n"
		  "SESSION_TTL_MINUTES=103\nEVENT_TTL_DAYS=104\nORDER_TTL_DAYS=105\n"
		  "ORDER_SESSIONS=own\n"
		  "ORDER_NUMBER_PREFIX=h\nQUOTE_LOOKUP_KEY={collectionId}-{variantId}\nPRICE_CACHE_SECONDS=106\n"
		  "CHECKOUT_SUCCESS_URL=https://i\n"
		  "CHECKOUT_CANCEL_URL=https://j\nCHECKOUT_RETURN_ORIGINS=https://k\n"
		  "CHECKOUT_ALLOW_PROMOTION_CODES=on\nCORS_ALLOW_ORIGIN=https://l\nLOG_LEVEL=error\n"
		  "LOG_FORMAT=json\nLOG_TARGET=/m\n", 0600);
	check_int(e.text, config_load(&c, &e), 0);
	assert_string_equal(c.commerce_db, "/db");
	assert_string_equal(c.stripe_secret, "a");
	assert_string_equal(c.stripe_webhook_secret, "b");
	assert_string_equal(c.quote_signature_secret, "c");
	assert_string_equal(c.jwt_secret, "d");
	assert_string_equal(c.jwt_public_key_file, "/e");
	assert_string_equal(c.auth_header, "f");
	assert_string_equal(c.stripe_api_base, "https://g");
	assert_int_equal(c.webhook_tolerance, 101);
	assert_int_equal(c.quote_ttl_minutes, 102);
	assert_string_equal(c.quote_lookup_key, "{collectionId}-{variantId}");
	assert_int_equal(c.session_ttl_minutes, 103);
	assert_int_equal(c.event_ttl_days, 104);
	assert_int_equal(c.order_ttl_days, 105);
	assert_string_equal(c.order_sessions, "own");
	assert_string_equal(c.order_number_prefix, "h");
	assert_int_equal(c.price_cache_seconds, 106);
	assert_string_equal(c.checkout_success_url, "https://i");
	assert_string_equal(c.checkout_cancel_url, "https://j");
	assert_string_equal(c.checkout_return_origins, "https://k");
	assert_true(c.checkout_promotion_codes);
	assert_false(c.checkout_automatic_tax);
	assert_string_equal(c.cors_allow_origin, "https://l");
	assert_string_equal(c.log_level, "error");
	assert_string_equal(c.log_format, "json");
	assert_string_equal(c.log_target, "/m");
	config_free(&c);
	assert_null(c.stripe_secret);
	assert_null(c.file);
}

static void the_environment_overrides_the_file(void **state)
{
	struct config c;
	struct err e = {.code = ERR_NONE};

	(void)state;
	file_with("QUOTE_TTL_MINUTES=20\nLOG_LEVEL=error\n", 0644);
	setenv("QUOTE_TTL_MINUTES", "25", 1);
	setenv("STRIPE_SECRET", "sk_test_env", 1);
	check_int(e.text, config_load(&c, &e), 0);
	assert_int_equal(c.quote_ttl_minutes, 25);
	assert_string_equal(c.log_level, "error");
	assert_string_equal(c.stripe_secret, "sk_test_env");
	config_free(&c);
}

static void no_file_is_fine_where_none_was_named(void **state)
{
	struct config c;
	struct err e = {.code = ERR_NONE};

	(void)state;
	/* A shop of this machine has one, which no test reads.  cmocka's skip() would be
	 * a "not ok" in TAP. */
	if (access("/etc/ordersnap/ordersnap.conf", F_OK) == 0) {
		print_message("# not looked at: /etc/ordersnap/ordersnap.conf is there\n");
		return;
	}
	setenv("ORDERSNAP_CONF", "", 1);
	check_int(e.text, config_load(&c, &e), 0);
	assert_null(c.file);
	assert_int_equal(c.quote_ttl_minutes, 15);
	config_free(&c);
}

static void the_last_of_two_lines_counts(void **state)
{
	struct config c;
	struct err e = {.code = ERR_NONE};

	(void)state;
	file_with("LOG_LEVEL=error\nLOG_LEVEL=debug\n", 0600);
	check_int(e.text, config_load(&c, &e), 0);
	assert_string_equal(c.log_level, "debug");
	config_free(&c);
}

static void a_named_file_that_is_missing_stops_the_start(void **state)
{
	(void)state;
	setenv("ORDERSNAP_CONF", keep_text(str_printf("%s/none.conf", folder)), 1);
	load_fails("/none.conf: No such file");
}

static void a_folder_is_no_file(void **state)
{
	(void)state;
	setenv("ORDERSNAP_CONF", folder, 1);
	load_fails("ORDERSNAP_CONF: can't read");
}

static void an_unknown_setting_is_named_with_the_one_that_was_meant(void **state)
{
	(void)state;
	file_with("LOG_LEVEL=info\nSTRIPE_SECERT=x\n", 0600);
	load_fails("test.conf:2: STRIPE_SECERT is not a setting; did you mean STRIPE_SECRET?");
}

static void a_setting_unlike_any_other_gets_no_guess(void **state)
{
	struct config c;
	struct err e = {.code = ERR_NONE};

	(void)state;
	file_with("SOMETHING_ELSE_ALTOGETHER=x\n", 0600);
	assert_int_equal(config_load(&c, &e), -1);
	assert_true(str_ends(e.text, "SOMETHING_ELSE_ALTOGETHER is not a setting"));
	config_free(&c);
}

static void three_letters_away_is_a_guess_and_four_are_not(void **state)
{
	struct config c;
	struct err e = {.code = ERR_NONE};

	(void)state;
	file_with("LOG_LEVELXYZ=x\n", 0600);
	assert_int_equal(config_load(&c, &e), -1);
	assert_true(str_ends(e.text, "did you mean LOG_LEVEL?"));
	config_free(&c);
	file_with("LOG_LEVELWXYZ=x\n", 0600);
	assert_int_equal(config_load(&c, &e), -1);
	assert_null(strstr(e.text, "did you mean"));
	config_free(&c);
}

static void of_two_that_could_be_meant_it_is_the_nearer_one(void **state)
{
	(void)state;
	file_with("LOG_FORMET=x\n", 0600);
	load_fails("did you mean LOG_FORMAT?");
}

static void a_secret_that_others_can_read_is_refused(void **state)
{
	static const char *const secrets[] = {"STRIPE_SECRET", "STRIPE_WEBHOOK_SECRET",
					      "QUOTE_SIGNATURE_SECRET", "JWT_SECRET",
					      "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
					      "AWS_CONTAINER_AUTHORIZATION_TOKEN"};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(secrets); i++) {
		struct config c;
		struct err e = {.code = ERR_NONE};

		file_with(keep_text(str_printf("%s=x\n", secrets[i])), 0644);
		check_int(secrets[i], config_load(&c, &e), -1);
		check_err(secrets[i], &e, ERR_CONFIG, secrets[i]);
		check_err(secrets[i], &e, ERR_CONFIG, "others can read this file");
		check(secrets[i], !strstr(e.text, "=x"));
		config_free(&c);
	}
}

static void a_file_without_secrets_may_be_read_by_all(void **state)
{
	struct config c;
	struct err e = {.code = ERR_NONE};

	(void)state;
	file_with("LOG_LEVEL=debug\n", 0644);
	check_int(e.text, config_load(&c, &e), 0);
	config_free(&c);
}

static void a_file_that_anybody_can_write_is_refused(void **state)
{
	(void)state;
	file_with("LOG_LEVEL=debug\n", 0602);
	load_fails("can be written by anybody");
}

static void a_wrong_value_is_named_with_its_line(void **state)
{
	(void)state;
	file_with("\nLOG_LEVEL=loud\n", 0600);
	load_fails("test.conf:2: LOG_LEVEL must be debug, info, warning or error");
}

static void a_wrong_value_of_the_environment_is_named(void **state)
{
	(void)state;
	setenv("QUOTE_TTL_MINUTES", "soon", 1);
	load_fails("environment: QUOTE_TTL_MINUTES must be a whole number");
}

static void a_file_may_have_64_kilobytes_and_no_more(void **state)
{
	struct config c;
	struct err e = {.code = ERR_NONE};
	const char *line = "LOG_LEVEL=debug\n";
	const char *comment = repeat("#", 65536 - strlen(line));

	(void)state;
	file_with(keep_text(str_printf("%s%s", line, comment)), 0600);
	check_int(e.text, config_load(&c, &e), 0);
	assert_string_equal(c.log_level, "debug");
	config_free(&c);
	file_with(keep_text(str_printf("%s#%s", line, comment)), 0600);
	load_fails("is larger than 65536 bytes");
}

static const struct {
	unsigned need;
	const char *name;
} needed[] = {
	{CONFIG_NEEDS_STRIPE, "STRIPE_SECRET"},
	{CONFIG_NEEDS_WEBHOOK, "STRIPE_WEBHOOK_SECRET"},
	{CONFIG_NEEDS_QUOTE, "QUOTE_SIGNATURE_SECRET"},
};

static void what_a_program_needs_and_has_not_is_named(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(needed); i++) {
		struct config c = {0};
		struct err e = {.code = ERR_NONE};

		check_int(needed[i].name, config_require(&c, needed[i].need, &e), -1);
		check_err(needed[i].name, &e, ERR_CONFIG,
			  keep_text(str_printf("%s is not set: put ", needed[i].name)));
		check_err(needed[i].name, &e, ERR_CONFIG, "into /etc/ordersnap/ordersnap.conf");
	}
}

static void one_of_two_settings_is_enough_and_both_are_too_many(void **state)
{
	char text[] = "x";
	struct config c = {.stripe_secret_parameter = text, .stripe_webhook_secret_parameter = text,
			   .quote_signature_secret_parameter = text, .commerce_table = text};
	const unsigned all = CONFIG_NEEDS_STORE | CONFIG_NEEDS_STRIPE | CONFIG_NEEDS_WEBHOOK |
			     CONFIG_NEEDS_QUOTE;
	struct err e = {.code = ERR_NONE};

	(void)state;
	check_int(e.text, config_require(&c, all, &e), 0);
	c.stripe_secret = text;
	assert_int_equal(config_require(&c, CONFIG_NEEDS_STRIPE, &e), -1);
	check_err("both", &e, ERR_CONFIG,
		  "STRIPE_SECRET and STRIPE_SECRET_PARAMETER are both set");
	assert_int_equal(config_require(&c, 0, &e), -1);
	c.stripe_secret = NULL;
	c.jwt_secret = text;
	assert_int_equal(config_require(&c, all, &e), 0);
	c.jwt_secret_parameter = text;
	assert_int_equal(config_require(&c, all, &e), -1);
	check_err("both", &e, ERR_CONFIG, "JWT_SECRET and JWT_SECRET_PARAMETER are both set");
	c.jwt_secret = NULL;
	c.commerce_db = text;
	assert_int_equal(config_require(&c, CONFIG_NEEDS_STORE, &e), -1);
	check_err("both", &e, ERR_CONFIG, "COMMERCE_DB and COMMERCE_TABLE are both set");
}

static void an_aws_variable_that_is_empty_is_not_set(void **state)
{
	struct config c;
	struct err e = {.code = ERR_NONE};

	(void)state;
	file_with("AWS_REGION=eu-central-1\nAWS_PROFILE=shop\n", 0644);
	setenv("AWS_PROFILE", "", 1);
	setenv("AWS_SESSION_TOKEN", "", 1);
	setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
	setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "", 1);
	check_int(e.text, config_load(&c, &e), 0);
	assert_string_equal(c.aws_region, "eu-central-1");
	assert_string_equal(c.aws_profile, "shop");
	assert_null(c.aws_session_token);
	assert_true(c.aws_metadata_disabled);
	assert_false(c.aws_ignore_configured_endpoint_urls);
	config_free(&c);
}

static void what_is_set_or_not_needed_is_not_complained_about(void **state)
{
	char secret[] = "s", file[] = "/my.conf", db[] = "/db";
	struct config c = {.stripe_secret = secret, .file = file};
	struct err e = {.code = ERR_NONE};

	(void)state;
	assert_int_equal(config_require(&c, 0, &e), 0);
	assert_int_equal(config_require(&c, CONFIG_NEEDS_STRIPE, &e), 0);
	assert_int_equal(config_require(&c, CONFIG_NEEDS_STRIPE | CONFIG_NEEDS_QUOTE, &e), -1);
	check_err("file", &e, ERR_CONFIG, "QUOTE_SIGNATURE_SECRET is not set");
	check_err("file", &e, ERR_CONFIG, "into /my.conf");
	assert_int_equal(config_require(&c, CONFIG_NEEDS_STORE, &e), -1);
	check_err("store", &e, ERR_CONFIG, "COMMERCE_DB");
	c.commerce_db = db;
	assert_int_equal(config_require(&c, CONFIG_NEEDS_STORE, &e), 0);
}

/* Writes `name|text;` for each fault. */
static void a_commands_store_takes_the_place_of_the_settings(void **state)
{
	char *here = keep_text(getcwd(NULL, 0));
	struct config c;
	struct err e = {.code = ERR_NONE};

	(void)state;
	file_with("COMMERCE_TABLE=orders\n", 0600);
	assert_int_equal(config_load(&c, &e), 0);
	assert_int_equal(config_choose_store(&c, NULL, NULL, &e), 0);
	assert_string_equal(c.commerce_table, "orders");

	/* A file is meant from where the command runs. */
	assert_int_equal(config_choose_store(&c, "copy.db", NULL, &e), 0);
	assert_string_equal(c.commerce_db, keep_text(str_printf("%s/copy.db", here)));
	assert_null(c.commerce_table);
	assert_false(config_is_chosen(&c, "COMMERCE_TABLE"));
	assert_int_equal(config_require(&c, CONFIG_NEEDS_STORE, &e), 0);
	assert_int_equal(config_choose_store(&c, "/var/copy.db", NULL, &e), 0);
	assert_string_equal(c.commerce_db, "/var/copy.db");

	assert_int_equal(config_choose_store(&c, NULL, "others", &e), 0);
	assert_string_equal(c.commerce_table, "others");
	assert_null(c.commerce_db);
	assert_true(config_is_chosen(&c, "COMMERCE_TABLE"));
	assert_int_equal(config_choose_store(&c, NULL, "a b", &e), -1);
	check_err("a b", &e, ERR_CONFIG, "COMMERCE_TABLE must be");
	config_free(&c);
}

static void note_fault(void *context, const char *name, const struct err *e)
{
	const char *file = strstr(e->text, "test.conf:");

	check_int(e->text, e->code, ERR_CONFIG);
	buf_printf(context, "%s|%s;", name ? name : "-", file ? file + 10 : e->text);
}

static const struct config_origin *origin_of(const struct config *c, const char *name)
{
	size_t i = 0;

	while (strcmp(config_keys[i].name, name) != 0)
		i++;
	return &c->origins[i];
}

static void all_that_is_wrong_is_told_and_what_is_right_counts(void **state)
{
	struct config c;
	struct buf faults;

	(void)state;
	buf_init(&faults, 4096);
	file_with("QUOTE_TTL_MINUTES=soon\nnonsense\nSTRIPE_SECERT=x\nSTRIPE_WEBHOOK_SECRET=whsec_a\n"
		  "QUOTE_SIGNATURE_SECRET=b\nLOG_LEVEL=error\n", 0644);
	setenv("LOG_FORMAT", "loud", 1);
	config_load_all(&c, note_fault, &faults);
	check_text("faults", buf_text(&faults),
		   "QUOTE_TTL_MINUTES|1: QUOTE_TTL_MINUTES must be a whole number from 1 to 1380 "
		   "(minutes a quote is valid);"
		   "-|2: this is not KEY=VALUE;"
		   "STRIPE_SECERT|3: STRIPE_SECERT is not a setting; did you mean STRIPE_SECRET?;"
		   "-|4: STRIPE_WEBHOOK_SECRET is a secret, but others can read this file: chmod 640 "
		   "it, with the group of the programs' user;"
		   "LOG_FORMAT|environment: LOG_FORMAT must be text or json;");
	check_text("taken", c.stripe_webhook_secret, "whsec_a");
	check_text("taken", c.quote_signature_secret, "b");
	check_text("taken", c.log_level, "error");
	assert_int_equal(c.quote_ttl_minutes, 15);
	assert_true(origin_of(&c, "QUOTE_TTL_MINUTES")->wrong);
	assert_true(origin_of(&c, "STRIPE_SECRET")->wrong); /* it was meant */
	assert_false(origin_of(&c, "LOG_LEVEL")->wrong);
	config_free(&c);
	buf_free(&faults);
}

static void each_setting_knows_where_it_comes_from(void **state)
{
	struct config c;
	struct err e = {.code = ERR_NONE};

	(void)state;
	file_with("\nLOG_LEVEL=error\nLOG_FORMAT=json\nCOMMERCE_TABLE=abc\n", 0640);
	setenv("LOG_FORMAT", "text", 1);
	setenv("AWS_REGION", "", 1);
	check_int(e.text, config_load(&c, &e), 0);
	assert_int_equal(origin_of(&c, "LOG_LEVEL")->source, CONFIG_FILE);
	assert_int_equal(origin_of(&c, "LOG_LEVEL")->line, 2);
	assert_int_equal(origin_of(&c, "LOG_FORMAT")->source, CONFIG_ENVIRONMENT);
	assert_int_equal(origin_of(&c, "LOG_TARGET")->source, CONFIG_DEFAULT);
	assert_int_equal(origin_of(&c, "AWS_REGION")->source, CONFIG_UNSET);
	check_int(e.text, config_choose_store(&c, "/a.db", NULL, &e), 0);
	assert_int_equal(origin_of(&c, "COMMERCE_DB")->source, CONFIG_OPTION);
	assert_int_equal(origin_of(&c, "COMMERCE_TABLE")->source, CONFIG_UNSET);
	config_free(&c);
}

#define with_files(f) cmocka_unit_test_setup_teardown(f, set_up, clean_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_files(a_file_is_read_and_the_rest_has_defaults),
		with_files(each_setting_lands_in_its_own_field),
		with_files(the_environment_overrides_the_file),
		with_files(no_file_is_fine_where_none_was_named),
		with_files(the_last_of_two_lines_counts),
		with_files(a_named_file_that_is_missing_stops_the_start),
		with_files(a_folder_is_no_file),
		with_files(an_unknown_setting_is_named_with_the_one_that_was_meant),
		with_files(a_setting_unlike_any_other_gets_no_guess),
		with_files(three_letters_away_is_a_guess_and_four_are_not),
		with_files(of_two_that_could_be_meant_it_is_the_nearer_one),
		with_files(a_secret_that_others_can_read_is_refused),
		with_files(a_file_without_secrets_may_be_read_by_all),
		with_files(a_file_that_anybody_can_write_is_refused),
		with_files(a_wrong_value_is_named_with_its_line),
		with_files(a_wrong_value_of_the_environment_is_named),
		with_files(a_file_may_have_64_kilobytes_and_no_more),
		with_files(what_a_program_needs_and_has_not_is_named),
		with_files(one_of_two_settings_is_enough_and_both_are_too_many),
		with_files(an_aws_variable_that_is_empty_is_not_set),
		with_files(what_is_set_or_not_needed_is_not_complained_about),
		with_files(a_commands_store_takes_the_place_of_the_settings),
		with_files(all_that_is_wrong_is_told_and_what_is_right_counts),
		with_files(each_setting_knows_where_it_comes_from),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

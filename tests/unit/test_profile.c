/* SPDX-License-Identifier: ISC */
/*
 * The files that the AWS tools share, and whose keys are taken: each row is a pair of files, or a source.
 */
#include "outside.h"

#include <stdio.h>

#include "aws/credentials.h"
#include "aws/profile.h"
#include "base/clock.h"

#define KEYS "aws_access_key_id = AKIA1\naws_secret_access_key = s1\n"

static const char *folder;
static struct aws_settings settings;

static const char *write_file(const char *name, const char *text)
{
	const char *path = keep_text(str_printf("%s/%s", folder, name));
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	return path;
}

static int set_up(void **state)
{
	(void)state;
	folder = unit_folder();
	outside_begin();
	settings = (struct aws_settings){.region = "eu-central-1", .metadata_disabled = true};
	settings.credentials_file = write_file("credentials", "");
	settings.config_file = write_file("config", "");
	return 0;
}

static int clean_up(void **state)
{
	outside_end();
	unit_remove_folder(folder);
	return unit_release(state);
}

/* "ID SECRET TOKEN" of the keys that are found, else the error's text.  Kept. */
static const char *keys_of(void)
{
	struct aws_credentials keys;
	struct err e = {.code = ERR_NONE};
	const char *text = NULL;

	if (aws_profile_keys(&settings, &keys, &e) == AWS_PROFILE_HAS_KEYS)
		text = keep_text(str_printf("%s %s %s", keys.key_id, keys.secret, keys.token ? keys.token : "-"));
	free(keys.key_id);
	free(keys.secret);
	free(keys.token);
	return text ? text : keep_text(str_dup(e.text));
}

static void a_profiles_keys_stand_in_one_of_two_files(void **state)
{
	static const struct {
		const char *profile, *credentials, *config, *keys;
	} table[] = {
		{NULL, "[default]\n" KEYS, "", "AKIA1 s1 -"},
		{NULL, "", "[default]\n" KEYS, "AKIA1 s1 -"},
		{NULL, "", "[profile default]\n" KEYS, "AKIA1 s1 -"},
		{"shop", "[shop]\n" KEYS "aws_session_token = t1\n", "", "AKIA1 s1 t1"},
		{"shop", "[shop]\n" KEYS "aws_session_token = t1\naws_security_token = t2\n", "", "AKIA1 s1 t2"},
		{"shop", "[shop]\naws_session_token = t1\n", "[profile shop]\n" KEYS, "AKIA1 s1 -"},
		{"shop", "", "[profile shop]\n" KEYS, "AKIA1 s1 -"},
		{"a", "[a]\n" KEYS, "", "AKIA1 s1 -"},
		{"my shop", "", "[profile \"my shop\"]\n" KEYS, "AKIA1 s1 -"},
		{"my shop", "", "[profile 'my shop' ]\n" KEYS, "AKIA1 s1 -"},
		{"my shop", "", "[profile my\\ shop]\n" KEYS, "AKIA1 s1 -"},
		{"a\"b", "", "[profile \"a\\\"b\"]\n" KEYS, "AKIA1 s1 -"},
		/* what a shell would not read as these two words */
		{"shop", "", "[profile \"shop]\n" KEYS, "there is no profile \"shop\""},
		{"shop", "", "[profile shop too]\n" KEYS, "there is no profile \"shop\""},
		{"shop", "", "[shop]\n" KEYS, "there is no profile \"shop\""},
		{"shop", "[default]\n" KEYS, "", "there is no profile \"shop\""},
		/* a file of the other system, a comment, a key in another case, a section of defaults */
		{NULL, "# mine\r\n[default]\r\nAWS_ACCESS_KEY_ID = AKIA1\r\naws_secret_access_key=s1\r\n", "",
		 "AKIA1 s1 -"},
		{NULL, "[DEFAULT]\naws_secret_access_key = s1\n[default]\naws_access_key_id : AKIA1\n", "",
		 "AKIA1 s1 -"},
		/* what is not whole */
		{NULL, "[default]\naws_access_key_id = AKIA1\n", "", "only one of"},
		{NULL, "[default]\naws_secret_access_key = s1\n", "", "only one of"},
		{NULL, "[default]\naws_access_key_id =\naws_secret_access_key = s1\n", "", "is empty"},
		{NULL, "[default]\naws_access_key_id = AKIA1 # mine\naws_secret_access_key = s1\n", "",
		 "has to be one word"},
		{NULL, "[default]\naws_access_key_id = AKIA1\n  aws_secret_access_key = s1\n", "",
		 "has to be one word"},
		{NULL, "[default]\n", "", "has no aws_access_key_id"},
		/* what ordersnap does not do, in either file, before any key */
		{NULL, "[default]\n" KEYS "role_arn = arn:aws:iam::1:role/r\n", "", "wants a role to be assumed"},
		{NULL, "[default]\n" KEYS, "[default]\nsso_session = s\n", "wants a single sign-on (sso_session)"},
		{NULL, "[default]\n" KEYS, "[default]\nweb_identity_token_file = /t\n", "web identity"},
		{NULL, "[default]\n", "[default]\ncredential_process = /p\n", "wants a program to be run"},
		{NULL, "[default]\ncredential_process = /p\n", "", "wants a program to be run"},
		{NULL, "[default]\n" KEYS, "[default]\ncredential_process = /p\n", "AKIA1 s1 -"},
		{NULL, "", "[default]\nlogin_session = arn:aws:iam::1:user/u\n", "wants a login by `aws login`"},
		{NULL, "", "[default]\nlogin_session = arn:aws:iam::1:user/u\n" KEYS, "login_session"},
		{NULL, "[default]\n" KEYS, "[default]\nlogin_session = arn:aws:iam::1:user/u\n", "AKIA1 s1 -"},
		/* files that can't be read */
		{NULL, KEYS, "", "in front of the first [section]"},
		{NULL, "[default]\nnonsense\n", "", "line 2: this is neither a section nor KEY = VALUE"},
		{NULL, "[default]\n= s1\n", "", "line 2: this is neither"},
		{NULL, "[default]\n" KEYS "[default]\n", "", "line 4: this section stands in the file twice"},
		{NULL, "[default]\n" KEYS "aws_access_key_id = AKIA2\n", "", "line 4: this key stands"},
		{NULL, "\xEF\xBB\xBF[default]\n" KEYS, "", "byte order mark"},
		{NULL, "[default]\n# \xFF\n" KEYS, "", "is no UTF-8 text"},
		{NULL, "", "[default]\ns3 =\n  nonsense\n", "line 3: below a key without a value"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		const char *name = keep_text(str_printf("%s | %s", row->credentials, row->config));

		settings.profile = row->profile;
		settings.profile_variable = "AWS_PROFILE";
		write_file("credentials", row->credentials);
		write_file("config", row->config);
		check(keep_text(str_printf("%s: %s", name, keys_of())), strstr(keys_of(), row->keys));
	}
}

static void the_files_are_looked_for_where_the_aws_tools_look(void **state)
{
	(void)state;
	write_file("mine", "[default]\n" KEYS);
	settings.credentials_file = "~/mine";
	check("no home", strstr(keys_of(), "has no aws_access_key_id"));
	settings.home = folder;
	check_text("at home", keys_of(), "AKIA1 s1 -");

	/* Their usual place; a folder, or nothing, is no file. */
	settings.credentials_file = settings.config_file = NULL;
	check("usual", strstr(keys_of(), "has no aws_access_key_id"));
	settings.home = NULL;
	check("nowhere", strstr(keys_of(), "has no aws_access_key_id"));
	settings.credentials_file = folder;
	check("a folder", strstr(keys_of(), "has no aws_access_key_id"));
}

static void an_address_stands_below_its_service_or_for_all(void **state)
{
	static const struct {
		const char *config, *endpoint;
		bool ignored;
	} table[] = {
		{"[default]\nendpoint_url = http://all # of them\n", "http://all", false},
		{"[default]\nservices = local\nendpoint_url = http://all\n[services local]\nssm =\n"
		 "  endpoint_url = http://ssm\n", "http://ssm", false},
		{"[default]\nservices = local\nendpoint_url = http://all\n[services local]\ns3 =\n"
		 "  endpoint_url = http://s3\n", "http://all", false},
		{"[default]\nservices = gone\n", NULL, false},
		{"[default]\nignore_configured_endpoint_urls = TRUE\n", NULL, true},
		{"[default]\nignore_configured_endpoint_urls = no\n", NULL, false},
		{"nonsense", NULL, false},
	}, *row;

	(void)state;
	for EACH(row, table) {
		write_file("config", row->config);
		check_text(row->config, keep_text(aws_profile_endpoint(&settings, "ssm")), row->endpoint);
		check_int(row->config, aws_profile_ignores_endpoints(&settings), row->ignored);
	}
	settings.ignore_file_endpoints = true;
	assert_true(aws_profile_ignores_endpoints(&settings));
}

/* --- whose keys are taken ------------------------------------------------------- */

/* "ID", or "ID with a token", of the keys that a program has, else the error's text.  Kept. */
static const char *key_id(void)
{
	struct aws_provider *provider = aws_provider_new(&settings);
	const struct aws_credentials *keys;
	struct err e = {.code = ERR_NONE};
	const char *text;

	if (aws_provider_get(provider, deadline_in(8000), &keys, &e) == 0)
		text = keep_text(str_printf("%s%s", keys->key_id, keys->token ? " with a token" : ""));
	else
		text = keep_text(str_dup(e.text));
	aws_provider_free(provider);
	return text;
}

#define GIVEN "{'AccessKeyId':'AKIA2','SecretAccessKey':'s2','Token':'t2'"

static void a_source_that_is_set_and_fails_is_not_passed_over(void **state)
{
	static const struct outside_answer container[] = {
		{"/whole", 200, GIVEN ",'Expiration':'2030-01-01T00:00:00Z'}"},
		{"/timeless", 200, GIVEN ",'Expiration':'tomorrow'}"},
		{"/empty", 200, "{}"},
		{"/denied", 403, "{'message':'no'}"},
		{.part = NULL},
	};
	static const struct {
		struct aws_settings set;
		const char *key_id;
	} table[] = {
		{{.key_id = "AKIA1", .secret = "s1"}, "AKIA1"},
		{{.key_id = "AKIA1"}, "only one is set"},
		{{.secret = "s1"}, "only one is set"},
		{{.key_id = "AKIA1", .secret = "SECRETXXXX..."}, "still has an example's value"},
		{{.key_id = "AKIAXXXX...", .secret = "s1"}, "still has an example's value"},
		{{.key_id = "AKIA1", .secret = "s 1"}, "has a character that can't be in one"},
		{{.key_id = "AKIA1", .secret = "s1", .token = "t\n1"}, "has a character that can't be in one"},
		{{.web_identity = "AWS_ROLE_ARN"}, "AWS_ROLE_ARN is set, and ordersnap assumes no role"},
		{{.container_relative_uri = "/whole"}, "AKIA2 with a token"},
		{{.container_relative_uri = "/whole", .container_token = "a b"}, "AKIA2"},
		{{.container_relative_uri = "/whole", .container_token = "a\nb"}, "is not one line of text"},
		{{.container_relative_uri = "/whole", .container_token = "a\x7F"}, "is not one line of text"},
		{{.container_relative_uri = "/whole", .container_token = "a", .container_token_file = "/no/such"},
		 "can't be read"},
		{{.container_relative_uri = "/whole", .container_token_file = "/dev/null"}, "is empty"},
		{{.container_relative_uri = "/whole", .container_token_file = "/no/such"}, "can't be read"},
		{{.container_relative_uri = "/timeless"}, "Expiration is no time"},
		{{.container_relative_uri = "/empty"}, "has no credentials"},
		{{.container_relative_uri = "/denied"}, "403"},
		{{.container_relative_uri = "/away"}, "away"},
	}, *row;

	(void)state;
	outside.answers = container;
	for EACH(row, table) {
		settings = row->set;
		settings.region = "eu-central-1";
		settings.metadata_disabled = true;
		settings.credentials_file = settings.config_file = "/dev/null";
		outside.ms = 0;
		check(keep_text(str_printf("%s: %s", row->key_id, key_id())), strstr(key_id(), row->key_id));
	}
}

/* --- how long they are used --------------------------------------------------------- */

/* The id of the keys that the provider gives at that second, or "none". */
static const char *id_at(struct aws_provider *provider, int64_t second)
{
	const struct aws_credentials *keys;
	struct err e;

	outside.ms = second * 1000;
	return aws_provider_get(provider, deadline_in(8000), &keys, &e) == 0 ? keys->key_id : "none";
}

/* OUTSIDE_EPOCH is 22:13:20. */
#define UNTIL(id, time) "{'AccessKeyId':'" id "','SecretAccessKey':'s','Expiration':'2023-11-14T" time "Z'}"

static void keys_that_expire_are_fetched_five_minutes_before(void **state)
{
	static const struct outside_answer first[] = {{"/keys", 200, UNTIL("AKIA1", "22:30:00")}, {.part = NULL}};
	static const struct outside_answer second[] = {{"/keys", 200, UNTIL("AKIA2", "23:00:00")}, {.part = NULL}};
	static const struct outside_answer away[] = {{.part = NULL}};
	struct aws_provider *provider = aws_provider_new(&settings);

	(void)state;
	settings.container_relative_uri = "/keys";
	outside.answers = first;
	check_text("at first", id_at(provider, 0), "AKIA1");
	outside.answers = away;
	check_text("more than five minutes", id_at(provider, 699), "AKIA1");
	check_int("not asked", outside.calls, 1);
	check_text("the old ones", id_at(provider, 700), "AKIA1");
	check_int("asked in vain", outside.calls, 2);
	check_text("as long as they last", id_at(provider, 999), "AKIA1");
	outside.answers = second;
	check_text("new ones", id_at(provider, 999), "AKIA2");
	outside.answers = away;
	check_text("are kept", id_at(provider, 1000), "AKIA2");

	/* What the service refused is not used again, and neither is what has expired. */
	aws_provider_forget(provider);
	check_text("forgotten", id_at(provider, 1001), "none");
	outside.answers = second;
	check_text("fetched anew", id_at(provider, 1002), "AKIA2");
	outside.answers = away;
	check_text("over", id_at(provider, 2800), "none");
	aws_provider_free(provider);
}

/* Says nothing until the request's time is over. */
static int hang(const struct http_request *request, struct buf *body)
{
	(void)body;
	clock_sleep(deadline_left(request->deadline));
	return 0;
}

static void keys_that_last_are_used_soon_where_there_are_no_others(void **state)
{
	static const struct outside_answer first[] = {{"/keys", 200, UNTIL("AKIA1", "22:15:00")}, {.part = NULL}};
	struct aws_provider *provider = aws_provider_new(&settings);

	(void)state;
	settings.container_relative_uri = "/keys";
	outside.answers = first;
	check_text("at first", id_at(provider, 0), "AKIA1");
	outside.answers = NULL;
	outside.serve = hang;
	check_text("the old ones", id_at(provider, 50), "AKIA1");
	check_int("within a second", outside.ms, 51000);
	check_text("over", id_at(provider, 100), "none");
	check_int("as long as the request may take", outside.ms, 108000);
	aws_provider_free(provider);
}

/* A token that is sent in the clear opens the table to whoever hears it. */
static void a_containers_keys_are_asked_for_on_this_machine_or_by_https(void **state)
{
	static const struct outside_answer answers[] = {{"/keys", 200, GIVEN "}"}, {.part = NULL}};
	static const struct {
		const char *url;
		bool asked;
	} table[] = {
		{"https://keys.example/keys", true}, {"http://keys.example/keys", false},
		{"http://127.0.0.1:1/keys", true}, {"http://localhost/keys", true}, {"http://[::1]/keys", true},
		{"http://169.254.170.2/keys", true}, {"http://169.254.170.23/keys", true},
		{"http://[fd00:ec2::23]/keys", true}, {"http://169.254.169.254/keys", false},
		{"http://169.254.170.2.example/keys", false}, {"http://10.0.0.1/keys", false}, {"/keys", false},
	}, *row;

	(void)state;
	outside.answers = answers;
	for EACH(row, table) {
		settings.container_full_uri = row->url;
		outside.ms = 0;
		outside.calls = 0;
		check(row->url, strstr(key_id(), row->asked ? "AKIA2" : "must be https or on this machine"));
		check_int(row->url, outside.calls, row->asked);
	}
}

/* --- the instance's metadata -------------------------------------------------------- */

#define ROLE "/latest/meta-data/iam/security-credentials/"

static void an_instances_keys_are_those_of_its_role(void **state)
{
	static const struct outside_answer instance[] = {
		{"http://meta/latest/api/token", 200, "abc"},
		{"http://meta" ROLE "my-role", 200, GIVEN ",'Token':''}"},
		{"http://meta" ROLE, 200, " my-role \nanother\n"},
		{.part = NULL},
	};
	static const struct outside_answer denied[] = {
		{"/denied", 403, "no"}, {"http://meta/latest/api/token", 200, "abc"},
		{"http://meta" ROLE "my-role", 200, GIVEN "}"}, {"http://meta" ROLE, 200, "my-role"}, {.part = NULL},
	};
	static const struct outside_answer no_token[] = {
		{"http://meta/latest/api/token", 403, "no"}, {"http://meta" ROLE "my-role", 200, GIVEN "}"},
		{"http://meta" ROLE, 200, "my-role"}, {.part = NULL},
	};
	static const struct outside_answer odd_token[] = {
		{"http://meta/latest/api/token", 200, "a\x01b"}, {"http://meta" ROLE "my-role", 200, GIVEN "}"},
		{"http://meta" ROLE, 200, "my-role"}, {.part = NULL},
	};

	(void)state;
	settings.metadata_disabled = false;
	settings.metadata_endpoint = "http://meta//";
	outside.answers = instance;
	check_text("its role's", key_id(), "AKIA2");
	outside.answers = no_token;
	check("without a session", strstr(key_id(), "instance metadata: http://meta/latest/api/token answered 403"));
	outside.answers = odd_token;
	check("what is no token", strstr(key_id(), "is not one line of text"));

	/* They are another's than those of a container whose own can't be had. */
	settings.container_relative_uri = "/denied";
	outside.answers = denied;
	check("a container's", strstr(key_id(), "169.254.170.2/denied answered 403)"));
	settings.container_relative_uri = NULL;
	settings.metadata_disabled = true;
	outside.answers = instance;
	outside.calls = 0;
	check("not allowed", strstr(key_id(), "AWS_EC2_METADATA_DISABLED is set"));
	check_int("not allowed", outside.calls, 0);
}

#define in_folder(f) {#f, f, set_up, clean_up, NULL}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(a_profiles_keys_stand_in_one_of_two_files),
		in_folder(the_files_are_looked_for_where_the_aws_tools_look),
		in_folder(an_address_stands_below_its_service_or_for_all),
		in_folder(a_source_that_is_set_and_fails_is_not_passed_over),
		in_folder(keys_that_expire_are_fetched_five_minutes_before),
		in_folder(keys_that_last_are_used_soon_where_there_are_no_others),
		in_folder(a_containers_keys_are_asked_for_on_this_machine_or_by_https),
		in_folder(an_instances_keys_are_those_of_its_role),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

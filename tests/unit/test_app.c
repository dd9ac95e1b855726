/* SPDX-License-Identifier: ISC */
/*
 * What a program opens of its settings: what it does not start with, what of it the log never shows,
 * and what is left in memory when it is closed.
 */
#include "outside.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/environment.h"
#include "app/document_root.h"
#include "aws/credentials.h"
#include "base/ca_file.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proxy.h"
#include "stripe/api.h"

static const char *folder, *conf;
static struct app app;
static char lines[8192]; /* of the log */

static void take_line(void *context, const char *line, size_t n)
{
	size_t at = strlen(lines);

	(void)context;
	snprintf(lines + at, sizeof lines - at, "%.*s", (int)n, line);
}

static int set_up(void **state)
{
	const struct config_key *key;

	(void)state;
	environment_clean();
	for (key = config_keys; key->name; key++)
		unsetenv(key->name);
	folder = unit_folder();
	conf = keep_text(str_printf("%s/test.conf", folder));
	setenv("ORDERSNAP_CONF", conf, 1);
	lines[0] = '\0';
	log_set_sink(take_line, NULL);
	return 0;
}

static int tear_down(void **state)
{
	log_set_sink(NULL, NULL);
	environment_clean();
	unit_remove_folder(folder);
	return unit_release(state);
}

static void write_file(const char *path, const char *text, size_t n)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);

	assert_int_equal(write(fd, text, n), n);
	close(fd);
}

/* Opens it with these settings. */
static int open_app(const char *settings, unsigned needs, const struct app_options *options,
		    struct err *e)
{
	static const struct app_options none = {.conf = NULL};

	*e = (struct err){.code = ERR_NONE};
	write_file(conf, settings, strlen(settings));
	return app_open_with(&app, needs, options ? options : &none, e);
}

#define opens(settings) assert_int_equal(open_app(settings, 0, NULL, &(struct err){.code = ERR_NONE}), 0)

static void no_secret_of_the_settings_is_ever_logged(void **state)
{
	static const struct {
		const char *setting, *secret;
	} rows[] = {
		{"STRIPE_SECRET", "an-odd-key"}, {"QUOTE_SIGNATURE_SECRET", "sign-quotes-so"},
		{"QUOTE_SIGNATURE_SECRET_PREVIOUS", "signed-them-so"}, {"JWT_SECRET", "log-in-so"},
		{"JWT_SECRET_PREVIOUS", "logged-in-so"}, {"STRIPE_WEBHOOK_SECRET", "the-hooks-one"},
		{"AWS_SECRET_ACCESS_KEY", "the/access/key"}, {"AWS_SESSION_TOKEN", "the-sessions-token"},
		{"AWS_CONTAINER_AUTHORIZATION_TOKEN", "the-containers-token"},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, rows) {
		const char *settings = keep_text(str_printf("%s=%s\n", row->setting, row->secret));

		check_int(row->setting, open_app(settings, 0, NULL, &e), 0);
		log_error("It went wrong", LOG_STR("with", row->secret));
		check(row->setting, strstr(lines, "with=***\n"));
		check(row->setting, !strstr(lines, row->secret));
		app_close(&app);
		lines[0] = '\0';
		log_set_sink(take_line, NULL);
	}
}

static void a_live_key_beside_the_examples_address_does_not_start(void **state)
{
	static const struct {
		const char *settings;
		bool starts;
	} rows[] = {
		{"STRIPE_SECRET=sk_live_1\nCHECKOUT_SUCCESS_URL=https://shop.example/thanks\n", false},
		{"STRIPE_SECRET=rk_live_1\nCORS_ALLOW_ORIGIN=https://a.test,https://www.shop.example\n", false},
		{"STRIPE_SECRET=sk_live_1\nSTRIPE_API_BASE=https://stripe.shop.example\n", false},
		{"STRIPE_SECRET=sk_live_1\nCHECKOUT_SUCCESS_URL=https://shop.test/thanks\n", true},
		{"STRIPE_SECRET=sk_live_1\nJWT_ISSUER=https://shop.example\n", true},
		{"STRIPE_SECRET=sk_test_1\nCHECKOUT_SUCCESS_URL=https://shop.example/thanks\n", true},
		{"STRIPE_SECRET=of_a_stand_in\nCHECKOUT_SUCCESS_URL=https://shop.example/thanks\n", true},
		{"CHECKOUT_SUCCESS_URL=https://shop.example/thanks\n", true},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, rows) {
		check_int(row->settings, open_app(row->settings, 0, NULL, &e), row->starts ? 0 : -1);
		if (!row->starts)
			check_err(row->settings, &e, ERR_CONFIG, "put the shop's own address there");
		app_close(&app);
	}
}

static void a_program_does_not_start_without_what_it_needs(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(open_app("STRIPE_SECRET=sk_test_1\n", CONFIG_NEEDS_STRIPE, NULL, &e), 0);
	app_close(&app);
	assert_int_equal(open_app("STRIPE_SECRET=sk_test_1\n", CONFIG_NEEDS_STRIPE | CONFIG_NEEDS_STORE, NULL,
				  &e), -1);
	check_err("the store", &e, ERR_CONFIG, "COMMERCE_DB is not set");
	app_close(&app);
	assert_int_equal(open_app("CA_FILE=/no/such/file.pem\n", 0, NULL, &e), -1);
	check_err("the authorities", &e, ERR_CONFIG, "CA_FILE: ");
	assert_non_null(strstr(e.text, "/no/such/file.pem"));
	app_close(&app);
}

static void what_others_are_asked_through_is_set_and_unset_with_it(void **state)
{
	static const char *const usual[] = {NULL};
	static const char certificate[] = "# ours\n-----BEGIN CERTIFICATE-----\n";
	const char *pem = keep_text(str_printf("%s/shop.pem", folder));

	(void)state;
	write_file(pem, certificate, strlen(certificate));
	opens(keep_text(str_printf("OUTGOING_PROXY=http://proxy.test:3128\nCA_FILE=%s\n", pem)));
	assert_string_equal(proxy_chosen(), "http://proxy.test:3128");
	assert_string_equal(ca_file(NULL, usual), pem);
	app_close(&app);
	assert_string_equal(proxy_chosen(), "");
	assert_null(ca_file(NULL, usual));
}

/* https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html */
static void awss_own_variables_count_as_awss_own_tools_have_it(void **state)
{
	(void)state;
	opens("AWS_REGION=eu-central-1\nAWS_DEFAULT_REGION=us-east-1\nAWS_PROFILE=shop\n");
	assert_string_equal(app.aws.region, "eu-central-1");
	assert_string_equal(app.aws.profile, "shop");
	assert_string_equal(app.aws.profile_variable, "AWS_PROFILE");
	assert_null(app.aws.web_identity);
	app_close(&app);

	setenv("AWS_DEFAULT_PROFILE", "other", 1);
	setenv("AWS_ROLE_ARN", "arn:aws:iam::1:role/x", 1);
	opens("AWS_DEFAULT_REGION=us-east-1\nAWS_PROFILE=shop\n");
	assert_string_equal(app.aws.region, "us-east-1");
	assert_string_equal(app.aws.profile, "other");
	assert_string_equal(app.aws.profile_variable, "AWS_DEFAULT_PROFILE");
	assert_string_equal(app.aws.web_identity, "AWS_ROLE_ARN");
	app_close(&app);

	setenv("AWS_DEFAULT_PROFILE", "", 1);
	setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/token", 1);
	opens("AWS_PROFILE=shop\n");
	assert_string_equal(app.aws.profile, "shop");
	assert_string_equal(app.aws.profile_variable, "AWS_PROFILE");
	assert_string_equal(app.aws.web_identity, "AWS_WEB_IDENTITY_TOKEN_FILE");
	app_close(&app);
}

static void each_of_awss_variables_is_handed_on_as_what_it_is(void **state)
{
	static const struct {
		const char *name;
		const char *const *value;
	} table[] = {
		{"AWS_ENDPOINT_URL", &app.aws.endpoint},
		{"AWS_ENDPOINT_URL_DYNAMODB", &app.aws.endpoint_dynamodb},
		{"AWS_ENDPOINT_URL_SSM", &app.aws.endpoint_ssm},
		{"AWS_ACCESS_KEY_ID", &app.aws.key_id},
		{"AWS_SECRET_ACCESS_KEY", &app.aws.secret},
		{"AWS_SESSION_TOKEN", &app.aws.token},
		{"AWS_SHARED_CREDENTIALS_FILE", &app.aws.credentials_file},
		{"AWS_CONFIG_FILE", &app.aws.config_file},
		{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", &app.aws.container_relative_uri},
		{"AWS_CONTAINER_CREDENTIALS_FULL_URI", &app.aws.container_full_uri},
		{"AWS_CONTAINER_AUTHORIZATION_TOKEN", &app.aws.container_token},
		{"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &app.aws.container_token_file},
		{"AWS_EC2_METADATA_SERVICE_ENDPOINT", &app.aws.metadata_endpoint},
	}, *row, *other;

	(void)state;
	for EACH(row, table) {
		opens(keep_text(str_printf("%s=http://127.0.0.1/%s\n", row->name, row->name)));
		for EACH(other, table)
			if (other != row)
				check_text(other->name, *other->value, NULL);
		check_text(row->name, *row->value, keep_text(str_printf("http://127.0.0.1/%s", row->name)));
		assert_false(app.aws.ignore_file_endpoints || app.aws.metadata_disabled);
		app_close(&app);
	}
	opens("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true\n");
	assert_true(app.aws.ignore_file_endpoints && !app.aws.metadata_disabled);
	app_close(&app);
	opens("AWS_EC2_METADATA_DISABLED=true\n");
	assert_true(!app.aws.ignore_file_endpoints && app.aws.metadata_disabled);
	app_close(&app);
	setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "", 1); /* as an empty one is none */
	setenv("AWS_ROLE_ARN", "", 1);
	opens("");
	assert_null(app.aws.web_identity);
	app_close(&app);
}

static void a_person_at_a_terminal_is_shown_warnings_unless_the_log_goes_elsewhere(void **state)
{
	const struct app_options terminal = {.terminal = true};
	const char *path = keep_text(str_printf("%s/log", folder));
	struct stat st;
	struct err e;

	(void)state;
	assert_int_equal(open_app("", 0, &terminal, &e), 0);
	log_info("A line", LOG_INT("n", 1));
	assert_string_equal(lines, "");
	log_warning("A warning", LOG_INT("n", 1));
	assert_non_null(strstr(lines, "warning A warning"));
	app_close(&app);

	log_set_sink(take_line, NULL);
	assert_int_equal(open_app("LOG_LEVEL=debug\n", 0, &terminal, &e), 0);
	log_info("A line", LOG_INT("n", 1));
	assert_non_null(strstr(lines, "info A line"));
	app_close(&app);

	assert_int_equal(open_app(keep_text(str_printf("LOG_TARGET=%s\n", path)), 0, &terminal, &e), 0);
	log_info("A line", LOG_INT("n", 1));
	app_close(&app);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size > 0);
}

/* A program that lives long is told the root with each request. */
static void what_is_below_the_document_root_is_said_once(void **state)
{
	const char *up = keep_text(str_printf("%s/..", folder));
	struct err e;

	(void)state;
	opens("");
	assert_int_equal(chmod(conf, 0600), 0);
	lines[0] = '\0';
	assert_int_equal(document_root_check(&app, "/", &e), 0);
	assert_string_equal(lines, "");
	assert_int_equal(document_root_check(&app, folder, &e), 0);
	assert_non_null(strstr(lines, "The settings are below the document root"));
	lines[0] = '\0';
	assert_int_equal(document_root_check(&app, folder, &e), 0);
	assert_string_equal(lines, "");
	assert_int_equal(document_root_check(&app, up, &e), 0);
	assert_non_null(strstr(lines, up));
	app_close(&app);
}

/* Nor does one of the log's: an order is worth more than its line. */
static void a_file_of_counts_that_cannot_be_used_keeps_nothing_from_starting(void **state)
{
	const char *path = keep_text(str_printf("%s/counts", folder));
	struct stat st;

	(void)state;
	opens(keep_text(str_printf("METRICS_FILE=%s\n", path)));
	app_close(&app);
	assert_int_equal(stat(path, &st), 0);

	log_set_sink(take_line, NULL);
	opens("METRICS_FILE=/nonexistent/counts\nLOG_TARGET=/nonexistent/log\n");
	assert_non_null(strstr(lines, "error Metrics are not counted"));
	assert_non_null(strstr(lines, "error The log goes to standard error and syslog"));
	app_close(&app);
}

static void stripe_leaves_two_seconds_of_a_request_to_the_store(void **state)
{
	(void)state;
	assert_int_equal(app_stripe_deadline(8000), 6000);
}

/* --- a key that is rolled ------------------------------------------------------------- */

static const char *key_in_ssm;
static char asked_with[64];
static unsigned reads_of_ssm;

/* Stripe knows no key but sk_test_new. */
static int stripe_and_ssm(const struct http_request *request, struct buf *body)
{
	size_t i;

	if (strstr(request->url, "aws.example")) {
		reads_of_ssm++;
		add_json(body, keep_text(str_printf("{'Parameter':{'Name':'/shop/key','Value':'%s'}}",
						    key_in_ssm)));
		return 200;
	}
	for (i = 0; i < HTTP_MAX_HEADERS && request->headers[i]; i++)
		if (str_starts(request->headers[i], "Authorization: "))
			snprintf(asked_with, sizeof asked_with, "%s", request->headers[i] + 15);
	add_json(body, "{'id':'ch_1','object':'charge'}");
	return strcmp(asked_with, "Bearer sk_test_new") == 0 ? 200 : 401;
}

static int ask_stripe(void)
{
	struct json_object *charge = NULL;
	struct err e;
	struct stripe_client *client = app_stripe(&outside.app, deadline_in(8000), &e);
	int rc = client ? stripe_charge_retrieve(client, "ch_1", deadline_in(8000), &charge, &e) : -1;

	json_object_put(charge);
	return rc;
}

static void begin_with_key_in_ssm(const char *key)
{
	struct config *config = &outside.app.config;

	outside_begin();
	outside.app.aws = (struct aws_settings){.region = "eu-central-1", .key_id = "AKIA1", .secret = "s",
						.endpoint = "https://aws.example"};
	free(config->stripe_secret);
	config->stripe_secret = NULL;
	config->stripe_secret_parameter = str_dup("/shop/key");
	outside.serve = stripe_and_ssm;
	reads_of_ssm = 0;
	key_in_ssm = key;
}

static void a_key_that_stripe_takes_is_not_read_again_however_old_it_is(void **state)
{
	(void)state;
	begin_with_key_in_ssm("sk_test_new");
	assert_int_equal(ask_stripe(), 0);
	outside.ms += 10 * SECRETS_REFRESH_MS;
	assert_int_equal(ask_stripe(), 0);
	assert_int_equal(reads_of_ssm, 1);
	outside_end();
}

static void a_key_that_stripe_refuses_is_read_again_once_a_minute(void **state)
{
	(void)state;
	begin_with_key_in_ssm("sk_test_old");
	assert_int_equal(ask_stripe(), -1);
	assert_string_equal(asked_with, "Bearer sk_test_old");
	key_in_ssm = "sk_test_new";
	assert_int_equal(ask_stripe(), -1); /* it was read a moment ago */
	outside.ms += SECRETS_REFRESH_MS;
	assert_int_equal(ask_stripe(), 0);
	assert_string_equal(asked_with, "Bearer sk_test_new");
	assert_int_equal(reads_of_ssm, 2);
	outside_end();
}

/* --- what is left in memory -------------------------------------------------------------- */

#define SECRET_BYTES 64
#define END_BYTES 32 /* of it: what is given back to malloc() loses its first bytes */
#define WINDOW (1 << 16)
#define MAPPING_MAX (64 << 20) /* larger ones are a sanitizer's own */

static char secret[SECRET_BYTES + 1]; /* the one place where the test itself has it */
static char window[WINDOW];

/* How often the secret's end stands in a part of this process's memory, but in this test's own places. */
static unsigned count_in(int memory, uintptr_t from, uintptr_t to)
{
	const char *end = secret + SECRET_BYTES - END_BYTES;
	uintptr_t own = (uintptr_t)end, around = (uintptr_t)window;
	unsigned found = 0;

	while (from + END_BYTES <= to) {
		size_t n = to - from < WINDOW ? to - from : WINDOW;
		const char *p = window;
		ssize_t got = pread(memory, window, n, (off_t)from);

		for (; got > 0 && (p = memmem(p, (size_t)(window + got - p), end, END_BYTES)); p++) {
			uintptr_t at = from + (uintptr_t)(p - window);

			found += at != own && (at < around || at >= around + WINDOW);
		}
		from += WINDOW - END_BYTES + 1;
	}
	explicit_bzero(window, sizeof window);
	return found;
}

/* How often it stands in what this process has written. */
static unsigned copies_in_memory(void)
{
	int memory = open("/proc/self/mem", O_RDONLY);
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned found = 0;
	char line[512], *rest;

	/* 55e8c6d9e000-55e8c6dda000 rw-p ... */
	while (maps && memory >= 0 && fgets(line, sizeof line, maps)) {
		uintptr_t from = strtoul(line, &rest, 16), to = strtoul(rest + 1, &rest, 16);

		if (str_starts(rest, " rw") && to - from <= MAPPING_MAX)
			found += count_in(memory, from, to);
	}
	if (maps)
		fclose(maps);
	close(memory);
	return found;
}

/* A file of settings that is larger than what is read at once, with the secret near its begin and its end. */
static void write_secrets(void)
{
	static char text[12000];
	size_t n = 0;
	int i;

	n += (size_t)snprintf(text + n, sizeof text - n, "STRIPE_SECRET=%s\n", secret);
	for (i = 0; i < 100; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "# %090d\n", i);
	n += (size_t)snprintf(text + n, sizeof text - n, "JWT_SECRET='%s'\nSTRIPE_SECRET=sk_test_1\n", secret);
	write_file(conf, text, n);
	explicit_bzero(text, sizeof text);
}

/* Below what the search for it needs of the stack. */
static char *text_from_far_down(void)
{
	volatile char below[1 << 15];

	below[0] = below[sizeof below - 1] = '\0';
	return str_printf("Authorization: Bearer %s", secret);
}

/* One that no other place can have. */
static void make_secret(void)
{
	unsigned x = (unsigned)getpid();
	int i;

	for (i = 0; i < SECRET_BYTES; i++, x = x * 1103515245 + 12345)
		secret[i] = (char)('a' + (x >> 16) % 26);
}

static void no_secret_stays_in_memory_when_it_is_closed(void **state)
{
	struct config config = {0};
	struct err e;
	char *text;

	(void)state;
	make_secret();
	write_secrets();
	assert_int_equal(copies_in_memory(), 0);
	assert_int_equal(app_open(&app, 0, &e), 0);
	/* The setting, and what the log must not show. */
	assert_int_equal(copies_in_memory(), 2);
	app_close(&app);
	assert_int_equal(copies_in_memory(), 0);

	/* Nor of one that another takes the place of. */
	assert_int_equal(config_set(&config, config_key_named("JWT_SECRET"), secret, &e), 0);
	assert_int_equal(copies_in_memory(), 1);
	assert_int_equal(config_set(&config, config_key_named("JWT_SECRET"), "another", &e), 0);
	assert_int_equal(copies_in_memory(), 0);
	config_free(&config);

	/* Nor where a text was made of it. */
	text = text_from_far_down();
	assert_int_equal(copies_in_memory(), 1);
	mem_forget(text);
	assert_int_equal(copies_in_memory(), 0);
}

/* What a server answers with, and what of it is a secret: behind an escape, which is read into a place of
 * its own. */
static int gives_secrets(const struct http_request *request, struct buf *body)
{
	bool is_ssm = strstr(request->url, "aws.example");

	buf_puts(body, is_ssm ? "{\"Parameter\":{\"Value\":\"\\/" : "{\"AccessKeyId\":\"AKIA2\",\"Token\":\"\\/");
	buf_puts(body, secret);
	if (!is_ssm) {
		buf_puts(body, "\",\"SecretAccessKey\":\"\\/");
		buf_puts(body, secret);
	}
	buf_puts(body, is_ssm ? "\"}}" : "\"}");

	/* More comes, and what lies behind is taken. */
	keep_text(str_dup(request->url));
	buf_printf(body, "%8000s", "");
	return 200;
}

static void no_secret_that_aws_gave_stays_in_memory(void **state)
{
	const struct aws_settings task = {.container_full_uri = "http://127.0.0.1/credentials",
					  .container_token = "a-token"};
	struct aws_provider *provider;
	const struct aws_credentials *credentials;
	const char *key;
	struct err e;

	(void)state;
	make_secret();
	begin_with_key_in_ssm("");
	outside.serve = gives_secrets;
	assert_int_equal(app_secret(&outside.app, SECRET_STRIPE, deadline_in(8000), &key, &e), 0);
	assert_string_equal(key + 1, secret);
	/* The secret, and what the log must not show. */
	assert_int_equal(copies_in_memory(), 2);
	app_close(&outside.app);
	assert_int_equal(copies_in_memory(), 0);

	provider = aws_provider_new(&task);
	assert_int_equal(aws_provider_get(provider, deadline_in(8000), &credentials, &e), 0);
	assert_string_equal(credentials->secret + 1, secret);
	assert_int_equal(copies_in_memory(), 2);
	aws_provider_free(provider);
	assert_int_equal(copies_in_memory(), 0);
	outside_end();
}

/* A core has all of it. */
static void a_process_that_was_told_so_leaves_no_core(void **state)
{
	struct rlimit limit;
	int status = 0;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		if (getrlimit(RLIMIT_CORE, &limit) == 0)
			limit.rlim_cur = limit.rlim_max = geteuid() == 0 ? RLIM_INFINITY : limit.rlim_max;
		setrlimit(RLIMIT_CORE, &limit);
		mem_leave_no_core();
		_exit(getrlimit(RLIMIT_CORE, &limit) || limit.rlim_cur || limit.rlim_max);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define in_a_folder(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_a_folder(no_secret_of_the_settings_is_ever_logged),
		in_a_folder(a_live_key_beside_the_examples_address_does_not_start),
		in_a_folder(a_program_does_not_start_without_what_it_needs),
		in_a_folder(what_others_are_asked_through_is_set_and_unset_with_it),
		in_a_folder(awss_own_variables_count_as_awss_own_tools_have_it),
		in_a_folder(each_of_awss_variables_is_handed_on_as_what_it_is),
		in_a_folder(a_person_at_a_terminal_is_shown_warnings_unless_the_log_goes_elsewhere),
		in_a_folder(what_is_below_the_document_root_is_said_once),
		in_a_folder(a_file_of_counts_that_cannot_be_used_keeps_nothing_from_starting),
		holds(stripe_leaves_two_seconds_of_a_request_to_the_store),
		holds(a_key_that_stripe_takes_is_not_read_again_however_old_it_is),
		holds(a_key_that_stripe_refuses_is_read_again_once_a_minute),
		in_a_folder(no_secret_stays_in_memory_when_it_is_closed),
		cmocka_unit_test(no_secret_that_aws_gave_stays_in_memory),
		holds(a_process_that_was_told_so_leaves_no_core),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

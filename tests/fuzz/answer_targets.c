/* SPDX-License-Identifier: ISC */
/*
 * What others' servers answer, Stripe, DynamoDB and whoever gives credentials out, and the files that
 * the AWS tools share.
 */
#include "targets.h"

#include <string.h>

#include "app/secrets.h"
#include "aws/credentials.h"
#include "aws/ini.h"
#include "base/clock.h"
#include "config/config.h"
#include "fake_http.h"
#include "store/store_dynamodb.h"

#define DEADLINE_MS 8000

/* --- DynamoDB ------------------------------------------------------------------------------ */

static const struct store_key keys[] = {
	{"USER#u", "ORDER#1700000000#cs_1"}, {"SESSION#cs_1", "METADATA"}, {"USER#u", "ORDER#1700000000#cs_1"},
};

/* An item that was asked for is the one that is given. */
static void check_item(struct json_object *item, const struct store_key *key)
{
	const char *pk = json_string_or_null(item, "PK"), *sk = json_string_or_null(item, "SK");

	HOLDS(!item || (pk && sk && strcmp(pk, key->pk) == 0 && strcmp(sk, key->sk) == 0));
	json_object_put(item);
}

static int get(struct store *store, size_t n, struct err *e)
{
	struct json_object *items[3] = {NULL};
	int rc = store_get_many(store, keys, n, items, deadline_in(DEADLINE_MS), e);
	size_t i;

	for (i = 0; i < n; i++) {
		HOLDS(rc == 0 || !items[i]);
		check_item(items[i], &keys[i]);
	}
	return rc;
}

/* A list is one of items, each with its key, and no longer than asked for. */
static void check_items(struct json_object *items, const char *pk, size_t limit)
{
	size_t i;

	HOLDS(json_object_is_type(items, json_type_array) && json_object_array_length(items) <= limit);
	for (i = 0; i < json_object_array_length(items); i++) {
		struct json_object *item = json_object_array_get_idx(items, i);
		const char *is = json_string_or_null(item, "PK");

		HOLDS(is && (!pk || strcmp(is, pk) == 0) && json_string_or_null(item, "SK"));
	}
	json_object_put(items);
}

static int query(struct store *store, struct err *e)
{
	struct json_object *items;
	int rc = store_query(store, "USER#u", "ORDER#", NULL, 3, &items, deadline_in(DEADLINE_MS), e);

	if (!rc)
		check_items(items, "USER#u", 3);
	return rc;
}

static int scan(struct store *store, struct err *e)
{
	struct json_object *items, *last = NULL;
	int rc = store_scan(store, NULL, 3, &items, &last, deadline_in(DEADLINE_MS), e);

	if (!rc) {
		check_items(items, NULL, 3);
		HOLDS(!last || (json_string_or_null(last, "PK") && json_string_or_null(last, "SK")));
		json_object_put(last);
	}
	return rc;
}

static int put(struct store *store, struct err *e)
{
	struct json_object *order = json_parse(span_of(
		"{\"PK\":\"USER#u\",\"SK\":\"ORDER#1700000000#cs_1\",\"version\":3}"));
	struct json_object *pointer = json_parse(span_of("{\"PK\":\"SESSION#cs_1\",\"SK\":\"METADATA\"}"));
	struct store_action actions[] = {
		store_check(order),
		{.verb = STORE_PUT, .item = pointer, .condition = STORE_ABSENT},
	};
	size_t failed = 7;
	int rc = store_write(store, actions, 2, &failed, deadline_in(DEADLINE_MS), e);

	HOLDS(!rc || e->code != ERR_CONFLICT || failed < 2);
	json_object_put(pointer);
	json_object_put(order);
	return rc;
}

/* The signing secrets that a shop keeps in SSM: none of them is blank, for anybody could sign with that. */
static int get_secret(const struct aws_settings *settings, struct err *e)
{
	static char parameter[] = "/shop/webhook";
	static const struct config config = {.stripe_webhook_secret_parameter = parameter};
	struct secrets secrets = {.config = &config, .settings = settings};
	const char *value = NULL;
	struct span rest, one;
	int rc = secrets_get(&secrets, SECRET_WEBHOOK, deadline_in(DEADLINE_MS), &value, e);

	HOLDS(rc ? !value : value && *value);
	if (value)
		for (rest = span_of(value); span_next(&rest, ',', &one);)
			HOLDS(span_trim(one).n > 0);
	secrets_refresh(&secrets, SECRET_WEBHOOK, deadline_in(DEADLINE_MS));
	secrets_free(&secrets);
	return rc;
}

int fuzz_dynamodb(const uint8_t *data, size_t n)
{
	static const struct aws_settings settings = {
		.region = "eu-central-1", .key_id = "AKIAFUZZ", .secret = "fuzz",
		.credentials_file = "/dev/null", .config_file = "/dev/null",
	};
	struct store *store = store_dynamodb_new("t", &settings);
	struct err e = {.code = ERR_NONE};
	int rc;

	if (n)
		fake_http_answer((struct span){(const char *)data + 1, n - 1});
	switch (n ? *data : 0) {
	case 'g':
		rc = get(store, 1, &e);
		break;
	case 'b':
		rc = get(store, 3, &e);
		break;
	case 'q':
		rc = query(store, &e);
		break;
	case 's':
		rc = scan(store, &e);
		break;
	case 'w':
		rc = put(store, &e);
		break;
	case 'p':
		rc = get_secret(&settings, &e);
		break;
	default:
		rc = 0;
	}
	HOLDS(rc == 0 || (*e.text && (e.code == ERR_UNAVAILABLE || e.code == ERR_CONFLICT)));
	store_close(store);
	return 0;
}

/* --- credentials --------------------------------------------------------------------------- */

/* Writes what was read as such a file has it. */
static void write_ini(struct buf *out, struct json_object *sections)
{
	struct json_walk section = json_walk_of(sections), key, below;
	const char *p;

	while (json_walk_next(&section)) {
		buf_printf(out, "[%s]\n", section.key);
		for (key = json_walk_of(section.value); json_walk_next(&key);) {
			buf_printf(out, "%s =", key.key);
			if (json_object_is_type(key.value, json_type_object)) {
				for (below = json_walk_of(key.value); json_walk_next(&below);)
					buf_printf(out, "\n    %s = %s", below.key,
						   json_object_get_string(below.value));
			} else {
				for (p = json_object_get_string(key.value); *p; p++)
					buf_printf(out, *p == '\n' ? "\n    " : "%c", *p);
			}
			buf_putc(out, '\n');
		}
	}
}

/* What is written is read as it was. */
static void check_ini(struct span text)
{
	struct json_object *sections = NULL, *again = NULL;
	char path[FUZZ_PATH];
	struct buf out;
	struct err e;

	fuzz_put_file(FUZZ_FILE_CREDENTIALS, text, path);
	if (ini_read(path, &sections, &e)) {
		HOLDS(e.code == ERR_UNAVAILABLE && strstr(e.text, path));
		return;
	}
	buf_init(&out, 1 << 20);
	write_ini(&out, sections);
	fuzz_put_file(FUZZ_FILE_CONFIG, (struct span){buf_text(&out), out.len}, path);
	HOLDS(ini_read(path, &again, &e) == 0);
	HOLDS(!sections || json_object_object_length(sections) == 0 || json_equal(sections, again));
	buf_free(&out);
	json_object_put(again);
	json_object_put(sections);
}

static void check_keys(const struct aws_credentials *c)
{
	const char *texts[] = {c->key_id, c->secret, c->token};
	size_t i;

	HOLDS(c->key_id && c->secret);
	for (i = 0; i < 3; i++)
		for (; texts[i] && *texts[i]; texts[i]++)
			HOLDS(*texts[i] > ' ' && *texts[i] <= '~'); /* they go into headers */
}

/* What a profile says, and the value of one name. */
static void check_profile(const struct aws_settings *settings, const char *name)
{
	struct aws_credentials c;
	struct err e = {.code = ERR_NONE};
	enum aws_profile_keys found = aws_profile_keys(settings, &c, &e);
	char *value = aws_profile_value(settings, name);

	if (found == AWS_PROFILE_HAS_KEYS)
		check_keys(&c);
	else
		HOLDS(*e.text);
	free(c.key_id);
	free(c.secret);
	free(c.token);
	HOLDS(!value || (*value && *value != ' ' && value[strlen(value) - 1] != ' '));
	free(value);
	free(aws_profile_endpoint(settings, "dynamodb"));
	aws_profile_ignores_endpoints(settings);
}

/* A container's answer, and the instance's: a token, a role, the keys. */
static void check_provider(const struct aws_settings *settings, struct span answers)
{
	struct aws_provider *provider = aws_provider_new(settings);
	const struct aws_credentials *c;
	struct err e = {.code = ERR_NONE};

	fake_http_answer(answers);
	if (aws_provider_get(provider, deadline_in(DEADLINE_MS), &c, &e) == 0)
		check_keys(c);
	else
		HOLDS(e.code == ERR_UNAVAILABLE && *e.text);
	aws_provider_free(provider);
}

int fuzz_credentials(const uint8_t *data, size_t n)
{
	struct span rest = {(const char *)data, n}, credentials = fuzz_part(&rest);
	struct span config = fuzz_part(&rest);
	char credentials_path[FUZZ_PATH], config_path[FUZZ_PATH];
	struct aws_settings settings = {
		.credentials_file = credentials_path, .config_file = config_path, .home = "/nowhere",
	};

	check_ini(credentials);
	fuzz_put_file(FUZZ_FILE_CREDENTIALS, credentials, credentials_path);
	fuzz_put_file(FUZZ_FILE_CONFIG, config, config_path);
	check_profile(&settings, "region");
	settings.profile = "shop";
	settings.profile_variable = "AWS_PROFILE";
	check_profile(&settings, "endpoint_url");
	settings.credentials_file = settings.config_file = "/dev/null";
	settings.profile = NULL;
	check_provider(&settings, rest);
	settings.container_full_uri = "http://127.0.0.1/keys";
	check_provider(&settings, rest);
	return 0;
}

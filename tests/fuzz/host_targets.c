/* SPDX-License-Identifier: ISC */
/*
 * What a machine and its owner give: the environment, the login's key file, what ORDER_HOOK prints; and all
 * that `ordersnap check` looks at.
 */
#include "targets.h"

#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/output.h"
#include "check/check.h"
#include "fake_child.h"
#include "fake_http.h"
#include "fake_shop.h"
#include "record/notify.h"
#include "shop/outbox.h"
#include "web/auth.h"

#define NOW 1700000000

/* --- the environment ------------------------------------------------------------------------ */

#define VARIABLES 32

/* A fault of the environment says so, and names the setting. */
static void on_fault(void *context, const char *name, const struct err *e)
{
	(void)context;
	HOLDS(name && config_key_named(name) && e->code == ERR_CONFIG);
	HOLDS(str_starts(e->text, "environment: ") && strstr(e->text, name));
}

/* A setting is what its own variable says, and nobody else's: no REDIRECT_ of it, none in small letters. */
static void check_origins(const struct config *c)
{
	const struct config_key *key;

	for (key = config_keys; key->name; key++) {
		const struct config_origin *origin = &c->origins[key - config_keys];
		const char *value = getenv(key->name), *text = config_string(c, key);

		HOLDS(value || origin->source == CONFIG_UNSET || origin->source == CONFIG_DEFAULT);
		HOLDS(!text || !value || origin->wrong || origin->source == CONFIG_DEFAULT || strstr(value, text));
		HOLDS(!text || span_utf8_length(span_of(text)) > 0);
	}
}

int fuzz_environment(const uint8_t *data, size_t n)
{
	static struct config config;
	struct span rest = {(const char *)data, n}, line, name;
	char *names[VARIABLES], path[FUZZ_PATH];
	size_t count = 0;
	struct err e;

	fuzz_put_file(FUZZ_FILE_SETTINGS, span_of(""), path); /* and not a file of this machine's */
	HOLDS(setenv("ORDERSNAP_CONF", path, 1) == 0);
	while (count < VARIABLES && span_next(&rest, '\n', &line)) {
		char *value;

		if (!span_next(&line, '=', &name) || !line.p || !name.n)
			continue;
		value = span_dup(line);
		names[count] = span_dup(name);
		if (strcmp(names[count], "ORDERSNAP_CONF") != 0 && setenv(names[count], value, 1) == 0)
			count++;
		else
			free(names[count]);
		free(value);
	}
	config_load_all(&config, on_fault, NULL);
	check_origins(&config);
	if (config_require(&config, CONFIG_NEEDS_STORE | CONFIG_NEEDS_STRIPE, &e))
		HOLDS(e.code == ERR_CONFIG && *e.text);
	config_free(&config);
	while (count) {
		unsetenv(names[--count]);
		free(names[count]);
	}
	unsetenv("ORDERSNAP_CONF");
	return 0;
}

/* --- the login's key file ------------------------------------------------------------------- */

/* {"sub":"mallory","exp":9999999999} */
#define PAYLOAD "eyJzdWIiOiJtYWxsb3J5IiwiZXhwIjo5OTk5OTk5OTk5fQ"

/* A token whose header says `alg`, "signed" by HMAC with what stands in the file, which is no secret. */
static void check_forgery(const struct auth_settings *settings, const char *header, struct span key)
{
	char *message = str_printf("%s." PAYLOAD, header);
	const struct span part = span_of(message);
	unsigned char mac[DIGEST_BYTES];
	struct auth_identity who;
	struct buf token;
	struct err e;

	digest_hmac(key, &part, 1, mac);
	buf_init(&token, 4096);
	buf_printf(&token, "HTTP_AUTHORIZATION=Bearer %s.", message);
	fuzz_add_base64url(&token, (struct span){(const char *)mac, sizeof mac});
	HOLDS(auth_identify(settings, &(struct request){.variables = (char *const[]){token.data, NULL}}, NOW, &who,
			    &e) == -1);
	HOLDS(e.code == ERR_UNAUTHORIZED || e.code == ERR_CONFIG);
	HOLDS(!who.subject && !who.email);
	buf_free(&token);
	free(message);
}

int fuzz_keys(const uint8_t *data, size_t n)
{
	static const char *const headers[] = {
		"eyJhbGciOiJIUzI1NiJ9", /* {"alg":"HS256"} */
		"eyJhbGciOiJSUzI1NiJ9", /* {"alg":"RS256"} */
		"eyJhbGciOiJFUzI1NiJ9", /* {"alg":"ES256"} */
		"eyJhbGciOiJub25lIn0",	/* {"alg":"none"} */
	};
	char path[FUZZ_PATH];
	const struct auth_settings settings = {.public_key_file = path, .needs_exp = true};
	const struct span text = {(const char *)data, n};
	struct err e = {.code = ERR_NONE};
	size_t i;

	fuzz_put_file(FUZZ_FILE_SETTINGS, text, path);
	if (auth_check(&settings, true, &e))
		HOLDS(e.code == ERR_CONFIG && str_starts(e.text, "JWT_PUBLIC_KEY_FILE: ") && strstr(e.text, path));
	for (i = 0; i < sizeof headers / sizeof *headers; i++)
		check_forgery(&settings, headers[i], text);
	return 0;
}

/* --- the shop's own program ----------------------------------------------------------------- */

struct told {
	int64_t told, failed;
};

static void on_done(void *context, const struct notify_done *done)
{
	struct told *told = context;

	told->told += !done->error;
	told->failed += done->error != NULL;
	if (!done->error)
		return;
	/* Text; what a program said is one line of it. */
	HOLDS(span_utf8_length(span_of(done->error)) > 0);
	HOLDS(!str_starts(done->error, "/bin/false ") || !strpbrk(done->error, "\r\n\033"));
}

static size_t waiting(const struct fake_shop *shop)
{
	size_t i, n = 0;

	for (i = 0; i < shop->table.n; i++)
		n += outbox_is_item(shop->table.items[i]);
	return n;
}

int fuzz_hook(const uint8_t *data, size_t n)
{
	struct span rest = {(const char *)data, n};
	struct fake_shop shop;
	struct told told = {.told = 0};
	const struct notify notify = {.context = &told, .done = on_done};
	struct notify_counts counts;
	struct err e = {.code = ERR_NONE};
	size_t before;

	fake_shop_open(&shop, fuzz_part(&rest));
	fake_child_runs(rest);
	fake_http_answer((struct span){NULL, 0}); /* the clock begins anew */
	before = waiting(&shop);
	if (notify_run(&shop.app, &notify, &counts, &e))
		fake_shop_check(&e);
	/* What was told is gone, and nothing else is. */
	HOLDS(counts.told == told.told && counts.failed == told.failed);
	HOLDS(waiting(&shop) + (size_t)counts.told == before);
	HOLDS(clock_monotonic_ms() > 0 && clock_epoch() - NOW <= NOTIFY_RUN_MS / 1000 + NOTIFY_PROGRAM_MS / 1000);
	fake_shop_close(&shop);
	return 0;
}

/* --- ordersnap check ------------------------------------------------------------------------ */

#define SECRET "sk_test_q7hiddensecret"

/* Each line says something, and what to do where something is wrong, and no secret; and it can be printed, as
 * text and as JSON. */
static void on_line(void *context, const struct check_line *line)
{
	enum check_status *worst = context;
	struct json_object *text = json_object_new_string(line->text);
	char *clean = output_clean(line->text);
	struct buf out;

	HOLDS(!str_empty(line->group) && !str_empty(line->name));
	HOLDS(span_utf8_length(span_of(clean)) > 0);
	buf_init(&out, 1 << 20);
	output_add_json(&out, json_text(text));
	HOLDS(json_is_valid((struct span){buf_text(&out), out.len}));
	buf_free(&out);
	json_object_put(text);
	HOLDS(!strstr(line->text, SECRET) && (!line->advice || !strstr(line->advice, SECRET)));
	HOLDS((line->status == CHECK_OK) == !line->advice);
	if (line->status > *worst)
		*worst = line->status;
	free(clean);
}

/* What would be written to. */
static bool writes(struct span settings)
{
	static const char *const names[] = {"LOG_TARGET", "METRICS_FILE", "COMMERCE_DB"};
	size_t i;

	for (i = 0; i < sizeof names / sizeof *names; i++)
		if (settings.n && memmem(settings.p, settings.n, names[i], strlen(names[i])))
			return true;
	return false;
}

int fuzz_check(const uint8_t *data, size_t n)
{
	struct span rest = {(const char *)data, n}, settings = fuzz_part(&rest);
	char path[FUZZ_PATH];
	const struct app_options opening = {.conf = path};
	enum check_status worst = CHECK_OK, said;
	const struct check_options options = {
		.app = &opening, .report = on_line, .context = &worst, .verbose = n % 2,
		.url = n && *data == '#' ? NULL : "https://shop.example",
	};
	static struct app app;
	int64_t began;

	if (writes(settings))
		return 0;
	fuzz_put_file(FUZZ_FILE_SETTINGS, settings, path);
	HOLDS(setenv("STRIPE_SECRET", SECRET, 1) == 0);
	fake_http_answer(rest);
	began = clock_monotonic_ms();
	said = check_run(&app, &options);
	HOLDS(said == worst);
	HOLDS(clock_monotonic_ms() - began <= CHECK_MS);
	app_close(&app);
	unsetenv("STRIPE_SECRET");
	unsetenv("ORDERSNAP_CONF");
	fuzz_look_at_log();
	return 0;
}

/* SPDX-License-Identifier: ISC */
/*
 * Texts from outside: headers, settings, addresses; and texts on their way to
 * a log, a terminal or a spreadsheet.
 */
#include "targets.h"

#include <string.h>

#include "base/log.h"
#include "base/url.h"
#include "cli/csv.h"
#include "base/output.h"
#include "cli/table.h"
#include "config/config_file.h"
#include "config/config.h"
#include "config/secret.h"
#include "format/form.h"
#include "format/json.h"
#include "shop/session_options.h"
#include "stripe/members.h"
#include "stripe/signature.h"

int fuzz_signature(const uint8_t *data, size_t n)
{
	struct fuzz_halves in = fuzz_halves(data, n);
	char *header = fuzz_text(in.first, in.n_first);
	struct stripe_signature_check check = {
		.secrets = "whsec_fuzz", .header = header, .now = 1700000000, .tolerance = 300,
		.body = {(const char *)in.second, in.n_second},
	};
	struct err e;

	/* Nobody finds the signature of this secret by chance. */
	HOLDS(stripe_signature_verify(&check, &e) == -1);
	HOLDS(e.code == ERR_SIGNATURE && *e.text);
	free(header);
	return 0;
}

int fuzz_options(const uint8_t *data, size_t n)
{
	struct span text = {(const char *)data, n};
	struct json_object *options = NULL;
	size_t i, lines = 1;
	long line;
	struct err e;

	for (i = 0; i < n; i++)
		lines += data[i] == '\n';
	if (session_options_read("/f", text, &options, &e)) {
		/* What is wrong stands on a line of the file. */
		HOLDS(e.code == ERR_CONFIG && strncmp(e.text, "/f:", 3) == 0);
		line = strtol(e.text + 3, NULL, 10);
		HOLDS(line >= 1 && (size_t)line <= lines);
	} else {
		HOLDS(json_object_is_type(options, json_type_object));
		json_object_put(options);
	}
	return 0;
}

int fuzz_json(const uint8_t *data, size_t n)
{
	struct span text = {(const char *)data, n};
	bool valid = json_is_valid(text);
	struct json_object *value = json_parse(text), *some, *again;
	const char *printed;

	HOLDS(valid == !!value || (valid && memmem(data, n, "null", 4)));
	some = json_parse_members(text, stripe_member); /* what is left out is JSON, too */
	HOLDS(!some == !value);
	json_object_put(some);
	if (value) {
		printed = json_text(value);
		again = json_parse(span_of(printed));
		HOLDS(again && json_equal(value, again));
		json_object_put(again);
	}
	json_object_put(value);
	return 0;
}

static int on_setting(void *context, int line, const char *name, const char *value, struct err *e)
{
	(void)context;
	(void)e;
	HOLDS(line > 0 && *name && value);
	return 0;
}

static int on_wrong(void *context, const struct err *e)
{
	(void)context;
	HOLDS(e->code == ERR_CONFIG && strncmp(e->text, "file:", 5) == 0);
	return 0;
}

/* A settings file that is loaded. */
struct loaded {
	char path[FUZZ_PATH];
	unsigned faults;
};

/* A fault names the file and its line, or the setting. */
static void on_fault(void *context, const char *name, const struct err *e)
{
	struct loaded *file = context;

	HOLDS(e->code == ERR_CONFIG && (strstr(e->text, file->path) || (name && strstr(e->text, name))));
	file->faults++;
}

/* What was taken for a value is one: a number in its range, a text that has a character. */
static void check_settings(const struct config *c)
{
	const struct config_key *key;
	int64_t number;

	for (key = config_keys; key->name; key++) {
		const char *text = config_string(c, key);

		HOLDS(!text || span_utf8_length(span_of(text)) > 0);
		if (key->type != CONFIG_INT)
			continue;
		number = *(const int64_t *)(const void *)((const char *)c + key->offset);
		HOLDS(number >= key->min && number <= key->max);
	}
}

/* The file as a program reads it: one without a fault has what is required, once. */
static void load_settings(struct span text)
{
	static struct config config;
	struct loaded file = {.faults = 0};
	struct err e;

	fuzz_put_file(FUZZ_FILE_SETTINGS, text, file.path);
	HOLDS(setenv("ORDERSNAP_CONF", file.path, 1) == 0);
	config_load_all(&config, on_fault, &file);
	check_settings(&config);
	if (config_require(&config, CONFIG_NEEDS_STORE | CONFIG_NEEDS_STRIPE, &e))
		HOLDS(e.code == ERR_CONFIG && *e.text);
	else
		HOLDS(file.faults || !config.commerce_db != !config.commerce_table);
	if (config.stripe_secret && config_check_addresses(&config, config.stripe_secret, &e))
		HOLDS(e.code == ERR_CONFIG && *e.text);
	config_free(&config);
	unsetenv("ORDERSNAP_CONF");
}

int fuzz_config(const uint8_t *data, size_t n)
{
	const struct config_file_reader reader = {.entry = on_setting, .wrong = on_wrong};
	struct span text = {(const char *)data, n};
	struct err e;

	config_file_read("file", text, &reader, &e);
	load_settings(text);
	return 0;
}

int fuzz_url(const uint8_t *data, size_t n)
{
	struct span text = {(const char *)data, n}, origin;
	struct url url;

	if (url_parse(text, &url) == 0) {
		HOLDS(url.host.n > 0 && url.host.p >= text.p && url.host.p + url.host.n <= text.p + n);
		HOLDS(url_same_origin(&url, &url));
		url_is_loopback(&url);
	}
	while (url_next_origin(&text, &origin))
		HOLDS(origin.n > 0);
	return 0;
}

int fuzz_form(const uint8_t *data, size_t n)
{
	char *text = fuzz_text(data, n);
	struct buf out;
	const char *p;

	buf_init(&out, 4 * n + 64);
	form_encode(&out, text);
	/* https://url.spec.whatwg.org/#application/x-www-form-urlencoded */
	for (p = buf_text(&out); *p; p++)
		HOLDS((*p > ' ' && *p < 0x7F) && !strchr("&=#\"<>", *p));
	buf_free(&out);
	free(text);
	return 0;
}

int fuzz_log(const uint8_t *data, size_t n)
{
	char *text = fuzz_text(data, n);
	const struct log_field fields[] = {LOG_STR("error", text), {.key = NULL}};
	static const char secret[] = "q7-hidden-secret";
	struct json_object *line;
	struct buf out;
	int json;

	log_hide(secret);
	for (json = 0; json < 2; json++) {
		buf_init(&out, 1 << 20);
		log_format(&out, json, 1700000000, LOG_LEVEL_ERROR, "Message", fields);
		HOLDS(fuzz_is_line(buf_text(&out), out.len));
		HOLDS(!strstr(buf_text(&out), secret));
		if (json) {
			line = json_parse(span_of(buf_text(&out)));
			HOLDS(line);
			json_object_put(line);
		}
		buf_free(&out);
	}
	log_hide(NULL);
	free(text);
	return 0;
}

int fuzz_terminal(const uint8_t *data, size_t n)
{
	char *text = fuzz_text(data, n), *clean, *again, *fit;
	const unsigned char *p;

	clean = output_clean(text);
	for (p = (const unsigned char *)clean; *p; p++) {
		HOLDS(*p >= 0x20 && *p != 0x7F);
		HOLDS(*p != 0xC2 || p[1] >= 0xA0); /* C1 controls */
	}
	again = output_clean(clean); /* what is clean stays as it is */
	HOLDS(strcmp(clean, again) == 0);
	fit = table_fit(clean, 12);
	HOLDS(table_width(fit) <= 12);
	HOLDS(table_width(clean) > 12 || strcmp(fit, clean) == 0);
	free(fit);
	free(again);
	free(clean);
	free(text);
	return 0;
}

/* --- CSV ----------------------------------------------------------------------------------- */

/* The text of the cell at `*p` as RFC 4180 has it, to free(); goes on behind its comma, or to its
 * row's end. */
static char *read_cell(const char **p)
{
	bool quoted = **p == '"';
	struct buf cell;

	buf_init(&cell, 1 << 20);
	if (quoted)
		++*p;
	for (; quoted ? **p != '"' || (*p)[1] == '"' : !strchr(",\r\n", **p); ++*p) {
		HOLDS(**p && (quoted || **p != '"'));
		if (**p == '"')
			++*p;
		buf_putc(&cell, **p);
	}
	if (quoted)
		++*p;
	HOLDS(strchr(",\r", **p));
	if (**p == ',')
		++*p;
	return buf_detach(&cell);
}

/* What the row says is what was to be said, but for apostrophes in front of what a spreadsheet would
 * take for a formula, and for what must not reach a screen. */
static void check_cell(const char *cell, const char *text)
{
	size_t n;

	HOLDS(!*text || !strchr("=-@\t\r\n", *cell));
	for (; *cell; cell += n) {
		n = utf8_sequence((const unsigned char *)cell, strlen(cell));
		HOLDS(n && (strchr("\t\r\n", *cell) ||
			    !unicode_is_control(utf8_code_point((const unsigned char *)cell, n))));
		if (strncmp(cell, text, n) == 0) {
			text += n;
		} else if (str_starts(cell, "\uFFFD")) {
			size_t was = utf8_sequence((const unsigned char *)text, strlen(text));

			HOLDS(was == 0 || unicode_is_control(utf8_code_point((const unsigned char *)text, was)));
			text += was ? was : 1;
		} else {
			HOLDS(*cell == '\'' && cell[1] && strchr("=+-@\t\r\n\xEF", cell[1]));
		}
	}
	HOLDS(!*text);
}

#define CELLS 64

int fuzz_csv(const uint8_t *data, size_t n)
{
	char *cells[CELLS] = {fuzz_text(data, n)}, *row = NULL, *read; /* the first has the line feeds */
	struct span rest = span_of(cells[0]), cell;
	size_t size, count = 1, i;
	FILE *to = open_memstream(&row, &size);
	struct csv csv;
	const char *p;

	HOLDS(to);
	while (count < CELLS && span_next(&rest, '\n', &cell))
		cells[count++] = span_dup(cell);
	csv_init(&csv, to);
	for (i = 0; i < count; i++)
		csv_text(&csv, cells[i]);
	csv_end(&csv);
	csv_free(&csv);
	fclose(to);
	for (i = 0, p = row; i < count; i++) {
		read = read_cell(&p);
		check_cell(read, cells[i]);
		free(read);
		free(cells[i]);
	}
	HOLDS(strcmp(p, "\r\n") == 0);
	free(row);
	return 0;
}

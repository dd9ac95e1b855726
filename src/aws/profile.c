/* SPDX-License-Identifier: ISC */
/*
 * Reading the shared files.  The one idea: they are small and rarely read, so
 * each question reads the file anew and a changed file needs no restart.
 */
#include "aws/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"

#define LINE_MAX_BYTES 8192

enum file { CREDENTIALS, CONFIG };

struct question {
	enum file file;
	const char *kind;       /* "profile" or "services": the word before the name in CONFIG */
	const char *name;       /* of the section */
	const char *subsection; /* "dynamodb" inside a services section, or NULL */
	const char *key;        /* NULL: is there such a section? */
};

const char *aws_profile_name(const struct aws_settings *s)
{
	return s->profile ? s->profile : "default";
}

static struct span unquoted(struct span s)
{
	if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0])
		return (struct span){s.p + 1, s.n - 2};
	return s;
}

/* [name] in credentials; [profile name] in config, where [default] may do
 * without the word. */
static bool is_section(struct span line, const struct question *q)
{
	struct span inner = {line.p + 1, line.n - 2}, word = {"", 0};
	size_t n = strlen(q->kind);

	if (line.n < 2 || line.p[line.n - 1] != ']')
		return false;
	inner = span_trim(inner);
	if (q->file == CONFIG && inner.n > n && memcmp(inner.p, q->kind, n) == 0 &&
	    (inner.p[n] == ' ' || inner.p[n] == '\t')) {
		word = (struct span){inner.p, n};
		inner = span_trim((struct span){inner.p + n, inner.n - n});
	}
	if (q->file == CONFIG && word.n == 0 && strcmp(q->name, "default") != 0)
		return false;
	return span_equals(unquoted(inner), q->name);
}

/* `key = value`; the value without a comment that follows white space. */
static bool split(struct span line, struct span *key, struct span *value)
{
	const char *equals = memchr(line.p, '=', line.n);
	size_t i;

	if (!equals)
		return false;
	*key = span_trim((struct span){line.p, (size_t)(equals - line.p)});
	*value = span_trim((struct span){equals + 1, line.n - (size_t)(equals - line.p) - 1});
	for (i = 1; i < value->n; i++)
		if (value->p[i] == '#' && (value->p[i - 1] == ' ' || value->p[i - 1] == '\t'))
			value->n = i;
	*value = span_trim(*value);
	return true;
}

/* Where the lines read so far have led. */
struct place {
	bool in_section;
	bool in_subsection;
};

/* A line of the file; the answer, to free(), or NULL. */
static char *read_line(struct span raw, const struct question *q, struct place *at)
{
	bool indented = raw.n && (raw.p[0] == ' ' || raw.p[0] == '\t');
	struct span line = span_trim(raw), key, value;

	if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
		return NULL;
	if (line.p[0] == '[') {
		at->in_section = is_section(line, q);
		at->in_subsection = false;
		return at->in_section && !q->key ? str_dup("") : NULL;
	}
	if (!at->in_section || !q->key || !split(line, &key, &value))
		return NULL;
	if (!indented)
		at->in_subsection = q->subsection && value.n == 0 && span_equals(key, q->subsection);
	if (indented != (q->subsection != NULL) || (q->subsection && !at->in_subsection))
		return NULL;
	return span_equals(key, q->key) && value.n ? span_dup(value) : NULL;
}

static char *ask_file(const char *path, const struct question *q)
{
	FILE *file = fopen(path, "re");
	struct place at = {false, false};
	char line[LINE_MAX_BYTES], *answer = NULL;

	if (!file)
		return NULL;
	while (!answer && fgets(line, sizeof line, file))
		answer = read_line(span_of(line), q, &at);
	fclose(file);
	mem_wipe(line, sizeof line);
	return answer;
}

/* The file's path: the one that is set, with ~ for the user's directory, or the
 * usual one; NULL where that can't be told. */
static char *path_of(const struct aws_settings *s, enum file file)
{
	const char *set = file == CREDENTIALS ? s->credentials_file : s->config_file;

	if (set && str_starts(set, "~/"))
		return s->home ? str_printf("%s/%s", s->home, set + 2) : NULL;
	if (set)
		return str_dup(set);
	if (!s->home)
		return NULL;
	return str_printf("%s/.aws/%s", s->home, file == CREDENTIALS ? "credentials" : "config");
}

static char *ask(const struct aws_settings *s, const struct question *q)
{
	char *path = path_of(s, q->file);
	char *answer = path ? ask_file(path, q) : NULL;

	free(path);
	return answer;
}

static char *ask_profile(const struct aws_settings *s, enum file file, const char *key)
{
	const struct question q = {.file = file, .kind = "profile", .name = aws_profile_name(s),
				   .key = key};

	return ask(s, &q);
}

bool aws_profile_exists(const struct aws_settings *s)
{
	char *in_credentials = ask_profile(s, CREDENTIALS, NULL);
	char *in_config = ask_profile(s, CONFIG, NULL);
	bool exists = in_credentials || in_config;

	free(in_config);
	free(in_credentials);
	return exists;
}

bool aws_profile_keys(const struct aws_settings *s, char **key_id, char **secret, char **token)
{
	enum file file = CREDENTIALS;

	*key_id = ask_profile(s, file, "aws_access_key_id");
	if (!*key_id) {
		file = CONFIG;
		*key_id = ask_profile(s, file, "aws_access_key_id");
	}
	*secret = ask_profile(s, file, "aws_secret_access_key");
	*token = ask_profile(s, file, "aws_session_token");
	return *key_id && *secret;
}

char *aws_profile_value(const struct aws_settings *s, const char *key)
{
	char *answer = ask_profile(s, CREDENTIALS, key);

	return answer ? answer : ask_profile(s, CONFIG, key);
}

bool aws_profile_ignores_endpoints(const struct aws_settings *s)
{
	char *value = s->ignore_file_endpoints ? NULL
		: ask_profile(s, CONFIG, "ignore_configured_endpoint_urls");
	bool ignores = s->ignore_file_endpoints || (value && strcasecmp(value, "true") == 0);

	free(value);
	return ignores;
}

char *aws_profile_endpoint(const struct aws_settings *s, const char *service)
{
	char *services = ask_profile(s, CONFIG, "services");
	const struct question q = {.file = CONFIG, .kind = "services", .name = services,
				   .subsection = service, .key = "endpoint_url"};
	char *answer = services ? ask(s, &q) : NULL;

	free(services);
	return answer ? answer : ask_profile(s, CONFIG, "endpoint_url");
}

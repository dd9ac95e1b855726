/* SPDX-License-Identifier: ISC */
/*
 * Reading the shared files.  The one idea: they are small and rarely read, so
 * each question reads the file anew and a changed file needs no restart.
 */
#include "aws/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define LINE_MAX_BYTES 8192

struct question {
	const char *section;   /* "default", "profile shop", "services local" */
	const char *subsection; /* "dynamodb" inside a services section, or NULL */
	const char *key;
};

const char *aws_profile_name(const struct aws_settings *s)
{
	return s->profile ? s->profile : "default";
}

static bool is_section(struct span line, const char *section)
{
	if (line.n < 2 || line.p[line.n - 1] != ']')
		return false;
	return span_equals(span_trim((struct span){line.p + 1, line.n - 2}), section);
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
		at->in_section = is_section(line, q->section);
		at->in_subsection = false;
		return NULL;
	}
	if (!at->in_section || !split(line, &key, &value))
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

static char *ask(const struct aws_settings *s, const char *path, const char *name,
		 const struct question *q)
{
	char *default_path = s->home ? str_printf("%s/.aws/%s", s->home, name) : NULL;
	char *answer = NULL;

	if (path || default_path)
		answer = ask_file(path ? path : default_path, q);
	free(default_path);
	return answer;
}

static char *ask_config(const struct aws_settings *s, const char *kind, const char *name,
			const char *subsection, const char *key)
{
	char *section = str_printf("%s%s", kind, name);
	struct question q = {.section = section, .subsection = subsection, .key = key};
	char *answer = ask(s, s->config_file, "config", &q);

	free(section);
	return answer;
}

static const char *profile_kind(const struct aws_settings *s)
{
	return strcmp(aws_profile_name(s), "default") == 0 ? "" : "profile ";
}

char *aws_profile_value(const struct aws_settings *s, const char *key)
{
	struct question q = {.section = aws_profile_name(s), .key = key};
	char *answer = ask(s, s->credentials_file, "credentials", &q);

	if (!answer)
		answer = ask_config(s, profile_kind(s), aws_profile_name(s), NULL, key);
	return answer;
}

char *aws_profile_endpoint(const struct aws_settings *s, const char *service)
{
	char *services = ask_config(s, profile_kind(s), aws_profile_name(s), NULL, "services");
	char *answer = services ? ask_config(s, "services ", services, service, "endpoint_url") : NULL;

	if (!answer)
		answer = ask_config(s, profile_kind(s), aws_profile_name(s), NULL, "endpoint_url");
	free(services);
	return answer;
}

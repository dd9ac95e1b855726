/* SPDX-License-Identifier: ISC */
/*
 * The configuration file's lines.  The one idea: a line is right or wrong by itself, so
 * that all that are wrong can be named at once.
 */
#include "config/config_file.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define NAME_MAX_BYTES 64

/* Letters, digits and underscores, as the environment has names. */
static bool is_name(struct span name)
{
	size_t i;

	if (name.n == 0 || name.n >= NAME_MAX_BYTES)
		return false;
	for (i = 0; i < name.n; i++)
		if (!isalnum((unsigned char)name.p[i]) && name.p[i] != '_')
			return false;
	return true;
}

/* Takes the quotes off in place; -1 where they are not closed or more comes
 * behind them. */
static int unquote(char *value)
{
	char quote = value[0], *from = value + 1, *to = value;

	if (quote != '"' && quote != '\'')
		return 0;
	for (; *from && *from != quote; from++) {
		if (quote == '"' && *from == '\\' && from[1])
			from++;
		*to++ = *from;
	}
	if (*from != quote || from[1])
		return -1;
	*to = '\0';
	return 0;
}

/* One line, NAME=value, which is not blank and no comment. */
static int parse_line(struct span line, int number, const struct config_file_reader *reader,
		      struct err *e)
{
	const char *equals = memchr(line.p, '=', line.n);
	struct span name, value;
	char *name_text, *value_text;
	int rc;

	if (memchr(line.p, '\0', line.n))
		return err_set(e, ERR_CONFIG, "the line has a NUL byte: remove it");
	if (line.p[line.n - 1] == '\\')
		return err_set(e, ERR_CONFIG, "the line ends in a backslash; write it as one line");
	if (!equals)
		return err_set(e, ERR_CONFIG, "this is not KEY=VALUE");
	name = span_trim((struct span){line.p, (size_t)(equals - line.p)});
	value = span_trim((struct span){equals + 1, line.n - (size_t)(equals - line.p) - 1});
	if (name.n > 7 && str_starts(name.p, "export") && isblank((unsigned char)name.p[6]))
		return err_set(e, ERR_CONFIG, "leave out the word export: a line is NAME=value");
	if (!is_name(name))
		return err_set(e, ERR_CONFIG, "the text before the = is not a setting's name");
	name_text = span_dup(name);
	value_text = span_dup(value);
	if (unquote(value_text))
		rc = err_set(e, ERR_CONFIG, "%s: the quotes don't match", name_text);
	else
		rc = reader->entry(reader->context, number, name_text, value_text, e);
	mem_forget(value_text);
	free(name_text);
	return rc;
}

int config_file_read(const char *path, struct span text, const struct config_file_reader *reader,
		     struct err *e)
{
	struct span rest = span_without_bom(text), line;
	int number = 0;

	while (span_next(&rest, '\n', &line)) {
		number++;
		line = span_trim(line);
		if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
			continue;
		if (!parse_line(line, number, reader, e))
			continue;
		err_put_before(e, "%s:%d", path, number);
		if (!reader->wrong || reader->wrong(reader->context, e))
			return -1;
	}
	return 0;
}

/* One row after the other of the table of distances between the beginnings of both
 * (https://en.wikipedia.org/wiki/Levenshtein_distance). */
size_t config_name_distance(const char *a, const char *b)
{
	size_t row[NAME_MAX_BYTES], i, j;
	size_t n = strlen(a), m = strlen(b);

	n = n < NAME_MAX_BYTES - 1 ? n : NAME_MAX_BYTES - 1;
	m = m < NAME_MAX_BYTES - 1 ? m : NAME_MAX_BYTES - 1;
	for (j = 0; j <= m; j++)
		row[j] = j;
	for (i = 1; i <= n; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (j = 1; j <= m; j++) {
			size_t above = row[j], least = diagonal + (a[i - 1] != b[j - 1]);

			if (above + 1 < least)
				least = above + 1;
			if (row[j - 1] + 1 < least)
				least = row[j - 1] + 1;
			row[j] = least;
			diagonal = above;
		}
	}
	return row[m];
}

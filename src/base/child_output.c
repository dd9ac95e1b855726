/* SPDX-License-Identifier: ISC */
/*
 * The last line.  The one idea: it is kept as it comes and made fit for a message at the end, so
 * that a character may come in two parts.
 */
#include "base/child_output.h"

#include <string.h>

#include "base/str.h"

/* Whether a line says something. */
static bool says(const char *line)
{
	for (; *line; line++)
		if ((unsigned char)*line > ' ' && *line != 0x7F)
			return true;
	return false;
}

void child_output_add(struct child_output *o, const char *bytes, size_t n)
{
	size_t length = strlen(o->line), i;

	o->written += n;
	for (i = 0; i < n; i++) {
		if (bytes[i] == '\n') {
			if (says(o->line))
				memcpy(o->last, o->line, sizeof o->last);
			length = 0;
		} else if (length + 1 < sizeof o->line && bytes[i] && bytes[i] != '\r') {
			o->line[length++] = bytes[i];
		}
		o->line[length] = '\0';
	}
}

int child_output_fail(const struct child_output *o, const char *path, const char *how, struct err *e)
{
	char last[CHILD_LINE], *p;

	memcpy(last, says(o->line) ? o->line : o->last, sizeof last);
	str_trim_sequence(last);
	for (p = last; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7F)
			*p = ' ';
	if (span_utf8_length(span_of(last)) < 0)
		for (p = last; *p; p++)
			if ((unsigned char)*p >= 0x80)
				*p = '?';
	return err_set(e, ERR_UNAVAILABLE, "%s %s%s%s", path, how, *last ? ": " : "", last);
}

/* SPDX-License-Identifier: ISC */
/*
 * CSV.
 */
#include "cli/csv.h"

#include <string.h>

#include "base/str.h"

#define ROW_MAX (16 * 1024 * 1024) /* an item of DynamoDB has 400 KB at most */

void csv_init(struct csv *csv, FILE *to)
{
	*csv = (struct csv){.to = to};
	buf_init(&csv->row, ROW_MAX);
}

void csv_free(struct csv *csv)
{
	buf_free(&csv->row);
}

static bool needs_quotes(const char *text)
{
	size_t n = strlen(text);

	return strpbrk(text, ",;\"\r\n") || (n && (text[0] == ' ' || text[n - 1] == ' '));
}

static void add(struct csv *csv, const char *mark, const char *text)
{
	const char *p;

	if (csv->cells++)
		buf_putc(&csv->row, ',');
	if (!needs_quotes(text)) {
		buf_puts(&csv->row, mark);
		buf_puts(&csv->row, text);
		return;
	}
	buf_putc(&csv->row, '"');
	buf_puts(&csv->row, mark);
	for (p = text; *p; p++) {
		if (*p == '"')
			buf_putc(&csv->row, '"');
		buf_putc(&csv->row, *p);
	}
	buf_putc(&csv->row, '"');
}

/* "+1 416 555-0100": a spreadsheet that takes it for a sum shows a number, and
 * runs nothing. */
static bool is_phone(const char *text)
{
	return text[0] == '+' && text[1] && strspn(text + 1, "0123456789 ()-./") == strlen(text + 1);
}

static bool is_formula(const char *text)
{
	static const char *const wide[] = {"\uFF1D", "\uFF0B", "\uFF0D", "\uFF20"}; /* = + - @ */
	size_t i;

	if (*text && strchr("=+-@\t\r\n", *text))
		return !is_phone(text);
	for (i = 0; i < sizeof wide / sizeof *wide; i++)
		if (str_starts(text, wide[i]))
			return true;
	return false;
}

void csv_text(struct csv *csv, const char *text)
{
	add(csv, text && is_formula(text) ? "'" : "", text ? text : "");
}

void csv_number(struct csv *csv, const char *number)
{
	add(csv, "", number ? number : "");
}

void csv_end(struct csv *csv)
{
	fprintf(csv->to, "%s\r\n", buf_text(&csv->row));
	buf_reset(&csv->row);
	csv->cells = 0;
}

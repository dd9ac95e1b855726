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

/* RFC 4180's, and what a spreadsheet takes for the end of a cell or trims. */
static bool needs_quotes(const char *text)
{
	size_t n = strlen(text);

	return strpbrk(text, ",;\"\t\r\n") || (n && (text[0] == ' ' || text[n - 1] == ' '));
}

/* "+1 416 555-0100": a spreadsheet that takes it for a sum shows a number, and
 * runs nothing. */
static bool is_phone(const char *text)
{
	return text[0] == '+' && text[1] && strspn(text + 1, "0123456789 ()-./") == strlen(text + 1);
}

/* A spreadsheet runs what begins so, also in the wide forms of Asian scripts. */
static bool begins_formula(const char *p)
{
	static const char *const wide[] = {"\uFF1D", "\uFF0B", "\uFF0D", "\uFF20"}; /* = + - @ */
	size_t i;

	if (*p && strchr("=+-@", *p))
		return true;
	for (i = 0; i < sizeof wide / sizeof *wide; i++)
		if (str_starts(p, wide[i]))
			return true;
	return false;
}

/* A telephone number is none; a control character in front of one hides it. */
static bool is_formula(const char *text)
{
	return (begins_formula(text) && !is_phone(text)) || (*text && strchr("\t\r\n", *text));
}

/* Whether a cell begins at `p` for one who cuts elsewhere than we do. */
static bool may_begin_cell(const char *text, const char *p)
{
	return p > text && strchr(";\t\r\n", p[-1]);
}

/* Whether the character of n bytes at `p` may reach a screen: what drives a terminal or turns a
 * line around is no part of a name, but a cell may have lines. */
static bool is_for_eyes(const char *p, size_t n)
{
	return n && (strchr("\t\r\n", *p) ||
		     !unicode_is_control(utf8_code_point((const unsigned char *)p, n)));
}

/* `guarded`: with an apostrophe in front of what would be a formula. */
static void add(struct csv *csv, const char *text, bool guarded)
{
	bool quoted = needs_quotes(text);
	const char *p;
	size_t n;

	if (csv->cells++)
		buf_putc(&csv->row, ',');
	if (quoted)
		buf_putc(&csv->row, '"');
	for (p = text; *p; p += n) {
		n = utf8_sequence((const unsigned char *)p, strnlen(p, 4));
		if (!is_for_eyes(p, n)) {
			buf_puts(&csv->row, "\uFFFD");
			n = n ? n : 1;
			continue;
		}
		if (guarded && (p == text ? is_formula(text)
					  : may_begin_cell(text, p) && begins_formula(p)))
			buf_putc(&csv->row, '\'');
		if (*p == '"')
			buf_putc(&csv->row, '"');
		buf_add(&csv->row, p, n);
	}
	if (quoted)
		buf_putc(&csv->row, '"');
}

void csv_text(struct csv *csv, const char *text)
{
	add(csv, text ? text : "", true);
}

void csv_number(struct csv *csv, const char *number)
{
	add(csv, number ? number : "", false);
}

void csv_mark(struct csv *csv)
{
	fputs("\xEF\xBB\xBF", csv->to);
}

void csv_end(struct csv *csv)
{
	fprintf(csv->to, "%s\r\n", buf_text(&csv->row));
	buf_reset(&csv->row);
	csv->cells = 0;
}

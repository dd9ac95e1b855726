/* SPDX-License-Identifier: ISC */
/*
 * Tables.
 */
#include "cli/table.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/output.h"
#include "base/str.h"

#define ROWS 500         /* that are measured before they are printed */
#define GAP 2            /* cells between columns */
#define TEXT_MAX 65536   /* bytes of a cell; a longer one is cut */
#define WIDTH_UNKNOWN 80

static const char ellipsis[] = "\xE2\x80\xA6";    /* U+2026 */

struct table {
	FILE *to;
	const struct table_column *columns;
	int n, width;
	bool has_title;              /* the titles are printed */
	int widths[TABLE_COLUMNS];   /* the widest cell so far */
	bool filled[TABLE_COLUMNS];  /* a row has something in it */
	char *rows[ROWS][TABLE_COLUMNS];
	size_t used;
};

/* --- text ----------------------------------------------------------------------- */

/* wcwidth() knows scripts only in a locale of UTF-8, and cron has none.  Not the user's own, by which
 * other functions tell letters: in Turkish, I is not the capital of i. */
void table_set_locale(void)
{
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		setlocale(LC_CTYPE, "");
}

int table_terminal_width(void)
{
	struct winsize size = {.ws_col = 0};

	if (!isatty(STDOUT_FILENO))
		return 0;
	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	return size.ws_col ? size.ws_col : WIDTH_UNKNOWN;
}

/* The cells of the sequence at `p`, whose length becomes *n.  A character that the C
 * library does not know is a new one, most likely of one cell. */
static int cell_width(const char *p, size_t *n)
{
	const unsigned char *bytes = (const unsigned char *)p;
	int width;

	*n = utf8_sequence(bytes, strlen(p));
	if (!*n) {
		*n = 1;
		return 1;
	}
	width = wcwidth((wchar_t)utf8_code_point(bytes, *n));
	return width < 0 ? 1 : width;
}

int table_width(const char *text)
{
	int width = 0;
	size_t n;

	for (; *text; text += n)
		width += cell_width(text, &n);
	return width;
}

char *table_fit(const char *text, int width)
{
	const char *p = text;
	struct span head;
	int used = 0;
	size_t n;

	if (table_width(text) <= width)
		return str_dup(text);
	for (; *p; p += n) {
		int more = cell_width(p, &n);

		if (used + more > width - 1)
			break;
		used += more;
	}
	head = (struct span){text, (size_t)(p - text)};
	return str_printf("%.*s%s", (int)head.n, text, ellipsis);
}

/* --- layout --------------------------------------------------------------------- */

static void add_spaces(struct buf *line, int n)
{
	for (; n > 0; n--)
		buf_putc(line, ' ');
}

/* Prints a line.  A column of width 0 is left out. */
static void print_row(struct table *t, const char *const *cells, const int *widths)
{
	struct buf line;
	char *fitting;
	int i, last = 0;

	for (i = 0; i < t->n; i++)
		if (widths[i])
			last = i;
	buf_init(&line, TEXT_MAX * TABLE_COLUMNS);
	for (i = 0; i < t->n; i++) {
		bool right = t->columns[i].right;
		char *cell;
		int space;

		if (!widths[i])
			continue;
		if (line.len)
			add_spaces(&line, GAP);
		cell = table_fit(cells[i], widths[i]);
		space = widths[i] - table_width(cell);
		if (right)
			add_spaces(&line, space);
		buf_puts(&line, cell);
		if (!right && i != last)
			add_spaces(&line, space);
		free(cell);
	}
	fitting = t->width ? table_fit(buf_text(&line), t->width) : NULL;
	output_printf(t->to, "%s\n", fitting ? fitting : buf_text(&line));
	free(fitting);
	buf_free(&line);
}

/* The column that can best spare a cell, -1 if none can. */
static int widest(const struct table *t, const int *widths)
{
	int i, found = -1, most = 0;

	for (i = 0; i < t->n; i++) {
		int spare = t->columns[i].least && widths[i] ? widths[i] - t->columns[i].least : 0;

		if (spare > most) {
			most = spare;
			found = i;
		}
	}
	return found;
}

/* The next column to leave out, -1 if none is left that may go. */
static int next_to_go(const struct table *t, const int *widths)
{
	int i, found = -1;

	for (i = 0; i < t->n; i++)
		if (widths[i] && t->columns[i].goes &&
		    (found < 0 || t->columns[i].goes < t->columns[found].goes))
			found = i;
	return found;
}

/* The cells of a line whose columns are as narrow as they may be. */
static int least_width(const struct table *t, const int *widths)
{
	int i, total = -GAP;

	for (i = 0; i < t->n; i++) {
		int least = t->columns[i].least;

		if (widths[i])
			total += GAP + (least && least < widths[i] ? least : widths[i]);
	}
	return total;
}

/* Leaves columns out until the line can fit, then takes cells from those that may be
 * cut until it does; where even that is too wide the line is cut. */
static void squeeze(const struct table *t, int *widths)
{
	int total = -GAP, i;

	for (i = 0; i < t->n; i++)
		widths[i] = t->columns[i].spare && !t->filled[i] ? 0 : t->widths[i];
	while (t->width && least_width(t, widths) > t->width && (i = next_to_go(t, widths)) >= 0)
		widths[i] = 0;
	for (i = 0; i < t->n; i++)
		total += widths[i] ? widths[i] + GAP : 0;
	for (; t->width && total > t->width && (i = widest(t, widths)) >= 0; total--)
		widths[i]--;
}

/* The column is as wide as its widest cell so far. */
static void measure(struct table *t, int column, const char *text)
{
	int width = table_width(text);

	if (width > t->widths[column])
		t->widths[column] = width;
}

/* Prints the rows that are held, in front of the first ones the titles. */
static void print_rows(struct table *t)
{
	const char *cells[TABLE_COLUMNS] = {NULL};
	int widths[TABLE_COLUMNS], i;
	size_t row;

	squeeze(t, widths);
	if (!t->has_title) {
		for (i = 0; i < t->n; i++)
			cells[i] = t->columns[i].title;
		print_row(t, cells, widths);
		t->has_title = true;
	}
	for (row = 0; row < t->used; row++) {
		for (i = 0; i < t->n; i++)
			cells[i] = t->rows[row][i];
		print_row(t, cells, widths);
		for (i = 0; i < t->n; i++)
			free(t->rows[row][i]);
	}
	t->used = 0;
}

struct table *table_new(FILE *to, const struct table_column *columns, int n, int width)
{
	struct table *t = mem_zalloc(1, sizeof *t);
	int i;

	t->to = to;
	t->columns = columns;
	t->n = n;
	t->width = width;
	for (i = 0; i < n; i++)
		measure(t, i, columns[i].title);
	return t;
}

void table_row(struct table *t, const char *const *cells)
{
	int i;

	for (i = 0; i < t->n; i++) {
		t->rows[t->used][i] = output_clean(cells[i]);
		measure(t, i, t->rows[t->used][i]);
		t->filled[i] |= t->rows[t->used][i][0] != '\0';
	}
	if (++t->used == ROWS)
		print_rows(t);
}

void table_end(struct table *t)
{
	if (t->used)
		print_rows(t);
	free(t);
}

/* SPDX-License-Identifier: ISC */
/*
 * Tables for people, and the text in them.
 *
 * Text is UTF-8 and comes from buyers: what could drive the terminal or turn
 * the line around is replaced, and a width is that of the terminal's cells
 * (wcwidth), so that columns stand under each other whatever script a name is
 * in.
 */
#ifndef ORDERSNAP_CLI_TABLE_H
#define ORDERSNAP_CLI_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#define TABLE_COLUMNS 12

/* From here on widths are known; call it once, before all else. */
void table_set_locale(void);

/* The cells of standard output's line, 80 where the terminal does not say; 0
 * where it is no terminal, and nothing has to fit. */
int table_terminal_width(void);

/* The cells that a clean text takes. */
int table_width(const char *text);

/* A clean text cut to `width` cells (1 or more), the last of them `…` where
 * something was cut off.  free() it. */
char *table_fit(const char *text, int width);

struct table_column {
	const char *title;
	bool right; /* flush right: numbers */
	int least;  /* the cells that it may be cut to; 0: it is not cut */
	int goes;   /* where even that is too wide: 1 is left out first, then 2; 0: it stays */
	bool spare; /* left out while no row has anything in it */
};

/*
 * A table that is printed to `to` as it comes: its columns are as wide as the
 * widest cell of some hundred rows, and become wider where a later cell needs
 * it, so that any number of rows takes the memory of a few.  Where a line is too
 * narrow, cells are cut to their least, then columns are left out, and only what is
 * still too wide is cut off: give what must be seen a `goes` of 0, all else one.
 * `width` is as of table_terminal_width().  `columns` is borrowed, at most TABLE_COLUMNS.
 */
struct table *table_new(FILE *to, const struct table_column *columns, int n, int width);

/* Adds a row of n cells, which are cleaned and copied. */
void table_row(struct table *t, const char *const *cells);

/* Prints what is left and frees; a table without rows prints nothing. */
void table_end(struct table *t);

#endif

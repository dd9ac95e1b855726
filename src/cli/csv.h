/* SPDX-License-Identifier: ISC */
/*
 * CSV as RFC 4180 has it: commas, CRLF, quotes where a cell needs them; UTF-8
 * without a byte order mark.
 */
#ifndef ORDERSNAP_CLI_CSV_H
#define ORDERSNAP_CLI_CSV_H

#include <stdio.h>

#include "base/buf.h"

/* A row that is being made; csv_init(), cells, csv_end(), cells ... csv_free(). */
struct csv {
	FILE *to;
	struct buf row;
	int cells; /* in the row so far */
};

void csv_init(struct csv *csv, FILE *to);
void csv_free(struct csv *csv);

/* Prints the byte order mark by which Excel knows UTF-8; before all else. */
void csv_mark(struct csv *csv);

/* Adds a cell of text (NULL: an empty one).  One that a spreadsheet would take
 * for a formula, because it begins with = + - @ (or one of their full-width
 * twins), TAB, CR or LF, gets an apostrophe in front: buyers write these texts.
 * A phone number is none.  A cell with `;` is quoted, since half of Europe's
 * spreadsheets cut rows there; but they cut inside of quotes that do not begin their
 * own cell, too, so what follows a `;`, a line's end or a TAB is guarded like a
 * beginning.
 * https://owasp.org/www-community/attacks/CSV_Injection */
void csv_text(struct csv *csv, const char *text);

/* Adds a cell as it is: a number, which may be negative.  NULL: an empty one. */
void csv_number(struct csv *csv, const char *number);

/* Prints the row. */
void csv_end(struct csv *csv);

#endif

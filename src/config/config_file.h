/* SPDX-License-Identifier: ISC */
/*
 * The file format: what systemd reads as an EnvironmentFile, see
 * systemd.exec(5).  `KEY=VALUE` a line; empty lines and lines that start with
 * `#` or `;` are comments; a value may stand in single quotes (taken as it
 * is) or in double quotes (a backslash takes the next character as it is);
 * the last of two lines for one key counts.  A line that ends in a backslash
 * is refused instead of continued.  Other than there a backslash without quotes
 * is part of the value, and one before a letter in double quotes is not.
 */
#ifndef ORDERSNAP_CONFIG_CONFIG_FILE_H
#define ORDERSNAP_CONFIG_CONFIG_FILE_H

#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

struct config_file_reader {
	/* Called for each setting; -1 with `e` set: it is wrong. */
	int (*entry)(void *context, int line, const char *name, const char *value, struct err *e);
	/* Is told each line that is wrong; 0: go on, -1: that was enough.  NULL: the
	 * first one ends it. */
	int (*wrong)(void *context, const struct err *e);
	void *context;
};

/* Parses `text`.  The error that ends it: -1 with ERR_CONFIG and a text that starts with
 * `path:line`. */
int config_file_read(const char *path, struct span text, const struct config_file_reader *reader,
		     struct err *e);

/* The number of letters to change, add or take away to get from a to b
 * (Levenshtein), for "did you mean".  At most 63 letters of each are seen. */
size_t config_name_distance(const char *a, const char *b);

#endif

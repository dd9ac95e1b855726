/* SPDX-License-Identifier: ISC */
/*
 * What a program wrote, as far as anybody is told of it: the last line that says something.
 */
#ifndef ORDERSNAP_BASE_CHILD_OUTPUT_H
#define ORDERSNAP_BASE_CHILD_OUTPUT_H

#include <stddef.h>

#include "base/err.h"

#define CHILD_LINE 200 /* bytes of a line that are kept, with its NUL */

/* Begin with {.written = 0}. */
struct child_output {
	size_t written; /* bytes in all */
	char line[CHILD_LINE], last[CHILD_LINE]; /* that it is at, and the one before */
};

/* Takes what was read from it, in parts that may end anywhere. */
void child_output_add(struct child_output *output, const char *bytes, size_t n);

/*
 * Makes a message of it: "PATH ended with status 1: its last line", ERR_UNAVAILABLE; `how` is what
 * stands between.  A line of blanks says nothing, so the one before it is told.  What is no text, and
 * what would end a line, does not get into the message.  Returns -1.
 */
int child_output_fail(const struct child_output *output, const char *path, const char *how, struct err *e);

#endif

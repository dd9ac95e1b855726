/* SPDX-License-Identifier: ISC */
/*
 * Running a program that somebody else wrote: it gets text on its standard input and
 * some variables, and whatever it does, it is over when its time is.
 *
 * It stands in a session and process group of its own, in the folder /, with the three
 * standard descriptors and no other, and with each signal's default.  It is done when it
 * has ended and nobody holds its output open any more; at the limit the group is killed.
 */
#ifndef ORDERSNAP_BASE_CHILD_H
#define ORDERSNAP_BASE_CHILD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

#define CHILD_OUTPUT_MAX (1024 * 1024) /* bytes; one that writes more is killed */

struct child {
	const char *path;   /* absolute */
	char **environment; /* all of it: NAME=value, ends with NULL */
	struct span input;  /* need not be read */
	int64_t limit_ms;
};

/* Whether a process that it started kept its output open until the limit. */
enum child_left {
	CHILD_LEFT_NONE,
	CHILD_LEFT_KILLED,
	CHILD_LEFT_ALIVE, /* it has left the process group, and goes on */
};

/*
 * Runs it.  0 where it ended with status 0: then *left says what it has left behind.  -1 with
 * ERR_UNAVAILABLE and a text that says how it ended, and the last line that it wrote.
 * SIGPIPE has to be ignored, and children may not be reaped by others.
 */
int child_run(const struct child *child, enum child_left *left, struct err *e);

/*
 * Whether the file (absolute) can be run, and nobody but root and this user can change what it
 * does: 0, or -1 with ERR_CONFIG and a text that names it and says what to do.  (Its own
 * group may: whoever gives a file to a group means it.)
 */
int child_check_file(const char *path, struct err *e);

#endif

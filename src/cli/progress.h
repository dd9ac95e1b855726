/* SPDX-License-Identifier: ISC */
/*
 * Progress of what takes long: a bar on standard error where that is a
 * terminal, a plain line now and then where it is not.
 */
#ifndef ORDERSNAP_CLI_PROGRESS_H
#define ORDERSNAP_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *label; /* what is going on: "sync" */
	bool terminal;
	bool quiet;        /* show nothing */
	bool shown;        /* the bar is on the screen */
	int64_t next;      /* when to show it again, monotonic */
};

/* From here on the log's lines on standard error go around the bar. */
void progress_begin(struct progress *p, const char *label, bool quiet);

/* How far it is, in thousandths (-1: not known), and what to say of it.  Cheap:
 * call it as often as something changes. */
void progress_show(struct progress *p, int permille, const char *text);

/* Takes the bar off the screen, so that a line can be printed. */
void progress_clear(struct progress *p);

/* Takes it off for good. */
void progress_end(struct progress *p);

#endif

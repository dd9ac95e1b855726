/* SPDX-License-Identifier: ISC */
/*
 * Reading lines of bounded length from a file or a pipe.
 */
#ifndef ORDERSNAP_TRANSFER_TRANSFER_LINES_H
#define ORDERSNAP_TRANSFER_TRANSFER_LINES_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct transfer_lines {
	int fd;
	const char *name; /* for messages */
	int64_t number;   /* of the line that was read last, from 1 */
	int64_t offset;   /* bytes up to the end of it, its newline included */
	bool cut;         /* it had no newline: the input ended in it */
	bool (*stop)(void *context); /* asked while input is waited for; true: the input ends. NULL: never */
	void *context;
	struct buf line;
	char *chunk;      /* what was read and not yet given out */
	size_t at, have;
};

/* `fd` and `name` are borrowed. */
void transfer_lines_init(struct transfer_lines *lines, int fd, const char *name);
void transfer_lines_free(struct transfer_lines *lines);

/* The next line without its newline, lent until the next call: 1, or 0 at the
 * end.  -1 with ERR_BAD_REQUEST where it is longer than TRANSFER_LINE_MAX ("line
 * 7: longer ..."), or ERR_UNAVAILABLE where it can't be read. */
int transfer_lines_next(struct transfer_lines *lines, struct span *text, struct err *e);

#endif

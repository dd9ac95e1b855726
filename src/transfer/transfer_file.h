/* SPDX-License-Identifier: ISC */
/*
 * Where an export goes: standard output, or a file that has its name only when
 * it is whole.  Until then it is NAME.part, where a later run can go on.  A file or a pipe
 * gets the bytes that are stored; a terminal gets lines of the same values that it can show.
 */
#ifndef ORDERSNAP_TRANSFER_TRANSFER_FILE_H
#define ORDERSNAP_TRANSFER_TRANSFER_FILE_H

#include "base/err.h"
#include "format/json.h"

struct transfer_file {
	int fd;           /* -1: not open */
	const char *path; /* NULL: standard output */
	char *part;
	const char *name; /* of what is written, for messages */
	bool terminal;    /* a person looks at it: what a terminal would obey is written as JSON's escape */
	struct buf out;   /* not yet written */
};

/* Is told each item that stands in the file already, which it may not keep. */
typedef void transfer_seen(void *context, struct json_object *item);

/* For a caller that goes on with what NAME.part has. */
struct transfer_resume {
	transfer_seen *seen;
	void *context;            /* is given to `seen` */
	struct json_object *last; /* NULL; then the last item there, for the caller to release */
};

/*
 * Opens; `path` is borrowed, NULL is standard output.  With `resume` what
 * NAME.part has is kept, up to its last whole line; NULL begins anew.  -1 with
 * ERR_UNAVAILABLE, or ERR_BAD_REQUEST where a line of NAME.part is no item;
 * transfer_file_close() in both cases.
 */
int transfer_file_open(struct transfer_file *file, const char *path,
		       struct transfer_resume *resume, struct err *e);

/* Adds an item as a line; writes now and then. */
int transfer_file_add(struct transfer_file *file, struct json_object *item, struct err *e);

/* Writes what was added. */
int transfer_file_flush(struct transfer_file *file, struct err *e);

/* All has been added: a file is on disk then, under its name. */
int transfer_file_finish(struct transfer_file *file, struct err *e);

/* Not all could be added: standard output ends in the beginning of a line, so
 * that who reads it does not take it for the whole. */
void transfer_file_break(struct transfer_file *file);

void transfer_file_close(struct transfer_file *file);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * FILE.part: where a file is written that has its name only when it is whole.
 */
#ifndef ORDERSNAP_BASE_PART_H
#define ORDERSNAP_BASE_PART_H

#include <stdbool.h>

#include "base/err.h"

/*
 * Opens `part` to read and write: a file of this user's alone, mode 600, made now or left by a run
 * that was killed, and locked (flock) as long as it is open.  `what` ("backup") is for the message
 * where another such run has it.  No link is followed, and nothing is taken that is no file, or
 * somebody else's, or has a second name.  The descriptor, or -1 with ERR_UNAVAILABLE.
 */
int part_open(const char *part, const char *what, struct err *e);

/* Whether `part` is the name of the file behind `fd` still. */
bool part_is_named(const char *part, int fd);

/* Puts what was written on disk.  -1 with ERR_UNAVAILABLE: it can't be, or in a folder of somebody
 * else's another file has the name by now. */
int part_sync(const char *part, int fd, struct err *e);

/*
 * Whether a file may take the name `path`: 0; -1 with ERR_UNAVAILABLE where a folder, a device or a
 * pipe has it, or where a link leads to one (/dev/stdout): those are not replaced.
 */
int part_check_name(const char *path, struct err *e);

#endif

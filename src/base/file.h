/* SPDX-License-Identifier: ISC */
/*
 * Files by their names: the folder of one, what one has, and whose a file is that root makes.
 */
#ifndef ORDERSNAP_BASE_FILE_H
#define ORDERSNAP_BASE_FILE_H

#include <sys/stat.h>

#include "base/buf.h"
#include "base/err.h"

/* The folder of a file; free() it. */
char *file_folder(const char *path);

/* Where root made the file behind `fd` at `path`, it becomes the folder's owner's: the
 * programs' user has to write it.  One with a second name may be anybody's and is left
 * alone.  0, or -1 with errno. */
int file_give_to_owner(int fd, const char *path);

/*
 * Adds what the file has to `text`, whose own maximum bounds it, and fills `st`.
 * -1 with ERR_CONFIG: "can't read PATH: why", or "PATH is larger than N bytes".
 */
int file_read(const char *path, struct buf *text, struct stat *st, struct err *e);

#endif

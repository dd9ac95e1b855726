/* SPDX-License-Identifier: ISC */
/*
 * Files by their names: the folder of one, what one has, whose a file is that root makes, and
 * which one is written that others may have put there; and the three that each process has.
 */
#ifndef ORDERSNAP_BASE_FILE_H
#define ORDERSNAP_BASE_FILE_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Has /dev/null hold each of the descriptors 0 to 2 that is closed, so that no file and no connection becomes
 * one of them: a line of the log would go there.  To read from it and to write to it fails as before (EBADF).
 * To be called before anything is opened.
 */
void file_hold_standard(void);

/* The folder of a file; free() it. */
char *file_folder(const char *path);

/* The path from the root, of one that is meant from the working directory; free() it.  It is as it
 * was given where nobody knows that any more. */
char *file_absolute(const char *path);

/* Makes a name in the file's folder survive a power cut, where the file system can: not every
 * one can sync a folder, and that is no failure. */
void file_sync_folder(const char *path);

/* Where root made the file behind `fd` at `path`, it becomes the folder's owner's: the
 * programs' user has to write it.  One with a second name may be anybody's and is left
 * alone.  0, or -1 with errno. */
int file_give_to_owner(int fd, const char *path);

/*
 * Opens a file to write, with the `flags` of open(); where there is none it is made with `mode`.
 * In a folder that somebody else can write (it is theirs, or its group's or everybody's) a link is
 * not followed (ELOOP), and a file is not taken (EPERM) that has a second name or, unless the
 * folder's group alone can write there, an owner who is neither this process's user nor root nor
 * the folder's.  What Linux calls protected_symlinks and protected_regular, on each system.
 * The descriptor, or -1 with errno.
 */
int file_open_to_write(const char *path, int flags, mode_t mode);

/*
 * read(), which waits for input as long as `stop` (NULL: nobody) does not say true, which it is asked
 * at each signal and each second; then -1 with ECANCELED.
 */
ssize_t file_read_until(int fd, void *bytes, size_t n, bool (*stop)(void *context), void *context);

/*
 * Adds what the file has to `text`, whose own maximum bounds it, and fills `st`.  There is no other
 * copy of it, so that a caller can wipe what was a secret.
 * -1 with ERR_CONFIG: "can't read PATH: why", or "PATH is larger than N bytes".
 */
int file_read(const char *path, struct buf *text, struct stat *st, struct err *e);

#endif

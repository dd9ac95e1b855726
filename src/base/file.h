/* SPDX-License-Identifier: ISC */
/*
 * Files by their names: the folder of one, and whose a file is that root makes.
 */
#ifndef ORDERSNAP_BASE_FILE_H
#define ORDERSNAP_BASE_FILE_H

/* The folder of a file; free() it. */
char *file_folder(const char *path);

/* Where root made the file behind `fd` at `path`, it becomes the folder's owner's: the
 * programs' user has to write it.  One with a second name may be anybody's and is left
 * alone.  0, or -1 with errno. */
int file_give_to_owner(int fd, const char *path);

#endif

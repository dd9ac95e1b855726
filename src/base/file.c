/* SPDX-License-Identifier: ISC */
/*
 * Files by their names.
 */
#include "base/file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

char *file_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return str_dup(".");
	return slash == path ? str_dup("/") : span_dup((struct span){path, (size_t)(slash - path)});
}

int file_give_to_owner(int fd, const char *path)
{
	char *folder = file_folder(path);
	struct stat own, st;
	int rc = stat(folder, &st);

	free(folder);
	if (rc || fstat(fd, &own))
		return -1;
	if (geteuid() != 0 || own.st_uid != 0 || own.st_nlink != 1 || !S_ISREG(own.st_mode) ||
	    (st.st_uid == own.st_uid && st.st_gid == own.st_gid))
		return 0;
	return fchown(fd, st.st_uid, st.st_gid);
}

/* SPDX-License-Identifier: ISC */
/*
 * FILE.part.  The one idea: a lock is of a file and not of its name, which the run before may just
 * have given away.
 */
#include "base/part.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES 100 /* each means that another run has come to its end meanwhile */

bool part_is_named(const char *part, int fd)
{
	struct stat named, st;

	return lstat(part, &named) == 0 && fstat(fd, &st) == 0 && named.st_dev == st.st_dev &&
	       named.st_ino == st.st_ino;
}

/* Makes it ours; 1 where it has lost its name. */
static int take(const char *part, int fd, const char *what, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st))
		return err_set(e, ERR_UNAVAILABLE, "can't look at %s: %s", part, strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_nlink > 1)
		return err_set(e, ERR_UNAVAILABLE, "%s is %s: remove it", part,
			       S_ISREG(st.st_mode) ? "somebody else's" : "no file");
	/* A share of another machine may have no locks. */
	if (flock(fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK
			? err_set(e, ERR_UNAVAILABLE, "another %s is writing %s", what, part)
			: err_set(e, ERR_UNAVAILABLE, "can't lock %s: %s: write to a disk of this "
				  "machine, and copy it then", part, strerror(errno));
	if (!part_is_named(part, fd))
		return 1;
	if (fchmod(fd, 0600))
		return err_set(e, ERR_UNAVAILABLE, "can't give %s the mode 600, its owner's alone: %s: "
			       "write to a disk that keeps modes, and copy it then", part, strerror(errno));
	return 0;
}

int part_open(const char *part, const char *what, struct err *e)
{
	int fd = -1, rc = 1, tries;

	for (tries = 0; rc > 0 && tries < TRIES; tries++) {
		fd = open(part, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
		if (fd < 0)
			return err_set(e, ERR_UNAVAILABLE, "can't open %s: %s", part, strerror(errno));
		rc = take(part, fd, what, e);
		if (rc)
			close(fd);
	}
	if (rc > 0)
		err_set(e, ERR_UNAVAILABLE, "other runs write %s one after the other: run this again "
			"later", part);
	return rc ? -1 : fd;
}

int part_sync(const char *part, int fd, struct err *e)
{
	if (fsync(fd))
		return err_set(e, ERR_UNAVAILABLE, "can't write to %s: %s", part, strerror(errno));
	if (!part_is_named(part, fd))
		return err_set(e, ERR_UNAVAILABLE, "%s is another file now: write into a folder that is "
			       "yours alone", part);
	return 0;
}

int part_check_name(const char *path, struct err *e)
{
	struct stat st;

	if (stat(path, &st) || S_ISREG(st.st_mode))
		return 0;
	return err_set(e, ERR_UNAVAILABLE, S_ISDIR(st.st_mode) ? "%s is a folder: name a file in it"
		       : "%s is no file, and would be replaced: name another", path);
}

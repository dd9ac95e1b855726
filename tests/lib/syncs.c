/* SPDX-License-Identifier: ISC */
/*
 * For LD_PRELOAD: what is brought to the disk for good.  For each fsync and fdatasync
 * the path of the file goes, as a line, into the file that SYNCS names.  With SYNCS_LAST
 * the process is killed at the so-manieth, which is not carried out.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static void note(int fd)
{
	static long count;
	const char *path = getenv("SYNCS"), *last = getenv("SYNCS_LAST");
	char link[64], name[PATH_MAX + 1];
	ssize_t n;
	int to;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, name, sizeof name - 1);
	to = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
	if (n > 0 && to >= 0) {
		name[n] = '\n';
		if (write(to, name, (size_t)n + 1) < 0)
			abort();
	}
	if (to >= 0)
		close(to);
	if (last && ++count == atol(last))
		raise(SIGKILL);
}

int fsync(int fd)
{
	note(fd);
	return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	note(fd);
	return (int)syscall(SYS_fdatasync, fd);
}

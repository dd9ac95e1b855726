/* SPDX-License-Identifier: ISC */
/*
 * Files by their names.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

#define LOOK_MS 1000 /* how often somebody who waits for input looks whether it is to stop */

void file_hold_standard(void)
{
	int fd;

	/* The lowest that is free is the next one. */
	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return;
}

char *file_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return str_dup(".");
	return slash == path ? str_dup("/") : span_dup((struct span){path, (size_t)(slash - path)});
}

char *file_absolute(const char *path)
{
	char *here = *path == '/' ? NULL : getcwd(NULL, 0);
	char *whole = here ? str_printf("%s/%s", here, path) : str_dup(path);

	free(here);
	return whole;
}

void file_sync_folder(const char *path)
{
	char *folder = file_folder(path);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(folder);
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

/* Whether somebody else than root and this process's user can put something into the folder. */
static bool others_can_write(const struct stat *folder)
{
	return (folder->st_uid != 0 && folder->st_uid != geteuid()) ||
	       (folder->st_mode & (S_IWGRP | S_IWOTH));
}

static bool is_foreign(const struct stat *folder, const struct stat *file)
{
	bool by_group = !(folder->st_mode & S_IWOTH) && (folder->st_mode & S_IWGRP);
	uid_t owner = file->st_uid;

	if (!S_ISREG(file->st_mode))
		return false;
	return file->st_nlink > 1 || (!by_group && owner != geteuid() && owner != 0 &&
				      owner != folder->st_uid);
}

/* The file that is there, else one that is made now; each try may meet another who takes it away
 * or makes it. */
static int open_or_make(const char *path, int flags, mode_t mode)
{
	int fd, tries;

	for (tries = 0; tries < 3; tries++) {
		fd = open(path, flags);
		if (fd >= 0 || errno != ENOENT)
			return fd;
		fd = open(path, flags | O_CREAT | O_EXCL, mode);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

int file_open_to_write(const char *path, int flags, mode_t mode)
{
	char *folder = file_folder(path);
	struct stat st, own;
	bool shared;
	int fd, rc = stat(folder, &st);

	free(folder);
	if (rc)
		return -1;
	shared = others_can_write(&st);
	fd = open_or_make(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (shared ? O_NOFOLLOW : 0),
			  mode);
	if (fd < 0 || !shared || (fstat(fd, &own) == 0 && !is_foreign(&st, &own)))
		return fd;
	close(fd);
	errno = EPERM;
	return -1;
}

ssize_t file_read_until(int fd, void *bytes, size_t n, bool (*stop)(void *context), void *context)
{
	struct pollfd in = {.fd = fd, .events = POLLIN};
	ssize_t got;
	int ready;

	for (;;) {
		if (stop && stop(context)) {
			errno = ECANCELED;
			return -1;
		}
		ready = poll(&in, 1, LOOK_MS);
		if (ready < 0 && errno != EINTR)
			return -1;
		if (ready <= 0) /* nothing, or a signal */
			continue;
		got = read(fd, bytes, n);
		if (got >= 0 || (errno != EINTR && errno != EAGAIN))
			return got;
	}
}

int file_read(const char *path, struct buf *text, struct stat *st, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool is_file = fd >= 0 && fstat(fd, st) == 0 && S_ISREG(st->st_mode);
	char chunk[4096];
	ssize_t n = -1;

	/* It may have secrets, of which no copy stays behind.  It stops reading where no more fits. */
	if (is_file && (uintmax_t)st->st_size <= text->max - text->len)
		buf_make_room(text, (size_t)st->st_size);
	while (is_file && !text->failed && (n = read(fd, chunk, sizeof chunk)) > 0)
		buf_add(text, chunk, (size_t)n);
	mem_wipe(chunk, sizeof chunk);
	if (n < 0)
		err_set(e, ERR_CONFIG, "can't read %s: %s", path,
			fd < 0 || is_file ? strerror(errno) : "not a file");
	if (fd >= 0)
		close(fd);
	if (n < 0)
		return -1;
	return text->failed ? err_set(e, ERR_CONFIG, "%s is larger than %zu bytes", path, text->max)
			    : 0;
}

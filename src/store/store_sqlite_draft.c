/* SPDX-License-Identifier: ISC */
/*
 * Drafts of the SQLite file.
 */
#include "store/store_sqlite_draft.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/part.h"
#include "base/str.h"

#define DRAFTS 100 /* names of one run's */

enum lock {
	LOCK_OURS,
	LOCK_OTHERS,
	LOCK_NONE, /* the file system has none */
};

/* A share may have no locks, or make one of them that SQLite would meet: that is given back. */
static enum lock lock(int fd)
{
	struct flock met = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (flock(fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? LOCK_OTHERS : LOCK_NONE;
	if (fcntl(fd, F_GETLK, &met) == 0 && met.l_type == F_UNLCK)
		return LOCK_OURS;
	flock(fd, LOCK_UN);
	return LOCK_NONE;
}

/* A killed run's draft that could not be swept may have the name, for in a container each run has the
 * same number: then there is a further name. */
static int open_draft(const char *path, struct sqlite_draft *draft)
{
	int tries;

	for (tries = 0; tries < DRAFTS; tries++) {
		draft->name = tries == 0 ? str_printf("%s.draft-%ld", path, (long)getpid())
					 : str_printf("%s.draft-%ld-%d", path, (long)getpid(), tries);
		draft->fd = open(draft->name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0660);
		/* Another run may have swept it away before it was locked. */
		if (draft->fd >= 0 && lock(draft->fd) != LOCK_OTHERS && part_is_named(draft->name, draft->fd))
			return 0;
		if (draft->fd >= 0)
			close(draft->fd);
		else if (errno != EEXIST)
			break;
		free(draft->name);
		draft->name = NULL;
	}
	return -1;
}

/* The file is made for its owner and group, the web server's and the owner's:
 * it holds addresses of people. */
int sqlite_draft_make(const char *path, struct sqlite_draft *draft, struct err *e)
{
	mode_t before = umask(0007);
	int rc;

	sqlite_draft_sweep(path);
	*draft = (struct sqlite_draft){.fd = -1};
	rc = open_draft(path, draft);
	umask(before);
	if (!rc && file_give_to_owner(draft->fd, draft->name) == 0)
		return 0;
	err_set(e, ERR_UNAVAILABLE, "%s: can't make it: %s%s", path, strerror(errno),
		errno == ENOENT ? " (its folder is not there)" : "");
	if (!rc)
		sqlite_draft_end(draft, false);
	else
		free(draft->name);
	return -1;
}

void sqlite_draft_end(struct sqlite_draft *draft, bool published)
{
	if (!published && part_is_named(draft->name, draft->fd))
		unlink(draft->name);
	close(draft->fd);
	free(draft->name);
}

/* --- sweeping ------------------------------------------------------------------- */

/* Whether it is what open_draft() calls a draft of this file: "orders.db.draft-12", or "-12-1". */
static bool is_draft(const char *name, const char *file)
{
	size_t n = strlen(file), groups;

	if (strncmp(name, file, n) != 0 || !str_starts(name + n, ".draft"))
		return false;
	name += n + strlen(".draft");
	for (groups = 0; *name == '-' && isdigit((unsigned char)name[1]); groups++)
		name += 1 + strspn(name + 1, "0123456789");
	return !*name && (groups == 1 || groups == 2);
}

static void sweep_draft(const char *name)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
	int fd = open(name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	size_t i;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (geteuid() == 0 || st.st_uid == geteuid()) &&
	    lock(fd) == LOCK_OURS && part_is_named(name, fd)) {
		for (i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
			char *beside = str_printf("%s%s", name, suffixes[i]);

			unlink(beside);
			free(beside);
		}
	}
	close(fd);
}

void sqlite_draft_sweep(const char *path)
{
	const char *slash = strrchr(path, '/'), *file = slash ? slash + 1 : path;
	char *folder = file_folder(path);
	DIR *dir = *file ? opendir(folder) : NULL;
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char *name = str_printf("%s/%s", folder, entry->d_name);

		if (is_draft(entry->d_name, file))
			sweep_draft(name);
		free(name);
	}
	if (dir)
		closedir(dir);
	free(folder);
}

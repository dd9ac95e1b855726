/* SPDX-License-Identifier: ISC */
/*
 * Looking at the path of the SQLite file.
 */
#include "store/store_sqlite_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"

/* Where SQLite locks (https://www.sqlite.org/fileformat.html, os_unix.c): each
 * connection holds these bytes of the file as long as it is open in WAL mode,
 * and this one of -shm. */
#define FILE_LOCK_AT 0x40000002
#define FILE_LOCK_BYTES 510
#define SHM_LOCK_AT 128

/* Others may just be opening or closing: the picture is looked at so often. */
#define TORN_TRIES 10
#define TORN_NAP_MS 5

enum sqlite_path_state sqlite_path_look(const char *path, struct sqlite_path_id *id)
{
	struct stat st;

	*id = (struct sqlite_path_id){.inode = 0};
	if (stat(path, &st))
		return errno == ENOENT || errno == ENOTDIR ? SQLITE_PATH_MISSING : SQLITE_PATH_UNKNOWN;
	*id = (struct sqlite_path_id){st.st_dev, st.st_ino, st.st_size};
	if (!S_ISREG(st.st_mode))
		return SQLITE_PATH_OTHER;
	return st.st_size > 0 ? SQLITE_PATH_FILE : SQLITE_PATH_EMPTY;
}

bool sqlite_path_same(const struct sqlite_path_id *a, const struct sqlite_path_id *b)
{
	return a->inode == b->inode && a->device == b->device;
}

int sqlite_path_complain(const char *path, enum sqlite_path_state state, struct err *e)
{
	struct stat st;
	int error = state == SQLITE_PATH_UNKNOWN ? stat(path, &st) ? errno : EAGAIN : 0;

	if (error == EACCES)
		return err_set(e, ERR_UNAVAILABLE, "%s: this user may not look into the folders above it: "
			       "run this as the programs' user", path);
	if (error)
		return err_set(e, ERR_UNAVAILABLE, "%s: can't look at it: %s", path, strerror(error));
	if (state == SQLITE_PATH_EMPTY)
		return err_set(e, ERR_UNAVAILABLE, "%s is empty: put a backup back with `ordersnap "
			       "restore`, or, for a new store, remove the file and run `ordersnap "
			       "init`", path);
	if (state == SQLITE_PATH_OTHER)
		return err_set(e, ERR_UNAVAILABLE, "%s is a folder or a device, not a file: mend "
			       "COMMERCE_DB, or move it away and run `ordersnap init`", path);
	return err_set(e, ERR_UNAVAILABLE, "%s is not there: if it was moved away, put it back, or a "
		       "backup with `ordersnap restore`; a new store is made by `ordersnap init`",
		       path);
}

char *sqlite_path_beside(const char *path, const char *suffix)
{
	return str_printf("%s%s", path, suffix);
}

struct sqlite_path_id sqlite_path_log(const char *path)
{
	char *log = sqlite_path_beside(path, "-wal");
	struct sqlite_path_id id;

	sqlite_path_look(log, &id);
	free(log);
	return id;
}

/* Whether another process has a lock on these bytes. */
static bool is_locked(const char *path, off_t start, off_t bytes)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start,
			     .l_len = bytes};
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool locked;

	if (fd < 0)
		return false;
	locked = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
	close(fd);
	return locked;
}

/* The byte is one that SQLite never locks. */
void sqlite_path_explain_busy(const char *path, const char *what, struct err *e)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET,
			     .l_start = FILE_LOCK_AT + FILE_LOCK_BYTES, .l_len = 1};
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && fcntl(fd, F_SETLK, &lock) && errno == ENOLCK)
		err_set(e, ERR_UNAVAILABLE, "%s: can't %s: its file system gives no locks (%s): keep it on "
			"a disk of this machine", path, what, strerror(ENOLCK));
	if (fd >= 0)
		close(fd);
}

bool sqlite_path_is_torn(const char *path)
{
	char *shm = sqlite_path_beside(path, "-shm");
	bool torn = true;
	int i;

	for (i = 0; i < TORN_TRIES && torn; i++) {
		if (i)
			deadline_sleep(TORN_NAP_MS, deadline_in(TORN_NAP_MS));
		torn = is_locked(shm, SHM_LOCK_AT, 1) &&
		       (sqlite_path_log(path).inode == 0 ||
			!is_locked(path, FILE_LOCK_AT, FILE_LOCK_BYTES));
	}
	free(shm);
	return torn;
}

static int open_folder(const char *path)
{
	char *folder = file_folder(path);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	free(folder);
	return fd;
}

/* One process at a time, or the second would move the log that the first has
 * begun anew. */
void sqlite_path_put_log_aside(const char *path, const struct sqlite_path_id *log)
{
	char *wal = sqlite_path_beside(path, "-wal"), *shm = sqlite_path_beside(path, "-shm");
	char *aside = sqlite_path_beside(path, "-wal.replaced");
	int folder = open_folder(path);
	struct sqlite_path_id now;

	if (folder >= 0 && flock(folder, LOCK_EX) == 0 &&
	    sqlite_path_look(wal, &now) != SQLITE_PATH_MISSING && sqlite_path_same(&now, log) &&
	    rename(wal, aside) == 0)
		unlink(shm);
	if (folder >= 0)
		close(folder);
	free(wal);
	free(shm);
	free(aside);
}

int sqlite_path_move_aside(const char *path, const char *suffix, char **to, struct err *e)
{
	static const char *const parts[] = {"", "-wal", "-shm"};
	size_t i;

	*to = NULL;
	for (i = 0; i < sizeof parts / sizeof *parts; i++) {
		char *from = sqlite_path_beside(path, parts[i]);
		char *aside = str_printf("%s%s%s", path, suffix, parts[i]);
		int rc = renameat2(AT_FDCWD, from, AT_FDCWD, aside, RENAME_NOREPLACE);

		if (rc && errno == EINVAL) /* a file system without that */
			rc = rename(from, aside);
		if (rc == 0 && !*to)
			*to = str_dup(aside);
		else if (rc && errno == ENOENT)
			rc = 0;
		if (rc)
			err_set(e, ERR_UNAVAILABLE, "can't move %s aside to %s: %s", from, aside,
				strerror(errno));
		free(from);
		free(aside);
		if (rc)
			return -1;
	}
	return 0;
}

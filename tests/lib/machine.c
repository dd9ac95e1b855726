/* SPDX-License-Identifier: ISC */
/*
 * For LD_PRELOAD: a program's machine as a test wants it.  MACHINE_HOME is the home of
 * whoever runs, MACHINE_FILE_SYSTEM the type of each file system (statfs(2)), in hexadecimal, and
 * MACHINE_MOUNTS what stands in /proc/self/mountinfo.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

struct passwd *getpwuid(uid_t user)
{
	struct passwd *(*real)(uid_t), *found;
	char *home = getenv("MACHINE_HOME");

	*(void **)&real = dlsym(RTLD_NEXT, "getpwuid");
	found = real(user);
	if (found && home)
		found->pw_dir = home;
	return found;
}

int statfs(const char *path, struct statfs *fs)
{
	int (*real)(const char *, struct statfs *);
	const char *type = getenv("MACHINE_FILE_SYSTEM");
	int rc;

	*(void **)&real = dlsym(RTLD_NEXT, "statfs");
	rc = real(path, fs);
	if (type)
		fs->f_type = (__typeof__(fs->f_type))strtoul(type, NULL, 16);
	return rc;
}

int statfs64(const char *path, struct statfs64 *fs)
{
	return statfs(path, (struct statfs *)fs);
}

FILE *fopen(const char *path, const char *mode)
{
	FILE *(*real)(const char *, const char *);
	const char *mounts = getenv("MACHINE_MOUNTS");

	*(void **)&real = dlsym(RTLD_NEXT, "fopen");
	return real(mounts && strcmp(path, "/proc/self/mountinfo") == 0 ? mounts : path, mode);
}

FILE *fopen64(const char *path, const char *mode)
{
	return fopen(path, mode);
}

/* SPDX-License-Identifier: ISC */
/*
 * For LD_PRELOAD: clocks that are off, so a test sees what happens an hour
 * later without waiting for it.  CLOCK_SHIFT is seconds that the wall clock
 * alone differs by, for a whole life of a process.  CLOCK_FILE is a file of
 * eight bytes, seconds that every clock runs ahead by: it is mapped, so a
 * test moves the time of a process that runs.  CLOCK_WALL is the same for the
 * wall clock alone, which may also jump back.
 */
#define _GNU_SOURCE
#ifndef __LP64__
#define _FILE_OFFSET_BITS 64
#define _TIME_BITS 64
#endif
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifdef SYS_clock_gettime64 /* on 32 bits */
#define CLOCK_GETTIME SYS_clock_gettime64
#else
#define CLOCK_GETTIME SYS_clock_gettime
#endif

typedef const volatile int64_t seconds;

/* What the file that the variable names says; it is mapped once. */
static int64_t ahead(const char *variable, seconds **mapped)
{
	static const int64_t none;
	const char *path = getenv(variable);
	int fd;

	if (*mapped)
		return **mapped;
	fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	*mapped = fd < 0 ? &none : mmap(NULL, sizeof none, PROT_READ, MAP_SHARED, fd, 0);
	if (*mapped == MAP_FAILED)
		*mapped = &none;
	if (fd >= 0)
		close(fd);
	return **mapped;
}

int clock_gettime(clockid_t id, struct timespec *now)
{
	static seconds *all, *wall;
	const char *shift = getenv("CLOCK_SHIFT");
	int rc = (int)syscall(CLOCK_GETTIME, id, now);

	if (rc == 0)
		now->tv_sec += ahead("CLOCK_FILE", &all);
	if (rc == 0 && id == CLOCK_REALTIME)
		now->tv_sec += ahead("CLOCK_WALL", &wall);
	if (rc == 0 && id == CLOCK_REALTIME && shift)
		now->tv_sec += atol(shift);
	return rc;
}

/* SPDX-License-Identifier: ISC */
/*
 * For LD_PRELOAD: whoever asks for a lock on a file waits up to 20 ms first, each
 * time another while.  So two processes meet between any two steps of a store in
 * SQLite, also where the machine hardly ever lets them.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define LONGEST_NS 20000000

static void wait_a_while(void)
{
	static unsigned seed;
	struct timespec now;

	if (!seed) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		seed = (unsigned)now.tv_nsec ^ (unsigned)getpid();
	}
	nanosleep(&(struct timespec){.tv_nsec = rand_r(&seed) % LONGEST_NS}, NULL);
}

static int slow_fcntl(int fd, int command, void *argument)
{
	static int (*next)(int, int, ...);

	if (!next)
		next = (int (*)(int, int, ...))dlsym(RTLD_NEXT, "fcntl64");
	if (command == F_SETLK || command == F_SETLKW)
		wait_a_while();
	return next(fd, command, argument);
}

/* The argument is a pointer or an int; either arrives whole in a pointer's place. */
#define SLOW(name)                                                   \
	int name(int fd, int command, ...)                           \
	{                                                            \
		va_list list;                                        \
		void *argument;                                      \
		                                                     \
		va_start(list, command);                             \
		argument = va_arg(list, void *);                     \
		va_end(list);                                        \
		return slow_fcntl(fd, command, argument);            \
	}

SLOW(fcntl)
SLOW(fcntl64)

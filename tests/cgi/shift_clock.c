/* SPDX-License-Identifier: ISC */
/*
 * For LD_PRELOAD: the wall clock, CLOCK_SHIFT seconds off.  So a test sees
 * what happens an hour later without waiting for it.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t id, struct timespec *now)
{
	const char *shift = getenv("CLOCK_SHIFT");
	int rc = (int)syscall(SYS_clock_gettime, id, now);

	if (rc == 0 && id == CLOCK_REALTIME && shift)
		now->tv_sec += atol(shift);
	return rc;
}

/* SPDX-License-Identifier: ISC */
/*
 * Clocks, deadlines and jitter.
 */
#include "base/clock.h"

#include <sys/random.h>
#include <time.h>

int64_t clock_epoch(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec;
}

int64_t clock_monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_monotonic_ms(void)
{
	return clock_monotonic_us() / 1000;
}

int64_t deadline_in(int64_t ms)
{
	return clock_monotonic_ms() + ms;
}

int64_t deadline_left(int64_t deadline)
{
	int64_t left = deadline - clock_monotonic_ms();

	return left > 0 ? left : 0;
}

void deadline_sleep(int64_t ms, int64_t deadline)
{
	int64_t left = deadline_left(deadline);
	struct timespec nap;

	if (ms > left)
		ms = left;
	nap.tv_sec = (time_t)(ms / 1000);
	nap.tv_nsec = (long)(ms % 1000) * 1000000;
	nanosleep(&nap, NULL);
}

bool deadline_pause(int64_t ms, int64_t deadline)
{
	if (deadline_left(deadline) <= ms)
		return false;
	deadline_sleep(ms, deadline);
	return true;
}

uint32_t clock_jitter(uint32_t limit)
{
	uint32_t r = 0;

	if (getrandom(&r, sizeof r, GRND_NONBLOCK) != sizeof r)
		r = (uint32_t)clock_monotonic_ms();
	return r % limit;
}

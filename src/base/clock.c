/* SPDX-License-Identifier: ISC */
/*
 * Clocks and jitter.
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

void clock_sleep(int64_t ms)
{
	const struct timespec nap = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};

	nanosleep(&nap, NULL);
}

uint32_t clock_jitter(uint32_t limit)
{
	uint32_t r = 0;

	if (getrandom(&r, sizeof r, GRND_NONBLOCK) != sizeof r)
		r = (uint32_t)clock_monotonic_ms();
	return r % limit;
}

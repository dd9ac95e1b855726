/* SPDX-License-Identifier: ISC */
/*
 * Clocks that stand still but for sleep, and agree: every function of base/clock.h, in
 * the place of the library's.
 */
#include "base/clock.h"

#include "world.h"

int64_t clock_epoch(void)
{
	return world ? world->epoch : EPOCH;
}

int64_t clock_monotonic_ms(void)
{
	return world ? world->ms : 0;
}

int64_t clock_monotonic_us(void)
{
	return clock_monotonic_ms() * 1000;
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

	if (world)
		world_pass(ms < left ? ms : left);
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
	return limit / 2;
}

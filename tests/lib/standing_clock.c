/* SPDX-License-Identifier: ISC */
/*
 * The standing clocks.
 */
#include "standing_clock.h"

#include "base/clock.h"

int64_t clock_epoch(void)
{
	return standing_clock_epoch();
}

int64_t clock_monotonic_ms(void)
{
	return standing_clock_ms();
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

	standing_clock_pass(ms < left ? ms : left);
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

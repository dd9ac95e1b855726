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

void clock_sleep(int64_t ms)
{
	standing_clock_pass(ms);
}

uint32_t clock_jitter(uint32_t limit)
{
	return limit / 2;
}

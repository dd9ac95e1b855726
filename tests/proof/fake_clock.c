/* SPDX-License-Identifier: ISC */
/*
 * The run's clock, which stands still but for sleep.
 */
#include "../lib/standing_clock.h"
#include "world.h"

int64_t standing_clock_epoch(void)
{
	return world ? world->epoch : EPOCH;
}

int64_t standing_clock_ms(void)
{
	return world ? world->ms : 0;
}

void standing_clock_pass(int64_t ms)
{
	if (world)
		world_pass(ms);
}

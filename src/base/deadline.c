/* SPDX-License-Identifier: ISC */
/*
 * Deadlines.  The one idea: they know no clock but those of clock.c, so that where a test puts
 * others in their place these rules stay.
 */
#include "base/clock.h"

int64_t deadline_in(int64_t ms)
{
	return clock_monotonic_ms() + ms;
}

int64_t deadline_within(int64_t ms, int64_t deadline)
{
	int64_t soon = deadline_in(ms);

	return soon < deadline ? soon : deadline;
}

int64_t deadline_left(int64_t deadline)
{
	int64_t left = deadline - clock_monotonic_ms();

	return left > 0 ? left : 0;
}

void deadline_sleep(int64_t ms, int64_t deadline)
{
	int64_t left = deadline_left(deadline);

	clock_sleep(ms < left ? ms : left);
}

bool deadline_pause(int64_t ms, int64_t deadline)
{
	if (deadline_left(deadline) <= ms)
		return false;
	deadline_sleep(ms, deadline);
	return true;
}

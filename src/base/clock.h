/* SPDX-License-Identifier: ISC */
/*
 * The clocks, read at the edge only: pure rules take the time as an argument.
 *
 * A deadline is a moment of the monotonic clock in milliseconds.  It is made
 * once, when a request arrives, and handed down; nobody waits beyond it.
 */
#ifndef ORDERSNAP_BASE_CLOCK_H
#define ORDERSNAP_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Seconds since 1970-01-01 UTC. */
int64_t clock_epoch(void);

/* Milliseconds of a clock that never jumps. */
int64_t clock_monotonic_ms(void);

/* The same in microseconds, to measure with. */
int64_t clock_monotonic_us(void);

/* Sleeps `ms` milliseconds (0 or more), less where a signal comes. */
void clock_sleep(int64_t ms);

/* The moment `ms` milliseconds from now. */
int64_t deadline_in(int64_t ms);

/* `ms` milliseconds from now, but not later than `deadline`: for a part of what has to be done by then. */
int64_t deadline_within(int64_t ms, int64_t deadline);

/* Milliseconds left until `deadline`, 0 when it has passed. */
int64_t deadline_left(int64_t deadline);

/* Sleeps `ms` milliseconds, or until `deadline` if that comes first. */
void deadline_sleep(int64_t ms, int64_t deadline);

/* The pause before another try: sleeps `ms` milliseconds and returns true, or
 * returns false at once where the deadline would pass meanwhile. */
bool deadline_pause(int64_t ms, int64_t deadline);

/* A random number in 0..limit-1 (limit > 0), for jitter and for nothing that
 * has to be secret. */
uint32_t clock_jitter(uint32_t limit);

#endif

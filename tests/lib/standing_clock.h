/* SPDX-License-Identifier: ISC */
/*
 * Clocks that stand still but for sleep: the functions of base/clock.c, in the place of the library's,
 * made of three that a program of tests defines.
 */
#ifndef ORDERSNAP_TESTS_STANDING_CLOCK_H
#define ORDERSNAP_TESTS_STANDING_CLOCK_H

#include <stdint.h>

int64_t standing_clock_epoch(void); /* seconds */
int64_t standing_clock_ms(void);
void standing_clock_pass(int64_t ms);

#endif

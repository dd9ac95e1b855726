/* SPDX-License-Identifier: ISC */
/*
 * Programs that print and end as a fuzz target's input says: all of base/child.h, in the place of the library's.
 *
 * The input is a part for each run, with lines `%` between.  Its first byte is how the program ends, what stands
 * behind it is its output:
 *
 *     0      with status 0; l: likewise, and a process that it left behind was killed
 *     1      with status 1
 *     k      killed when its time was over, which then is
 *
 * Behind the last part programs end with status 0.
 */
#ifndef ORDERSNAP_TESTS_FUZZ_FAKE_CHILD_H
#define ORDERSNAP_TESTS_FUZZ_FAKE_CHILD_H

#include "base/str.h"

/* From now on these are run; borrowed. */
void fake_child_runs(struct span parts);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Runs of a history: all there are, or some at random; what fails is shown in
 * the smallest history that does.
 *
 * ORDERSNAP_SEED repeats a program's runs, ORDERSNAP_CASES says how many random
 * histories there are (2000).
 */
#ifndef ORDERSNAP_TESTS_PROOF_RUNS_H
#define ORDERSNAP_TESTS_PROOF_RUNS_H

#include "world.h"

/* How bold the schedules of a random history are, 0..3: a failure is shown in
 * the tamest that has it. */
typedef struct limits runs_limits(unsigned boldness, struct choices *c);

struct runs_test {
	const char *sentence;
	bool (*holds)(void);
};

/* All runs of a small history. */
bool every_run(const struct history *h, const struct limits *limits);

/* Every fourth random history, by the program's limits. */
bool random_histories(unsigned boldness);

/* The program: its exit status. */
int runs_main(const struct runs_test *tests, size_t n, runs_limits *limits);

#endif

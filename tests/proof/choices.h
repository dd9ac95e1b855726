/* SPDX-License-Identifier: ISC */
/*
 * Where a run could go one way or another it asks here.  Answered from a
 * random number that starts from a seed, a run can be repeated; answered by
 * counting, all runs there are come one after the other.
 */
#ifndef ORDERSNAP_TESTS_PROOF_CHOICES_H
#define ORDERSNAP_TESTS_PROOF_CHOICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHOICES_MAX 1024 /* of one run that are counted; the first way is taken beyond */

struct choices {
	bool every;     /* counts through all; else random */
	uint64_t state; /* of the random numbers */
	unsigned char picks[CHOICES_MAX], widths[CHOICES_MAX];
	size_t n, at;
};

void choices_random(struct choices *c, uint64_t seed);
void choices_every(struct choices *c);

/* 0..n-1; n is at most 255. */
unsigned choose(struct choices *c, unsigned n);

/* True once in n, and always one of two ways for choices_every(). */
bool choose_rarely(struct choices *c, unsigned n);

/* The next run that differs; false when there is none. */
bool choices_next(struct choices *c);

/* The seed that belongs to the i-th thing of a seed. */
uint64_t choices_seed(uint64_t seed, uint64_t i);

#endif

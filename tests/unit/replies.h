/* SPDX-License-Identifier: ISC */
/*
 * AWS's place, for tests of what is asked and of what is made of the answers: one answer after the other by a
 * list, and a clock that only sleep moves.  All of net/http.h and base/clock.h stand here, in the library's place.
 */
#ifndef ORDERSNAP_TESTS_REPLIES_H
#define ORDERSNAP_TESTS_REPLIES_H

#include "unit.h"

#define REPLIES_EPOCH 1700000000
#define REPLIES_MAX 4
#define REPLIES_KEYS "/keys" /* an address that ends so has the keys of a container */

/* One answer; ' for ".  Status 0: none comes, or of its body this part. */
struct reply {
	int status;
	const char *body;
};

/* What is answered, the last one for ever, and what was asked; the texts are kept. */
struct replies {
	struct reply list[REPLIES_MAX];
	size_t n;
	unsigned asked, keys_asked; /* so often */
	const char *url, *headers, *body; /* of the last request */
	int64_t wait; /* so long it might take */
	int64_t ms;   /* since the clock's beginning, REPLIES_EPOCH */
};

extern struct replies replies;

/* Begins with this list of `n`, and the clock at its beginning. */
void replies_begin(const struct reply *list, size_t n);

#endif

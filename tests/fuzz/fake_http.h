/* SPDX-License-Identifier: ISC */
/*
 * Servers that answer what a fuzz target's input says, and a clock that only sleep moves: all of
 * net/http.h and base/clock.h, in the place of the library's.
 *
 * The input is a line an answer, in their order:
 *
 *     200 {"id": "cs_test_1"}
 *     500r {"error": {}}         Stripe-Should-Retry: true; f: false; i: Idempotent-Replayed
 *     302h https://shop.example  each other header is what its body is
 *     -                          no answer
 *
 * Behind the last line nothing comes until a request's time is over.
 *
 * What is asked has to be what a server can be asked: no header has a line end in it.
 */
#ifndef ORDERSNAP_TESTS_FUZZ_FAKE_HTTP_H
#define ORDERSNAP_TESTS_FUZZ_FAKE_HTTP_H

#include "base/str.h"

/* From now on these are answered; borrowed.  The time of day is at its beginning; the monotonic clock
 * goes on. */
void fake_http_answer(struct span lines);

/* How many requests there were since. */
unsigned fake_http_requests(void);

#endif

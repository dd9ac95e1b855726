/* SPDX-License-Identifier: ISC */
/*
 * What the fakes of Stripe's API share.
 */
#ifndef ORDERSNAP_TESTS_PROOF_FAKE_STRIPE_H
#define ORDERSNAP_TESTS_PROOF_FAKE_STRIPE_H

#include "world.h"

#define ANSWER_MAX 65536

/* One call; -1 where the run says that it fails. */
int fake_ask(const char *what, const char *id, struct err *e);

/* -1: there is no such object. */
int fake_missing(const char *id, struct err *e);

/* The text, which is freed, as JSON. */
int fake_answer(struct buf *text, struct json_object **object, struct err *e);

#endif

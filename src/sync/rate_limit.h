/* SPDX-License-Identifier: ISC */
/*
 * The rate at which a command asks Stripe for much: half of what Stripe allows,
 * so that the shop's own requests have the other half.
 * https://docs.stripe.com/rate-limits
 */
#ifndef ORDERSNAP_SYNC_RATE_LIMIT_H
#define ORDERSNAP_SYNC_RATE_LIMIT_H

#include "app/app.h"

/* Opens the Stripe client and sets its rate.  -1 where its key can't be had. */
int rate_limit_keep(struct app *app, int64_t deadline, struct err *e);

#endif

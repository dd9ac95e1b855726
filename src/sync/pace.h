/* SPDX-License-Identifier: ISC */
/*
 * The pace of a command that asks Stripe for much: half of what Stripe allows,
 * so that the shop's own requests have the other half.
 * https://docs.stripe.com/rate-limits
 */
#ifndef ORDERSNAP_SYNC_PACE_H
#define ORDERSNAP_SYNC_PACE_H

#include "app/app.h"

/* Opens the Stripe client and sets its pace.  -1 where its key can't be had. */
int pace_keep(struct app *app, int64_t deadline, struct err *e);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * POST /stripe/webhook: verify, read, record.
 * https://docs.stripe.com/webhooks
 */
#ifndef ORDERSNAP_RECORD_WEBHOOK_H
#define ORDERSNAP_RECORD_WEBHOOK_H

#include "base/metrics.h"
#include "base/str.h"
#include "app/app.h"

/* When a delivery with the right signature came last. */
extern const struct metrics_family webhook_last;

struct webhook_delivery {
	const char *signature; /* the Stripe-Signature header, or NULL */
	struct span body;      /* raw */
	int64_t deadline;      /* base/clock.h */
};

/*
 * 0 with the JSON answer (to release) when Stripe need not deliver the event
 * again: it was processed, had been processed before, or is none of ours.
 * -1 with ERR_SIGNATURE or ERR_PAYLOAD when it can't be one of Stripe's, and
 * ERR_UNAVAILABLE or ERR_CONFLICT when it should come again.
 */
int webhook_receive(struct app *app, const struct webhook_delivery *delivery,
		    struct json_object **answer, struct err *e);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Settling refunds and disputes: read the payment's pointer and the order that it
 * names, ask Stripe for the charge as it is now, write on the versions read.  Two
 * reads, one Stripe call, one write.
 */
#ifndef ORDERSNAP_RECORD_SETTLE_PAYMENT_H
#define ORDERSNAP_RECORD_SETTLE_PAYMENT_H

#include "record/settle.h"

struct settle_payment_request {
	const struct event_facts *event;
	struct json_object *object; /* the charge, refund or dispute it is about */
	const char *source;
	bool again;       /* as in struct settle_request */
	bool dry_run;
	int64_t now;      /* epoch seconds */
	int64_t deadline; /* base/clock.h */
};

/*
 * As settle_session().  out->ignored says, with 0, that the payment is none of
 * ours: Stripe knows it and says that it is of no Checkout Session, or of one that
 * ordersnap does not keep orders of.
 */
int settle_payment(struct app *app, const struct settle_payment_request *request,
		   struct settle_outcome *out, struct err *e);

#endif

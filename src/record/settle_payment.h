/* SPDX-License-Identifier: ISC */
/*
 * Settling refunds and disputes: read the payment's pointer with the order,
 * ask Stripe for the charge as it is now, write on the versions read.  One
 * read, one Stripe call, one write.
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
 * As settle_session().  out->marker is NULL, with 0, where the payment is none
 * of ours: of no Checkout Session, or of one that ordersnap does not keep
 * orders of.
 */
int settle_payment(struct app *app, const struct settle_payment_request *request,
		   struct settle_outcome *out, struct err *e);

#endif

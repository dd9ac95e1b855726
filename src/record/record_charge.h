/* SPDX-License-Identifier: ISC */
/*
 * Recording refunds and disputes: read the payment's pointer and the order that it
 * names, ask Stripe for the charge as it is now, write on the versions read.  Two
 * reads, one Stripe call, one write.
 */
#ifndef ORDERSNAP_RECORD_RECORD_CHARGE_H
#define ORDERSNAP_RECORD_RECORD_CHARGE_H

#include "record/record_session.h"

/*
 * As record_session(); event->object is the charge, refund or dispute.  out->ignored
 * says, with 0, that the payment is none of ours: Stripe knows it and says that it is of
 * no Checkout Session, or of one that ordersnap does not keep orders of.
 */
int record_charge(const struct record_run *run, const struct event *event,
		  struct record_outcome *out, struct err *e);

#endif

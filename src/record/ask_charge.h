/* SPDX-License-Identifier: ISC */
/*
 * Asking Stripe for a payment's charge and its disputes, as they are now.
 */
#ifndef ORDERSNAP_RECORD_ASK_CHARGE_H
#define ORDERSNAP_RECORD_ASK_CHARGE_H

#include "record/run.h"
#include "shop/sale.h"

/* What is asked for: by the charge's id or, where that is NULL, the intent's. */
struct ask_charge {
	const char *charge_id, *intent;
	bool disputes; /* it is about one: the charge comes with them, in one call */
};

/* All that is known of the charge then: its refunds, and its disputes if there are any.
 * Replaces what *found has.  -1 as the operations of stripe/api.h, or
 * ERR_UNAVAILABLE where the payment has no charge. */
int ask_charge(const struct record_run *run, const struct ask_charge *ask,
	       struct sale_charge *found, struct err *e);

/* Asks for what the charge embeds a part of only (its refunds), and for the disputes
 * of one that says that it is disputed, where they are not there.  `deadline` is for
 * Stripe. */
int ask_rest_of_charge(struct app *app, int64_t deadline, struct sale_charge *found,
		       struct err *e);

/* What was found is owned. */
void asked_charge_free(struct sale_charge *found);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Asking Stripe for a payment's charge and its disputes, as they are now.
 */
#ifndef ORDERSNAP_RECORD_ASK_CHARGE_H
#define ORDERSNAP_RECORD_ASK_CHARGE_H

#include "app/app.h"

enum ask_disputes {
	ASK_NO_DISPUTES,
	ASK_DISPUTES,       /* the charge comes with them, in one call */
	ASK_DISPUTES_IF_ANY /* in a second call, where the charge says that it is disputed */
};

/* What is asked for: by the charge's id or, where that is NULL, the intent's. */
struct ask_charge {
	const char *charge_id, *intent;
	enum ask_disputes disputes;
	int64_t deadline; /* of the request; the store's share is kept back */
};

/* What was found; both are owned. */
struct asked_charge {
	struct json_object *charge;
	struct json_object *disputes; /* NULL: not asked for */
};

/* Replaces what *found has.  -1 as the operations of stripe/api.h, or
 * ERR_UNAVAILABLE where the payment has no charge. */
int ask_charge(struct app *app, const struct ask_charge *ask, struct asked_charge *found,
	       struct err *e);

/* Asks for the disputes of found->charge, where it says that it is disputed.
 * `deadline` is for Stripe. */
int ask_disputes_if_any(struct app *app, int64_t deadline, struct asked_charge *found,
			struct err *e);

void asked_charge_free(struct asked_charge *found);

#endif

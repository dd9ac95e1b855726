/* SPDX-License-Identifier: ISC */
/*
 * What Stripe's refusal of a session means to the buyer.
 */
#ifndef ORDERSNAP_CHECKOUT_REFUSAL_H
#define ORDERSNAP_CHECKOUT_REFUSAL_H

#include "app/app.h"
#include "shop/checkout_request.h"

/* A session in the making: for whom, of what, until when.  All borrowed. */
struct checkout_ask {
	struct app *app;
	int64_t deadline; /* base/clock.h */
	const struct checkout_request *request;
	const struct checkout_policy *policy;
	struct json_object *quote;
};

/*
 * Turns ERR_REFUSED into what the buyer, or the page, can mend:
 *   ERR_BAD_REQUEST, naming the field: a mistyped address, a total that Stripe does
 *   not take, an address or country of the request's that it does not know;
 *   ERR_OUTDATED, naming the item: a price that is no longer sold.  It leaves the
 *   cache, else the next quote would have it again.
 * The log then has what Stripe said.  Any other error stays a 502, for the owner has to
 * mend it: one about a parameter of CHECKOUT_SESSION_FILE begins with its name, also where
 * the request asks for the same, or the code would be the buyer's (a mistyped address).
 */
void checkout_explain_refusal(const struct checkout_ask *ask, const struct stripe_refusal *refusal,
			      struct err *e);

#endif

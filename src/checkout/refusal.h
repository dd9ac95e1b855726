/* SPDX-License-Identifier: ISC */
/*
 * What Stripe's refusal of a session means to the buyer.
 */
#ifndef ORDERSNAP_CHECKOUT_REFUSAL_H
#define ORDERSNAP_CHECKOUT_REFUSAL_H

#include "app/app.h"
#include "shop/checkout_request.h"

/* What a session was made of. */
struct checkout_ask {
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
 * mend it: one about a parameter of CHECKOUT_SESSION_FILE begins with its name.
 */
void checkout_explain_refusal(struct app *app, const struct stripe_refusal *refusal,
			      const struct checkout_ask *ask, int64_t deadline, struct err *e);

#endif

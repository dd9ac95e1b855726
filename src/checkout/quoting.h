/* SPDX-License-Identifier: ISC */
/*
 * POST /cart/quote: what a cart costs, by Stripe's prices.
 */
#ifndef ORDERSNAP_CHECKOUT_QUOTING_H
#define ORDERSNAP_CHECKOUT_QUOTING_H

#include "app/app.h"

/*
 * `body` is the request's JSON.  0 with the JSON answer, to release, and the
 * quote in the store.  -1 with ERR_BAD_REQUEST naming the item, ERR_REFUSED
 * (by Stripe) or ERR_UNAVAILABLE.
 */
int quoting_create(struct app *app, struct json_object *body, int64_t deadline,
		   struct json_object **answer, struct err *e);

#endif

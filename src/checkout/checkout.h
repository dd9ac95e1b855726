/* SPDX-License-Identifier: ISC */
/*
 * POST /checkout/create-session: from a quote to a Stripe Checkout Session.
 */
#ifndef ORDERSNAP_CHECKOUT_CHECKOUT_H
#define ORDERSNAP_CHECKOUT_CHECKOUT_H

#include "app/app.h"

/*
 * `body` is the request's JSON, `subject` whom the site's login names, or NULL.
 * 0 with the JSON answer, to release.  -1 with ERR_BAD_REQUEST,
 * ERR_UNAUTHORIZED, ERR_FORBIDDEN, ERR_NOT_FOUND (no such quote), ERR_GONE (it
 * has expired), ERR_ORDERED (it is ordered), ERR_OUTDATED (a price is no longer
 * sold), ERR_REFUSED (by Stripe) or ERR_UNAVAILABLE.
 */
int checkout_create(struct app *app, struct json_object *body, const char *subject,
		    int64_t deadline, struct json_object **answer, struct err *e);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Thin events: they name an object instead of carrying it.
 * https://docs.stripe.com/event-destinations
 */
#ifndef ORDERSNAP_RECORD_THIN_H
#define ORDERSNAP_RECORD_THIN_H

#include "app/app.h"
#include "shop/event.h"

/* The object that a thin event names, as it is now, to release. -1 with
 * ERR_REFUSED where Stripe has none, ERR_UNAVAILABLE. */
int thin_fetch(struct app *app, const struct event *event, int64_t deadline,
	       struct json_object **object, struct err *e);

#endif

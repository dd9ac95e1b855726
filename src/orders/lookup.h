/* SPDX-License-Identifier: ISC */
/*
 * Finding one order by what people call it: its id, its number, its payment.
 */
#ifndef ORDERSNAP_ORDERS_LOOKUP_H
#define ORDERSNAP_ORDERS_LOOKUP_H

#include "app/app.h"

/*
 * `name` is a session id (cs_...), a payment intent (pi_...), or an order
 * number in either case, with its prefix or without.  No scan: a pointer, then
 * the order.  Where a session's item is gone its order is still found by the
 * number that follows from the id.  0 with the order, which the caller
 * releases; -1 with ERR_NOT_FOUND and a sentence for a person, or with the
 * store's error.
 */
int lookup_order(struct app *app, const char *name, int64_t deadline,
		 struct json_object **order, struct err *e);

#endif

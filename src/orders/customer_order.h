/* SPDX-License-Identifier: ISC */
/*
 * One order by the id of its session: for the customer whose it is, and for
 * whoever comes back from paying and knows the id alone.
 */
#ifndef ORDERSNAP_ORDERS_CUSTOMER_ORDER_H
#define ORDERSNAP_ORDERS_CUSTOMER_ORDER_H

#include "app/app.h"
#include "shop/customer.h"

/*
 * *view is the order as customer_view() shows it, which the caller releases.  -1
 * with ERR_NOT_FOUND, in the same words and after the same reads, where there is no
 * such order and where it is another's; or with the store's error.
 */
int customer_order(struct app *app, const struct customer *customer, const char *order_id,
		   int64_t deadline, struct json_object **view, struct err *e);

/*
 * *view says how a session's order stands: customer_status_view(); {"status":
 * "expired"} where the session ended without a payment; {"status": "unknown"} where
 * there is no order, or not yet: nobody learns by it whether there is such a session.
 * Stripe is never asked.  -1 with ERR_BAD_REQUEST where it is no session's id, or with
 * the store's error.
 */
int customer_session_status(struct app *app, const char *session_id, enum customer_mode mode,
			    int64_t deadline, struct json_object **view, struct err *e);

#endif

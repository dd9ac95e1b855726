/* SPDX-License-Identifier: ISC */
/*
 * A page of a customer's orders, newest first: the partitions in which they may be
 * are read from where the last page ended and merged, so that a page costs the same
 * wherever it is: one query a partition, whatever the number of orders.
 */
#ifndef ORDERSNAP_ORDERS_CUSTOMER_PAGE_H
#define ORDERSNAP_ORDERS_CUSTOMER_PAGE_H

#include "app/app.h"
#include "shop/customer.h"

#define CUSTOMER_PAGE_MAX 100

/*
 * *answer is {"orders": [...], "nextCursor": text or null, "hasOrders": flag}, which
 * the caller releases: at most `limit` (1..CUSTOMER_PAGE_MAX) orders behind `cursor`
 * (NULL: from the newest), as customer_view() shows them.  A page may have fewer
 * than `limit` orders and still be followed by others: where most of what was read
 * is not shown, or where the orders are large.
 * -1 with ERR_BAD_REQUEST for a cursor that is none of this user's, or with the
 * store's error.
 */
int customer_page(struct app *app, const struct customer *customer, const char *cursor,
		  size_t limit, int64_t deadline, struct json_object **answer, struct err *e);

#endif

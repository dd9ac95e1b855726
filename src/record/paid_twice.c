/* SPDX-License-Identifier: ISC */
/*
 * Two sessions of one quote that are both paid: the buyer has most likely paid the same
 * cart twice.  Both are orders, for Stripe has the money of both; whoever runs the shop
 * has to know.
 */
#include "record/paid_twice.h"

#include <string.h>

#include "base/log.h"
#include "shop/order_rank.h"

void warn_if_paid_twice(struct json_object *quote, struct json_object *stored,
			struct json_object *order)
{
	const char *id = json_string_or_null(order, "orderId");
	const char *first = json_string_or_null(quote, "orderId");

	if (!id || !first || strcmp(id, first) == 0 || !order_is_paid(order) ||
	    order_is_paid(stored))
		return;
	log_warning("A quote was paid twice", LOG_STR("orderId", id),
		    LOG_STR("orderNumber", json_string_or_null(order, "orderNumber")),
		    LOG_STR("firstOrderId", first),
		    LOG_STR("firstOrderNumber", json_string_or_null(quote, "orderNumber")));
}

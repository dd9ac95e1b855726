/* SPDX-License-Identifier: ISC */
/*
 * How far the payment of an order is.  A state climbs and never goes back.
 */
#ifndef ORDERSNAP_SHOP_ORDER_RANK_H
#define ORDERSNAP_SHOP_ORDER_RANK_H

#include "format/json.h"

enum order_rank {
	ORDER_RANK_PENDING,
	ORDER_RANK_FAILED,
	ORDER_RANK_COMPLETED, /* paid, whatever was refunded since */
};

/*
 * The rank of an order by its status.  One that says completed though its payment
 * has not come is pending: the Lambda functions called an order completed as soon
 * as Checkout was.
 */
enum order_rank order_rank_of(struct json_object *order);

/* Whether it was paid, whatever was refunded since. */
bool order_is_paid(struct json_object *order);

/* Stripe's payment_status, as an order or a session's item has it, in ours or in
 * one that the functions wrote; NULL where it is not known.  Borrowed. */
const char *order_payment_status(struct json_object *item);

/* The status of an order that is of the rank and nothing more. */
const char *order_rank_status(enum order_rank rank);

#endif

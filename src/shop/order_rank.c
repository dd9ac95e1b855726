/* SPDX-License-Identifier: ISC */
/*
 * The ranks of the statuses.
 */
#include "shop/order_rank.h"

#include <string.h>

/* Of each rank the first one is the status that it gives. */
static const struct {
	const char *status;
	enum order_rank rank;
} statuses[] = {
	{"pending", ORDER_RANK_PENDING},
	{"failed", ORDER_RANK_FAILED},
	{"completed", ORDER_RANK_COMPLETED},
	{"partially_refunded", ORDER_RANK_COMPLETED},
	{"refunded", ORDER_RANK_COMPLETED},
};

#define STATUSES (sizeof statuses / sizeof *statuses)

const char *order_payment_status(struct json_object *item)
{
	static const char *const keys[] = {"stripePaymentStatus", "paymentStatus",
					   "payment_status"};
	size_t i;

	for (i = 0; i < sizeof keys / sizeof *keys; i++)
		if (!str_empty(json_string_or_null(item, keys[i])))
			return json_string_or_null(item, keys[i]);
	return NULL;
}

enum order_rank order_rank_of(struct json_object *order)
{
	const char *status = json_string_or_null(order, "status");
	const char *payment = order_payment_status(order);
	size_t i;

	if (status && payment && strcmp(status, "completed") == 0 &&
	    strcmp(payment, "unpaid") == 0)
		return ORDER_RANK_PENDING;
	for (i = 0; status && i < STATUSES; i++)
		if (strcmp(statuses[i].status, status) == 0)
			return statuses[i].rank;
	return ORDER_RANK_PENDING;
}

bool order_is_paid(struct json_object *order)
{
	return order_rank_of(order) == ORDER_RANK_COMPLETED;
}

const char *order_rank_status(enum order_rank rank)
{
	size_t i = 0;

	while (statuses[i].rank != rank)
		i++;
	return statuses[i].status;
}

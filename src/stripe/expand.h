/* SPDX-License-Identifier: ISC */
/*
 * Getting objects with others expanded in them, also where not all of those can be had: by a
 * restricted key that was made before they were asked for, or of a Stripe that has moved one.
 *
 * Stripe refuses the whole call then (403, or 400).  It is made again with the least that
 * an order needs, and so are all calls of the client for the next ten minutes: a
 * key that was given the permission meanwhile is found out then.
 * https://docs.stripe.com/expand https://docs.stripe.com/keys/restricted-api-keys
 */
#ifndef ORDERSNAP_STRIPE_EXPAND_H
#define ORDERSNAP_STRIPE_EXPAND_H

#include "stripe/pages.h"

/* Two lists of expand[]= parameters, joined with &.  Only what the reference marks
 * as expandable may be in them, four levels at most: else Stripe answers 400. */
struct stripe_expansion {
	const char *all, *least;
};

int stripe_get_expanded(struct stripe_client *client, const char *prefix, const char *id,
			const struct stripe_expansion *expansion, int64_t deadline,
			struct json_object **object, struct err *e);

/* A page of a list, see stripe_get_page(); `path` has a query already. */
int stripe_get_page_expanded(struct stripe_client *client, const char *path,
			     const struct stripe_expansion *expansion,
			     const struct stripe_pages *pages, int64_t deadline,
			     struct stripe_page *page, struct err *e);

/* What belongs to a session's sale, but for its lines: a list ("data.") does not reach
 * their products, which would be a fifth level. */
#define STRIPE_EXPAND_SALE(data) \
	"expand[]=" data "payment_intent.latest_charge.balance_transaction" \
	"&expand[]=" data "payment_intent.latest_charge.refunds" \
	"&expand[]=" data "shipping_cost.shipping_rate" \
	"&expand[]=" data "discounts.coupon&expand[]=" data "discounts.promotion_code" \
	"&expand[]=" data "total_details.breakdown"

/* The same of one session, with the coupon of a promotion code: the session itself does not
 * name that one, and in a list it would be a fifth level. */
#define STRIPE_EXPAND_ONE_SALE \
	STRIPE_EXPAND_SALE("") "&expand[]=discounts.promotion_code.promotion.coupon"

#endif

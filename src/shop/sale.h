/* SPDX-License-Identifier: ISC */
/*
 * What of a sale an order holds as Stripe says it, beside its sums, lines and
 * state (shop/order.h): from the session who bought under which terms, from the
 * charge how it was paid, what it cost, and what was given back.
 *
 *     billingAddress, customerTaxIds [{type, value}], customerTaxExempt,
 *     customerBusinessName, customFields [{key, label, type, value}],
 *     consent {promotions, termsOfService}, locale, paymentLinkId, invoiceId, recoveredFrom,
 *     shippingRate {id, name, amount}, taxes [{name, rate, amount}],
 *     discounts [{code, promotionCodeId, couponId, name, amount}]
 *
 *     payment {type, brand, last4, wallet, receiptUrl}, amountFee, amountNet,
 *     settlementCurrency, refunds and disputes [{id, amount, currency, status, reason, createdAt}]
 *
 * https://docs.stripe.com/api/checkout/sessions/object
 * https://docs.stripe.com/api/charges/object
 */
#ifndef ORDERSNAP_SHOP_SALE_H
#define ORDERSNAP_SHOP_SALE_H

#include "format/json.h"

/* Sets what the session's JSON, of any API version, has and `order` lacks. */
void sale_set_session(struct json_object *order, struct json_object *session);

/* Takes over from another account of the order what Stripe calls the same discounts
 * and the same way of shipping: a key that may not read all gets their ids alone. */
void sale_keep_names(struct json_object *order, struct json_object *other);

/* Of an address in Stripe's words, {name, address: {line1, ...}}, what an order keeps
 * of it, to release; NULL where there is none. */
struct json_object *sale_address(struct json_object *details);

/* What is known of a charge; each borrowed or NULL. */
struct sale_charge {
	struct json_object *charge;
	struct json_object *refunds;  /* all of them; NULL: those that the charge embeds are all */
	struct json_object *disputes; /* NULL: not asked for */
};

/* Sets what the charge has in place of what stands. */
void sale_set_charge(struct json_object *order, const struct sale_charge *of);

#endif

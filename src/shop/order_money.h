/* SPDX-License-Identifier: ISC */
/*
 * What became of an order's money.  Each unit of the amount is in one part at most,
 * so that what remains is never below zero: what was not paid can't be given back,
 * and what was given back is not lost in a dispute once more.
 */
#ifndef ORDERSNAP_SHOP_ORDER_MONEY_H
#define ORDERSNAP_SHOP_ORDER_MONEY_H

#include <stdbool.h>
#include <stdint.h>

#include "format/json.h"

/* Minor units of the order's currency. */
struct order_money {
	int64_t amount;   /* or, where more was captured than that, what was captured */
	int64_t unpaid;   /* all of it while pending or failed; else what was not captured */
	int64_t refunded;
	int64_t lost;     /* by disputes that the bank decided for the buyer */
	int64_t disputed; /* withdrawn by disputes that are not decided: part of what remains */
};

/*
 * Fills *money from the order; false where it has no amount.
 *
 * A dispute takes its amount when it is opened, and keeps it if it is lost; an
 * inquiry (`warning_...`) takes none.  One may be about all of a charge of which a
 * part had been refunded: it can't take more than is left.  Its amount is in a
 * currency of its own: in the buyer's, or in that of the settlement, it counts as the
 * same share of the order; in one that nothing tells the rate of, it takes all.
 * https://docs.stripe.com/api/disputes/object
 */
bool order_money_of(struct json_object *order, struct order_money *money);

/*
 * Whether the lines come to the order's total: their subtotals to its subtotal, and
 * what they cost after discounts and tax, with the shipping and the tax that is in no
 * line (its own, or a fee on the delivery), to its amount.  If not, *lines is what they
 * come to and *total what the order says.  What can't be compared (no lines yet,
 * another currency) adds up.
 */
bool order_adds_up(struct json_object *order, int64_t *lines, int64_t *total);

#endif

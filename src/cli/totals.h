/* SPDX-License-Identifier: ISC */
/*
 * What a list of orders comes to, a sum for each currency.
 */
#ifndef ORDERSNAP_CLI_TOTALS_H
#define ORDERSNAP_CLI_TOTALS_H

#include <stdio.h>

#include "format/json.h"

#define TOTALS_CURRENCIES 200 /* Stripe has some 140 */
#define TOTALS_CODE 16        /* bytes of a currency's code, with the NUL */

struct totals_sum {
	char currency[TOTALS_CODE];
	int64_t amount, unpaid, refunded, lost, disputed; /* as of struct order_money */
	bool overflow; /* too much to be counted */
};

struct totals {
	int64_t orders;
	size_t n;
	bool more; /* there are more currencies than fit */
	struct totals_sum sums[TOTALS_CURRENCIES];
};

/* Begin with a totals of zeroes.  Of an order the parts of its money count
 * (shop/order_money.h). */
void totals_add(struct totals *t, struct json_object *order);

/* A line with the number of orders (`kind`, "" or "test ", is in front of that word), and
 * one a currency: the sum, and where they differ what of it is not paid, what was
 * refunded, what was lost in disputes, and what remains; and what of that is in
 * dispute. */
void totals_print(const struct totals *t, const char *kind, FILE *to);

#endif

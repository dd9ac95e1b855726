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
	int64_t amount, unpaid, refunded;
	bool overflow; /* too much to be counted */
};

struct totals {
	int64_t orders;
	size_t n;
	bool more; /* there are more currencies than fit */
	struct totals_sum sums[TOTALS_CURRENCIES];
};

/* Begin with a totals of zeroes.  Of an order the amount counts, which is as
 * well counted as unpaid where it is pending or failed, and what of it was
 * refunded. */
void totals_add(struct totals *t, struct json_object *order);

/* A line with the number of orders (`kind`, "" or "test ", is in front of that word), and one a currency: the sum, and where they
 * differ what of it is not paid, what was refunded, and what remains. */
void totals_print(const struct totals *t, const char *kind, FILE *to);

#endif

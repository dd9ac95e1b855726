/* SPDX-License-Identifier: ISC */
/*
 * Money as text, and in shares.  An amount is an integer in the currency's minor unit, as
 * Stripe sends it; how many decimals that means is Stripe's rule, not ISO's:
 * https://docs.stripe.com/currencies#zero-decimal
 */
#ifndef ORDERSNAP_SHOP_MONEY_H
#define ORDERSNAP_SHOP_MONEY_H

#include <stdint.h>

/* How many digits of an amount stand behind the point, 0, 2 or 3.  The code may
 * be in either case; NULL and one that nobody knows have 2.  ISK and UGX have 2
 * that are always 00: Stripe sends them so. */
int money_decimals(const char *currency);

/* For people: `1,234.50 EUR`, `8,500 JPY`, `-0.05 USD`; without a currency
 * (NULL or "") the number alone.  free() it. */
char *money_text(int64_t amount, const char *currency);

/* For programs: `1234.50`, with `.` and without separators or currency.
 * free() it. */
char *money_plain(int64_t amount, const char *currency);

/* What of `whole` falls to `part` of `all`: whole * part / all, exactly, towards 0.  `part` is
 * at most `all`, either sign; 0 where `all` is 0. */
int64_t money_share(int64_t whole, int64_t part, int64_t all);

#endif

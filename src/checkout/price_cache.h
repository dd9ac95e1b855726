/* SPDX-License-Identifier: ISC */
/*
 * Where prices are kept between two quotes: in the table, under the account and
 * mode of the Stripe key, so that test prices are never sold for live ones.
 */
#ifndef ORDERSNAP_CHECKOUT_PRICE_CACHE_H
#define ORDERSNAP_CHECKOUT_PRICE_CACHE_H

#include "app/app.h"

/* A price that is not there is remembered so long, or PRICE_CACHE_SECONDS if
 * that is less. */
#define PRICE_MISSING_SECONDS 60

/* The sort key of this shop's prices, to free(); NULL with ERR_UNAVAILABLE
 * where the Stripe key that it depends on can't be had. */
char *price_cache_sk(struct app *app, int64_t deadline, struct err *e);

/* Forgets the price of a quote's line: Stripe has refused it, so the next quote
 * asks.  What can't be deleted is logged; it ends by itself. */
void price_cache_drop(struct app *app, struct json_object *line, int64_t deadline);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * The quote: what a cart costs, signed, for a while.
 *
 * Its signature is HMAC-SHA256, in hex, over the canonical text of everything
 * that decides what is sold for how much until when, and a random number, so
 * that two buyers never share one.  It is the quote's name in the table and
 * the only thing that a browser brings back.
 *
 * Beside what is signed the item holds what the signed implies (amountSubtotal,
 * quoteCreatedAt, normalizedHash), and each line's name and stripeProductId, as the
 * signed price has them, for an order whose lines Stripe can't be asked for.
 *
 * A quote that nobody uses is kept an hour past its end, so that a late click
 * gets a 410 in place of "there is no such quote"; making a session of it keeps it as
 * long as that session's events may come.
 */
#ifndef ORDERSNAP_SHOP_QUOTE_H
#define ORDERSNAP_SHOP_QUOTE_H

#include "base/err.h"
#include "base/seconds.h"
#include "shop/cart.h"

#define QUOTE_NONCE_BYTES 16
#define QUOTE_LATE_SECONDS HOUR         /* a late click is told that the quote has expired */
#define QUOTE_REDELIVERY_SECONDS 259200 /* Stripe delivers an event for three days */

struct quote_input {
	const struct cart *cart;
	struct json_object *const *prices; /* of each line, as by price_item() */
	const char *secret;                /* QUOTE_SIGNATURE_SECRET */
	int64_t now;                       /* epoch seconds */
	int64_t ttl_minutes;               /* QUOTE_TTL_MINUTES */
	unsigned char nonce[QUOTE_NONCE_BYTES];
};

/* The quote's item, to release; NULL with ERR_BAD_REQUEST where currencies are
 * mixed, not the one wished for, or the sum is beyond all bounds. */
struct json_object *quote_new(const struct quote_input *input, struct err *e);

/* Until when the quote of a session has to be kept that can be paid until
 * `session_expires_at`: the session's events may come three days later. */
int64_t quote_kept_until(int64_t session_expires_at);

/* Whether the item is what was signed with this secret. */
bool quote_is_authentic(struct json_object *quote, const char *secret);

/* What a client gets to see of it; the caller releases it. */
struct json_object *quote_public(struct json_object *quote);

#endif

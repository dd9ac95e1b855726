/* SPDX-License-Identifier: ISC */
/*
 * Web addresses, as far as this program has to look into them (RFC 3986, only
 * http and https), and lists of origins (RFC 6454).
 */
#ifndef ORDERSNAP_BASE_URL_H
#define ORDERSNAP_BASE_URL_H

#include <stdbool.h>

#include "base/str.h"

/* The parts of an address; they point into the text that was parsed. */
struct url {
	struct span scheme; /* "http" or "https" */
	struct span host;   /* not empty; [..] for IPv6 */
	struct span port;   /* digits, or empty */
	struct span rest;   /* path, query and fragment: "" or from '/', '?' or '#' */
	bool has_user;      /* something stands before an @ in the authority */
};

/* 0, or -1 where it is not an absolute http(s) address of printable ASCII
 * without spaces, quotes, backslashes or angle brackets. */
int url_parse(struct span text, struct url *url);

/* The only name in braces that Stripe fills in:
 * https://docs.stripe.com/payments/checkout/custom-success-page */
#define URL_SESSION_ID "{CHECKOUT_SESSION_ID}"

/* Whether an address has braces that Stripe does not fill in: with another name between them, or
 * with the session's, but written as %7B and %7D.  `found` is then the first of them, with what is
 * between. */
bool url_has_other_braces(struct span address, struct span *found);

/* Whether an address begins with https:, in any case (RFC 3986 section 3.1). */
bool url_is_https(const char *address);

/* Whether the host is 127.0.0.0/8, [::1] or localhost. */
bool url_is_loopback(const struct url *url);

/* Whether both have the same scheme, host and port, the default port and the
 * host's case not counting. */
bool url_same_origin(const struct url *a, const struct url *b);

/* Takes the next entry off a list with commas or spaces between. */
bool url_next_origin(struct span *rest, struct span *origin);

/* Whether `url`'s origin is in the list.  "*" in the list matches none here. */
bool url_in_origins(const struct url *url, const char *list);

#endif

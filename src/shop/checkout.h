/* SPDX-License-Identifier: ISC */
/*
 * What a browser asks for when it goes to pay, and the parameters of the
 * Checkout Session that comes of it.
 * https://docs.stripe.com/api/checkout/sessions/create
 */
#ifndef ORDERSNAP_SHOP_CHECKOUT_H
#define ORDERSNAP_SHOP_CHECKOUT_H

#include "base/err.h"
#include "base/str.h"
#include "shop/checkout_request.h"

/*
 * Reads the body of POST /checkout/create-session.  `subject` is whom the site's
 * login names (a valid bearer token, or the web server), or NULL: it decides who
 * the user is, a userId that says otherwise is ERR_FORBIDDEN.  Without it userId is
 * taken as given, else the e-mail in lower case; ERR_UNAUTHORIZED where the policy
 * requires a login, and for a userId where there is one.
 * -1 with ERR_BAD_REQUEST naming the field for anything else.
 * checkout_request_free() in both cases.
 */
int checkout_read(struct json_object *body, const char *subject,
		  const struct checkout_policy *policy, struct checkout_request *request,
		  struct err *e);
void checkout_request_free(struct checkout_request *request);

/* Whether `text` can be the signature of a quote: 64 lower-case hex digits. */
bool checkout_is_signature(const char *text);

/*
 * When the session ends, in epoch seconds: told from the quote alone, so that
 * a double click sends the same request, and within Stripe's 30 minutes to 24
 * hours (five minutes' slack on both ends) while the quote is valid.
 */
int64_t checkout_expires_at(struct json_object *quote, const struct checkout_policy *policy);

/*
 * The form-encoded parameters: what the request asks for; over it what the owner has
 * decided, whose countries it may narrow and whose shipping options it may pick one
 * of; over both what is ordersnap's own.
 * -1 with ERR_BAD_REQUEST if they are too long, or have too much metadata.
 */
int checkout_form(const struct checkout_request *request, struct json_object *quote,
		  const struct checkout_policy *policy, struct buf *form, struct err *e);

#endif

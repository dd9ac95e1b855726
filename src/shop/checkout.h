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
#include "format/json.h"

/* What the owner allows and presets; strings are borrowed, NULL: not set. */
struct checkout_policy {
	const char *mode; /* "payment" */
	const char *success_url, *cancel_url;
	const char *return_origins; /* those that a client's URLs may be on */
	const char *cors_origins;   /* count too where return_origins is NULL */
	bool promotion_codes, automatic_tax;
	bool require_auth; /* no session without a login */
	bool has_login;    /* the site has one: a client's own userId is not believed */
	bool by_server;    /* that login is the web server's, not a bearer token */
	int64_t quote_ttl_minutes, session_ttl_minutes;
};

/* A request that was checked; strings and values are borrowed from the body,
 * but for user_id. */
struct checkout_request {
	const char *quote_signature;
	char *user_id;     /* whose order it will be; NULL: a guest without an address */
	const char *user_kind; /* metadata.userKind, who named the user: "user" the login,
				* "claimed" the client, "guest" the address alone; NULL
				* where user_id is */
	const char *email; /* or NULL */
	const char *success_url, *cancel_url; /* the latter may be NULL */
	bool promotion_codes, automatic_tax, phone;
	struct json_object *metadata;  /* or NULL */
	struct json_object *countries; /* that may be shipped to, or NULL */
};

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
 * hours (a minute's slack on both ends) while the quote is valid.
 */
int64_t checkout_expires_at(struct json_object *quote, const struct checkout_policy *policy);

/* The form-encoded parameters.  -1 with ERR_BAD_REQUEST if they are too long. */
int checkout_form(const struct checkout_request *request, struct json_object *quote,
		  const struct checkout_policy *policy, struct buf *form, struct err *e);

#endif

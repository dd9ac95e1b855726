/* SPDX-License-Identifier: ISC */
/*
 * A request for a Checkout Session as it was read, and what the shop's owner says to
 * all of them.
 */
#ifndef ORDERSNAP_SHOP_CHECKOUT_REQUEST_H
#define ORDERSNAP_SHOP_CHECKOUT_REQUEST_H

#include "format/json.h"

/* What the owner says of a question that a request may answer where he left it open. */
enum checkout_choice { CHECKOUT_OPEN, CHECKOUT_NO, CHECKOUT_YES };

/* What the owner allows and decides; strings are borrowed, NULL: not set. */
struct checkout_policy {
	const char *mode; /* "payment" */
	const char *success_url, *cancel_url;
	const char *return_origins; /* those that a client's URLs may be on */
	const char *cors_origins;   /* count too where return_origins is NULL */
	enum checkout_choice promotion_codes, automatic_tax;
	struct json_object *options; /* as by session_options_read(), borrowed; or NULL */
	bool require_auth; /* no session without a login */
	bool has_login;    /* the site has one: a client's own userId is not believed */
	bool by_server;    /* that login is the web server's, not a bearer token */
	int64_t session_ttl_minutes;
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
	const char *locale;            /* of Checkout's page, or NULL */
	struct json_object *rate;      /* the one of the owner's shipping options, or NULL */
	struct json_object *metadata;  /* or NULL */
	struct json_object *countries; /* that may be shipped to, or NULL */
};

#endif

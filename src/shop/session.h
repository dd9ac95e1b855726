/* SPDX-License-Identifier: ISC */
/*
 * What a Checkout Session says, whatever API version wrote it.
 *
 * This is the one place that knows where each version since 2020 keeps a thing;
 * behind it there is one shape.
 * https://docs.stripe.com/api/checkout/sessions/object
 */
#ifndef ORDERSNAP_SHOP_SESSION_H
#define ORDERSNAP_SHOP_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "format/json.h"

/* An amount in the currency's minor unit, or nothing. */
struct amount {
	bool known;
	int64_t value;
};

/* Strings and objects are borrowed from the session's JSON; NULL: not given. */
struct session {
	const char *id;
	int64_t created; /* epoch seconds, 0 in old versions */
	const char *mode; /* "payment", "subscription", "setup", never NULL */
	const char *payment_status;
	bool paid; /* paid, or nothing to pay */
	const char *payment_intent, *customer, *client_reference_id;
	const char *email, *phone, *name;
	struct amount total, subtotal, discount, tax, shipping;
	const char *currency;
	struct amount presentment; /* what the buyer saw, if in another currency */
	const char *presentment_currency;
	struct json_object *address;   /* shipping: {name, address: {...}} */
	struct json_object *metadata;
	struct json_object *json;  /* all of it, for shop/sale.h */
	struct json_object *older; /* another account of it that fills its gaps, or NULL */
	enum json_found livemode_given;
	bool livemode;
};

/* Reads a Checkout Session.  -1 with ERR_PAYLOAD where the JSON is none or has
 * an essential field (id, created, amounts, currency, metadata) of a type or
 * value that can't be. */
int session_read(struct json_object *json, struct session *session, struct err *e);

/* Whether it bears the signature of a quote, as those do that create-session
 * makes, and those that the Lambda functions made. */
bool session_has_quote(const struct session *session);

/* Fills what `session` does not know from `older`, another account of the same
 * session: an event's copy has what was taken out of the session since (a
 * person's details), or what the session lacks in its API version. */
void session_fill_gaps(struct session *session, const struct session *older);

/* The name of metadata that ordersnap itself puts on a session. */
bool metadata_is_ours(const char *key);
/* The name of metadata that a client of create-session can't set: ordersnap's own,
 * and `user_id`, which names the user where `userId` does not. */
bool metadata_is_reserved(const char *key);

#endif

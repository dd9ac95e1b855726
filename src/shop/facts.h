/* SPDX-License-Identifier: ISC */
/*
 * What an event and a Checkout Session say, whatever API version wrote them.
 *
 * Stripe renders an event in its endpoint's API version for ever, so all
 * shapes since 2020 arrive.  This is the one place that knows where each
 * version keeps a thing; behind it there is one shape.
 * https://docs.stripe.com/api/events/object
 * https://docs.stripe.com/api/checkout/sessions/object
 */
#ifndef ORDERSNAP_SHOP_FACTS_H
#define ORDERSNAP_SHOP_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "format/json.h"

enum event_kind {
	EVENT_OTHER,             /* nothing that ordersnap handles */
	EVENT_SESSION_COMPLETED, /* checkout.session.completed */
	EVENT_SESSION_SUCCEEDED, /* checkout.session.async_payment_succeeded */
	EVENT_SESSION_FAILED,    /* checkout.session.async_payment_failed */
	EVENT_SESSION_EXPIRED,   /* checkout.session.expired */
	EVENT_REFUND,            /* charge.refunded, refund.created, .updated, .failed */
	EVENT_DISPUTE,           /* charge.dispute.* */
};

/* All types that are handled, as an endpoint subscribes to them, up to NULL: those
 * of sessions first, then those of refunds and disputes. */
extern const char *const event_types[];
extern const char *const *const event_types_of_charges;

/* Strings and objects are borrowed from the event's JSON. */
struct event_facts {
	enum event_kind kind;
	const char *id;
	const char *type;           /* "" if it has none */
	const char *account;        /* whose event it is where it names one (a connected account's
				     * `account`, an organization's `context`), else NULL */
	bool thin;                  /* has no data: it only names its object */
	const char *related_id;     /* a thin event's related_object.id */
	int64_t created;            /* epoch seconds, 0 if not given */
	enum json_found livemode_given;
	bool livemode;
	struct json_object *object; /* data.object; NULL for EVENT_OTHER and thin events */
};

/* Reads an event: a snapshot event, or a thin one (`v2.core.event`, whose type
 * is that of its snapshot with `v1.` in front; type is then without it).  -1 with ERR_PAYLOAD where the JSON is no event. */
int event_read(struct json_object *json, struct event_facts *facts, struct err *e);

/* An amount in the currency's minor unit, or nothing. */
struct amount {
	bool known;
	int64_t value;
};

/* Strings and objects are borrowed from the session's JSON; NULL: not given. */
struct session_facts {
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
	enum json_found livemode_given;
	bool livemode;
};

/* Reads a Checkout Session.  -1 with ERR_PAYLOAD where the JSON is none or has
 * an essential field (id, created, amounts, currency, metadata) of a type or
 * value that can't be. */
int session_read(struct json_object *json, struct session_facts *facts, struct err *e);

/* Whether it bears the signature of a quote, as those do that create-session
 * makes, and those that the Lambda functions made. */
bool session_has_quote(const struct session_facts *facts);
/* Fills what `facts` does not know from `older`, another account of the same
 * session: an event's copy has what was taken out of the session since (a
 * person's details), or what the session lacks in its API version. */
void session_fill_gaps(struct session_facts *facts, const struct session_facts *older);

/* The name of metadata that ordersnap itself puts on a session. */
bool metadata_is_ours(const char *key);
/* The name of metadata that a client of create-session can't set: ordersnap's own,
 * and `user_id`, which names the user where `userId` does not. */
bool metadata_is_reserved(const char *key);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Looking back: the lists of what has happened, a page of up to a hundred a
 * call, newest first.
 */
#ifndef ORDERSNAP_STRIPE_LIST_H
#define ORDERSNAP_STRIPE_LIST_H

#include "stripe/get.h"

#define STRIPE_EVENTS_KEPT_DAYS 30 /* https://docs.stripe.com/api/events */

/* What part of a list. */
struct stripe_range {
	int64_t from, to;  /* `created`, epoch seconds, both included; 0: no bound */
	const char *after; /* the id to go on after; NULL: from the newest */
};

/* Sessions that are complete, each with its payment intent and that one's
 * latest charge expanded.
 * https://docs.stripe.com/api/checkout/sessions/list */
int stripe_complete_sessions(struct stripe_client *client, const struct stripe_range *range,
			     int64_t deadline, struct stripe_page *page, struct err *e);

/* One session, expanded in the same way. */
int stripe_session_with_charge(struct stripe_client *client, const char *id, int64_t deadline,
			       struct json_object **session, struct err *e);

/* Events of these types (up to NULL, at most 20); with `undelivered` those alone
 * that some endpoint has not taken yet.  Stripe keeps them for thirty days.
 * https://docs.stripe.com/api/events/list */
int stripe_events(struct stripe_client *client, const char *const *types, bool undelivered,
		  const struct stripe_range *range, int64_t deadline, struct stripe_page *page,
		  struct err *e);

/* The event with this id. https://docs.stripe.com/api/events/retrieve */
int stripe_event_retrieve(struct stripe_client *client, const char *id, int64_t deadline,
			  struct json_object **event, struct err *e);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Looking back: the lists of what has happened, a page of up to a hundred a
 * call, newest first.  stripe/pages.h reads them to their end.
 */
#ifndef ORDERSNAP_STRIPE_LIST_H
#define ORDERSNAP_STRIPE_LIST_H

#include "stripe/pages.h"

#define STRIPE_EVENTS_KEPT_DAYS 30 /* https://docs.stripe.com/api/events */

/* Sessions that are complete, each with its payment intent and that one's
 * latest charge expanded.
 * https://docs.stripe.com/api/checkout/sessions/list */
int stripe_complete_sessions(struct stripe_client *client, const struct stripe_pages *pages,
			     int64_t deadline, struct stripe_page *page, struct err *e);

/* One session, expanded in the same way. */
int stripe_session_with_charge(struct stripe_client *client, const char *id, int64_t deadline,
			       struct json_object **session, struct err *e);

/* The account's refunds, and its disputes; for what is older than the events.
 * https://docs.stripe.com/api/refunds/list
 * https://docs.stripe.com/api/disputes/list */
int stripe_refunds(struct stripe_client *client, const struct stripe_pages *pages,
		   int64_t deadline, struct stripe_page *page, struct err *e);
int stripe_disputes(struct stripe_client *client, const struct stripe_pages *pages,
		    int64_t deadline, struct stripe_page *page, struct err *e);

/* What the list of events is of. */
struct stripe_event_filter {
	const char *const *types; /* up to NULL, at most 20 */
	bool undelivered;         /* those alone that some endpoint has not taken yet */
};

/* Events; pages->of is a struct stripe_event_filter.  Stripe keeps them for thirty
 * days.  https://docs.stripe.com/api/events/list */
int stripe_events(struct stripe_client *client, const struct stripe_pages *pages,
		  int64_t deadline, struct stripe_page *page, struct err *e);

/* The event with this id. https://docs.stripe.com/api/events/retrieve */
int stripe_event_retrieve(struct stripe_client *client, const char *id, int64_t deadline,
			  struct json_object **event, struct err *e);

#endif

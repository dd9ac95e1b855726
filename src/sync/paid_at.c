/* SPDX-License-Identifier: ISC */
/*
 * Looking for the events that paid.  The one idea: an event is made within
 * moments of its charge, so the part of the list around the charges has them
 * all; only a delayed payment's comes later, and then there are few of its type.
 */
#include "sync/paid_at.h"

#include <string.h>

#include "base/clock.h"
#include "base/seconds.h"
#include "shop/charge.h"
#include "shop/event.h"
#include "stripe/list.h"

#define PAGES_MAX 10

/* Seconds before and behind a charge in which its session's event is looked for:
 * where it nearly always is, so that a crowded hour need not be read; then all
 * that it may take. */
static const struct {
	int64_t before, after;
	bool free_ones; /* sessions without a charge too: they have a day */
} passes[] = {{1, 3, false}, {5, 300, true}};

static const char *const both_types[] = {"checkout.session.completed",
					 "checkout.session.async_payment_succeeded", NULL};
static const char *const delayed_type[] = {"checkout.session.async_payment_succeeded", NULL};

struct search {
	struct stripe_client *stripe;
	struct paid_at *list;
	size_t n, open; /* sessions, and those that may still have an event */
	int64_t deadline;
	bool whole; /* the last range was looked through to its end */
};

/* When the payment's charge was made; 0 where there is none, as of a session that costs
 * nothing. */
static int64_t charged_at(const struct paid_at *p)
{
	return json_time_or(charge_of_session(p->json), "created", 0);
}

/* Newest first: of a session's events the first one that says paid counts.  One that says
 * not paid yet tells that the payment is a delayed one. */
static void look_at(struct search *s, struct json_object *json)
{
	struct session session;
	struct event event;
	struct paid_at *p = s->list, *end = s->list + s->n;

	if (event_read(json, &event, NULL) || !event.object ||
	    session_read(event.object, &session, NULL))
		return;
	while (p < end && strcmp(p->session->id, session.id) != 0)
		p++;
	if (p == end || p->time)
		return;
	p->delayed = !session.paid;
	if (session.paid) {
		p->time = event.created;
		s->open--;
	}
}

/* Looks at the events of a range of time, the first page at least, and more until each
 * session has its own; PAGES_MAX are enough for any but a crowded hour. */
static int search_range(struct search *s, const char *const *types, int64_t from, int64_t to,
			struct err *e)
{
	const struct stripe_event_filter filter = {types, false};
	struct stripe_pages pages = {.list = stripe_events, .of = &filter, .from = from, .to = to};
	struct json_object *events;
	int rc = 0, read = 0;
	size_t i;

	while (!rc && !pages.ended && (!read || (s->open && read < PAGES_MAX))) {
		rc = stripe_pages_next(&pages, s->stripe, s->deadline, &events, e);
		for (i = 0; !rc && i < json_object_array_length(events); i++)
			look_at(s, json_object_array_get_idx(events, i));
		json_object_put(events);
		read++;
	}
	s->whole = pages.ended;
	stripe_pages_end(&pages);
	return rc;
}

/* The time in which the event of one session is looked for in a pass; false: not in
 * this one, or it has been found, or there is none yet. */
static bool range_of(const struct paid_at *p, size_t pass, int64_t *from, int64_t *to)
{
	int64_t charged = charged_at(p);

	*from = charged ? charged - passes[pass].before : p->session->created;
	*to = charged ? charged + passes[pass].after : p->session->created + DAY;
	return !p->time && !p->delayed && (charged || passes[pass].free_ones);
}

/* Each pass looks through one range that holds those of all sessions, from the first to
 * the last; where that is too crowded for PAGES_MAX, through each session's own.  It does
 * not ask for events from before `kept`, which Stripe has forgotten. */
static int search(struct search *s, int64_t kept, struct err *e)
{
	int64_t from, to, first, last;
	size_t pass, i;

	for (pass = 0; pass < sizeof passes / sizeof *passes; pass++) {
		first = INT64_MAX;
		last = 0;
		for (i = 0; i < s->n; i++) {
			if (!range_of(&s->list[i], pass, &from, &to))
				continue;
			first = from < first ? from : first;
			last = to > last ? to : last;
		}
		if (last < kept)
			continue;
		if (search_range(s, both_types, first > kept ? first : kept, last, e))
			return -1;
		if (s->whole)
			continue;
		for (i = 0; i < s->n; i++)
			if (range_of(&s->list[i], pass, &from, &to) && to >= kept &&
			    search_range(s, both_types, from, to, e))
				return -1;
	}

	/* A delayed payment's event comes days later, up to now, and they are few. */
	first = INT64_MAX;
	for (i = 0; i < s->n; i++)
		if (s->list[i].delayed && charged_at(&s->list[i]) < first)
			first = charged_at(&s->list[i]);
	return first == INT64_MAX ? 0 : search_range(s, delayed_type, first, 0, e);
}

int paid_at_find(struct app *app, struct paid_at *list, size_t n, int64_t deadline, struct err *e)
{
	struct search s = {.stripe = app_stripe(app, deadline, e), .list = list, .n = n, .open = n,
			   .deadline = deadline};
	size_t i;

	if (!s.stripe)
		return -1;
	/* A key that may not read events is no reason to leave the orders out. */
	if (n && search(&s, clock_epoch() - STRIPE_EVENTS_KEPT_DAYS * DAY, e) && e->code != ERR_REFUSED)
		return -1;
	for (i = 0; i < n; i++) {
		if (!list[i].time)
			list[i].time = charge_paid_at(charge_of_session(list[i].json));
		if (!list[i].time)
			list[i].time = list[i].session->created;
	}
	return 0;
}

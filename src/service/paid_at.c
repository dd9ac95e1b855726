/* SPDX-License-Identifier: ISC */
/*
 * Looking for the events that paid.  The one idea: an event is made within
 * moments of its charge, so the part of the list around the charges has them
 * all; only a delayed payment's comes later, and then there are few of its type.
 */
#include "service/paid_at.h"

#include <string.h>

#include "shop/charge.h"
#include "stripe/list.h"

#define DAY 86400
#define BEFORE 5  /* seconds that the event's clock may be behind the charge's */
#define AFTER 300 /* and that the event may take */
#define PAGES_MAX 10

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

static int64_t charged_at(const struct paid_at *p)
{
	return json_int_or(charge_of_session(p->session), "created", 0);
}

static struct paid_at *find(const struct search *s, const char *session_id)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (strcmp(s->list[i].facts->id, session_id) == 0)
			return &s->list[i];
	return NULL;
}

/* Newest first: of a session's events the first one that says paid counts. */
static void look_at(struct search *s, struct json_object *json)
{
	struct session_facts session;
	struct event_facts event;
	struct paid_at *p;

	if (event_read(json, &event, NULL) || !event.object ||
	    session_read(event.object, &session, NULL))
		return;
	p = find(s, session.id);
	if (!p || p->time)
		return;
	p->delayed = !session.paid;
	if (session.paid) {
		p->time = event.created;
		s->open--;
	}
}

static int search_range(struct search *s, const char *const *types, int64_t from, int64_t to,
			struct err *e)
{
	struct stripe_page page = {.next = NULL};
	int rc, pages = 0;

	do {
		const struct stripe_range range = {.from = from, .to = to, .after = page.next};
		struct stripe_page next = {.data = NULL};
		size_t i;

		rc = stripe_events(s->stripe, types, false, &range, s->deadline, &next, e);
		for (i = 0; !rc && i < json_object_array_length(next.data); i++)
			look_at(s, json_object_array_get_idx(next.data, i));
		json_object_put(page.data);
		page = next;
	} while (!rc && s->open && page.next && ++pages < PAGES_MAX);
	s->whole = !page.next;
	json_object_put(page.data);
	return rc;
}

/* The time in which the event of one session must be. */
static void range_of(const struct paid_at *p, int64_t *from, int64_t *to)
{
	int64_t charged = charged_at(p);

	*from = charged ? charged - BEFORE : p->facts->created;
	*to = charged ? charged + AFTER : p->facts->created + DAY;
}

static int search_together(struct search *s, int64_t kept, int64_t *first, struct err *e)
{
	int64_t from, to, last = 0;
	size_t i;

	*first = INT64_MAX;
	for (i = 0; i < s->n; i++) {
		range_of(&s->list[i], &from, &to);
		*first = from < *first ? from : *first;
		last = to > last ? to : last;
	}
	*first = *first > kept ? *first : kept;
	s->whole = true;
	return last < kept ? 0 : search_range(s, both_types, *first, last, e);
}

/* What a crowded list did not show within a few pages. */
static int search_one_by_one(struct search *s, int64_t kept, struct err *e)
{
	int64_t from, to;
	size_t i;

	for (i = 0; i < s->n; i++) {
		range_of(&s->list[i], &from, &to);
		if (!s->list[i].time && to >= kept && search_range(s, both_types, from, to, e))
			return -1;
	}
	return 0;
}

static bool any_delayed(const struct search *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->list[i].delayed && !s->list[i].time)
			return true;
	return false;
}

static int search(struct search *s, int64_t kept, struct err *e)
{
	int64_t first;

	if (search_together(s, kept, &first, e) || (!s->whole && search_one_by_one(s, kept, e)))
		return -1;
	return any_delayed(s) ? search_range(s, delayed_type, first, 0, e) : 0;
}

int paid_at_find(struct app *app, struct paid_at *list, size_t n, int64_t now, int64_t deadline,
		 struct err *e)
{
	struct search s = {.stripe = app_stripe(app, deadline, e), .list = list, .n = n, .open = n,
			   .deadline = deadline};
	size_t i;

	if (!s.stripe)
		return -1;
	/* A key that may not read events is no reason to leave the orders out. */
	if (n && search(&s, now - STRIPE_EVENTS_KEPT_DAYS * DAY, e) && e->code != ERR_REFUSED)
		return -1;
	for (i = 0; i < n; i++)
		if (!list[i].time)
			list[i].time = charged_at(&list[i]) ? charged_at(&list[i])
							   : list[i].facts->created;
	return 0;
}

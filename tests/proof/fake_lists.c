/* SPDX-License-Identifier: ISC */
/*
 * Stripe's lists: every function of stripe/list.h, in the place of the
 * library's, answered from the truth as it is at that moment, newest first.  What is asked
 * ahead is asked when it is taken.
 */
#include "stripe/list.h"

#include <string.h>

#include "fake_stripe.h"

#define EVENTS_A_PAGE 4 /* fewer than Stripe's, so that there are several */

/* Another session that is complete, and newer: one that is none of ours. */
#define STRANGER_ID "cs_test_strangerSTRANGER"
#define STRANGER_CREATED (EPOCH + 10)

static bool is_in(const struct stripe_pages *range, int64_t created)
{
	return (!range->from || created >= range->from) && (!range->to || created <= range->to);
}

static int page_of(struct buf *text, const char *next, struct stripe_page *page, struct err *e)
{
	if (fake_answer(text, &page->data, e))
		return -1;
	page->next = next;
	return 0;
}

int stripe_complete_sessions(struct stripe_client *client, const struct stripe_pages *range,
			     int64_t deadline, struct stripe_page *page, struct err *e)
{
	bool stranger = world->limits.pages && !range->after && is_in(range, STRANGER_CREATED);
	const struct truth *t;
	struct buf text;

	(void)client;
	(void)deadline;
	if (!page)
		return 0;
	if (fake_ask("complete sessions", range->after ? range->after : "the newest", e))
		return -1;
	t = world_truth();
	buf_init(&text, ANSWER_MAX);
	buf_puts(&text, "[");
	if (stranger)
		buf_printf(&text, "{\"id\":\"" STRANGER_ID "\",\"object\":\"checkout.session\","
			   "\"created\":%d,\"mode\":\"subscription\",\"status\":\"complete\","
			   "\"payment_status\":\"paid\",\"payment_intent\":null}", STRANGER_CREATED);
	else if (t->sold && is_in(range, EPOCH))
		put_session_with_charge(&text, world->history, t);
	buf_puts(&text, "]");
	return page_of(&text, stranger ? STRANGER_ID : NULL, page, e);
}

int stripe_session_with_charge(struct stripe_client *client, const char *id, int64_t deadline,
			       struct json_object **session, struct err *e)
{
	struct buf text;

	(void)client;
	(void)deadline;
	if (fake_ask("session and its charge", id, e))
		return -1;
	if (strcmp(id, SESSION_ID) != 0)
		return fake_missing(id, e);
	buf_init(&text, ANSWER_MAX);
	put_session_with_charge(&text, world->history, world_truth());
	return fake_answer(&text, session, e);
}

static bool is_wanted(const struct proof_event *event, const char *const *types,
		      const struct stripe_pages *range)
{
	int64_t created;
	size_t i;

	/* A step's events are made in its minute. */
	created = step_time(event->since - 1);
	if (event->unlisted || event->since > world->time || !is_in(range, created))
		return false;
	for (i = 0; types[i] && strcmp(types[i], event->type) != 0; i++)
		;
	return types[i];
}

/* How many of the events are before the one to go on after. */
static size_t events_before(const char *after)
{
	size_t n = world->events->n;

	while (after && n && strcmp(world->events->list[n - 1].id, after) != 0)
		n--;
	return after && n ? n - 1 : n;
}

int stripe_events(struct stripe_client *client, const struct stripe_pages *range,
		  int64_t deadline, struct stripe_page *page, struct err *e)
{
	const char *const *types = ((const struct stripe_event_filter *)range->of)->types;
	const char *last = NULL, *next = NULL;
	struct buf text;
	size_t i, n = 0;

	(void)client;
	(void)deadline;
	if (fake_ask("events", types[0], e))
		return -1;
	buf_init(&text, ANSWER_MAX);
	buf_puts(&text, "[");
	for (i = events_before(range->after); i && !next; i--) {
		const struct proof_event *event = &world->events->list[i - 1];

		if (!is_wanted(event, types, range))
			continue;
		if (n == EVENTS_A_PAGE) {
			next = last;
			break;
		}
		buf_printf(&text, "%s%s", n++ ? "," : "", event->listed);
		last = event->id;
	}
	buf_puts(&text, "]");
	return page_of(&text, next, page, e);
}

/* No window of a history is as old as that. */
static int refuse_old(const char *what, struct err *e)
{
	world_fail("%s are listed, though the events tell of all", what);
	return err_set(e, ERR_REFUSED, "no %s", what);
}

int stripe_refunds(struct stripe_client *client, const struct stripe_pages *range,
		   int64_t deadline, struct stripe_page *page, struct err *e)
{
	(void)client, (void)range, (void)deadline, (void)page;
	return refuse_old("refunds", e);
}

int stripe_disputes(struct stripe_client *client, const struct stripe_pages *range,
		    int64_t deadline, struct stripe_page *page, struct err *e)
{
	(void)client, (void)range, (void)deadline, (void)page;
	return refuse_old("disputes", e);
}

int stripe_event_retrieve(struct stripe_client *client, const char *id, int64_t deadline,
			  struct json_object **event, struct err *e)
{
	struct buf text;
	size_t i;

	(void)client;
	(void)deadline;
	if (fake_ask("event", id, e))
		return -1;
	for (i = 0; i < world->events->n; i++) {
		if (strcmp(world->events->list[i].id, id) != 0)
			continue;
		buf_init(&text, ANSWER_MAX);
		buf_puts(&text, world->events->list[i].listed);
		return fake_answer(&text, event, e);
	}
	return fake_missing(id, e);
}

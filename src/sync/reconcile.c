/* SPDX-License-Identifier: ISC */
/*
 * Reconciling.  The one idea: compute the order that there should be with the
 * rules of shop/, and look whether it is what stands.  Looking needs no care;
 * repairing reads, asks and decides again, for itself.
 */
#include "sync/reconcile.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/seconds.h"
#include "record/ask_charge.h"
#include "sync/paid_at.h"
#include "sync/reconcile_read.h"
#include "sync/retry.h"
#include "record/record_session.h"
#include "record/subject.h"
#include "orders/pending.h"
#include "shop/keys.h"
#include "shop/item_keys.h"
#include "shop/charge.h"
#include "shop/order.h"
#include "shop/order_rank.h"
#include "stripe/list.h"

#define SOURCE "sync"
#define LET_IN 10 /* sessions, after which the next page's bytes are let in */

/* The run that set a session aside has waited for it: the next ones try each call once. */
static struct retry retry_of(const struct reconcile *r)
{
	struct retry retry = reconcile_retry(r);

	retry.tries = r->retrying ? RETRY_TRIES - 1 : 0;
	return retry;
}

/* --- what is looked at ------------------------------------------------------------ */

/* Reads a session, and says whether there should be an order for it: not where it is no
 * payment, where its order would have expired, or where it can't be read. */
static void read_candidate(struct reconcile *r, struct candidate *c, struct json_object *json,
			   int64_t now)
{
	struct err e;

	c->json = json;
	c->skip = true;
	c->left = reconcile_leaves(r, json_string_or_null(json, "id"));
	if (c->left)
		return;
	if (session_read(json, &c->session, &e)) {
		reconcile_set_aside(r, json_string_or_null(json, "id"), e.text);
		return;
	}
	c->kind = payment_has_failed(json) ? EVENT_SESSION_FAILED : EVENT_SESSION_COMPLETED;
	c->skip = strcmp(c->session.mode, "payment") != 0 ||
		  order_has_expired(c->session.created, r->app->config.order_ttl_days, now);
	if (c->skip)
		r->state->counts.skipped++;
	else
		item_keys_init(&c->keys, NULL, &c->session, r->app->config.order_number_prefix,
			       now);
}

/* --- whether it differs ----------------------------------------------------------- */

/* Whether the order should say when it was paid, and does not. */
static bool lacks_time(const struct candidate *c)
{
	return c->session.paid && !json_string_or_null(c->order, "completedAt");
}

/* Whether the order that stands is not what the session and its charge make of it.
 * 1: it differs, 0: it does not, -1 with `e`: that could not be found out. */
static int differs(struct reconcile *r, const struct candidate *c, struct err *e)
{
	const struct order_input input = {
		.stored = c->order, .session = &c->session, .asked = true, .kind = c->kind,
		.pk = c->keys.pk[ITEM_ORDER], .sk = c->keys.sk[ITEM_ORDER],
		.number = c->keys.number, .user_id = c->keys.user_id, .source = SOURCE,
		.created = c->keys.created, .now = clock_epoch(),
		.ttl_days = r->app->config.order_ttl_days,
	};
	struct sale_charge asked = {.charge = NULL};
	struct json_object *order, *expected;
	bool same;

	/* What needs no computing: it is not there, or what it lacks is known. */
	if (!c->order || c->astray || order_needs_lines(c->order) || order_is_unconfirmed(c->order) ||
	    lacks_time(c))
		return 1;

	asked.charge = json_object_get(charge_of_session(c->json));
	if (ask_rest_of_charge(r->app, deadline_in(RETRY_CALL_MS), &asked, e)) {
		asked_charge_free(&asked);
		return -1;
	}
	order = order_apply_session(&input);
	expected = order_take_charge(order, &asked, false, input.now, e);
	asked_charge_free(&asked);
	json_object_put(order);
	if (!expected) {
		stripe_unreadable(e);
		return -1;
	}
	same = order_same(expected, c->order);
	json_object_put(expected);
	return same ? 0 : 1;
}

/* When the orders that don't say so were paid. */
static int find_times(struct reconcile *r, struct candidate *list, size_t n, struct err *e)
{
	struct paid_at times[RECONCILE_MAX];
	struct retry retry = reconcile_retry(r);
	size_t at[RECONCILE_MAX], i, wanted = 0;
	int64_t deadline;
	int rc;

	for (i = 0; i < n; i++) {
		if (list[i].skip || !lacks_time(&list[i]) ||
		    (!list[i].order && !record_takes(r->app, &list[i].session)))
			continue;
		times[wanted] = (struct paid_at){.json = list[i].json, .session = &list[i].session};
		at[wanted++] = i;
	}
	if (!wanted)
		return 0;
	do {
		deadline = deadline_in(RETRY_CALL_MS);
		rc = paid_at_find(r->app, times, wanted, deadline, e);
	} while (rc && retry_again(&retry, e));
	for (i = 0; !rc && i < wanted; i++)
		list[at[i]].paid_at = times[i].time;
	return rc;
}

/* --- repairing --------------------------------------------------------------------- */

static bool is_pending(struct json_object *order)
{
	const char *status = json_string_or_null(order, "status");

	return status && strcmp(status, "pending") == 0;
}

/* Counts one that needed no repair; it may wait for its payment. */
static void count_in_order(struct reconcile *r, struct json_object *order)
{
	r->state->counts.in_order++;
	if (is_pending(order))
		r->state->counts.waiting++;
}

/* It is as it should be now.  If that is pending, its day is looked at again when
 * it is older than the windows. */
static void note_done(struct reconcile *r, const char *session_id, struct json_object *order)
{
	int64_t created;

	sync_aside_remove(r->state->aside, session_id);
	if ((is_pending(order) || order_needs_lines(order)) &&
	    key_order_created(json_string_or_null(order, "SK"), &created) == 0)
		pending_days_add(r->state->pending_days, created);
}

/* Counts and tells what an order has differed in, by what was found and written. */
static void count_difference(struct reconcile *r, const struct candidate *c,
			     const struct record_outcome *out)
{
	struct difference d = {.kind = DIFFERENCE_STALE, .session_id = c->session.id,
			       .before = out->before, .after = out->after,
			       .astray = out->astray};
	int64_t *count = &r->state->counts.stale;

	if (!out->before) {
		d.kind = DIFFERENCE_MISSING;
		count = &r->state->counts.missing;
	} else if (order_same(out->before, out->after)) {
		/* Somebody else has repaired it meanwhile. */
		if (!d.astray) {
			count_in_order(r, out->after);
			return;
		}
		d.kind = DIFFERENCE_POINTERS;
		count = &r->state->counts.pointers;
	} else if (order_needs_lines(out->before) ||
		   (is_pending(out->before) && !is_pending(out->after))) {
		d.kind = DIFFERENCE_PENDING;
		count = &r->state->counts.pending;
	}
	++*count;
	r->listener->difference(r->listener->context, &d);
}

/* Lets the webhook's own path bring the order in order.  How often it was tried is in `retry`. */
static int record(struct reconcile *r, const struct candidate *c, struct record_outcome *out,
		  struct retry *retry, struct err *e)
{
	const struct event event = {.kind = c->kind, .type = ""};
	struct record_run run = {.app = r->app, .source = SOURCE, .dry_run = r->dry_run};
	const struct record_request request = {
		.event = &event, .session = &c->session,
		.paid_at = c->paid_at, .unmarked = true,
	};
	int rc;

	do {
		run.now = clock_epoch();
		run.deadline = deadline_in(RETRY_CALL_MS);
		rc = record_session(&run, &request, out, e);
	} while (rc && retry_again(retry, e));
	return rc;
}

/* Of a payment that came since the list was read it is not known yet when.  What the order was before
 * is the first outcome's. */
static int record_time(struct reconcile *r, const struct candidate *c, struct record_outcome *out,
		       struct err *e)
{
	struct candidate again = {.kind = c->kind, .order = out->after};
	struct record_outcome timed = {.marker = NULL};
	struct retry retry = retry_of(r);
	int rc;

	if (r->dry_run || out->ignored || !order_is_paid(out->after) ||
	    json_string_or_null(out->after, "completedAt"))
		return 0;
	rc = retry_ask(retry, stripe_session_with_charge, c->session.id, &again.json, e);
	if (!rc)
		rc = session_read(again.json, &again.session, e);
	if (!rc)
		rc = find_times(r, &again, 1, e);
	if (!rc)
		rc = record(r, &again, &timed, &retry, e);
	json_object_put(again.json);
	if (timed.after) {
		json_object_put(out->after);
		out->after = json_object_get(timed.after);
	}
	record_outcome_free(&timed);
	return rc;
}

/* Repairs one, and tells what that changed. */
static void repair(struct reconcile *r, const struct candidate *c, struct err *e)
{
	struct record_outcome out = {.marker = NULL};
	struct retry retry = retry_of(r);
	const char *source;
	int rc;

	subject_session(c->session.id, r->app->config.order_number_prefix);
	rc = record(r, c, &out, &retry, e);
	if (!rc)
		rc = record_time(r, c, &out, e);
	if (rc) {
		record_outcome_free(&out);
		reconcile_fail(r, c->session.id, e);
		return;
	}
	r->failures = 0;

	/* It is none of ours, or no payment after all. */
	if (out.ignored) {
		sync_aside_remove(r->state->aside, c->session.id);
		r->state->counts.skipped++;
		return;
	}
	note_done(r, c->session.id, out.after);

	/* A try that got no line items has written the order without them: the one that
	 * completes it is still of an order that was missing. */
	source = json_string_or_null(out.before, "source");
	if (retry.tries && !c->order && source && strcmp(source, SOURCE) == 0) {
		json_object_put(out.before);
		out.before = NULL;
	}
	if (!order_same(out.before, out.after) || !order_needs_lines(out.after))
		count_difference(r, c, &out);
	if (order_needs_lines(out.after))
		reconcile_set_aside(r, c->session.id, "Stripe refuses its line items, see the log");
	record_outcome_free(&out);
}

/* Looks at one after the other, and repairs what differs. */
static int look_at_all(struct reconcile *r, const struct candidate *list, size_t n, struct err *e)
{
	const struct reconcile_listener *l = r->listener;
	const char *prefix = r->app->config.order_number_prefix;
	size_t i;

	for (i = 0; i < n && !reconcile_stops(r); i++) {
		const struct candidate *c = &list[i];
		struct retry retry = retry_of(r);
		int found = 0;

		if (i % LET_IN == 0 && r->app->stripe_opened)
			stripe_let_in(r->app->stripe_opened);
		r->state->counts.sessions += !c->left;
		if (!c->skip) {
			if (charge_matters(c->order, charge_of_session(c->json)))
				reconcile_remember_charge(r, c->session.id);
			do {
				found = differs(r, c, e);
				if (found < 0)
					subject_session(c->session.id, prefix);
			} while (found < 0 && retry_again(&retry, e));
			if (found < 0) {
				reconcile_fail(r, c->session.id, e);
			} else if (found) {
				repair(r, c, e);
			} else {
				note_done(r, c->session.id, c->order);
				count_in_order(r, c->order);
			}
			if (found)
				subject_event(NULL);
		}
		if (reconcile_gives_up(r))
			return -1;
		l->looked_at(l->context, &r->state->counts, json_time_or(c->json, "created", 0));
	}
	return 0;
}

int reconcile_sessions(struct reconcile *r, struct json_object *sessions, struct err *e)
{
	size_t i, k, n = json_object_array_length(sessions);
	struct candidate *list;
	int64_t now = clock_epoch();
	int rc;

	if (n > RECONCILE_MAX)
		return err_set(e, ERR_UNAVAILABLE, "Stripe's page has %zu sessions, more "
			       "than were asked for", n);

	/* What there should be, and what stands. */
	list = mem_zalloc(n + 1, sizeof *list);
	for (i = 0; i < n; i++)
		read_candidate(r, &list[i], json_object_array_get_idx(sessions, i), now);
	rc = reconcile_read_orders(r, list, n, e);
	if (!rc)
		rc = reconcile_read_beside(r, list, n, e);
	/* Where they differ, the one is made of the other. */
	if (!rc)
		rc = find_times(r, list, n, e);
	if (!rc)
		rc = look_at_all(r, list, n, e);
	for (i = 0; i < n; i++) {
		item_keys_free(&list[i].keys);
		for (k = 0; k < ITEM_KINDS; k++)
			json_object_put(list[i].items[k]);
	}
	free(list);
	return rc;
}

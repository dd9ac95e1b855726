/* SPDX-License-Identifier: ISC */
/*
 * Reconciling.  The one idea: compute the order that there should be with the
 * rules of shop/, and look whether it is what stands.  Looking needs no care;
 * mending reads, asks and decides again, for itself.
 */
#include "sync/reconcile.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "record/ask_charge.h"
#include "sync/paid_at.h"
#include "sync/patience.h"
#include "record/settle.h"
#include "shop/settle_keys.h"
#include "shop/charge.h"
#include "shop/order.h"

#define DAY 86400
#define SOURCE "sync"
#define CHARGED_MAX 20000 /* sessions that are remembered: a few megabytes */
#define FAILURES_MAX 3 /* one after the other: then it is not the session */

/* One session, and the order that it should have. */
struct candidate {
	struct json_object *json; /* borrowed */
	struct session_facts session;
	struct settle_keys keys;
	enum event_kind kind;
	struct json_object *order; /* as it stands, or NULL; owned */
	int64_t paid_at;           /* found where the order lacks it, else 0 */
	bool skip;                 /* there should be none */
	bool look_up;              /* read its item now */
};

bool reconcile_stops(const struct reconcile_listener *listener)
{
	return listener->stop(listener->context);
}

struct patience reconcile_patience(const struct reconcile_listener *listener)
{
	return (struct patience){.stop = listener->stop, .context = listener->context};
}

/* --- what is looked at ------------------------------------------------------------ */

static void tell(const struct reconcile *r, const struct difference *difference)
{
	r->listener->difference(r->listener->context, difference);
}

static void tell_error(struct reconcile *r, const char *session_id, const char *text)
{
	const struct difference d = {.kind = DIFFERENCE_ERROR, .session_id = session_id,
				     .error = text};

	r->counts->errors++;
	log_error("Failed to reconcile", LOG_STR("sessionId", session_id), LOG_STR("error", text));
	tell(r, &d);
}

/* An order of that age has expired, or will be gone at its next look. */
static bool has_expired(const struct app *app, int64_t created, int64_t now)
{
	int64_t days = app->config.order_ttl_days;

	return days > 0 && created + days * DAY <= now;
}

static void read_candidate(struct reconcile *r, struct candidate *c, struct json_object *json,
			   int64_t now)
{
	struct err e;

	c->json = json;
	c->skip = true;
	if (session_read(json, &c->session, &e)) {
		tell_error(r, json_string_or_null(json, "id"), e.text);
		return;
	}
	c->kind = payment_has_failed(json) ? EVENT_SESSION_FAILED : EVENT_SESSION_COMPLETED;
	c->skip = strcmp(c->session.mode, "payment") != 0 ||
		  has_expired(r->app, c->session.created, now);
	if (c->skip)
		r->counts->skipped++;
	else
		settle_keys_init(&c->keys, NULL, &c->session, r->app->config.order_number_prefix,
				 now);
}

/* Reads item `which` of each candidate that is to be looked up, patiently; a
 * call of the store for all.  items[i] is that of list[i], or NULL. */
static int read_items(struct reconcile *r, const struct candidate *list, size_t n,
		      enum settle_item which, struct json_object **items, struct err *e)
{
	struct json_object *found[RECONCILE_MAX];
	struct store_key keys[RECONCILE_MAX];
	size_t at[RECONCILE_MAX], i, wanted = 0;
	int rc;

	memset(items, 0, n * sizeof *items);
	for (i = 0; i < n; i++) {
		if (!list[i].look_up)
			continue;
		keys[wanted] = (struct store_key){list[i].keys.pk[which], list[i].keys.sk[which]};
		at[wanted++] = i;
	}
	if (!wanted)
		return 0;
	rc = patience_get_many(r->app, reconcile_patience(r->listener), keys, wanted, found, e);
	for (i = 0; !rc && i < wanted; i++)
		items[at[i]] = found[i];
	return rc;
}

static int read_orders(struct reconcile *r, struct candidate *list, size_t n, struct err *e)
{
	struct json_object *items[RECONCILE_MAX];
	size_t i;

	if (read_items(r, list, n, SETTLE_ORDER, items, e))
		return -1;
	for (i = 0; i < n; i++)
		if (list[i].look_up)
			list[i].order = items[i];
	return 0;
}

/* An order that is not where it should be may be where its session's item says:
 * the Lambda functions put the time of processing into the key. */
static int follow_sessions(struct reconcile *r, struct candidate *list, size_t n, struct err *e)
{
	struct json_object *items[RECONCILE_MAX];
	size_t i;

	for (i = 0; i < n; i++)
		list[i].look_up = !list[i].skip && !list[i].order;
	if (read_items(r, list, n, SETTLE_SESSION, items, e))
		return -1;
	for (i = 0; i < n; i++) {
		list[i].look_up = items[i] && settle_keys_from_session(&list[i].keys, items[i]);
		json_object_put(items[i]);
	}
	return read_orders(r, list, n, e);
}

/* --- whether it differs ----------------------------------------------------------- */

/* The order that the session and its charge make of the one that stands; NULL
 * where the charge can't be had. */
static struct json_object *expected_order(struct reconcile *r, const struct candidate *c,
					  struct err *e)
{
	const struct order_input input = {
		.stored = c->order, .session = &c->session, .kind = c->kind,
		.pk = c->keys.pk[SETTLE_ORDER], .sk = c->keys.sk[SETTLE_ORDER],
		.number = c->keys.number, .user_id = c->keys.user_id, .source = SOURCE,
		.created = c->keys.created, .now = clock_epoch(),
		.ttl_days = r->app->config.order_ttl_days,
	};
	struct json_object *charge = charge_of_session(c->json), *order, *with = NULL;
	struct asked_charge asked = {.charge = json_object_get(charge)};
	struct charge_facts facts;

	order = order_apply_session(&input);
	if (!charge || !charge_matters(c->order, charge))
		with = json_object_get(order);
	else if (ask_disputes_if_any(r->app, deadline_in(PATIENCE_CALL_MS), &asked, e) == 0 &&
		 charge_read(charge, &facts, e) == 0)
		with = order_apply_charge(order, &facts, dispute_latest(asked.disputes), input.now);
	asked_charge_free(&asked);
	json_object_put(order);
	return with;
}

static bool lacks_time(const struct candidate *c)
{
	return c->session.paid && !json_string_or_null(c->order, "completedAt");
}

/* 1: it differs, 0: it does not, -1 with `e`: that could not be found out. */
static int differs(struct reconcile *r, const struct candidate *c, struct err *e)
{
	struct json_object *expected;
	bool same;

	if (!c->order || order_needs_lines(c->order) || lacks_time(c))
		return 1;
	expected = expected_order(r, c, e);
	if (!expected)
		return -1;
	same = order_same(expected, c->order);
	json_object_put(expected);
	return same ? 0 : 1;
}

/* When the orders that don't say so were paid. */
static int find_times(struct reconcile *r, struct candidate *list, size_t n, struct err *e)
{
	struct paid_at times[RECONCILE_MAX];
	struct patience patience = reconcile_patience(r->listener);
	size_t at[RECONCILE_MAX], i, wanted = 0;
	int64_t deadline;
	int rc;

	for (i = 0; i < n; i++) {
		if (list[i].skip || !lacks_time(&list[i]))
			continue;
		times[wanted] = (struct paid_at){.session = list[i].json, .facts = &list[i].session};
		at[wanted++] = i;
	}
	if (!wanted)
		return 0;
	do {
		deadline = deadline_in(PATIENCE_CALL_MS);
		rc = paid_at_find(r->app, times, wanted, clock_epoch(), deadline, e);
	} while (rc && patience_again(&patience, e));
	for (i = 0; !rc && i < wanted; i++)
		list[at[i]].paid_at = times[i].time;
	return rc;
}

/* --- mending ------------------------------------------------------------------------ */

static int mend_once(struct reconcile *r, const struct candidate *c, struct settle_outcome *out,
		     struct err *e)
{
	const struct event_facts event = {.kind = c->kind, .type = ""};
	const struct settle_request request = {
		.event = &event, .session = &c->session, .source = SOURCE,
		.paid_at = c->paid_at, .charge = charge_of_session(c->json), .unmarked = true,
		.dry_run = r->dry_run,
		.now = clock_epoch(), .deadline = deadline_in(PATIENCE_CALL_MS),
	};

	return settle_session(r->app, &request, out, e);
}

static bool is_pending(struct json_object *order)
{
	const char *status = json_string_or_null(order, "status");

	return status && strcmp(status, "pending") == 0;
}

static enum difference_kind kind_of(const struct settle_outcome *out)
{
	if (!out->before)
		return DIFFERENCE_MISSING;
	if (order_needs_lines(out->before) || (is_pending(out->before) && !is_pending(out->after)))
		return DIFFERENCE_PENDING;
	return DIFFERENCE_STALE;
}

static void count_in_order(struct reconcile *r, struct json_object *order)
{
	r->counts->in_order++;
	if (is_pending(order))
		r->counts->waiting++;
}

static void count_difference(struct reconcile *r, const struct candidate *c,
			     const struct settle_outcome *out)
{
	const struct difference d = {.kind = kind_of(out), .session_id = c->session.id,
				     .before = out->before, .after = out->after};
	int64_t *const counts[] = {
		[DIFFERENCE_MISSING] = &r->counts->missing,
		[DIFFERENCE_STALE] = &r->counts->stale,
		[DIFFERENCE_PENDING] = &r->counts->pending,
	};

	/* Somebody else has mended it meanwhile. */
	if (out->before && order_same(out->before, out->after)) {
		count_in_order(r, out->after);
		return;
	}
	++*counts[d.kind];
	tell(r, &d);
}

static void fail(struct reconcile *r, const struct candidate *c, const struct err *e)
{
	r->failures += e->code == ERR_UNAVAILABLE;
	tell_error(r, c->session.id, e->text);
}

/* A try that got no line items has written the order without them: the one that
 * completes it is still of an order that was missing. */
static void forget_own(struct settle_outcome *out)
{
	const char *source = json_string_or_null(out->before, "source");

	if (!source || strcmp(source, SOURCE) != 0)
		return;
	json_object_put(out->before);
	out->before = NULL;
}

static void mend(struct reconcile *r, const struct candidate *c, struct err *e)
{
	struct settle_outcome out = {.marker = NULL};
	struct patience patience = reconcile_patience(r->listener);
	int rc;

	do
		rc = mend_once(r, c, &out, e);
	while (rc && patience_again(&patience, e));
	if (rc) {
		fail(r, c, e);
		return;
	}
	r->failures = 0;
	if (patience.tries && !c->order)
		forget_own(&out);
	if (!order_same(out.before, out.after) || !order_needs_lines(out.after))
		count_difference(r, c, &out);
	if (order_needs_lines(out.after))
		tell_error(r, c->session.id, "Stripe refuses its line items, see the log");
	settle_outcome_free(&out);
}

static void look_at(struct reconcile *r, const struct candidate *c, struct err *e)
{
	struct patience patience = reconcile_patience(r->listener);
	int found;

	do
		found = differs(r, c, e);
	while (found < 0 && patience_again(&patience, e));
	if (found < 0)
		fail(r, c, e);
	else if (found)
		mend(r, c, e);
	else
		count_in_order(r, c->order);
}

static void remember_charge(struct reconcile *r, const struct candidate *c)
{
	if (!charge_matters(c->order, charge_of_session(c->json)))
		return;
	if (!r->charged)
		r->charged = json_object_new_object();
	if (json_object_object_length(r->charged) < CHARGED_MAX)
		json_object_object_add(r->charged, c->session.id, NULL);
}

bool reconcile_has_charge(const struct reconcile *r, const char *session_id)
{
	return r->charged && json_object_object_get_ex(r->charged, session_id, NULL);
}

void reconcile_end(struct reconcile *r)
{
	json_object_put(r->charged);
	r->charged = NULL;
}

static int look_at_all(struct reconcile *r, const struct candidate *list, size_t n, struct err *e)
{
	const struct reconcile_listener *l = r->listener;
	size_t i;

	for (i = 0; i < n && !reconcile_stops(l); i++) {
		r->counts->sessions++;
		if (!list[i].skip) {
			remember_charge(r, &list[i]);
			look_at(r, &list[i], e);
		}
		if (r->failures >= FAILURES_MAX)
			return -1;
		l->looked_at(l->context, r->counts, list[i].session.created);
	}
	return 0;
}

int reconcile_sessions(struct reconcile *r, struct json_object *sessions, struct err *e)
{
	size_t i, n = json_object_array_length(sessions);
	struct candidate *list;
	int64_t now = clock_epoch();
	int rc;

	if (n > RECONCILE_MAX)
		return err_set(e, ERR_UNAVAILABLE, "a page of %zu sessions", n);
	list = mem_zalloc(n + 1, sizeof *list);
	for (i = 0; i < n; i++) {
		read_candidate(r, &list[i], json_object_array_get_idx(sessions, i), now);
		list[i].look_up = !list[i].skip;
	}
	rc = read_orders(r, list, n, e);
	if (!rc)
		rc = follow_sessions(r, list, n, e);
	if (!rc)
		rc = find_times(r, list, n, e);
	if (!rc)
		rc = look_at_all(r, list, n, e);
	for (i = 0; i < n; i++) {
		settle_keys_free(&list[i].keys);
		json_object_put(list[i].order);
	}
	free(list);
	return rc;
}

/* SPDX-License-Identifier: ISC */
/*
 * The reconciler.  The one idea: after each page it writes how far it is, so a
 * run that is killed costs a page, and two at once cost nothing but the first
 * one's end.
 */
#include "sync/sync.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/seconds.h"
#include "sync/rate_limit.h"
#include "sync/retry.h"
#include "orders/pending.h"
#include "sync/sync_late.h"
#include "sync/sync_metrics.h"
#include "sync/sync_set_aside.h"
#include "sync/sync_unlisted.h"
#include "shop/keys.h"
#include "stripe/list.h"

#define PENDING_DAYS_NEAR 14
#define PENDING_CHEAP 5000 /* entries of a walk over all days */

struct sync {
	struct app *app;
	const struct sync_options *options;
	struct sync_result *result;
	struct sync_state state;
	struct reconcile reconcile;
	struct stripe_pages pages; /* of the segment that is being read */
	struct sync_unlisted unlisted; /* orders of the window without a session */
	struct json_object *aside; /* what was set aside when the run began */
	int64_t now;      /* when it began, and the same by the other clock: */
	int64_t began_ms;
	bool begun;   /* a page of the segment has been read */
	int64_t left; /* sessions that may still be looked at */
};

/* Begins to read the first segment, or goes on in it. */
static void begin_segment(struct sync *s)
{
	const struct sync_segment *segment = &s->state.todo[0];

	stripe_pages_end(&s->pages);
	s->pages = (struct stripe_pages){
		/* Up to now is without a bound: Stripe's clock may be ahead of this one. */
		.list = stripe_complete_sessions, .from = segment->from,
		.to = segment->to < s->now ? segment->to : 0,
		.after = segment->after[0] ? str_dup(segment->after) : NULL,
	};
	s->begun = false;
}

/* Writes how far the run is.  A dry run writes nothing. */
static int save(struct sync *s, struct err *e)
{
	struct retry retry = reconcile_retry(&s->reconcile);
	int rc;

	if (s->options->dry_run)
		return 0;
	do
		rc = sync_state_save(&s->state, s->app, deadline_in(RETRY_CALL_MS), e);
	while (rc && retry_again(&retry, e));
	return rc;
}

/* Holds the days' entries against the page: those as old as its sessions, or, of the
 * last page, all that are left of the segment.  Where a segment is gone on with, the
 * entries begin with the page. */
static int look_for_unlisted(struct sync *s, struct json_object *sessions, struct err *e)
{
	const struct sync_segment *segment = &s->state.todo[0];
	size_t n = json_object_array_length(sessions);
	int64_t first = segment->to, last = segment->from;

	if (n) {
		first = json_int_or(json_object_array_get_idx(sessions, 0), "created", 0);
		last = json_int_or(json_object_array_get_idx(sessions, n - 1), "created", 0);
	}
	if (!s->begun) {
		int64_t to = segment->to + 1;

		if (segment->after[0])
			to = first + 1;
		else if (segment->to >= s->now) /* Stripe's clock may be ahead of this one */
			to = segment->to + DAY;
		sync_unlisted_begin(&s->unlisted, &s->reconcile, to);
	}
	s->begun = true;
	return sync_unlisted_page(&s->unlisted, sessions, s->pages.ended ? segment->from : last, e);
}

/* One page of sessions.  A run that stops within a page has repaired what it found there;
 * the next one reads the page again. */
static int one_page(struct sync *s, struct err *e)
{
	struct sync_segment *first = &s->state.todo[0];
	int64_t before = s->state.counts.sessions;
	struct json_object *sessions;
	size_t n, most = (size_t)s->left;
	int rc = retry_next_page(reconcile_retry(&s->reconcile), &s->pages, &sessions, e);

	if (rc)
		return -1;

	/* No more of the page than may be looked at: the list goes on behind that. */
	n = json_object_array_length(sessions);
	if (n > most) {
		json_object_array_del_idx(sessions, most, n - most);
		stripe_pages_end(&s->pages);
		s->pages.after = str_dup(json_string_or_null(
			json_object_array_get_idx(sessions, most - 1), "id"));
		s->pages.ended = false;
	}

	rc = look_for_unlisted(s, sessions, e);
	if (!rc)
		rc = reconcile_sessions(&s->reconcile, sessions, e);
	s->left -= s->state.counts.sessions - before;
	json_object_put(sessions);
	if (rc || reconcile_stops(&s->reconcile))
		return rc;

	/* The segment goes on after the page, or is done with. */
	if (!s->pages.ended) {
		snprintf(first->after, sizeof first->after, "%s", s->pages.after);
	} else {
		s->state.n--;
		memmove(first, first + 1, s->state.n * sizeof *first);
		if (s->state.n)
			begin_segment(s);
	}
	return save(s, e);
}

/* The sessions that were created in the window. */
static int window_pass(struct sync *s, struct err *e)
{
	int rc = 0;

	if (s->state.n)
		begin_segment(s);
	while (!rc && s->state.n && s->left > 0 && !reconcile_stops(&s->reconcile))
		rc = one_page(s, e);
	stripe_pages_end(&s->pages);
	return rc;
}

/* --- what is not in the window ------------------------------------------------------- */

/* The walk over days of pending orders. */
struct pending_pass {
	struct sync_late *late;
	struct json_object *days; /* on which some were found */
};

/* Takes an entry that the walk has found: its day is on the list again, and its session
 * is looked at. */
static int take_pending(void *context, struct json_object *entry, struct err *e)
{
	struct pending_pass *pass = context;
	int64_t created;

	if (key_order_created(json_string_or_null(entry, "SK"), &created) == 0)
		pending_days_add(pass->days, created);
	return sync_late_add(pass->late, json_string_or_null(entry, "orderId"), entry, e);
}

/*
 * Pending orders from before the window, as long as they pend: those of the last
 * PENDING_DAYS_NEAR days, and of the days that are known to have some.  All of the
 * last PENDING_DAYS are walked where that is cheap, else once a day.
 */
static int walk_pending(struct sync *s, struct sync_late *late, struct err *e)
{
	/* By a clock that was ahead they were walked in what is to come. */
	bool all = s->now - s->state.walked_at >= DAY || s->state.walked_at > s->now ||
		   s->state.walked < PENDING_CHEAP;
	int64_t near = s->now - (all ? PENDING_DAYS : PENDING_DAYS_NEAR) * DAY;
	size_t i, n;
	struct pending_pass pass = {.late = late, .days = json_object_new_array()};
	struct pending_walk walk = {.from = near, .to = s->state.from - 1,
				    .read_ms = RETRY_CALL_MS,
				    .found = take_pending, .context = &pass};
	int rc = pending_walk(s->app, &walk, e);

	/* The listed days from before that, and the list's days of the window, whose
	 * orders have been looked at. */
	if (near > s->state.from)
		near = s->state.from;
	n = json_object_array_length(s->state.pending_days);
	for (i = 0; !rc && i < n; i++) {
		int64_t day = pending_days_get(s->state.pending_days, i), last = day + DAY - 1;
		struct pending_walk listed = {.from = day, .to = last < near ? last : near - 1,
					      .read_ms = RETRY_CALL_MS,
					      .found = take_pending, .context = &pass};

		if (day >= 0 && last >= s->state.from)
			pending_days_add(pass.days, day);
		if (day >= 0 && day < near)
			rc = pending_walk(s->app, &listed, e);
	}
	if (rc || reconcile_stops(&s->reconcile)) {
		json_object_put(pass.days);
		return rc;
	}

	/* The days on which some pend still are the list from now on. */
	json_object_put(s->state.pending_days);
	s->state.pending_days = pass.days;
	if (all) {
		s->state.walked_at = s->now;
		s->state.walked = walk.read;
	}
	return 0;
}

/* What the window does not show: what earlier runs have set aside, orders without a
 * session, and older orders. */
static int late_passes(struct sync *s, struct err *e)
{
	struct sync_late late = {.reconcile = &s->reconcile};
	struct err other;
	int rc = sync_set_aside(&s->reconcile, s->aside, e);

	if (!rc && s->unlisted.waiting)
		rc = sync_unlisted_ask(&s->unlisted, e);
	if (!rc)
		rc = walk_pending(s, &late, e);
	if (!rc)
		rc = sync_late_refunds(&late, s->state.from, s->now, e);
	/* A key that may not read events is no reason to leave the others out. */
	if ((!rc || e->code == ERR_REFUSED) && sync_late_flush(&late, rc ? &other : e))
		rc = -1;
	sync_late_free(&late);
	return rc;
}

/* --- a run ------------------------------------------------------------------------------ */

/* The window, and the state that says so from now on. */
static int plan(struct sync *s, struct err *e)
{
	int64_t deadline = deadline_in(RETRY_CALL_MS);
	char account[SYNC_ACCOUNT_SIZE];
	struct sync_plan what = {.from = s->options->from, .now = s->now,
				 .lookback = s->app->config.sync_lookback_hours * HOUR,
				 .account = account};
	const char *secret;

	if (app_secret(s->app, SECRET_STRIPE, deadline, &secret, e))
		return -1;
	sync_account_of(secret, account);
	if (sync_state_plan(&s->state, s->app, &what, deadline, e))
		return -1;
	s->aside = json_copy(s->state.aside);
	/* A dry run shows all differences, so it begins anew: an order that was in order may
	 * differ again. */
	if (s->options->dry_run)
		sync_state_plan_fresh(&s->state, s->state.from, s->now);
	s->result->from = s->state.from;
	s->result->to = s->state.to;
	s->result->resumed = s->state.resumed;
	return save(s, e);
}

/* The passes, and the state that the next run begins with. */
static int run(struct sync *s, struct err *e)
{
	struct err ignored;
	int64_t set_back;
	int rc = plan(s, e);

	if (!rc)
		rc = window_pass(s, e);
	if (!rc && !s->state.n && !reconcile_stops(&s->reconcile))
		rc = late_passes(s, e);
	if (!rc && (s->state.n || reconcile_stops(&s->reconcile))) {
		s->result->end = SYNC_STOPPED;
	} else if (!rc && !s->options->dry_run) {
		/* By as many seconds as the clock was set back since, the run has begun too
		 * late: from the time that it counts as begun the next one looks back. */
		set_back = s->now + (clock_monotonic_ms() - s->began_ms) / 1000 - clock_epoch();
		if (set_back > 1)
			s->state.started -= set_back;
		rc = sync_state_finish(&s->state, s->app, clock_epoch(),
				       deadline_in(RETRY_CALL_MS), e);
	}
	if (rc && e->code == ERR_CONFLICT) {
		s->result->end = SYNC_TAKEN_OVER;
		return 0;
	}
	/* What was set aside must not end the next run as well. */
	if (rc && s->state.aside && !json_equal(s->state.aside, s->aside))
		save(s, &ignored);
	return rc;
}

int sync_run(struct app *app, const struct sync_options *options, struct sync_result *result,
	     struct err *e)
{
	static const char *const ends[] = {
		[SYNC_COMPLETE] = "Sync completed",
		[SYNC_STOPPED] = "Sync stopped",
		[SYNC_TAKEN_OVER] = "Sync taken over",
	};
	struct sync s = {
		.app = app, .options = options, .result = result, .now = clock_epoch(),
		.began_ms = clock_monotonic_ms(),
		.left = options->max_sessions ? options->max_sessions : INT64_MAX,
	};
	const struct sync_counts *c = &result->counts;
	int rc;

	*result = (struct sync_result){.end = SYNC_COMPLETE};
	s.reconcile = (struct reconcile){.app = app, .listener = &options->listener,
					 .state = &s.state, .dry_run = options->dry_run};
	rc = rate_limit_keep(app, deadline_in(RETRY_CALL_MS), e);
	if (!rc)
		rc = run(&s, e);
	result->counts = s.state.counts;
	result->calls = app_calls(app);
	if (rc && retry_refuses_key(e))
		err_prefix(e, "STRIPE_SECRET is no key, or may not read what sync asks for (ordersnap "
			   "check names what is missing): mend it and run sync again");
	if (rc) {
		result->end = SYNC_FAILED;
		log_error("Sync failed", LOG_STR("error", e->text));
	} else {
		log_info(ends[result->end], LOG_INT("sessions", c->sessions),
			 LOG_INT("inOrder", c->in_order), LOG_INT("missing", c->missing),
			 LOG_INT("stale", c->stale), LOG_INT("pending", c->pending),
			 LOG_INT("pointers", c->pointers), LOG_INT("waiting", c->waiting),
			 LOG_INT("errors", c->errors), LOG_INT("unknown", c->unknown),
			 LOG_INT("stripeCalls", result->calls.stripe),
			 LOG_INT("storeReads", result->calls.reads),
			 LOG_INT("storeWrites", result->calls.writes));
		if (result->end == SYNC_COMPLETE && !options->dry_run)
			sync_metrics_set(app, clock_epoch());
	}
	json_object_put(s.aside);
	sync_unlisted_end(&s.unlisted);
	sync_state_free(&s.state);
	reconcile_end(&s.reconcile);
	return rc;
}

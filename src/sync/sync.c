/* SPDX-License-Identifier: ISC */
/*
 * The reconciler.  The one idea: page by page it writes how far it is, so a run that
 * is killed costs a page (in a very large window ten), and two at once cost nothing but
 * the first one's end.
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
#include "sync/sync_window.h"
#include "shop/keys.h"

#define PENDING_DAYS_NEAR 14
#define PENDING_CHEAP 5000 /* entries of a walk over all days */
#define AHEAD_MAX 600 /* seconds: a page that came ahead may have waited so long */

struct sync {
	struct app *app;
	const struct sync_options *options;
	struct sync_result *result;
	struct sync_state state;
	struct reconcile reconcile;
	struct sync_unlisted unlisted; /* orders of the window without a session */
	struct json_object *aside; /* what was set aside when the run began */
	int64_t now;      /* when it began, and the same by the other clock: */
	int64_t began_ms;
};

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

static int save_window(void *context, struct err *e)
{
	return save(context, e);
}

/* The sessions that were created in the window. */
static int window_pass(struct sync *s, struct err *e)
{
	struct sync_window window = {
		.reconcile = &s->reconcile, .unlisted = &s->unlisted, .now = s->now,
		.left = s->options->max_sessions ? s->options->max_sessions : INT64_MAX,
		.place = &s->result->place, .save = save_window, .context = s,
	};

	return sync_window_read(&window, e);
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

	if (!rc)
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

/* Where this machine's clock is ahead, the run has begun when Stripe's clock says: from there the next
 * one looks back.  By its own time each run would look at what is to come, and nothing else. */
static void begin_by_stripe(struct sync *s)
{
	struct stripe_client *stripe = s->app->stripe_opened;
	int64_t date = stripe ? stripe_last_date(stripe) : -1, ahead = clock_epoch() - date;

	if (date < 0 || ahead <= AHEAD_MAX)
		return;
	s->now -= ahead;
	if (s->state.started > s->now)
		s->state.started = s->now;
}

/* The passes, and the state that the next run begins with. */
static int run(struct sync *s, struct err *e)
{
	struct err ignored;
	int64_t set_back;
	int rc = plan(s, e);

	if (!rc)
		rc = window_pass(s, e);
	begin_by_stripe(s);
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
	if (rc && e->code == ERR_CONFLICT &&
	    sync_state_is_put_back(&s->state, s->app, deadline_in(RETRY_CALL_MS)))
		return err_set(e, ERR_UNAVAILABLE, "how far it had come was put back meanwhile, as "
			       "`ordersnap restore` does: run sync again");
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
	};
	const struct sync_counts *c = &result->counts;
	const char *end;
	int rc;

	*result = (struct sync_result){.end = SYNC_COMPLETE};
	s.reconcile = (struct reconcile){.app = app, .listener = &options->listener,
					 .state = &s.state, .dry_run = options->dry_run};
	sync_unlisted_init(&s.unlisted, &s.reconcile);
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
		/* What alarms take for a sync is one that has mended what it found. */
		end = options->dry_run && result->end == SYNC_COMPLETE ? "Sync dry run completed"
								       : ends[result->end];
		log_info(end, LOG_INT("sessions", c->sessions),
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

/* SPDX-License-Identifier: ISC */
/*
 * Reading the window.  The one idea: the place of the next page is known as soon as a page
 * has come, so it is asked for before that page is looked at.
 */
#include "sync/sync_window.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/seconds.h"
#include "stripe/list.h"

#define CUT_FIRST 50  /* pages before the first cut: most windows have fewer, and no call to spare */
#define SAVE_PAGES 10 /* then the progress is written after so many: what a kill costs */
#define CUT_AFTER 10  /* and before each other one: a part may turn out to be empty */
#define CUT_PAGES 20  /* a segment that seems to have more left is cut */
#define CUT_SEGMENTS (SYNC_SEGMENTS / 2) /* at most; interruptions add some */

/* One segment that is being read: the first one is of todo[0], and so on. */
struct walk {
	struct stripe_pages pages;
	struct sync_entries entries; /* the day entries of its time */
	bool begun;    /* a page of it has been read, */
	int64_t until; /* down to sessions of this time */
};

struct window {
	struct sync_window *w;
	struct sync_state *state;
	struct walk walks[SYNC_WALKS];
	size_t n, most; /* walks, and how many there may be */
	int cut_after; /* pages that are still to be read before the next cut */
	struct sync_counts counts; /* up to the last page that was looked at */
	int read, unsaved; /* pages in all, and since the progress was written */
};

static void ask_ahead(struct window *w, const struct walk *walk)
{
	int64_t deadline = deadline_in(RETRY_CALL_MS);
	struct stripe_client *stripe = app_stripe(w->w->reconcile->app, deadline, NULL);

	if (stripe)
		stripe_pages_ask_ahead(&walk->pages, stripe, deadline);
}

/* Begins to read segment `at`, or goes on in it. */
static void begin_walk(struct window *w, size_t at)
{
	const struct sync_segment *segment = &w->state->todo[at];

	w->walks[at] = (struct walk){
		/* Up to now is without a bound: Stripe's clock may be ahead of this one. */
		.pages = {.list = stripe_complete_sessions, .from = segment->from,
			  .to = segment->to < w->w->now ? segment->to : 0,
			  .after = segment->after[0] ? str_dup(segment->after) : NULL},
		.until = segment->to,
	};
	if (at)
		ask_ahead(w, &w->walks[at]);
}

static void end_walk(struct walk *walk)
{
	stripe_pages_end(&walk->pages);
	sync_entries_end(&walk->entries);
}

/* Begins as many segments as may be read beside each other. */
static void begin_walks(struct window *w)
{
	for (; w->n < w->most && w->n < w->state->n; w->n++)
		begin_walk(w, w->n);
	if (w->n > 1)
		sync_unlisted_out_of_order(w->w->unlisted);
}

/* Takes the segment that has been read off the list. */
static void end_segment(struct window *w, size_t at)
{
	struct sync_state *state = w->state;

	end_walk(&w->walks[at]);
	memmove(&w->walks[at], &w->walks[at + 1], (--w->n - at) * sizeof *w->walks);
	memmove(&state->todo[at], &state->todo[at + 1], (--state->n - at) * sizeof *state->todo);
	begin_walks(w);
}

/*
 * Cuts what is left of a segment into as many parts as can be read beside each other, if
 * very many pages have been read, and as many are left at the rate of sales that this page
 * (n sessions, the newest of time `first`) shows.  The segment keeps the newest part; the
 * others follow it.
 */
static void cut(struct window *w, size_t at, size_t n, int64_t first)
{
	struct sync_state *state = w->state;
	struct sync_segment *segment = &state->todo[at];
	int64_t last = w->walks[at].until, from = segment->from, left = last - from, span = first - last;
	size_t parts = w->most - w->n + 1, i;

	if (w->cut_after > 0)
		w->cut_after--;
	if (w->cut_after || parts < 2 || state->n + parts - 1 > CUT_SEGMENTS ||
	    n < RECONCILE_MAX || w->walks[at].pages.ended || left / CUT_PAGES <= span)
		return;
	w->cut_after = CUT_AFTER;
	memmove(segment + parts, segment + 1, (state->n - at - 1) * sizeof *segment);
	memmove(&w->walks[at + parts], &w->walks[at + 1], (w->n - at - 1) * sizeof *w->walks);
	for (i = parts - 1; i > 0; i--) {
		segment[i] = (struct sync_segment){.from = from, .to = from + left / (int64_t)parts};
		from = segment[i].to + 1;
	}
	segment->from = from;
	w->walks[at].pages.from = segment->from;
	state->n += parts - 1;
	w->n += parts - 1;
	for (i = 1; i < parts; i++)
		begin_walk(w, at + i);
	sync_unlisted_out_of_order(w->w->unlisted);
}

/* Holds the days' entries against the page: those as old as its sessions, or, of the
 * last page, all that are left of the segment.  Where a segment is gone on with, the
 * entries begin with the page. */
static int look_for_unlisted(struct window *w, size_t at, struct json_object *sessions, int64_t first,
			     struct err *e)
{
	const struct sync_segment *segment = &w->state->todo[at];
	struct walk *walk = &w->walks[at];

	if (!walk->begun) {
		int64_t to = segment->to + 1;

		if (segment->after[0])
			to = first + 1;
		else if (segment->to >= w->w->now) /* Stripe's clock may be ahead of this one */
			to = segment->to + DAY;
		sync_entries_begin(&walk->entries, to);
	}
	walk->begun = true;
	return sync_unlisted_page(w->w->unlisted, &walk->entries, sessions,
				  walk->pages.ended ? segment->from : walk->until, e);
}

/* Where the run is, for whoever shows it. */
static void tell_place(struct window *w, size_t at)
{
	struct sync_place *place = w->w->place;
	size_t i;

	*place = (struct sync_place){.from = w->state->todo[at].from};
	for (i = 0; i < w->state->n; i++)
		if (i != at)
			place->others += (i < w->n ? w->walks[i].until : w->state->todo[i].to) -
					 w->state->todo[i].from;
}

/* Writes how far the run is.  Of a page that was not looked at to its end nothing counts. */
static int save(struct window *w, struct err *e)
{
	struct sync_counts all = w->state->counts;
	int rc;

	w->unsaved = 0;
	w->state->counts = w->counts;
	rc = w->w->save(w->w->context, e);
	w->state->counts = all;
	return rc;
}

/* One page of sessions.  A run that stops within a page has repaired what it found there;
 * the next one reads the page again. */
static int one_page(struct window *w, size_t at, struct err *e)
{
	struct reconcile *r = w->w->reconcile;
	struct walk *walk = &w->walks[at];
	struct sync_segment *segment = &w->state->todo[at];
	int64_t before = w->state->counts.sessions, first = segment->to;
	size_t n, most = (size_t)w->w->left;
	struct json_object *sessions;
	int rc = retry_next_page(reconcile_retry(r), &walk->pages, &sessions, e);

	if (rc)
		return -1;

	/* No more of the page than may be looked at: the list goes on behind that. */
	n = json_object_array_length(sessions);
	if (n > most) {
		json_object_array_del_idx(sessions, most, n - most);
		n = most;
		stripe_pages_end(&walk->pages);
		walk->pages.after = str_dup(json_string_or_null(
			json_object_array_get_idx(sessions, most - 1), "id"));
		walk->pages.ended = false;
	}
	if (n) {
		first = json_time_or(json_object_array_get_idx(sessions, 0), "created", 0);
		walk->until = json_time_or(json_object_array_get_idx(sessions, n - 1), "created", 0);
	}

	/* The next one comes while this one is looked at. */
	cut(w, at, n, first);
	if (n < most)
		ask_ahead(w, walk);
	tell_place(w, at);
	rc = look_for_unlisted(w, at, sessions, first, e);
	if (!rc)
		rc = reconcile_sessions(r, sessions, e);
	w->w->left -= w->state->counts.sessions - before;
	json_object_put(sessions);
	if (rc || reconcile_stops(r))
		return rc;

	/* The segment goes on after the page, or is done with. */
	if (walk->pages.ended)
		end_segment(w, at);
	else
		snprintf(segment->after, sizeof segment->after, "%s", walk->pages.after);
	w->counts = w->state->counts;
	w->unsaved++;
	return ++w->read > CUT_FIRST && w->unsaved < SAVE_PAGES ? 0 : save(w, e);
}

/* Writes the progress that is not written yet, whatever ended the reading but another run. */
static int save_rest(struct window *w, int rc, struct err *e)
{
	struct err other;

	if (!w->unsaved || (rc && e->code == ERR_CONFLICT))
		return rc;
	return save(w, rc ? &other : e) || rc ? -1 : 0;
}

int sync_window_read(struct sync_window *window, struct err *e)
{
	struct reconcile *r = window->reconcile;
	struct window w = {.w = window, .state = r->state,
			   .most = window->left == INT64_MAX ? SYNC_WALKS : 1,
			   .cut_after = CUT_FIRST};
	size_t at = 0, i;
	int rc = 0;

	begin_walks(&w);
	while (!rc && w.n && window->left > 0 && !reconcile_stops(r)) {
		at = at < w.n ? at : 0;
		i = w.n;
		rc = one_page(&w, at, e);
		/* The segment behind one that is done with has its place. */
		at += w.n >= i;
	}
	rc = save_rest(&w, rc, e);
	for (i = 0; i < w.n; i++)
		end_walk(&w.walks[i]);
	if (r->app->stripe_opened)
		stripe_forget_ahead(r->app->stripe_opened);
	return rc;
}

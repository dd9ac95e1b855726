/* SPDX-License-Identifier: ISC */
/*
 * The reconciler as a process, and the owner who replays an event.
 */
#include <string.h>

#include "checks.h"
#include "format/iso8601.h"
#include "sync/replay.h"

/* The window of those that look back to after the sale: later than the key of
 * any order, earlier than the first event. */
#define AFTER_SALE (EPOCH + STEP_SECONDS / 2)
#define SYNCS_LAST 3 /* until one goes on with nothing: two, and one to spare */

/* --- what a process does ------------------------------------------------------------- */

static void hear_difference(void *context, const struct difference *difference)
{
	(void)context;
	world_trace("... differs%s%s", difference->error ? ": " : "",
		    difference->error ? difference->error : "");
}

static void hear_look(void *context, const struct sync_counts *counts, int64_t created)
{
	(void)context;
	(void)counts;
	(void)created;
}

static bool is_to_stop(void *context)
{
	bool *stopped = context;

	if (*stopped || !world->limits.stops || !choose_rarely(world->choices, 12))
		return *stopped;
	world->limits.stops--;
	world_trace("is told to stop");
	return *stopped = true;
}

void sync_process(struct process *p)
{
	bool stopped = false;
	const struct sync_options options = {
		.from = world->limits.lost == LOST_LATER ? AFTER_SALE : 0,
		.listener = {&stopped, hear_difference, hear_look, is_to_stop},
	};

	p->rc = sync_run(&p->app, &options, &p->result, &p->err);
}

static void replay_done(void *context, const struct replayed *replayed)
{
	struct process *p = context;

	if (replayed->error) {
		p->err = *replayed->error;
		p->rc = -1;
		return;
	}
	if (replayed->result->outcome.duplicate)
		world_fail("%s is replayed, and taken for done", p->name);
	p->answer = json_copy(replayed->result->outcome.marker);
	if (!p->answer)
		p->answer = json_object_new_object();
	json_set_string(p->answer, "status",
			replayed->result->outcome.marker ? "processed" : "ignored");
}

static bool never(void *context)
{
	(void)context;
	return false;
}

void replay_process(struct process *p)
{
	const struct replay replay = {.app = &p->app, .again = true, .context = p,
				      .done = replay_done, .stop = never};
	struct err e;

	if (replay_text(&replay, span_of(p->event->body), &e))
		world_fail("%s can't be replayed: %s", p->name, e.text);
}

/* --- what has to hold of it ----------------------------------------------------------- */

/* One that ends has looked at all there was when it began; one that has gone on
 * with an earlier one, at all there was when that one did. */
static void check_complete(const struct process *p)
{
	const struct sync_counts *c = &p->result.counts;
	struct json_object *state = table_find(&world->table, "SYSTEM", "STRIPE_ORDER_SYNC");
	int64_t started;

	if (c->errors && !p->disturbed && !p->result.resumed)
		world_fail("a sync has errors without a reason");
	if (iso8601_parse(item_text(state, "startedAt"), &started))
		world_fail("a complete sync does not say when it began: %s", json_text(state));
	else if (!c->errors)
		check_reached(p->result.resumed ? world_time_when(started) : p->began);
}

void sync_ended(const struct process *p)
{
	static const char *const ends[] = {"complete", "stopped", "taken over", "failed"};

	if (p->dead)
		return;
	world_trace("the sync is %s%s", ends[p->result.end], p->result.resumed ? ", resumed" : "");
	if (p->rc && !p->disturbed)
		world_fail("a sync fails without a reason: %s", p->err.text);
	if (p->result.end == SYNC_TAKEN_OVER && !p->conflicts)
		world_fail("a sync is taken over by nobody");
	if (p->result.end == SYNC_COMPLETE && !p->rc)
		check_complete(p);
}

/* --- the last ones ------------------------------------------------------------------- */

static bool is_state(struct json_object *item)
{
	return strcmp(item_text(item, "PK"), "SYSTEM") == 0;
}

/* The table without the reconciler's state, with references of its own. */
static void remember(struct table *to)
{
	size_t i;

	to->n = 0;
	for (i = 0; i < world->table.n; i++)
		if (!is_state(world->table.items[i]))
			table_add(to, json_object_get(world->table.items[i]));
}

/* What is written is another object, even if it says the same. */
static void check_untouched(const struct table *before)
{
	struct table now;
	size_t i;

	remember(&now);
	for (i = 0; i < now.n; i++)
		if (i >= before->n || now.items[i] != before->items[i])
			world_fail("a sync of what is in order writes %s",
				   json_text(now.items[i]));
	table_free(&now);
}

static bool sync_alone(struct sync_result *result)
{
	struct process *p = world_run_alone(JOB_SYNC);

	*result = p->result;
	if (p->rc || p->result.end != SYNC_COMPLETE)
		world_fail("the last sync does not end");
	return !world->failure[0];
}

void sync_last(void)
{
	bool all_came = world->limits.lost == LOST_NONE && !world->session_expired &&
			!history_is_vague(world->history);
	struct sync_result result;
	struct table before;
	int i;

	world->limits.expiries = 0;
	world->time = world->history->n;
	world->faults_left = world->limits.edits = world->limits.stops = 0;
	remember(&before);
	for (i = 0; i < SYNCS_LAST && sync_alone(&result) && result.resumed; i++)
		;
	if (i == SYNCS_LAST)
		world_fail("each sync goes on with another");
	/* Who wrote a note left the payment's copy of the order behind. */
	if (all_came && !world->edited)
		check_untouched(&before);
	table_free(&before);
	remember(&before);
	if (!world->failure[0] && sync_alone(&result) &&
	    result.counts.in_order + result.counts.skipped != result.counts.sessions)
		world_fail("a second sync finds %lld in order of %lld",
			   (long long)result.counts.in_order, (long long)result.counts.sessions);
	check_untouched(&before);
	table_free(&before);
}

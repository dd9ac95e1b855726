/* SPDX-License-Identifier: ISC */
/*
 * The reconciler's item.
 */
#include "orders/sync_state.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "format/iso8601.h"
#include "shop/keys.h"

#define ACCOUNTS_MAX 16
#define EARLIEST 1      /* second of the epoch; 0 is no bound */
#define COMPLETES 90000 /* seconds: a session can be paid for a day; and an hour */

static const struct {
	const char *name;
	size_t offset;
} count_names[] = {
	{"sessions", offsetof(struct sync_counts, sessions)},
	{"inOrder", offsetof(struct sync_counts, in_order)},
	{"missing", offsetof(struct sync_counts, missing)},
	{"stale", offsetof(struct sync_counts, stale)},
	{"pending", offsetof(struct sync_counts, pending)},
	{"pointers", offsetof(struct sync_counts, pointers)},
	{"waiting", offsetof(struct sync_counts, waiting)},
	{"skipped", offsetof(struct sync_counts, skipped)},
	{"errors", offsetof(struct sync_counts, errors)},
	{"unknown", offsetof(struct sync_counts, unknown)},
};

#define COUNTS (sizeof count_names / sizeof *count_names)

struct json_object *sync_counts_json(const struct sync_counts *counts)
{
	struct json_object *json = json_object_new_object();
	size_t i;

	for (i = 0; i < COUNTS; i++)
		json_set_int(json, count_names[i].name,
			     *(const int64_t *)((const char *)counts + count_names[i].offset));
	return json;
}

static int64_t time_or_0(struct json_object *object, const char *key)
{
	const char *text = json_string_or_null(object, key);
	int64_t time;

	return text && iso8601_parse(text, &time) == 0 ? time : 0;
}

static void set_time(struct json_object *object, const char *key, int64_t epoch)
{
	char text[ISO8601_SIZE];

	json_set_string(object, key, iso8601_time(epoch, text));
}

/* --- planning ------------------------------------------------------------------ */

/* With too many interruptions behind it the plan is made coarser, not longer. */
static void add_segment(struct sync_state *state, int64_t from, int64_t to, const char *after)
{
	struct sync_segment *s = &state->todo[state->n];

	if (from > to)
		return;
	if (state->n == SYNC_SEGMENTS) {
		s = &state->todo[SYNC_SEGMENTS - 1];
		from = from < s->from ? from : s->from;
		to = to > s->to ? to : s->to;
		after = NULL;
	} else {
		state->n++;
	}
	s->from = from;
	s->to = to;
	snprintf(s->after, sizeof s->after, "%s", after ? after : "");
}

void sync_state_plan_fresh(struct sync_state *state, int64_t from, int64_t now)
{
	state->started = now;
	state->from = from;
	state->to = now;
	state->n = 0;
	state->resumed = state->crowded = false;
	state->counts = (struct sync_counts){0};
	add_segment(state, from, now, NULL);
}

/* What came since the unfinished run began, what it left, what is older.  What
 * became visible only later is for the next run: this one counts as begun when
 * the unfinished one did. */
static void plan_on(struct sync_state *state, struct json_object *run, int64_t from, int64_t now)
{
	struct json_object *todo = NULL, *counts = NULL;
	int64_t run_from = json_time_or(run, "from", from), run_to = json_time_or(run, "to", from);
	size_t i;

	/* By a clock that was ahead, it was in what is to come: nobody knows what has come since, so all
	 * is looked at, once. */
	if (run_to > now) {
		sync_state_plan_fresh(state, from < run_from ? from : run_from, now);
		return;
	}
	state->resumed = true;
	state->started = time_or_0(run, "startedAt");
	state->from = from < run_from ? from : run_from;
	state->to = now;
	json_get_object(run, "summary", &counts);
	for (i = 0; i < COUNTS; i++)
		*(int64_t *)((char *)&state->counts + count_names[i].offset) =
			json_count_or_0(counts, count_names[i].name);
	json_get_bool(run, "crowded", &state->crowded);
	/* What failed is tried again by this run, which counts it anew: all that is set aside, and
	 * the passes behind the window.  Where there was no room for more, some is not. */
	if (!state->crowded)
		state->counts.errors = 0;
	add_segment(state, run_to + 1, now, NULL);
	json_get_array(run, "todo", &todo);
	for (i = 0; todo && i < json_object_array_length(todo); i++) {
		struct json_object *segment = json_object_array_get_idx(todo, i);

		add_segment(state, json_time_or(segment, "from", from), json_time_or(segment, "to", now),
			    json_string_or_null(segment, "after"));
	}
	if (from < run_from)
		add_segment(state, from, run_from, NULL);
}

bool sync_state_is_ours(struct json_object *item)
{
	return store_item_version(item) > 0;
}

/* What the Lambda functions wrote under our names is not what we mean by them.  The item as it was read
 * is let go. */
static void forget_foreign(struct json_object **item)
{
	static const char *const names[] = {"startedAt", "completedAt", "through", "summary", "run",
					    "account", "accounts", "setAside", "pendingDays",
					    "pendingWalkedAt", "pendingWalked", "expiresAt"};
	struct json_object *read = *item;
	size_t i;

	if (!read || sync_state_is_ours(read))
		return;
	*item = json_copy(read);
	json_object_put(read);
	for (i = 0; i < sizeof names / sizeof *names; i++)
		json_object_object_del(*item, names[i]);
}

/* An item from before there were accounts is taken for this one's. */
static bool is_of_account(struct json_object *item, const char *account)
{
	const char *other = json_string_or_null(item, "account");

	return !other || strcmp(other, account) == 0;
}

/* Up to when this account's orders are in order; 0: nothing is known.  Of another
 * account of the same mode it can't be said that it is another one: its key may have
 * been rolled.  Then the other's time counts, which can only make the window longer. */
static int64_t through_of(struct json_object *item, const char *account)
{
	const char *other = json_string_or_null(item, "account");
	struct json_object *accounts = NULL;
	int64_t known = 0;

	if (is_of_account(item, account))
		return json_time_or(item, "through", 0);
	json_get_object(item, "accounts", &accounts);
	known = json_time_or(accounts, account, 0);
	if (known || !sync_account_same_mode(other, account))
		return known;
	return json_time_or(item, "through", 0);
}

/* A copy of the list, or an empty one. */
static struct json_object *list_of(struct json_object *item, const char *name)
{
	struct json_object *list;

	return json_get_array(item, name, &list) == JSON_FOUND ? json_copy(list)
							       : json_object_new_array();
}

int sync_state_plan(struct sync_state *state, struct app *app, const struct sync_plan *plan,
		    int64_t deadline, struct err *e)
{
	const struct store_key key = {KEY_SYSTEM, KEY_SYNC};
	int64_t from = plan->from, through;
	unsigned char random[16];
	struct json_object *run;

	/* What the last run left, and an id for this one. */
	if (store_get_many(app_store(app), &key, 1, &state->item, deadline, e))
		return -1;
	forget_foreign(&state->item);
	digest_random(random, sizeof random);
	str_hex(random, sizeof random, state->id);
	snprintf(state->account, sizeof state->account, "%s", plan->account);
	state->aside = list_of(state->item, "setAside");
	state->pending_days = list_of(state->item, "pendingDays");
	state->walked_at = json_time_or(state->item, "pendingWalkedAt", 0);
	state->walked = json_count_or_0(state->item, "pendingWalked");

	/* The window: as far back as was asked, or as the settings say; but it leaves no gap
	 * behind what is known to be in order. */
	through = through_of(state->item, plan->account);
	if (!from) {
		from = plan->now - plan->lookback;
		if (through && through - COMPLETES < from)
			from = through - COMPLETES;
		/* A clock that begins in 1970: no list has what is before that, nor may be asked for it. */
		if (from < EARLIEST)
			from = EARLIEST;
	}

	/* A place in another account's list is none in this one's, and an unfinished
	 * run of another one says nothing of what this one has sold. */
	if (json_get_object(state->item, "run", &run) == JSON_FOUND &&
	    is_of_account(state->item, plan->account))
		plan_on(state, run, from, plan->now);
	else
		sync_state_plan_fresh(state, from, plan->now);
	return 0;
}

/* --- writing --------------------------------------------------------------------- */

/* {"startedAt": ..., "from": 1, "to": 9, "todo": [{"from": 1, "to": 5, "after": "cs_1"}],
 *  "summary": {...}} */
static struct json_object *run_json(const struct sync_state *state)
{
	struct json_object *run = json_object_new_object(), *todo = json_object_new_array();
	size_t i;

	for (i = 0; i < state->n; i++) {
		struct json_object *segment = json_object_new_object();

		json_set_int(segment, "from", state->todo[i].from);
		json_set_int(segment, "to", state->todo[i].to);
		if (state->todo[i].after[0])
			json_set_string(segment, "after", state->todo[i].after);
		json_object_array_add(todo, segment);
	}
	set_time(run, "startedAt", state->started);
	json_set_int(run, "from", state->from);
	json_set_int(run, "to", state->to);
	json_set(run, "todo", todo);
	json_set(run, "summary", sync_counts_json(&state->counts));
	if (state->crowded)
		json_set_bool(run, "crowded", true);
	return run;
}

/* What was known of the account that was synced last is kept for when it comes back,
 * what is known of this one takes its place. */
static void change_account(struct json_object *item, const char *account)
{
	const char *last = json_string_or_null(item, "account");
	int64_t through = through_of(item, account), last_through = json_time_or(item, "through", 0);
	struct json_object *accounts;

	if (is_of_account(item, account))
		return;
	if (json_get_object(item, "accounts", &accounts) != JSON_FOUND ||
	    json_object_object_length(accounts) >= ACCOUNTS_MAX) {
		accounts = json_object_new_object();
		json_set(item, "accounts", accounts);
	}
	if (last_through)
		json_set_int(accounts, last, last_through);
	json_object_object_del(accounts, account);
	json_object_object_del(item, "through");
	if (through)
		json_set_int(item, "through", through);
}

/* The item as this run writes it, on top of what was read. */
static struct json_object *new_item(const struct sync_state *state)
{
	struct json_object *item = state->item ? json_copy(state->item) : json_object_new_object();

	json_set_string(item, "PK", KEY_SYSTEM);
	json_set_string(item, "SK", KEY_SYNC);
	change_account(item, state->account);
	json_set_string(item, "account", state->account);
	json_set_string(item, "runId", state->id);
	json_set(item, "setAside", json_copy(state->aside));
	json_set(item, "pendingDays", json_copy(state->pending_days));
	json_set_int(item, "pendingWalkedAt", state->walked_at);
	json_set_int(item, "pendingWalked", state->walked);
	return item;
}

/* After a conflict: whether the item is this run's own, written by a try whose
 * answer was lost. */
static bool is_own(struct sync_state *state, struct app *app, int64_t deadline)
{
	const struct store_key key = {KEY_SYSTEM, KEY_SYNC};
	struct json_object *item;
	struct err ignored;
	const char *id;

	if (store_get_many(app_store(app), &key, 1, &item, deadline, &ignored))
		return false;
	id = json_string_or_null(item, "runId");
	if (!id || strcmp(id, state->id) != 0) {
		json_object_put(item);
		return false;
	}
	json_object_put(state->item);
	state->item = item;
	return true;
}

/* Takes `item`. */
static int put(struct sync_state *state, struct app *app, struct json_object *item,
	       int64_t deadline, struct err *e)
{
	struct store_action put = store_replace(item, state->item);
	int rc = store_write(app_store(app), &put, 1, NULL, deadline, e);

	if (rc && e->code == ERR_CONFLICT && is_own(state, app, deadline)) {
		put = store_replace(item, state->item);
		rc = store_write(app_store(app), &put, 1, NULL, deadline, e);
	}
	if (rc) {
		json_object_put(item);
		return -1;
	}
	json_object_put(state->item);
	state->item = item;
	return 0;
}

int sync_state_save(struct sync_state *state, struct app *app, int64_t deadline, struct err *e)
{
	struct json_object *item = new_item(state);

	json_set(item, "run", run_json(state));
	return put(state, app, item, deadline, e);
}

int sync_state_finish(struct sync_state *state, struct app *app, int64_t now, int64_t deadline,
		      struct err *e)
{
	struct json_object *item = new_item(state);
	int64_t before = json_time_or(item, "through", 0), joins = state->from + COMPLETES;
	int64_t through = state->started;

	/* Up to when everything is in order from now on.  Where more failed than could be
	 * set aside: so that the next run looks at all of this one's window again.  A run
	 * that left a gap between its window and the last one's does not close it. */
	if (before && before < joins && state->from > EARLIEST)
		through = before;
	else if (state->crowded)
		through = joins;
	json_object_object_del(item, "run");
	set_time(item, "startedAt", state->started);
	set_time(item, "completedAt", now);
	json_set_int(item, "through", through);
	json_set(item, "summary", sync_counts_json(&state->counts));
	return put(state, app, item, deadline, e);
}

bool sync_state_is_put_back(const struct sync_state *state, struct app *app, int64_t deadline)
{
	const struct store_key key = {KEY_SYSTEM, KEY_SYNC};
	struct json_object *item = NULL;
	struct err ignored;
	bool older = store_get_many(app_store(app), &key, 1, &item, deadline, &ignored) == 0 &&
		     store_item_version(item) < store_item_version(state->item);

	json_object_put(item);
	return older;
}

void sync_state_free(struct sync_state *state)
{
	json_object_put(state->item);
	json_object_put(state->aside);
	json_object_put(state->pending_days);
	state->item = state->aside = state->pending_days = NULL;
}

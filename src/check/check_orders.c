/* SPDX-License-Identifier: ISC */
/*
 * What the store says about the shop's days: when Stripe's sessions were last
 * compared with the orders, and which orders are not done.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/seconds.h"
#include "format/iso8601.h"
#include "check/check_part.h"
#include "orders/pending.h"
#include "orders/sync_state.h"
#include "shop/keys.h"

#define READ_MS 4000
#define DAYS_MS 10000 /* for all of the days */
#define SYNC_WARNING DAY           /* seconds since the last one */
#define PENDING_WARNING (3 * DAY)
#define NEAR_DAYS 14 /* that are looked through for pending orders */
#define ASIDE_NAMED 10

/* The age of a time as text; -1 where it is none, 0 where it is to come. */
static int64_t age_of(const struct check *c, const char *time)
{
	int64_t then, now = check_now(c);

	if (!time || iso8601_parse(time, &then))
		return -1;
	return now > then ? now - then : 0;
}

/* What sync could not bring in order, and goes on past. */
static void say_aside(struct check *c, struct json_object *state)
{
	struct json_object *list = NULL;
	size_t i, n;

	json_get_array(state, "setAside", &list);
	n = list ? json_object_array_length(list) : 0;
	for (i = 0; i < n && i < ASIDE_NAMED; i++) {
		struct json_object *entry = json_object_array_get_idx(list, i);
		const char *id = json_string_or_null(entry, "id");
		const char *error = json_string_or_null(entry, "error");
		char spell[CHECK_SPELL];

		check_not(c, CHECK_WARNING, "sync", "look for the reason in the error; each run of "
			  "ordersnap sync tries it again", "session %s could not be brought in order "
			  "for %s: %s", id ? id : "?",
			  check_spell(check_now(c) - json_time_or(entry, "since", check_now(c)), spell),
			  error ? error : "no error is known");
	}
	if (n > ASIDE_NAMED)
		check_not(c, CHECK_WARNING, "sync", "run ordersnap sync --json: it names them",
			  "%zu more sessions could not be brought in order", n - ASIDE_NAMED);
}

/* The last run of sync, one that did not finish, and what it set aside.  *item is its
 * state, to put. */
static void look_at_sync(struct check *c, struct json_object **item)
{
	const struct store_key key = {KEY_SYSTEM, KEY_SYNC};
	struct json_object *summary = NULL, *running = NULL;
	char spell[CHECK_SPELL], *advice;
	int64_t age = -1, errors;
	struct err e;

	if (store_get_many(app_store(c->app), &key, 1, item, check_deadline(c, READ_MS), &e)) {
		check_not(c, CHECK_FAILED, "sync", "run this again", "not known: %s", e.text);
		return;
	}
	if (sync_state_is_ours(*item))
		age = age_of(c, json_string_or_null(*item, "completedAt"));
	advice = check_cron(c, age < 0 ? "run it, and let systemd's timer or cron run it each hour"
				       : "see to it that systemd's timer or cron runs it each hour",
			    "17 * * * *", "sync");
	json_get_object(*item, "summary", &summary);
	errors = json_int_or(summary, "errors", 0);
	if (age < 0)
		check_not(c, CHECK_WARNING, "sync", advice, "ordersnap sync has never been done: nothing "
			  "finds the events that Stripe could not deliver");
	else if (age > SYNC_WARNING)
		check_not(c, CHECK_WARNING, "sync", advice, "the last ordersnap sync was %s ago",
			  check_spell(age, spell));
	else if (errors > 0)
		check_not(c, CHECK_WARNING, "sync", "run ordersnap sync: it says what it could not do",
			  "the last ordersnap sync, %s ago, had %lld errors", check_spell(age, spell),
			  (long long)errors);
	else
		check_ok(c, "sync", "%s ago: %lld sessions, %lld orders were missing, %lld out of date",
			 check_spell(age, spell), (long long)json_int_or(summary, "sessions", 0),
			 (long long)json_int_or(summary, "missing", 0),
			 (long long)json_int_or(summary, "stale", 0));
	free(advice);
	if (!sync_state_is_ours(*item))
		return;

	/* One that is running, or was interrupted: the next one goes on with it. */
	json_get_object(*item, "run", &running);
	age = age_of(c, json_string_or_null(running, "startedAt"));
	if (age > SYNC_WARNING)
		check_not(c, CHECK_WARNING, "sync", "run ordersnap sync: it goes on where that one "
			  "ended", "a run that began %s ago did not finish", check_spell(age, spell));
	else if (age >= 0)
		check_ok(c, "sync", "a run that began %s ago has not finished",
			 check_spell(age, spell));
	say_aside(c, *item);
}

/* Whether sync has asked Stripe within a day how each payment that was on its way stands. */
static bool was_asked(const struct check *c, struct json_object *state)
{
	struct json_object *summary = NULL;
	int64_t age = -1;

	if (sync_state_is_ours(state))
		age = age_of(c, json_string_or_null(state, "completedAt"));
	json_get_object(state, "summary", &summary);
	return age >= 0 && age <= SYNC_WARNING && json_int_or(summary, "errors", 0) == 0 &&
	       json_int_or(summary, "unknown", 0) == 0;
}

struct pending {
	bool asked; /* what Stripe says of the payments is known */
	int64_t count, oldest; /* epoch seconds */
	int64_t late; /* likewise, the oldest that something is to be done about; 0: none is */
	int64_t until; /* when the looking ends, base/clock.h */
};

/* Counts an entry, and remembers the oldest.  A bank debit takes two weeks, a voucher up to two months:
 * what waits for a payment that Stripe calls under way is in order. */
static int on_pending(void *context, struct json_object *entry, struct err *e)
{
	struct pending *p = context;
	int64_t created;

	(void)e;
	if (key_order_created(json_string_or_null(entry, "SK"), &created))
		return 0;
	if (!p->count++ || created < p->oldest)
		p->oldest = created;
	if ((pending_on_stripe(entry) || !p->asked) && (!p->late || created < p->late))
		p->late = created;
	return 0;
}

/* The days from `from` to `to`, each in a call of its own, so that a slow store does
 * not hold all of it up. */
static int walk_days(struct check *c, struct pending *pending, int64_t from, int64_t to,
		     struct err *e)
{
	int rc = 0;

	for (; !rc && to > from; to -= to % DAY + 1) {
		int64_t begin = to - to % DAY, left = deadline_left(pending->until);
		struct pending_walk walk = {.from = begin > from ? begin : from, .to = to,
					    .read_ms = left < READ_MS ? left : READ_MS,
					    .found = on_pending, .context = pending};

		rc = left ? pending_walk(c->app, &walk, e)
			  : err_set(e, ERR_UNAVAILABLE, "the store took too long");
	}
	return rc;
}

/* Those of the last days, and of the older ones that sync found some on. */
static void look_at_pending(struct check *c, struct json_object *state)
{
	struct pending pending = {.asked = was_asked(c, state), .until = check_deadline(c, DAYS_MS)};
	int64_t age, near = check_now(c) - NEAR_DAYS * DAY;
	struct json_object *days = NULL;
	char spell[CHECK_SPELL];
	struct err e;
	size_t i;
	int rc = walk_days(c, &pending, near, check_now(c), &e);

	json_get_array(state, "pendingDays", &days);
	for (i = 0; !rc && days && i < json_object_array_length(days); i++) {
		int64_t day = pending_days_get(days, i), last = day + DAY - 1;

		if (day >= 0)
			rc = walk_days(c, &pending, day, last < near ? last : near - 1, &e);
	}
	age = pending.count ? check_now(c) - pending.oldest : 0;
	if (rc)
		check_not(c, CHECK_WARNING, "pending", "run this again", "it is not known which "
			  "orders are pending: %s", e.text);
	else if (!pending.count)
		check_ok(c, "pending", "no order of the last %d days waits for its payment or "
			 "for Stripe's word on it", NEAR_DAYS);
	else if (pending.late && check_now(c) - pending.late > PENDING_WARNING)
		check_not(c, CHECK_WARNING, "pending", "run ordersnap sync, which asks Stripe how they "
			  "ended", "%lld orders wait for their payment or for Stripe's word on them, the "
			  "oldest for %s",
			  (long long)pending.count, check_spell(age, spell));
	else
		check_ok(c, "pending", "%lld orders wait for their payment or for Stripe's word on them, the "
			 "oldest for %s", (long long)pending.count, check_spell(age, spell));
}

void check_orders(struct check *c)
{
	struct json_object *state = NULL;

	/* Until a table is adopted a sync costs a search for each of its orders. */
	if (!check_adopted(c))
		return;
	look_at_sync(c, &state);
	look_at_pending(c, state);
	json_object_put(state);
	if (c->accepted)
		check_unknown(c);
}

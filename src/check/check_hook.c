/* SPDX-License-Identifier: ISC */
/*
 * Whether the shop is told of its orders: the program that ORDER_HOOK names, and what
 * waits in the outbox.
 */
#include <stdlib.h>

#include "base/child.h"
#include "base/clock.h"
#include "check/check_part.h"
#include "shop/outbox.h"
#include "store/store_pages.h"

#define READ_MS 4000
#define PAGE 100
#define LOOKED_AT 1000 /* items of each kind */
#define NAMED 10
#define LATE 600 /* seconds that a new one may wait: a run a minute, and slow programs */

/* One of each kind of item. */
struct kind {
	int64_t count;
	struct json_object *first;  /* the one that is due first, or NULL; owned */
	struct json_object *failed; /* the first that says how it failed, or NULL; owned */
};

/* Names the first of those whose program failed for OUTBOX_DAYS. */
static void name_given_up(struct check *c, struct json_object *page)
{
	size_t i;

	for (i = 0; i < json_object_array_length(page) && i < NAMED; i++) {
		struct json_object *item = json_object_array_get_idx(page, i);
		const char *id = json_string_or_null(item, "id");
		const char *number = json_string_or_null(item, "orderNumber");
		const char *error = json_string_or_null(item, "error");
		char *words = outbox_words(item);

		check_not(c, CHECK_WARNING, "notify", "mend the program and run ordersnap notify --retry "
			  "with its id (or all), or --forget it", "%s was given up after %d days: the "
			  "shop was not told that order %s is %s: %s", id ? id : "?", OUTBOX_DAYS,
			  number ? number : "?", words, error ? error : "no error is known");
		free(words);
	}
}

/* Counts up to LOOKED_AT items of a kind, and keeps the ones that are named. */
static int look_at(struct check *c, const char *prefix, struct kind *kind, struct err *e)
{
	struct store_pages pages = {.pk = KEY_OUTBOX, .sk_prefix = prefix, .limit = PAGE};
	struct json_object *page;
	size_t i, n;
	int rc;

	while (!(rc = store_pages_next(&pages, app_store(c->app), check_deadline(c, READ_MS), &page,
				       e)) && page) {
		n = json_object_array_length(page);
		if (!kind->count && n) {
			kind->first = json_object_get(json_object_array_get_idx(page, 0));
			if (outbox_is_given_up(kind->first))
				name_given_up(c, page);
		}
		for (i = 0; !kind->failed && i < n; i++)
			if (json_string_or_null(json_object_array_get_idx(page, i), "error"))
				kind->failed = json_object_get(json_object_array_get_idx(page, i));
		kind->count += (int64_t)n;
		json_object_put(page);
		if (kind->count >= LOOKED_AT)
			break;
	}
	store_pages_end(&pages);
	return rc;
}

/* Not all are counted, so that a full outbox does not hold the check up. */
static const char *at_least(const struct kind *kind)
{
	return kind->count >= LOOKED_AT ? "at least " : "";
}

/* What waits, where a program is to be told of it. */
static void say_waiting(struct check *c, const struct kind *again, const struct kind *new)
{
	const char *error = json_string_or_null(again->failed, "error");
	const char *number = json_string_or_null(again->failed, "orderNumber");
	char spell[CHECK_SPELL], *advice;
	int64_t age;

	if (error)
		check_not(c, CHECK_WARNING, "notify", "mend the program: each is tried again with growing "
			  "gaps, for seven days, and with ordersnap notify --retry waiting at once",
			  "%s%lld notifications failed and are tried again; that of order %s: %s",
			  at_least(again), (long long)again->count, number ? number : "?", error);
	else if (again->count)
		check_ok(c, "notify", "%s%lld notifications are being tried", at_least(again),
			 (long long)again->count);
	if (!new->count)
		return;
	age = check_now(c) - outbox_due(new->first);
	advice = check_cron(c, "see to it that systemd's timer or cron runs ordersnap notify each minute, "
			       "and that the program takes little time", "* * * * *", "notify");
	if (age > LATE)
		check_not(c, CHECK_WARNING, "notify", advice, "%s%lld notifications wait, the oldest for %s",
			  at_least(new), (long long)new->count, check_spell(age, spell));
	else
		check_ok(c, "notify", "%s%lld notifications wait for the next run", at_least(new),
			 (long long)new->count);
	free(advice);
}

void check_hook(struct check *c)
{
	static const char *const prefixes[] = {KEY_OUTBOX_GIVEN_UP, KEY_OUTBOX_AGAIN,
					       KEY_OUTBOX_NEW};
	const char *hook = c->app->config.order_hook;
	struct kind kinds[3] = {{0}};
	int64_t waiting;
	struct err e;
	size_t i;
	int rc = 0;

	/* The program. */
	if (hook && child_check_file(hook, &e))
		check_not(c, CHECK_FAILED, "hook", "mend it, or name another program: until then "
			  "ordersnap notify tells nobody, and what happens waits", "%s", e.text);
	else if (hook)
		check_ok(c, "hook", "%s can be run, and changed by nobody else", hook);

	/* The outbox. */
	for (i = 0; !rc && i < 3; i++)
		rc = look_at(c, prefixes[i], &kinds[i], &e);
	waiting = kinds[1].count + kinds[2].count;
	if (rc)
		check_not(c, CHECK_WARNING, "notify", "run this again", "it is not known what waits in "
			  "the outbox: %s", e.text);
	else if (!hook && waiting)
		check_not(c, CHECK_WARNING, "notify", "set ORDER_HOOK, or drop them with ordersnap "
			  "notify --forget waiting (--list names them)", "%s%lld notifications wait, and "
			  "ORDER_HOOK is not set: nobody is told", at_least(&kinds[2]),
			  (long long)waiting);
	else if (hook && waiting)
		say_waiting(c, &kinds[1], &kinds[2]);
	else if (hook && !kinds[0].count)
		check_ok(c, "notify", "the shop is told of all its orders");
	for (i = 0; i < 3; i++) {
		json_object_put(kinds[i].first);
		json_object_put(kinds[i].failed);
	}
}

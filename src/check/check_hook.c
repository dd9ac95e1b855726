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
#define CRON "* * * * * ordersnap LOG_TARGET=syslog ordersnap notify --quiet"

/* One of each kind of item. */
struct kind {
	int64_t count;
	struct json_object *first;  /* the one that is due first, or NULL; owned */
	struct json_object *failed; /* the first that says how it failed, or NULL; owned */
};

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

static void take_failed(struct kind *kind, struct json_object *page)
{
	size_t i;

	for (i = 0; !kind->failed && i < json_object_array_length(page); i++)
		if (json_string_or_null(json_object_array_get_idx(page, i), "error"))
			kind->failed = json_object_get(json_object_array_get_idx(page, i));
}

/* Counts up to LOOKED_AT items. */
static int look_at(struct check *c, const char *prefix, struct kind *kind, struct err *e)
{
	struct store_pages pages = {.pk = KEY_OUTBOX, .sk_prefix = prefix, .limit = PAGE};
	struct json_object *page;
	int rc;

	while (!(rc = store_pages_next(&pages, app_store(c->app), check_deadline(c, READ_MS), &page,
				       e)) && page) {
		if (!kind->count && json_object_array_length(page)) {
			kind->first = json_object_get(json_object_array_get_idx(page, 0));
			if (outbox_is_given_up(kind->first))
				name_given_up(c, page);
		}
		take_failed(kind, page);
		kind->count += (int64_t)json_object_array_length(page);
		json_object_put(page);
		if (kind->count >= LOOKED_AT)
			break;
	}
	store_pages_end(&pages);
	return rc;
}

static const char *at_least(const struct kind *kind)
{
	return kind->count >= LOOKED_AT ? "at least " : "";
}

static void say_failing(struct check *c, const struct kind *again)
{
	const char *error = json_string_or_null(again->failed, "error");
	const char *number = json_string_or_null(again->failed, "orderNumber");

	if (error)
		check_not(c, CHECK_WARNING, "notify", "mend the program: each is tried again with growing "
			  "gaps, for seven days, and with ordersnap notify --retry waiting at once",
			  "%s%lld notifications failed and are tried again; that of order %s: %s",
			  at_least(again), (long long)again->count, number ? number : "?", error);
	else
		check_ok(c, "notify", "%s%lld notifications are being tried", at_least(again),
			 (long long)again->count);
}

static void say_new(struct check *c, const struct kind *new)
{
	int64_t age = check_now(c) - outbox_due(new->first);
	char spell[CHECK_SPELL];

	if (age > LATE)
		check_not(c, CHECK_WARNING, "notify", "see to it that systemd or cron runs ordersnap "
			  "notify each minute, and that the program takes little time; cron's line "
			  "is: " CRON, "%s%lld notifications wait, the oldest for %s", at_least(new),
			  (long long)new->count, check_spell(age, spell));
	else
		check_ok(c, "notify", "%s%lld notifications wait for the next run", at_least(new),
			 (long long)new->count);
}

static void look_at_outbox(struct check *c)
{
	static const char *const prefixes[] = {KEY_OUTBOX_GIVEN_UP, KEY_OUTBOX_AGAIN,
					       KEY_OUTBOX_NEW};
	const char *hook = c->app->config.order_hook;
	struct kind kinds[3] = {{0}};
	struct err e;
	size_t i;
	int rc = 0;

	for (i = 0; !rc && i < 3; i++)
		rc = look_at(c, prefixes[i], &kinds[i], &e);
	if (rc)
		check_not(c, CHECK_WARNING, "notify", "run this again", "it is not known what waits in "
			  "the outbox: %s", e.text);
	else if (!hook && kinds[1].count + kinds[2].count)
		check_not(c, CHECK_WARNING, "notify", "set ORDER_HOOK, or drop them with ordersnap "
			  "notify --forget waiting (--list names them)", "%s%lld notifications wait, and "
			  "ORDER_HOOK is not set: nobody is told", at_least(&kinds[2]),
			  (long long)(kinds[1].count + kinds[2].count));
	else if (hook && kinds[1].count)
		say_failing(c, &kinds[1]);
	if (!rc && hook && kinds[2].count)
		say_new(c, &kinds[2]);
	if (!rc && hook && !kinds[0].count && !kinds[1].count && !kinds[2].count)
		check_ok(c, "notify", "the shop is told of all its orders");
	for (i = 0; i < 3; i++) {
		json_object_put(kinds[i].first);
		json_object_put(kinds[i].failed);
	}
}

void check_hook(struct check *c)
{
	const char *hook = c->app->config.order_hook;
	struct err e;

	if (hook && child_check_file(hook, &e))
		check_not(c, CHECK_FAILED, "hook", "mend it, or name another program: until then "
			  "ordersnap notify tells nobody, and what happens waits", "%s", e.text);
	else if (hook)
		check_ok(c, "hook", "%s can be run, and changed by nobody else", hook);
	look_at_outbox(c);
}

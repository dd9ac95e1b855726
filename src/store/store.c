/* SPDX-License-Identifier: ISC */
/*
 * What all backends have in common: the bounds, the versions, the counts.
 */
#include "store/store.h"

#include <string.h>

#include "base/clock.h"

#define PAUSE_MS 20 /* after the first conflict, at most; after the second twice as long */

const struct metrics_family store_seconds = {
	.name = "ordersnap_store_seconds",
	.help = "How long calls of the store took, by verb and outcome.",
	.kind = METRICS_SECONDS,
	.labels = {"verb", "outcome"},
};

const struct metrics_family store_conflicts = {
	.name = "ordersnap_conflicts_total",
	.help = "How often another writer of the same items was in the way, and it was begun again.",
};

/* Counts a call that began at `since`; gives back what it gave. */
static int counted(const char *verb, int64_t since, int rc, const struct err *e)
{
	const char *outcome = !rc ? "ok" : e ? err_name(e->code) : "failed";

	metrics_took(&store_seconds, clock_monotonic_us() - since,
		     (const char *const[METRICS_LABELS]){verb, outcome});
	return rc;
}

int store_get_many(struct store *s, const struct store_key *keys, size_t n,
		   struct json_object **items, int64_t deadline, struct err *e)
{
	int64_t since;
	size_t i;

	for (i = 0; i < n; i++)
		items[i] = NULL;
	if (n < 1 || n > STORE_MAX_ITEMS)
		return err_set(e, ERR_INTERNAL, "a read of %zu items", n);
	s->reads++;
	since = clock_monotonic_us();
	if (counted("read", since, s->backend->get_many(s, keys, n, items, deadline, e), e) == 0)
		return 0;
	for (i = 0; i < n; i++) {
		json_object_put(items[i]);
		items[i] = NULL;
	}
	return -1;
}

int store_query(struct store *s, const char *pk, const char *sk_prefix, const char *before_sk,
		size_t limit, struct json_object **items, int64_t deadline, struct err *e)
{
	int64_t since = clock_monotonic_us();

	s->reads++;
	return counted("query", since,
		       s->backend->query(s, pk, sk_prefix, before_sk, limit, items, deadline, e), e);
}

int store_scan(struct store *s, const struct store_key *after, size_t limit,
	       struct json_object **items, struct json_object **last, int64_t deadline,
	       struct err *e)
{
	int64_t since = clock_monotonic_us();

	if (limit < 1 || limit > STORE_MAX_ITEMS)
		return err_set(e, ERR_INTERNAL, "a page of %zu items", limit);
	s->reads++;
	return counted("scan", since, s->backend->scan(s, after, limit, items, last, deadline, e), e);
}

static int64_t next_version(const struct store_action *put)
{
	if (put->condition == STORE_VERSION)
		return put->version + 1;
	if (put->condition == STORE_ABSENT)
		return 1;
	return json_int_or(put->item, "version", 1);
}

int store_write(struct store *s, const struct store_action *actions, size_t n, size_t *failed,
		int64_t deadline, struct err *e)
{
	size_t i, ignored;
	int64_t since;

	if (n < 1 || n > STORE_MAX_ITEMS)
		return err_set(e, ERR_INTERNAL, "a write of %zu items", n);
	for (i = 0; i < n; i++) {
		const struct store_action *action = &actions[i];

		if (!json_string_or_null(action->item, "PK") ||
		    !json_string_or_null(action->item, "SK"))
			return err_set(e, ERR_INTERNAL, "an item without its keys");
		if (action->verb == STORE_PUT && !action->as_it_is)
			json_set_int(action->item, "version", next_version(action));
	}
	s->writes++;
	since = clock_monotonic_us();
	return counted("write", since, s->backend->write(s, actions, n, failed ? failed : &ignored,
							 deadline, e), e);
}

int store_until_written(int (*once)(void *context, struct err *e), void *context,
			int64_t deadline, struct err *e)
{
	uint32_t try = 0;
	int rc;

	while ((rc = once(context, e)) && e->code == ERR_CONFLICT && ++try < STORE_TRIES) {
		metrics_add(&store_conflicts, 1, NULL);
		deadline_sleep(1 + clock_jitter(try * PAUSE_MS), deadline);
	}
	return rc;
}

int64_t store_count(struct store *s, int64_t deadline)
{
	return s->backend->count ? s->backend->count(s, deadline) : -1;
}

int store_wipe(struct store *s, int64_t ms, struct err *e)
{
	return s->backend->wipe ? s->backend->wipe(s, ms, e) : 0;
}

void store_rest(struct store *s)
{
	if (s && s->backend->rest)
		s->backend->rest(s);
}

void store_close(struct store *s)
{
	if (s)
		s->backend->close(s);
}

int64_t store_item_version(struct json_object *item)
{
	return json_int_or(item, "version", 0);
}

bool store_item_expired(struct json_object *item, int64_t now)
{
	int64_t expires;

	return json_get_int(item, "expiresAt", &expires) == JSON_FOUND && expires <= now;
}

struct store_action store_replace(struct json_object *item, struct json_object *read)
{
	return (struct store_action){
		.item = item,
		.condition = read ? STORE_VERSION : STORE_ABSENT,
		.version = store_item_version(read),
	};
}

struct store_action store_check(struct json_object *read)
{
	return (struct store_action){
		.verb = STORE_CHECK,
		.item = read,
		.condition = STORE_VERSION,
		.version = store_item_version(read),
	};
}

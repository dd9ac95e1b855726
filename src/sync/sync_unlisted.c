/* SPDX-License-Identifier: ISC */
/*
 * Reading the days' entries beside Stripe's list.
 */
#include "sync/sync_unlisted.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/seconds.h"
#include "shop/keys.h"
#include "stripe/api.h"

#define PAGE 500         /* entries a read: a few hundred bytes each */
#define WAITING_MAX 5000 /* entries without a session that are held, and sessions without an entry */
#define ASK_MAX 100      /* sessions that are asked for in one run */

void sync_unlisted_init(struct sync_unlisted *u, struct reconcile *reconcile)
{
	*u = (struct sync_unlisted){.reconcile = reconcile, .waiting = json_object_new_object()};
}

void sync_unlisted_end(struct sync_unlisted *u)
{
	json_object_put(u->waiting);
	json_object_put(u->early);
	*u = (struct sync_unlisted){.waiting = NULL};
}

void sync_unlisted_out_of_order(struct sync_unlisted *u)
{
	if (!u->early)
		u->early = json_object_new_object();
}

/* --- the entries of a segment ------------------------------------------------------- */

/* Begins to read the entries of one day. */
static void begin_day(struct sync_entries *entries, int64_t day)
{
	store_pages_end(&entries->pages);
	free(entries->pk);
	entries->day = day;
	entries->pk = key_day(day);
	entries->pages = (struct store_pages){.pk = entries->pk, .sk_prefix = KEY_ORDER_PREFIX,
					      .limit = PAGE};
}

void sync_entries_begin(struct sync_entries *entries, int64_t to)
{
	*entries = (struct sync_entries){.pk = NULL};
	begin_day(entries, (to - 1) - (to - 1) % DAY);
	entries->pages.last = key_order(to, ""); /* what comes before that */
}

void sync_entries_end(struct sync_entries *entries)
{
	store_pages_end(&entries->pages);
	json_object_put(entries->page);
	free(entries->pk);
	*entries = (struct sync_entries){.pk = NULL};
}

/* The next entry that was created from `from` on, borrowed; NULL: there is none. */
static int next_entry(const struct reconcile *r, struct sync_entries *entries, int64_t from,
		      struct json_object **entry, struct err *e)
{
	struct retry retry = reconcile_retry(r);
	int64_t created;
	int rc;

	for (*entry = NULL;;) {
		/* What has been read ahead; an entry that is too old is kept for the next page. */
		while (entries->page && entries->at < json_object_array_length(entries->page)) {
			struct json_object *next = json_object_array_get_idx(entries->page, entries->at);

			if (key_order_created(json_string_or_null(next, "SK"), &created) == 0) {
				if (created < from)
					return 0;
				*entry = next;
			}
			entries->at++;
			if (*entry)
				return 0;
		}
		/* Then the day's next page, or the day before. */
		json_object_put(entries->page);
		entries->page = NULL;
		entries->at = 0;
		do
			rc = store_pages_next(&entries->pages, app_store(r->app), deadline_in(RETRY_CALL_MS),
					      &entries->page, e);
		while (rc && retry_again(&retry, e));
		if (rc)
			return -1;
		if (entries->page)
			continue;
		if (entries->day <= from)
			return 0;
		begin_day(entries, entries->day - DAY);
	}
}

/* Takes `id` off a set; false: it is not there, or there is no set. */
static bool take_off(struct json_object *set, const char *id)
{
	if (!set || !id || !json_object_object_get_ex(set, id, NULL))
		return false;
	json_object_object_del(set, id);
	return true;
}

int sync_unlisted_page(struct sync_unlisted *u, struct sync_entries *entries,
		       struct json_object *sessions, int64_t from, struct err *e)
{
	struct json_object *listed = json_object_new_object(), *entry;
	size_t i, n = json_object_array_length(sessions);
	struct json_walk walk;
	int rc;

	/* An entry of an earlier page may have waited for one of these sessions. */
	for (i = 0; i < n; i++) {
		const char *id = json_string_or_null(json_object_array_get_idx(sessions, i), "id");

		entry = NULL;
		if (id && json_object_object_get_ex(u->waiting, id, &entry))
			json_object_get(entry);
		if (id)
			json_object_object_add(listed, id, entry);
		take_off(u->waiting, id);
	}
	/* An entry of this page's time without a session begins to wait for its own. */
	while (!(rc = next_entry(u->reconcile, entries, from, &entry, e)) && entry) {
		const char *id = json_string_or_null(entry, "orderId");

		if (id && json_object_object_get_ex(listed, id, NULL))
			json_object_object_add(listed, id, json_object_get(entry));
		else if (id && !take_off(u->early, id) &&
			 !sync_account_is_foreign(u->reconcile->state->account, id) &&
			 json_object_object_length(u->waiting) < WAITING_MAX)
			json_object_object_add(u->waiting, id, json_object_get(entry));
	}
	/* A session without an entry waits for one, where that may come later. */
	walk = json_walk_of(u->early ? listed : NULL);
	while (json_walk_next(&walk) && json_object_object_length(u->early) < WAITING_MAX)
		if (!walk.value)
			json_object_object_add(u->early, walk.key, NULL);
	reconcile_has_read(u->reconcile, listed);
	return rc;
}

int sync_unlisted_ask(struct sync_unlisted *u, struct err *e)
{
	struct reconcile *r = u->reconcile;
	struct json_walk walk = json_walk_of(u->waiting);
	int asked = 0;

	while (json_walk_next(&walk) && !reconcile_stops(r)) {
		struct json_object *session = NULL;
		int rc;

		if (reconcile_leaves(r, walk.key))
			continue;
		if (asked++ == ASK_MAX) {
			log_warning("More orders are without a session than are asked for",
				    LOG_INT("orders", json_object_object_length(u->waiting)),
				    LOG_INT("asked", ASK_MAX));
			break;
		}
		/* Stripe knows the session or does not, and no more is asked. */
		rc = retry_ask(reconcile_retry(r), stripe_session_retrieve, walk.key, &session, e);
		json_object_put(session);
		if (!rc)
			r->failures = 0;
		else if (reconcile_no_session(r, walk.key, walk.value, e))
			return -1;
	}
	return 0;
}

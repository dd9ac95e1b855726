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
#define WAITING_MAX 5000 /* entries without a session that are held */
#define ASK_MAX 100      /* sessions that are asked for in one run */

void sync_unlisted_end(struct sync_unlisted *u)
{
	store_pages_end(&u->pages);
	json_object_put(u->page);
	json_object_put(u->waiting);
	free(u->pk);
	*u = (struct sync_unlisted){.day = -1};
}

/* Begins to read the entries of one day. */
static void begin_day(struct sync_unlisted *u, int64_t day)
{
	store_pages_end(&u->pages);
	free(u->pk);
	u->day = day;
	u->pk = key_day(day);
	u->pages = (struct store_pages){.pk = u->pk, .sk_prefix = KEY_ORDER_PREFIX, .limit = PAGE};
}

void sync_unlisted_begin(struct sync_unlisted *u, struct reconcile *reconcile, int64_t to)
{
	struct json_object *waiting = u->waiting;

	u->waiting = NULL;
	sync_unlisted_end(u);
	u->reconcile = reconcile;
	u->waiting = waiting ? waiting : json_object_new_object();
	u->to = to;
	begin_day(u, (to - 1) - (to - 1) % DAY);
}

/* The next entry that was created from `from` on, borrowed; NULL: there is none. */
static int next_entry(struct sync_unlisted *u, int64_t from, struct json_object **entry,
		      struct err *e)
{
	const struct reconcile *r = u->reconcile;
	struct retry retry = reconcile_retry(r);
	int64_t created;
	int rc;

	for (*entry = NULL;;) {
		/* What has been read ahead; an entry that is too old is kept for the next page. */
		while (u->page && u->at < json_object_array_length(u->page)) {
			struct json_object *next = json_object_array_get_idx(u->page, u->at);

			if (key_order_created(json_string_or_null(next, "SK"), &created) == 0) {
				if (created < from)
					return 0;
				*entry = created < u->to ? next : NULL;
			}
			u->at++;
			if (*entry)
				return 0;
		}
		/* Then the day's next page, or the day before. */
		json_object_put(u->page);
		u->page = NULL;
		u->at = 0;
		do
			rc = store_pages_next(&u->pages, app_store(r->app), deadline_in(RETRY_CALL_MS),
					      &u->page, e);
		while (rc && retry_again(&retry, e));
		if (rc)
			return -1;
		if (u->page)
			continue;
		if (u->day <= from)
			return 0;
		begin_day(u, u->day - DAY);
	}
}

int sync_unlisted_page(struct sync_unlisted *u, struct json_object *sessions, int64_t from,
		       struct err *e)
{
	struct json_object *listed = json_object_new_object(), *entry;
	size_t i, n = json_object_array_length(sessions);
	int rc;

	/* An entry of an earlier page may have waited for one of these sessions. */
	for (i = 0; i < n; i++) {
		const char *id = json_string_or_null(json_object_array_get_idx(sessions, i), "id");

		if (!id)
			continue;
		json_object_object_add(listed, id, NULL);
		json_object_object_del(u->waiting, id);
	}
	/* An entry of this page's time without a session begins to wait for its own. */
	while (!(rc = next_entry(u, from, &entry, e)) && entry) {
		const char *id = json_string_or_null(entry, "orderId");

		if (id && !json_object_object_get_ex(listed, id, NULL) &&
		    !sync_account_is_foreign(u->reconcile->state->account, id) &&
		    json_object_object_length(u->waiting) < WAITING_MAX)
			json_object_object_add(u->waiting, id, json_object_get(entry));
	}
	json_object_put(listed);
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

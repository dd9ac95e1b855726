/* SPDX-License-Identifier: ISC */
/*
 * Whether Stripe knows the sessions of the newest orders.  The one idea: its list of
 * sessions has nearly all of them in a call or two, and only what is not in it is
 * asked for by its id.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/seconds.h"
#include "base/str.h"
#include "check/check_part.h"
#include "orders/sync_account.h"
#include "shop/keys.h"
#include "store/store_pages.h"
#include "stripe/api.h"
#include "stripe/list.h"

#define ALL_MS 12000 /* for all of the calls */
#define DAYS 14
#define ORDERS 100
#define LISTS 3  /* calls for a hundred sessions each */
#define ASKED 20 /* sessions that are asked for by their id */
#define NAMED 5

struct newest {
	struct check *c;
	struct json_object *orders; /* {session id: day entry}; what Stripe knows is taken out */
	char account[SYNC_ACCOUNT_SIZE];
	size_t n;       /* orders at first */
	int64_t oldest; /* created, epoch seconds */
	int64_t deadline;
};

/* The newest orders of this account, at most ORDERS, day by day from today on. */
static int read_orders(struct newest *newest, struct err *e)
{
	int64_t day, created, now = check_now(newest->c);
	int rc = 0;

	for (day = now; !rc && newest->n < ORDERS && day > now - DAYS * DAY; day -= DAY) {
		char *pk = key_day(day);
		struct store_pages pages = {.pk = pk, .sk_prefix = KEY_ORDER_PREFIX,
					    .limit = ORDERS};
		struct json_object *page = NULL;
		size_t i;

		rc = store_pages_next(&pages, app_store(newest->c->app), newest->deadline, &page, e);
		for (i = 0; page && newest->n < ORDERS && i < json_object_array_length(page); i++) {
			struct json_object *entry = json_object_array_get_idx(page, i);
			const char *id = json_string_or_null(entry, "orderId");

			if (!id || key_order_created(json_string_or_null(entry, "SK"), &created) ||
			    sync_account_is_foreign(newest->account, id))
				continue;
			json_object_object_add(newest->orders, id, json_object_get(entry));
			if (!newest->n++ || created < newest->oldest)
				newest->oldest = created;
		}
		json_object_put(page);
		store_pages_end(&pages);
		free(pk);
	}
	return rc;
}

/* Takes out the sessions that Stripe lists. */
static int list_sessions(struct newest *newest, struct stripe_client *stripe, struct err *e)
{
	struct stripe_pages pages = {.list = stripe_complete_sessions, .from = newest->oldest};
	struct json_object *page;
	int rc = 0, read;
	size_t i;

	for (read = 0; !rc && read < LISTS && json_object_object_length(newest->orders); read++) {
		rc = stripe_pages_next(&pages, stripe, newest->deadline, &page, e);
		if (rc || !page)
			break;
		for (i = 0; i < json_object_array_length(page); i++) {
			const char *id = json_string_or_null(json_object_array_get_idx(page, i), "id");

			if (id)
				json_object_object_del(newest->orders, id);
		}
		json_object_put(page);
	}
	stripe_pages_end(&pages);
	return rc;
}

/* Asks for those that are left; `names` are the numbers of the orders whose session
 * Stripe does not know. */
static int ask_sessions(struct newest *newest, struct stripe_client *stripe, struct buf *names,
			size_t *unknown, struct err *e)
{
	struct json_walk walk = json_walk_of(newest->orders);
	int asked = 0;

	while (asked++ < ASKED && json_walk_next(&walk)) {
		const char *number = json_string_or_null(walk.value, "orderNumber");
		struct json_object *session = NULL;
		int rc = stripe_session_retrieve(stripe, walk.key, newest->deadline, &session, e);

		json_object_put(session);
		if (rc && (e->code != ERR_REFUSED || e->upstream != 404))
			return -1;
		if (rc && ++*unknown <= NAMED)
			buf_printf(names, "%s%s", *unknown > 1 ? ", " : "", number ? number : walk.key);
	}
	return 0;
}

void check_unknown(struct check *c)
{
	struct newest newest = {.c = c, .orders = json_object_new_object(),
				.deadline = check_deadline(c, ALL_MS)};
	struct stripe_client *stripe;
	struct buf names;
	size_t unknown = 0;
	struct err e;
	int rc;

	buf_init(&names, 1024);
	sync_account_of(c->key, newest.account);
	stripe = app_stripe(c->app, newest.deadline, &e);
	rc = stripe ? read_orders(&newest, &e) : -1;
	if (!rc && newest.n)
		rc = list_sessions(&newest, stripe, &e);
	if (!rc && newest.n)
		rc = ask_sessions(&newest, stripe, &names, &unknown, &e);

	if (rc && (e.upstream == 401 || e.upstream == 403))
		; /* what the key may not do has been said */
	else if (rc)
		check_not(c, CHECK_WARNING, "sessions", "run this again", "it is not known whether "
			  "Stripe knows the sessions of the newest orders: %s", e.text);
	else if (unknown)
		check_not(c, CHECK_WARNING, "sessions", "see whether STRIPE_SECRET is of the "
			  "account or sandbox that these orders are of; nobody confirms sessions that "
			  "were deleted at Stripe, as test data can be", "Stripe does not know the sessions "
			  "of %s%zu of the newest %zu orders: %s%s",
			  unknown >= ASKED ? "at least " : "", unknown, newest.n, buf_text(&names),
			  unknown > NAMED ? " and others" : "");
	else if (newest.n)
		check_ok(c, "sessions", "Stripe knows the sessions of the newest orders (%zu)",
			 newest.n);
	buf_free(&names);
	json_object_put(newest.orders);
}

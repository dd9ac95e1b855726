/* SPDX-License-Identifier: ISC */
/*
 * Walking orders.  The one idea: a stream is a partition of the table that is
 * read from its end; a shop's history is one stream whose partition steps back
 * day by day, a user's one for each of his keys, merged.
 */
#include "orders/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/seconds.h"
#include "format/iso8601.h"
#include "shop/keys.h"
#include "shop/order.h"
#include "shop/order_mode.h"
#include "store/store_pages.h"

#define PAGE STORE_MAX_ITEMS
#define STREAMS 2

struct stream {
	char *pk;                 /* NULL: there is nothing more */
	struct store_pages pages; /* of that partition */
	struct json_object *page; /* what was read of it */
	size_t at;                /* the next one in the page */
};

struct history {
	struct app *app;
	struct history_query query;  /* its user is not kept: it is in the keys */
	bool by_day;
	int64_t day;                 /* the midnight of the stream's day */
	struct stream streams[STREAMS];
	struct json_object *orders[PAGE]; /* by day: those of streams[0].page */
	size_t missing;
};

static const struct {
	const char *name;
	unsigned bit;
} statuses[] = {
	{"pending", HISTORY_PENDING},
	{"failed", HISTORY_FAILED},
	{"completed", HISTORY_COMPLETED},
	{"partially_refunded", HISTORY_PARTIALLY_REFUNDED},
	{"refunded", HISTORY_REFUNDED},
	{"disputed", HISTORY_DISPUTED},
	{"incomplete", HISTORY_INCOMPLETE},
};

unsigned history_status_of(struct span name)
{
	size_t i;

	for (i = 0; i < sizeof statuses / sizeof *statuses; i++)
		if (span_equals(name, statuses[i].name))
			return statuses[i].bit;
	return 0;
}

const char *history_status_names(void)
{
	return "pending, failed, completed, partially_refunded, refunded, disputed, incomplete";
}

bool history_matches(struct json_object *order, unsigned wanted)
{
	struct json_object *dispute;
	bool pending = false;
	unsigned is = history_status_of(span_of(json_string_or_null(order, "status")));

	is &= ~(unsigned)(HISTORY_DISPUTED | HISTORY_INCOMPLETE);
	if (json_get_object(order, "dispute", &dispute) == JSON_FOUND)
		is |= HISTORY_DISPUTED;
	json_get_bool(order, "itemsPending", &pending);
	if (pending)
		is |= HISTORY_INCOMPLETE;
	return !wanted || (is & wanted);
}

/* --- a partition ---------------------------------------------------------------- */

static void stream_open(struct stream *s, char *pk) /* takes pk */
{
	free(s->pk);
	store_pages_end(&s->pages);
	json_object_put(s->page);
	*s = (struct stream){.pk = pk, .pages = {.pk = pk, .sk_prefix = KEY_ORDER_PREFIX,
						 .limit = PAGE}};
}

static struct json_object *stream_item(const struct stream *s)
{
	return s->page ? json_object_array_get_idx(s->page, s->at) : NULL;
}

static const char *sk_of(const struct stream *s)
{
	return json_string_or_null(stream_item(s), "SK");
}

/* Reads the page behind the one that is used up. */
static int stream_read(struct history *h, struct stream *s, struct err *e)
{
	json_object_put(s->page);
	s->at = 0;
	return store_pages_next(&s->pages, app_store(h->app), deadline_in(h->query.read_ms), &s->page,
				e);
}

/* Sees to it that there is an item, or that the stream's pk is NULL. */
static int stream_fill(struct history *h, struct stream *s, struct err *e)
{
	while (s->pk && !stream_item(s)) {
		if (s->pages.ended)
			stream_open(s, NULL);
		else if (stream_read(h, s, e))
			return -1;
	}
	return 0;
}

/* --- by user -------------------------------------------------------------------- */

/* The next order of all streams, the newest first; NULL behind the last. */
static int next_of_user(struct history *h, struct json_object **order,
			struct err *e)
{
	struct stream *newest = NULL;
	size_t i;

	for (i = 0; i < STREAMS; i++) {
		struct stream *s = &h->streams[i];

		if (stream_fill(h, s, e))
			return -1;
		if (s->pk && (!newest || strcmp(sk_of(s), sk_of(newest)) > 0))
			newest = s;
	}
	*order = newest ? json_object_get(stream_item(newest)) : NULL;
	if (newest)
		newest->at++;
	return 0;
}

/* --- by day --------------------------------------------------------------------- */

static void drop_orders(struct history *h)
{
	size_t i;

	for (i = 0; i < PAGE; i++) {
		json_object_put(h->orders[i]);
		h->orders[i] = NULL;
	}
}

/* The entry's status is the order's: both are written together.  What an entry
 * can't tell is looked up. */
static bool may_match(const struct history *h, struct json_object *entry)
{
	unsigned is = history_status_of(span_of(json_string_or_null(entry, "status")));

	return !is || !h->query.statuses ||
	       (h->query.statuses & (is | HISTORY_DISPUTED | HISTORY_INCOMPLETE));
}

/* Reads the orders of the page's entries, each into the entry's place. */
static int read_orders(struct history *h, struct json_object *page, struct err *e)
{
	struct store_key keys[PAGE];
	struct json_object *found[PAGE];
	size_t place[PAGE], n = 0, i;

	for (i = 0; i < json_object_array_length(page); i++) {
		struct json_object *entry = json_object_array_get_idx(page, i);
		struct store_key key = {json_string_or_null(entry, "orderPK"),
					json_string_or_null(entry, "orderSK")};

		if (!may_match(h, entry))
			continue;
		if (key.pk && key.sk) {
			keys[n] = key;
			place[n++] = i;
		} else {
			h->missing++;
		}
	}
	if (n && store_get_many(app_store(h->app), keys, n, found, deadline_in(h->query.read_ms),
				e))
		return -1;
	for (i = 0; i < n; i++) {
		h->orders[place[i]] = found[i];
		h->missing += !found[i];
	}
	return 0;
}

/* The next order of the days, the newest day first; NULL behind the first day.  A page of
 * entries is read with its orders. */
static int next_of_days(struct history *h, struct json_object **order, struct err *e)
{
	struct stream *s = &h->streams[0];

	*order = NULL;
	while (s->pk && !*order) {
		if (stream_item(s)) {
			*order = h->orders[s->at];
			h->orders[s->at++] = NULL;
			continue;
		}
		drop_orders(h);
		if (s->pages.ended) {
			h->day -= DAY;
			stream_open(s, h->day >= h->query.from ? key_day(h->day) : NULL);
		} else if (stream_read(h, s, e) || read_orders(h, s->page, e)) {
			return -1;
		}
	}
	return 0;
}

/* --- both ----------------------------------------------------------------------- */

struct history *history_new(struct app *app, const struct history_query *query)
{
	struct history *h = mem_zalloc(1, sizeof *h);
	const char *user = query->user;
	char *lower;

	h->app = app;
	h->query = *query;
	h->query.user = NULL;
	h->by_day = !user;
	h->day = query->to - DAY;
	if (!user) {
		if (h->day >= query->from)
			stream_open(&h->streams[0], key_day(h->day));
		return h;
	}

	/* A guest's orders stand under the address in lower case. */
	lower = user_id_from_email(user);
	stream_open(&h->streams[0], key_user(user));
	if (lower && strchr(user, '@') && strcmp(lower, user) != 0)
		stream_open(&h->streams[1], key_user(lower));
	free(lower);
	return h;
}

void history_free(struct history *h)
{
	size_t i;

	if (!h)
		return;
	drop_orders(h);
	for (i = 0; i < STREAMS; i++)
		stream_open(&h->streams[i], NULL);
	free(h);
}

/* An order that does not say when it was made is only in the range of all times. */
static bool is_wanted(const struct history *h, struct json_object *order)
{
	const struct history_query *q = &h->query;
	const char *created_at = json_string_or_null(order, "createdAt");
	int64_t created;

	if (!history_matches(order, q->statuses) ||
	    (q->test && order_mode_of(order) != ORDER_MODE_TEST))
		return false;
	if (h->by_day)
		return true;
	if (key_order_created(json_string_or_null(order, "SK"), &created) &&
	    (!created_at || iso8601_parse(created_at, &created)))
		return q->from == INT64_MIN && q->to == INT64_MAX;
	return created >= q->from && created < q->to;
}

int history_next(struct history *h, struct json_object **order, struct err *e)
{
	struct json_object *next;

	for (;;) {
		int rc = h->by_day ? next_of_days(h, &next, e)
				   : next_of_user(h, &next, e);

		if (rc)
			return -1;
		if (!next || is_wanted(h, next))
			break;
		json_object_put(next);
	}
	*order = next;
	return 0;
}

size_t history_missing(const struct history *h)
{
	return h->missing;
}

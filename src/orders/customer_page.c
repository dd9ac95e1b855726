/* SPDX-License-Identifier: ISC */
/*
 * Merging a customer's partitions.  The one idea: an SK is a moment and a session,
 * and the same in whatever partition the order stands, so one SK is the place in all
 * of them: nothing is seen twice, and an order that is added meanwhile is newer than
 * the place and moves nothing.
 */
#include "orders/customer_page.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "orders/cursor.h"
#include "shop/keys.h"

#define PAGE_BYTES (1u << 20) /* of orders that are shown; the answer may have four times that */
#define QUERIES_MAX 20        /* of one request, where most orders are of the other mode */
#define RESERVE_MS 2000       /* no further query once so little is left */

struct partition {
	const char *pk;
	struct json_object *read; /* a query's items; NULL: not read yet */
	size_t at;                /* the next of them */
	bool ended;               /* the query found all there is */
};

struct page {
	struct app *app;
	const struct customer *customer;
	size_t limit;
	int64_t deadline;
	struct partition partitions[CUSTOMER_PARTITIONS];
	int queries;
	char *place;                 /* the SK down to which all was looked at; NULL: nothing yet */
	char *next_place;            /* where the next page begins; NULL: there is none */
	struct json_object *orders;
	size_t bytes;
};

static struct json_object *item_of(const struct partition *p)
{
	return p->read ? json_object_array_get_idx(p->read, p->at) : NULL;
}

static const char *sk_of(struct json_object *item)
{
	return json_string_or_null(item, "SK");
}

/* One more than the page has room for, to know whether another page follows.  What
 * is read further on is read only because most of it is not shown. */
static int read_on(struct page *page, struct partition *p, struct err *e)
{
	size_t want = p->read ? CUSTOMER_PAGE_MAX : page->limit + 1;
	struct json_object *items;

	if (store_query(app_store(page->app), p->pk, KEY_ORDER_PREFIX, page->place, want, &items,
			page->deadline, e))
		return -1;
	page->queries++;
	json_object_put(p->read);
	p->read = items;
	p->at = 0;
	p->ended = json_object_array_length(items) < want;
	return 0;
}

/* The partition whose next item is the newest; NULL behind the last.  -1 where the
 * store fails, 1 where one would have to be read and enough was. */
static int find_newest(struct page *page, struct partition **newest, struct err *e)
{
	size_t i;

	*newest = NULL;
	for (i = 0; i < page->customer->count; i++) {
		struct partition *p = &page->partitions[i];

		if (!item_of(p) && !p->ended) {
			if (p->read && (page->queries >= QUERIES_MAX ||
					deadline_left(page->deadline) < RESERVE_MS))
				return 1;
			if (read_on(page, p, e))
				return -1;
		}
		if (item_of(p) && (!*newest || strcmp(sk_of(item_of(p)), sk_of(item_of(*newest))) > 0))
			*newest = p;
	}
	return 0;
}

/* Whether it is shown.  What has no id is no order, whoever put it there: the page
 * stands without it, and the log names its key. */
static bool is_shown(const struct page *page, struct json_object *order)
{
	if (!customer_may_see(page->customer, order))
		return false;
	if (!str_empty(json_string_or_null(order, "orderId")))
		return true;
	log_warning("An item that is no order was left out of a customer's list",
		    LOG_STR("PK", json_string_or_null(order, "PK")), LOG_STR("SK", sk_of(order)));
	return false;
}

/* Moves a place to `sk`, or (NULL) to none. */
static void set_place(char **place, const char *sk)
{
	char *copy = sk ? str_dup(sk) : NULL;

	free(*place);
	*place = copy;
}

/* Fills the page's orders, and next_place where another page may follow. */
static int fill(struct page *page, struct err *e)
{
	struct partition *p;
	int rc;

	while (!(rc = find_newest(page, &p, e)) && p) {
		struct json_object *order = item_of(p), *view;
		bool seen = page->place && strcmp(sk_of(order), page->place) == 0;

		/* The same order may stand in two partitions; one is shown. */
		if (!seen && is_shown(page, order)) {
			if (json_object_array_length(page->orders) == page->limit ||
			    page->bytes >= PAGE_BYTES) {
				set_place(&page->next_place, page->place);
				return 0;
			}
			view = customer_view(order);
			page->bytes += strlen(json_text(view));
			json_object_array_add(page->orders, view);
		}
		set_place(&page->place, sk_of(order));
		p->at++;
	}
	if (rc > 0)
		set_place(&page->next_place, page->place);
	return rc < 0 ? -1 : 0;
}

int customer_page(struct app *app, const struct customer *customer, const char *cursor,
		  size_t limit, int64_t deadline, struct json_object **answer, struct err *e)
{
	struct page page = {.app = app, .customer = customer, .limit = limit, .deadline = deadline};
	struct json_object *next = NULL;
	bool any;
	char *text;
	size_t i;
	int rc;

	if (cursor && !(page.place = cursor_parse(customer->user, cursor)))
		return err_set(e, ERR_BAD_REQUEST, "cursor is not one that this list gave out");
	for (i = 0; i < customer->count && i < CUSTOMER_PARTITIONS; i++)
		page.partitions[i].pk = customer->pks[i];
	page.orders = json_object_new_array();
	rc = fill(&page, e);
	if (rc)
		goto out;

	/* {"orders": [...], "nextCursor": null, "hasOrders": true} */
	any = json_object_array_length(page.orders) || page.next_place || cursor;
	if (page.next_place) {
		text = cursor_format(customer->user, page.next_place);
		next = json_object_new_string(text);
		free(text);
	}
	*answer = json_object_new_object();
	json_set(*answer, "orders", json_object_get(page.orders));
	json_object_object_add(*answer, "nextCursor", next);
	json_set_bool(*answer, "hasOrders", any);
out:
	for (i = 0; i < customer->count; i++)
		json_object_put(page.partitions[i].read);
	json_object_put(page.orders);
	free(page.place);
	free(page.next_place);
	return rc;
}

/* SPDX-License-Identifier: ISC */
/*
 * Reading one of Stripe's lists to its end, a page at a time.
 *
 *   struct stripe_pages pages = {.list = stripe_complete_sessions, .from = since};
 *   while (!(rc = stripe_pages_next(&pages, client, deadline, &page, e)) && page) {
 *           ...
 *           json_object_put(page);
 *   }
 *   stripe_pages_end(&pages);
 *
 * The place in a list is the id of the last object that was read, Stripe's
 * `starting_after`.  Where Stripe no longer knows that object (test data was
 * deleted, an event is past its thirty days) it refuses the call; the list is
 * then read anew from its beginning, so what was read before may come again.
 * https://docs.stripe.com/api/pagination
 */
#ifndef ORDERSNAP_STRIPE_PAGES_H
#define ORDERSNAP_STRIPE_PAGES_H

#include "stripe/get.h"

#define STRIPE_PAGES_ANEW 3 /* times that one list is begun anew */

struct stripe_pages;

/* Asks for the page behind pages->after of one kind of list: the functions of
 * stripe/list.h are such.  With a `page` of NULL it is asked ahead (stripe_ask_ahead()), and 0. */
typedef int stripe_list(struct stripe_client *client, const struct stripe_pages *pages,
			int64_t deadline, struct stripe_page *page, struct err *e);

struct stripe_pages {
	stripe_list *list;
	const void *of;   /* what `list` needs to know besides; borrowed */
	int64_t from, to; /* `created`, epoch seconds, both included; 0: no bound */
	char *after;      /* the id to go on after, NULL: from the beginning; owned */
	bool ended;       /* the last page has been read */
	unsigned anew;    /* how often it was begun anew */
};

/*
 * The next page, a JSON array that the caller releases; NULL behind the last one.
 * -1 as the list's function, with the place kept: the call can be made again.
 */
int stripe_pages_next(struct stripe_pages *pages, struct stripe_client *client, int64_t deadline,
		      struct json_object **page, struct err *e);

/* Asks ahead for the page that stripe_pages_next() gives next, if there is one. */
void stripe_pages_ask_ahead(const struct stripe_pages *pages, struct stripe_client *client,
			    int64_t deadline);

/* Frees what it holds. */
void stripe_pages_end(struct stripe_pages *pages);

/* For the functions of lists: GET of `path`, which the caller frees, as far as it
 * is within the bounds of `pages` and behind its place. */
int stripe_get_page(struct stripe_client *client, struct buf *path,
		    const struct stripe_pages *pages, int64_t deadline, struct stripe_page *page,
		    struct err *e);

/* The same of a path without anything to encode. */
int stripe_get_list(struct stripe_client *client, const char *path,
		    const struct stripe_pages *pages, int64_t deadline, struct stripe_page *page,
		    struct err *e);

/* Reads all of a list, each object once, and ends it; `*all` is a JSON array in
 * Stripe's order.  ERR_UNAVAILABLE where it has more than `most` pages. */
int stripe_pages_read_all(struct stripe_pages *pages, struct stripe_client *client,
			  int64_t deadline, unsigned most, struct json_object **all, struct err *e);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Orders of the window whose session Stripe does not list.  The list of sessions and
 * the days' entries both run from the newest to the oldest, so the entries are read
 * beside the list, each once, and what is left over is asked for by its id.
 *
 * O(entries); it holds those that wait for their session alone: an order of the
 * Lambda functions bears the time when it was processed, up to a day after its session.
 * Where segments of the window are read beside each other, such a session may come before
 * its entry: then it waits for that.
 */
#ifndef ORDERSNAP_SYNC_SYNC_UNLISTED_H
#define ORDERSNAP_SYNC_SYNC_UNLISTED_H

#include "store/store_pages.h"
#include "sync/reconcile.h"

/* What was found so far. */
struct sync_unlisted {
	struct reconcile *reconcile;
	struct json_object *waiting; /* {session id: entry}; owned */
	struct json_object *early;   /* a set of session ids that no entry was found for; NULL: none
				      * comes later; owned */
};

/* The entries of one segment. */
struct sync_entries {
	int64_t day;                 /* the one that is being read */
	struct store_pages pages;    /* of its entries, */
	char *pk;
	struct json_object *page;    /* and what has been read ahead of them, */
	size_t at;                   /* up to here */
};

void sync_unlisted_init(struct sync_unlisted *u, struct reconcile *reconcile);
void sync_unlisted_end(struct sync_unlisted *u);

/* From now on an entry may come after its session. */
void sync_unlisted_out_of_order(struct sync_unlisted *u);

/* Begins with the orders that were created before `to`, epoch seconds; sync_entries_end() it,
 * which takes one that was not begun ({NULL}) as well. */
void sync_entries_begin(struct sync_entries *entries, int64_t to);
void sync_entries_end(struct sync_entries *entries);

/* Sessions that Stripe has listed, and the entries created from `from` on that have
 * not been read yet.  -1 from the store. */
int sync_unlisted_page(struct sync_unlisted *u, struct sync_entries *entries,
		       struct json_object *sessions, int64_t from, struct err *e);

/* Asks Stripe for the sessions of the entries that are left, and tells of those that
 * it does not know. */
int sync_unlisted_ask(struct sync_unlisted *u, struct err *e);

#endif

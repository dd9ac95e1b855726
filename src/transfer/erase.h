/* SPDX-License-Identifier: ISC */
/*
 * Erasing the person from one order and from all that is written next to it, in
 * one transaction.  What finds the order later (its session's item, its payment,
 * number and day) names it under the key that it has then; the session's item is
 * kept as long as the order, so that no late event makes a second one.
 */
#ifndef ORDERSNAP_TRANSFER_ERASE_H
#define ORDERSNAP_TRANSFER_ERASE_H

#include "app/app.h"

enum erase_outcome {
	ERASE_DONE,    /* or would be, with dry_run */
	ERASE_ALREADY, /* the person had been erased before */
	ERASE_GONE,    /* the order is not there any more */
};

/* `order` is the order as it was found; it is read again, with what belongs to
 * it.  One that has come back with a copy of the table, where it had been erased and had
 * moved, goes.  -1 with the store's error, or ERR_CONFLICT while others keep writing it. */
int erase_order(struct app *app, struct json_object *order, bool dry_run,
		enum erase_outcome *outcome, struct err *e);

/* A walk over the whole table, a page at a time, for what no partition of the user's (an id, or
 * an address in any spelling) leads to:
 *   - the orders of an address that stand under another spelling of it, as the Lambda functions
 *     had it from the buyer; each is given to `found`, which erases it.
 *   - the orders of an address that were erased while a number's pointer still says where they stood; each is
 *     given to `found`, too.
 *   - the sessions that no order came of, which would name the person until they expire: the
 *     user is taken out of them. */
struct erase_walk {
	const char *user;
	bool dry_run;
	int (*found)(void *context, struct json_object *order, struct err *e); /* -1 ends the walk */
	void *context;              /* for `found` */
	bool (*stop)(void *context); /* asked between pages with NULL */
	long sessions;               /* that the user was taken out of, or would be, with dry_run */
	long alike;                  /* orders under what the functions made of the id, which may be
				      * another person's, and stay */
};

/* Walks until the end, or until `stop` says so.  -1 with the store's error, or that of `found`. */
int erase_elsewhere(struct app *app, struct erase_walk *walk, struct err *e);

#endif

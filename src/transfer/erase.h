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
 * it.  -1 with the store's error, or ERR_CONFLICT while others keep writing it. */
int erase_order(struct app *app, struct json_object *order, bool dry_run,
		enum erase_outcome *outcome, struct err *e);

/*
 * What of a user (an id, or an address in any spelling) no walk through the user's orders
 * meets.  It walks the whole table, a page at a time, until `stop` says so: takes the user
 * out of the items of sessions that no order came of, which would name the person until
 * they expire, and notes the orders of the address's guest that stand under the Lambda
 * functions' spelling of it, for the caller to erase.
 */
struct erase_left {
	const char *user;
	bool dry_run;
	bool (*stop)(void *context); /* asked between pages with NULL */
	long sessions;               /* that were erased, or would be, with dry_run */
	struct json_object *orders;  /* an array, set in any case; the caller releases it */
};

int erase_left(struct app *app, struct erase_left *walk, struct err *e);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Finding an order that nothing names: the Lambda functions put the time of
 * processing into its key and their own spelling of the user, and wrote no
 * pointers.  Only while a table is not adopted (shop/adoption.h) is there one.
 */
#ifndef ORDERSNAP_ORDERS_UNNAMED_H
#define ORDERSNAP_ORDERS_UNNAMED_H

#include "app/app.h"
#include "shop/session.h"

struct unnamed_search {
	const struct session *session;
	const char *user_pk; /* where our own orders of its user stand */
	int64_t created;     /* of the session, epoch seconds */
	int64_t now;
	int64_t deadline;
};

/*
 * Looks through the orders of the session's user, under each name that the
 * functions would have given it and under ours, in the days in which they can
 * have written it, for the one that bears the session's id.  *order is it, for
 * the caller to release, or NULL.  It costs a query for each name where they have
 * less than a hundred orders in these days.
 */
int unnamed_find(struct app *app, const struct unnamed_search *search,
		 struct json_object **order, struct err *e);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Finding an order that nothing names any more.  The Lambda functions put the
 * time of processing into its key and wrote no pointers; a session's item names
 * the key, for a day at least.
 */
#ifndef ORDERSNAP_ORDERS_SETTLE_FIND_H
#define ORDERSNAP_ORDERS_SETTLE_FIND_H

#include "app/app.h"

/* Looks through the orders under `user_pk` for the session's; *sk is its SK, to
 * free(), or NULL where there is none. */
int settle_find(struct app *app, const char *user_pk, const char *session_id, int64_t deadline,
		char **sk, struct err *e);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Where a list of orders goes on: behind an order's SK, as a text that says
 * nothing to a client and fits nobody else's list.
 *
 *   {32 hex digits over user and SK}{the SK in hex}
 *
 * The digest is no secret: who makes up a cursor of their own gets a later part of
 * their own orders, no more; what no SK can be, since it is no UTF-8, never comes to the
 * store.  It is there so that a cursor of somebody else, or one that was cut, is refused
 * and not taken for a place in this list.
 */
#ifndef ORDERSNAP_ORDERS_CURSOR_H
#define ORDERSNAP_ORDERS_CURSOR_H

#include "base/err.h"

/* The cursor behind the order `sk` of the user's list, to free(). */
char *cursor_format(const char *user, const char *sk);

/* The SK in it, to free(); NULL where it is none of this user's. */
char *cursor_parse(const char *user, const char *cursor);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Orders that the AWS Lambda functions wrote, which ordersnap replaces.
 *
 * Their order stands under USER#{user}, ORDER#{time of processing}#{session}, has
 * no version, and nothing names it: no pointer, no day's entry; not even its
 * session's item.  `ordersnap adopt` gives each of them what ours have.  The item
 * SYSTEM, ADOPTED says that this was done:
 *
 *   adoptedAt   an order that was written before this time has its pointers
 *   again       an item of the functions' was met that is younger, or an import
 *               brought one: from this time on the table waits for another adoption
 *
 * While the item is missing, or has `again`, an order that no pointer names is
 * looked for under the functions' names of its user (orders/unnamed.h).
 */
#ifndef ORDERSNAP_SHOP_ADOPTION_H
#define ORDERSNAP_SHOP_ADOPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "format/json.h"

#define KEY_ADOPTED "ADOPTED"   /* SK under KEY_SYSTEM: see above */
#define KEY_ADOPTING "ADOPTING" /* SK under KEY_SYSTEM: how far `ordersnap adopt` is */

/* Seconds for which a function may hold an order, under the time at which it began, before it writes it:
 * one that was on its way when an adoption began may have come behind the walk. */
#define ADOPTION_ON_ITS_WAY 60

/* Whether every order of the functions' has its pointers; NULL: no. */
bool adoption_is_complete(struct json_object *adopted);

/* The item as it is after an adoption that began at `started` (epoch seconds), and
 * as it is when the table needs another one (`adopted` may be NULL); the caller
 * releases both. */
struct json_object *adoption_item(int64_t started);
struct json_object *adoption_item_again(struct json_object *adopted, int64_t now);

/* Whether the functions may have written `item` (may be NULL: no) after the adoption began: it has
 * no version, and its time is later than a minute before that, or not known. */
bool adoption_is_younger(struct json_object *adopted, struct json_object *item);

/* Whether an item says when it was written. */
bool adoption_knows_time(struct json_object *item);

/* Whether it is one of the two items under SYSTEM that are about this very table:
 * a copy of the table does not have them. */
bool adoption_is_own_item(struct json_object *item);

/*
 * A functions' order as it is kept from now on, which the caller releases: with
 * the ids that only its key has, `pending` where it was called completed though
 * its payment is under way, `itemsPending` where its items could not be had.
 * `session` is its session's item, or NULL.  NULL where the item is no order.
 */
struct json_object *adoption_order(struct json_object *order, struct json_object *session);

/* The session of an order: its stripeSessionId, else its orderId, else what its
 * SK ends in; NULL where it has none.  Borrowed from `order`. */
const char *adoption_session_id(struct json_object *order);

/*
 * Two orders of one session as one, which the caller releases: under the keys, the
 * number and the name of `kept`, with what the newer of the two says; what only
 * one of them has stays, but for the person, where one of them was erased.
 */
struct json_object *adoption_merge(struct json_object *kept, struct json_object *gone);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Erasing the person from an order.  The one idea: the sale stays, with its sums,
 * lines and times; who bought does not, and what Stripe says later does not bring
 * it back: an order with `erasedAt` never takes a person again.
 *
 * An order whose key is an address (a guest's, or that of a login by address)
 * moves, since the key names the person:
 *
 *     USER#jane@shop.example  ->  USER#erased-BC-ABC123
 */
#ifndef ORDERSNAP_SHOP_ERASURE_H
#define ORDERSNAP_SHOP_ERASURE_H

#include <stdbool.h>
#include <stdint.h>

#include "format/json.h"

/* Whether the person was erased from it (NULL: no). */
bool erasure_is_done(struct json_object *order);

/* Whether the person was erased from it and is not in it: an ordersnap that knows no erasure (0.1.0) writes
 * the person into it again. */
bool erasure_holds(struct json_object *order);

/* Whether the order's key names a person. */
bool erasure_moves(struct json_object *order);

/* The PK under which the order stands once the person is erased, to free; NULL where it stays. */
char *erasure_key(struct json_object *order);

/* Whether it is such a PK; NULL is none. */
bool erasure_is_key(const char *pk);

/* The order without the person, under the key that it has then; to release. */
struct json_object *erasure_apply(struct json_object *order, int64_t now);

/* Takes from an order, or from an item written next to one, what names the person,
 * but for its keys and its userId.  What is in it may be shared: of that it makes its own. */
void erasure_strip(struct json_object *item);

#endif

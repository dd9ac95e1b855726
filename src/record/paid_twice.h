/* SPDX-License-Identifier: ISC */
/*
 * A quote that was paid in two sessions.
 */
#ifndef ORDERSNAP_RECORD_PAID_TWICE_H
#define ORDERSNAP_RECORD_PAID_TWICE_H

#include "format/json.h"

/*
 * Warns, with both orders' names, where `order` has become paid and its quote is
 * another order's.  `stored` is the order as it stood before, or NULL; `quote` the
 * quote's item, or NULL.
 */
void warn_if_paid_twice(struct json_object *quote, struct json_object *stored,
			struct json_object *order);

#endif

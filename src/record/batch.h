/* SPDX-License-Identifier: ISC */
/*
 * The items of one transaction, and the marker that every event's transaction
 * has.
 */
#ifndef ORDERSNAP_RECORD_BATCH_H
#define ORDERSNAP_RECORD_BATCH_H

#include "app/app.h"
#include "shop/facts.h"

#define BATCH_MAX 8

struct batch {
	struct store_action puts[BATCH_MAX];
	size_t n;
};

/* Adds `item`, which is given away, as the successor of `read` (NULL: of
 * nothing); drops it where it says what stands there already. */
void batch_add(struct batch *batch, struct json_object *item, struct json_object *read);

/* The same, but written even if it says the same: on its version hangs that
 * nobody else has written meanwhile. */
void batch_add_always(struct batch *batch, struct json_object *item, struct json_object *read);

/* Adds `item`, which is given away, whatever stands there: for what only says
 * again what another item of the transaction says. */
void batch_add_any(struct batch *batch, struct json_object *item);

void batch_free(struct batch *batch);

/* EVENT#{id}: that the event was processed, and what the answer says; to
 * release.  `session_id` and `order` may be NULL. */
struct json_object *batch_marker(const struct app *app, const struct event_facts *event,
				 int64_t now, const char *session_id, struct json_object *order);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * The owner's mark on an order, `ordersnap mark`: read, decide and write as an event
 * does, under the order's version, so that neither takes anything from the other.
 */
#ifndef ORDERSNAP_RECORD_MARK_H
#define ORDERSNAP_RECORD_MARK_H

#include "app/app.h"
#include "shop/tracking.h"

struct mark_outcome {
	struct json_object *order; /* as it is now; the caller releases it */
	bool changed;              /* false: it said so before, and nothing was written */
};

/*
 * Marks the order that people call `name` (orders/lookup.h).  -1 with ERR_NOT_FOUND
 * where there is none, ERR_BAD_REQUEST where it can't be marked so, and with the
 * store's error.
 */
int mark_order(struct app *app, const char *name, const struct tracking *tracking,
	       struct mark_outcome *outcome, struct err *e);

#endif

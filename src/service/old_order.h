/* SPDX-License-Identifier: ISC */
/*
 * Orders under keys that can't be told from their session: the Lambda functions
 * put the time of processing into them.  The session's item names the key for
 * thirty days; later the order is found among its user's of those days.
 */
#ifndef ORDERSNAP_SERVICE_OLD_ORDER_H
#define ORDERSNAP_SERVICE_OLD_ORDER_H

#include "service/app.h"
#include "service/settle_keys.h"

/* Takes over the keys of the session's order if there is one among the user's of
 * the five days after it; one read.  *again has the bits of the items that are to
 * be read then, as from settle_keys_from_session().  -1 from the store. */
int old_order_find(struct app *app, struct settle_keys *keys, const char *session_id,
		   unsigned *again, int64_t deadline, struct err *e);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Trying again what earlier runs have set aside (orders/sync_aside.h).
 */
#ifndef ORDERSNAP_SYNC_SYNC_SET_ASIDE_H
#define ORDERSNAP_SYNC_SYNC_SET_ASIDE_H

#include "sync/reconcile.h"

/*
 * Looks at each session of `aside`, the list as the run began with it: one call each,
 * tried once.  A session that still fails stays set aside, behind the others; one that
 * Stripe does not know any more is reported and forgotten.  Where Stripe is away the rest
 * is left for the next run.  -1: the store is away, or the key refused.
 */
int sync_set_aside(struct reconcile *r, struct json_object *aside, struct err *e);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Reconciling: holding sessions as Stripe has them against the orders, up to a
 * hundred at once.  One read for all of their orders, and one for each kind of item
 * beside them; only what differs costs more, and goes the webhook's own way
 * (record/record_session.h).
 */
#ifndef ORDERSNAP_SYNC_RECONCILE_H
#define ORDERSNAP_SYNC_RECONCILE_H

#include "sync/reconcile_note.h"

#define RECONCILE_MAX STORE_MAX_ITEMS /* sessions at once */

/*
 * Reconciles the sessions of a JSON array (at most RECONCILE_MAX, each with its payment
 * intent and charge expanded).  0, with each difference counted and reported; also when
 * it was told to stop.  -1 where there is no use in going on: the store or Stripe is
 * away, and stays so.
 */
int reconcile_sessions(struct reconcile *r, struct json_object *sessions, struct err *e);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Sessions that are looked at one by one, by their ids: older orders that were
 * refunded, disputed, or are still pending.
 */
#ifndef ORDERSNAP_SYNC_SYNC_LATE_H
#define ORDERSNAP_SYNC_SYNC_LATE_H

#include "sync/reconcile.h"

/* Begin with {.reconcile = r}. */
struct sync_late {
	struct reconcile *reconcile;
	struct json_object *sessions; /* fetched, up to RECONCILE_MAX, each once */
	int64_t from;                 /* whose list of sessions has been read from there on */
};

/* Fetches the session (NULL, set aside, or of the other mode: nothing happens), and
 * reconciles what has gathered when it is a hundred.  One that Stripe does not know is
 * reported; `item` names its order. */
int sync_late_add(struct sync_late *late, const char *session_id, struct json_object *item,
		  struct err *e);

/* Adds the orders whose payment was refunded or disputed since `from`, which
 * reconcile_sessions() has not seen yet: those that Stripe's events name, and, where
 * `from` is older than these are kept, its lists of refunds and disputes.  One call for
 * a hundred of each, and one read; one more for each that names its charge alone. */
int sync_late_refunds(struct sync_late *late, int64_t from, int64_t now, struct err *e);

/* Reconciles what has gathered. */
int sync_late_flush(struct sync_late *late, struct err *e);
void sync_late_free(struct sync_late *late);

#endif

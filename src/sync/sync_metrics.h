/* SPDX-License-Identifier: ISC */
/*
 * What a whole sync tells a monitoring system (base/metrics.h).
 */
#ifndef ORDERSNAP_SYNC_SYNC_METRICS_H
#define ORDERSNAP_SYNC_SYNC_METRICS_H

#include "app/app.h"
#include "base/metrics.h"

/* When a sync last looked at everything. */
extern const struct metrics_family sync_metrics_last;

/* A sync has looked at everything at `now`.  Counts the pending orders, which costs a query for
 * each day where METRICS_FILE is set: writes count on from there. */
void sync_metrics_set(struct app *app, int64_t now);

#endif

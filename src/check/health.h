/* SPDX-License-Identifier: ISC */
/*
 * GET /healthz: can this installation take an order?
 */
#ifndef ORDERSNAP_CHECK_HEALTH_H
#define ORDERSNAP_CHECK_HEALTH_H

#include "app/app.h"

/* Whether the store answers and the secrets are there; `*answer` (to release)
 * says "ok" or "failed" for each, and as "problem" why a store is not there and what to do;
 * of everything else the log alone says why.  `lastSyncSeconds` is how long ago the last complete
 * sync ended.  Returns true when all is well. */
bool health_check(struct app *app, int64_t deadline, struct json_object **answer);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * What `ordersnap sync` does of `ordersnap notify`.
 */
#ifndef ORDERSNAP_CLI_NOTIFY_H
#define ORDERSNAP_CLI_NOTIFY_H

#include "app/app.h"

/* Tells the shop what is due, where ORDER_HOOK is set; only what goes wrong is said. */
void notify_after_sync(struct app *app);

#endif

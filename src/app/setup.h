/* SPDX-License-Identifier: ISC */
/*
 * Setting up the store: the SQLite file, or the DynamoDB table.
 */
#ifndef ORDERSNAP_APP_SETUP_H
#define ORDERSNAP_APP_SETUP_H

#include "app/app.h"

/* Is told each thing that was done or found, as a sentence. */
typedef void setup_report(const char *sentence);

/*
 * Makes what is missing and says what of an existing store is wrong; nothing
 * that stands is changed but for TTL that is off (and backups, if asked for).
 * 0 when the store can be used then; -1 with the reason.
 */
int setup_store(struct app *app, bool backups, int64_t deadline, setup_report *report,
		struct err *e);

#endif

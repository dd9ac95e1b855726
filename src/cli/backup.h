/* SPDX-License-Identifier: ISC */
/*
 * What `ordersnap backup` and `ordersnap restore` share.
 */
#ifndef ORDERSNAP_CLI_BACKUP_H
#define ORDERSNAP_CLI_BACKUP_H

#include "app/app.h"
#include "store/store_sqlite_copy.h"

#define BACKUP_WAIT_MS 60000 /* for a lock that others hold */

/* Shows how far it is on the struct progress `context`; false when told to stop. */
bool backup_show(void *context, int64_t pages, int64_t all);

/* Whether the store is a file; else says what there is for DynamoDB. */
bool backup_is_for_a_file(const struct app *app, const char *command);

/* Prints what a copy holds, without a newline. */
void backup_say_size(const struct sqlite_copied *done);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * What `ordersnap backup` and `ordersnap restore` share.
 */
#ifndef ORDERSNAP_CLI_BACKUP_H
#define ORDERSNAP_CLI_BACKUP_H

#include "cli/command.h"
#include "store/store_sqlite_copy.h"

/* sqlite_copy_save or sqlite_copy_load. */
typedef int backup_way(const struct sqlite_copy *copy, struct sqlite_copied *done, struct err *e);

/* Copies that way between the store's file and the file that the line names, with a
 * progress bar; Ctrl-C stops it.  Says what went wrong, and prints what was moved aside.
 * COMMAND_OK with *done, else COMMAND_ERROR. */
int backup_copy(const struct app *app, const struct command_line *line, backup_way *way,
		struct sqlite_copied *done);

/* Prints what a copy holds, without a newline. */
void backup_print_size(const struct sqlite_copied *done);

#endif

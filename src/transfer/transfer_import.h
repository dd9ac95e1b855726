/* SPDX-License-Identifier: ISC */
/*
 * Importing lines: each item is written as it is where nothing newer stands, and
 * read back.  It can be run again, and beside live writers: every write hangs on
 * what was read.
 */
#ifndef ORDERSNAP_TRANSFER_TRANSFER_IMPORT_H
#define ORDERSNAP_TRANSFER_TRANSFER_IMPORT_H

#include "app/app.h"
#include "transfer/transfer.h"

/*
 * Imports all lines, or up to the first that is no item: -1 then, or where file
 * or store fail, and the lines counted in `done` are done in both cases.
 */
int transfer_import(struct app *app, const struct transfer_import *request,
		    struct transfer_imported *done, struct err *e);

#endif

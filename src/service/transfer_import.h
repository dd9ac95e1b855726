/* SPDX-License-Identifier: ISC */
/*
 * Importing lines: each item is written as it is where nothing newer stands, and
 * read back.  It can be run again, and beside live writers: every write hangs on
 * what was read.
 */
#ifndef ORDERSNAP_SERVICE_TRANSFER_IMPORT_H
#define ORDERSNAP_SERVICE_TRANSFER_IMPORT_H

#include "service/app.h"

/* What became of an item. */
enum transfer_outcome {
	TRANSFER_WRITTEN,  /* it was absent there, or of a lower version */
	TRANSFER_SAME,     /* it is there already */
	TRANSFER_NEWER,    /* a higher version is there, and stays */
	TRANSFER_CONFLICT, /* another content of the same version is there, and stays */
	TRANSFER_EXPIRED,  /* it has expired, and was left out */
	TRANSFER_OUTCOMES
};

struct transfer_imported {
	int64_t lines, outcomes[TRANSFER_OUTCOMES];
	int64_t order_conflicts; /* those of the conflicts that are orders */
	int64_t unverified;      /* written, and not what was read back */
};

struct transfer_import {
	const char *path; /* NULL: standard input */
	bool dry_run;     /* count, and write nothing */
	/* How far it is, in thousandths of the file; -1: not known. */
	void (*progress)(void *context, const struct transfer_imported *so_far, int permille);
	/* Is told, as a sentence, each conflict and each item that reads back otherwise. */
	void (*report)(void *context, const char *sentence);
	void *context;
};

/*
 * Imports all lines, or up to the first that is no item: -1 then, or where file
 * or store fail, and the lines counted in `done` are done in both cases.
 */
int transfer_import(struct app *app, const struct transfer_import *request,
		    struct transfer_imported *done, struct err *e);

#endif

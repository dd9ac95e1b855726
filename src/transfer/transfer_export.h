/* SPDX-License-Identifier: ISC */
/*
 * Exporting: the whole table, or a part of it, as lines.
 */
#ifndef ORDERSNAP_TRANSFER_TRANSFER_EXPORT_H
#define ORDERSNAP_TRANSFER_TRANSFER_EXPORT_H

#include "app/app.h"
#include "transfer/transfer.h"

/* How many lines there are. */
struct transfer_exported {
	int64_t items, kinds[TRANSFER_KINDS];
};

struct transfer_export {
	const char *output; /* a file that gets its name when it is whole; NULL: standard output */
	bool resume;        /* go on behind what output.part has */
	unsigned only;      /* bits of kinds; 0: all, those of others too */
	const char *user;   /* items that name this user alone; NULL: all */
	bool count;         /* count the table first, where that can be done: for the next */
	/* How far it is, in thousandths; -1: not known. */
	void (*progress)(void *context, const struct transfer_exported *so_far, int permille);
	bool (*stop)(void *context); /* asked between two pages; NULL: never stops */
	void *context;
};

/* Writes all lines, or returns -1: what was written until then is counted in
 * `done` in both cases, with `resume` also that of the runs before. */
int transfer_export(struct app *app, const struct transfer_export *request,
		    struct transfer_exported *done, struct err *e);

#endif

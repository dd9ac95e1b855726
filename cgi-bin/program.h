/* SPDX-License-Identifier: ISC */
/*
 * What the programs in this folder have in common: start, serve, stop.
 */
#ifndef ORDERSNAP_CGI_BIN_PROGRAM_H
#define ORDERSNAP_CGI_BIN_PROGRAM_H

#include "app/app.h"
#include "web/endpoint.h"

struct program {
	const char *name;           /* "cart-quote" */
	const char *summary;        /* one line for --help */
	unsigned needs;             /* CONFIG_NEEDS_... */
	const struct route *routes; /* up to one whose path is NULL */
	/* One more check of what the app was opened with, or NULL. */
	int (*check)(struct app *app, struct err *e);
};

/* The whole main(): opens the app, which is the handlers' context, and serves.
 * A configuration that is not right is said on standard error and in the
 * system log; a CGI process answers 500. */
int program_main(const struct program *program, int argc, char **argv);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Orders as data, for other programs: a JSON array of the items as they stand,
 * or CSV, a row an order or a row a line (cli/listing_csv.h).
 */
#ifndef ORDERSNAP_CLI_LISTING_H
#define ORDERSNAP_CLI_LISTING_H

#include "cli/command.h"
#include "cli/csv.h"

enum listing_format { LISTING_PEOPLE, LISTING_JSON, LISTING_CSV };

struct listing {
	enum listing_format format;
	bool lines; /* CSV has a row a line */
	bool bom;   /* CSV begins with a byte order mark */
	bool begun; /* there was an order */
	struct csv csv;
};

/* What --json, --csv, --lines and --bom say.  COMMAND_OK, or COMMAND_USAGE, said. */
int listing_read(const struct command_line *line, struct listing *l);

/* Prints to standard output; a format of LISTING_PEOPLE prints nothing. */
void listing_begin(struct listing *l);
void listing_order(struct listing *l, struct json_object *order);

/* `whole` false: it broke off, and what was printed must not look whole. */
void listing_end(struct listing *l, bool whole);

#endif

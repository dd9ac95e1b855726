/* SPDX-License-Identifier: ISC */
/*
 * Orders as data, for other programs: a JSON array of the items as they stand,
 * or a row of CSV each.
 */
#ifndef ORDERSNAP_CLI_LISTING_H
#define ORDERSNAP_CLI_LISTING_H

#include "cli/command.h"
#include "cli/csv.h"

enum listing_format { LISTING_PEOPLE, LISTING_JSON, LISTING_CSV };

/* What --json and --csv say.  COMMAND_OK, or COMMAND_USAGE, said. */
int listing_format(const struct command_line *line, enum listing_format *format);

struct listing {
	enum listing_format format;
	bool begun; /* there was an order */
	struct csv csv;
};

/* Prints to standard output; a format of LISTING_PEOPLE prints nothing. */
void listing_begin(struct listing *l, enum listing_format format);
void listing_order(struct listing *l, struct json_object *order);

/* `whole` false: it broke off, and what was printed must not look whole. */
void listing_end(struct listing *l, bool whole);

#endif

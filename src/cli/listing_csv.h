/* SPDX-License-Identifier: ISC */
/*
 * The columns of orders as CSV: a row an order, or a row a line.
 */
#ifndef ORDERSNAP_CLI_LISTING_CSV_H
#define ORDERSNAP_CLI_LISTING_CSV_H

#include "cli/csv.h"
#include "format/json.h"

/* The row of titles; `lines`: of the columns of a line. */
void listing_csv_titles(struct csv *csv, bool lines);

/* The order as one row; or as one for each of its lines, and as one without a line
 * where it has none, so that no order is missing. */
void listing_csv_order(struct csv *csv, struct json_object *order);
void listing_csv_lines(struct csv *csv, struct json_object *order);

#endif

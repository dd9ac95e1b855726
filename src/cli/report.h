/* SPDX-License-Identifier: ISC */
/*
 * `ordersnap orders --by product|month`: what paid orders come to, a group a month or a
 * product, and in it one for each currency and mode: an amount is only ever added to
 * others of its own currency, and test money never to real money.
 *
 * Orders are added as they come and not kept; the groups are the memory, at most
 * REPORT_GROUPS.
 */
#ifndef ORDERSNAP_CLI_REPORT_H
#define ORDERSNAP_CLI_REPORT_H

#include "cli/listing.h"
#include "cli/report_group.h"

/* What --by says: COMMAND_OK, or COMMAND_USAGE, said. */
int report_read(const struct command_line *line, enum report_by *by);

/*
 * Adds an order whose month is that of `time`; one that is not paid counts for nothing.
 *
 * The order's gross is divided among its lines by their totals, shipping, and what is
 * left, "(other)"; refunds, disputes and fees by the same shares, rounded so that the
 * parts come to the whole.  A fee that was settled in another currency is in that
 * currency's group.
 */
void report_add(struct report *report, struct json_object *order, int64_t time);

/* Prints to standard output as `format` says; `without_test` leaves the groups of test
 * money out. */
void report_print(struct report *report, const struct listing *how, bool without_test);

/* How many orders of test money were added. */
int64_t report_test_orders(const struct report *report);

#endif

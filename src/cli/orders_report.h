/* SPDX-License-Identifier: ISC */
/*
 * `ordersnap orders --by ...`: reads the orders that are asked for, and reports what they
 * come to.
 */
#ifndef ORDERSNAP_CLI_ORDERS_REPORT_H
#define ORDERSNAP_CLI_ORDERS_REPORT_H

#include "cli/report.h"
#include "cli/selection.h"

/* Returns an exit status.  What broke off prints nothing: its sums would be wrong. */
int orders_report(struct app *app, const struct selection *selection, const struct listing *how,
		  enum report_by by);

#endif

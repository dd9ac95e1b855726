/* SPDX-License-Identifier: ISC */
/*
 * Looking at an installation: each thing that has to be right is a line with a verdict
 * and, where it is not well, with what to do.  Nothing is changed, no order, session or
 * quote is made.  A check that can't be made because something else is wrong is left out,
 * so that only the cause is named.
 */
#ifndef ORDERSNAP_CHECK_CHECK_H
#define ORDERSNAP_CHECK_CHECK_H

#include "check/check_report.h"

#define CHECK_MS 55000 /* the whole of it takes no longer */

/* Opens the app (app_close() it) and looks at everything; the worst of all. */
enum check_status check_run(struct app *app, const struct check_options *options);

#endif

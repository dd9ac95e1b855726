/* SPDX-License-Identifier: ISC */
/*
 * Looking at an installation: each thing that has to be right is a line with a
 * verdict and, where it is not well, with what to do.  Nothing is changed, no
 * order, session or quote is made.  What can't be looked at because something
 * else is wrong is left out, so that only the cause is named.
 */
#ifndef ORDERSNAP_SERVICE_CHECK_H
#define ORDERSNAP_SERVICE_CHECK_H

#include "service/app.h"

#define CHECK_MS 55000 /* the whole of it takes no longer */

enum check_status { CHECK_OK, CHECK_WARNING, CHECK_FAILED };

struct check_line {
	const char *group, *name; /* "stripe", "key" */
	enum check_status status;
	const char *text;   /* what was found */
	const char *advice; /* what to do; NULL where all is well */
};

/* Is given each line as it is found, borrowed.  Secrets are masked in them. */
typedef void check_report(void *context, const struct check_line *line);

struct check_options {
	const struct app_options *app; /* how to open it */
	const char *url;               /* the public address, or NULL: the site is not asked */
	bool verbose;                  /* settings that have their default, too */
	check_report *report;
	void *context;
};

/* Opens the app (app_close() it) and looks at everything; the worst of all. */
enum check_status check_run(struct app *app, const struct check_options *options);

/* "ok", "warning", "failed".  Static. */
const char *check_status_name(enum check_status status);

#endif

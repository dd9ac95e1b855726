/* SPDX-License-Identifier: ISC */
/*
 * What a check reports, and to whom.
 */
#ifndef ORDERSNAP_CHECK_CHECK_REPORT_H
#define ORDERSNAP_CHECK_CHECK_REPORT_H

#include "app/app.h"

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

/* "ok", "warning", "failed".  Static. */
const char *check_status_name(enum check_status status);

#endif

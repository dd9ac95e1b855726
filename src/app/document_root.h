/* SPDX-License-Identifier: ISC */
/*
 * What of the shop stands where the web server hands files out.
 *
 * On a shared server ../conf beside a cgi-bin that lies below the document root lies there
 * as well: an address then leads to the shop's keys.
 */
#ifndef ORDERSNAP_APP_DOCUMENT_ROOT_H
#define ORDERSNAP_APP_DOCUMENT_ROOT_H

#include "app/app.h"

/*
 * Looks at one request's DOCUMENT_ROOT (NULL: none was said).  -1 with ERR_CONFIG where the
 * settings' file is below it and others can read that file; a warning in the log, once a
 * process, where it is below it but kept from others, and where the orders' file is.
 * A root that was found well is not looked at again by the process.
 */
int document_root_check(struct app *app, const char *root, struct err *e);

#endif

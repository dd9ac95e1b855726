/* SPDX-License-Identifier: ISC */
/*
 * CHECKOUT_SESSION_FILE: what the owner decides about Checkout, read when the program
 * that makes sessions starts.
 */
#ifndef ORDERSNAP_APP_SESSION_FILE_H
#define ORDERSNAP_APP_SESSION_FILE_H

#include "app/app.h"

/*
 * The options of the file that the setting names, as by session_options_read(), to
 * release; NULL where it names none.  -1 with ERR_CONFIG, "CHECKOUT_SESSION_FILE: "
 * and what is wrong: it can't be read, can be written by anybody, is too large, is no
 * JSON, or has what may not stand there; with the file's line and the name.
 */
int session_file_read(const struct config *config, struct json_object **options, struct err *e);

/* The same, read once and borrowed. */
int app_session_options(struct app *app, struct json_object **options, struct err *e);

#endif

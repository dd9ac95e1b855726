/* SPDX-License-Identifier: ISC */
/*
 * Recording that nobody paid a session: its item says so; there is no order.
 */
#ifndef ORDERSNAP_RECORD_RECORD_EXPIRY_H
#define ORDERSNAP_RECORD_RECORD_EXPIRY_H

#include "record/record_session.h"

/* As record_session(). */
int record_expiry(struct app *app, const struct record_request *request,
		  struct record_outcome *out, struct err *e);

#endif

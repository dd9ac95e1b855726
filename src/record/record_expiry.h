/* SPDX-License-Identifier: ISC */
/*
 * Recording that nobody paid a session: its item says so; there is no order.
 */
#ifndef ORDERSNAP_RECORD_RECORD_EXPIRY_H
#define ORDERSNAP_RECORD_RECORD_EXPIRY_H

#include "record/record_session.h"

/* As record_session(). */
int record_expiry(const struct record_run *run, const struct event *event,
		  const struct session *session, struct record_outcome *out, struct err *e);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Settling a session that nobody paid: its item says so; there is no order.
 */
#ifndef ORDERSNAP_RECORD_SETTLE_EXPIRED_H
#define ORDERSNAP_RECORD_SETTLE_EXPIRED_H

#include "record/settle.h"

/* As settle_session(). */
int settle_expired(struct app *app, const struct settle_request *request,
		   struct settle_outcome *out, struct err *e);

#endif

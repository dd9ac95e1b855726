/* SPDX-License-Identifier: ISC */
/*
 * What the log's lines are about: event, session and order number stand in each of them from the
 * moment on in which they are known, set once and not passed to who writes a line.
 */
#ifndef ORDERSNAP_RECORD_SUBJECT_H
#define ORDERSNAP_RECORD_SUBJECT_H

#include "shop/event.h"

/* An event, of which no session is known yet; NULL: nothing from here on. */
void subject_event(const struct event *event);

/* A session, with the number that its order has unless another has it already. */
void subject_session(const char *id, const char *number_prefix);

/* An order or a marker: the session and the number that it has.  NULL changes nothing. */
void subject_order(struct json_object *order);

#endif

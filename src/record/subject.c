/* SPDX-License-Identifier: ISC */
/*
 * The log's context for whoever records.
 */
#include "record/subject.h"

#include <stdlib.h>

#include "base/log.h"
#include "shop/keys.h"

void subject_event(const struct event *event)
{
	log_context("eventId", event ? event->id : NULL);
	log_context("sessionId", NULL);
	log_context("orderNumber", NULL);
}

void subject_session(const char *id, const char *number_prefix)
{
	char *number = order_number(number_prefix, id);

	log_context("sessionId", id);
	log_context("orderNumber", number);
	free(number);
}

void subject_order(struct json_object *order)
{
	const char *number = json_string_or_null(order, "orderNumber");
	const char *session = json_string_or_null(order, "sessionId");

	if (!session)
		session = json_string_or_null(order, "stripeSessionId");
	if (session)
		log_context("sessionId", session);
	if (number)
		log_context("orderNumber", number);
}

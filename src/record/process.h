/* SPDX-License-Identifier: ISC */
/*
 * Processing an event, however it came: delivered by Stripe, fetched, or out
 * of a file.
 */
#ifndef ORDERSNAP_RECORD_PROCESS_H
#define ORDERSNAP_RECORD_PROCESS_H

#include "base/metrics.h"
#include "record/record_session.h"

/* Events by type and outcome. */
extern const struct metrics_family process_events;

struct process_result {
	const char *ignored; /* why nothing was done with it (static); NULL: something was */
	struct record_outcome outcome;
};

/*
 * Processes an event's JSON, which is trusted.  0 when the event is done with,
 * and `result` to free.  -1 with ERR_PAYLOAD where it is no event, with
 * ERR_UNAVAILABLE or ERR_CONFLICT where it is to come again.
 */
int process_event(const struct record_run *run, struct json_object *json,
		  struct process_result *result, struct err *e);

void process_result_free(struct process_result *result);

#endif

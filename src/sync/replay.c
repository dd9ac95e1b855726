/* SPDX-License-Identifier: ISC */
/*
 * Replaying.  The one idea: wherever an event comes from, it is one JSON object that goes
 * through process_event(), and what becomes of one is no reason to leave the next out.
 */
#include "sync/replay.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sync/rate_limit.h"
#include "sync/retry.h"
#include "stripe/list.h"

#define SOURCE "replay"

static const char *name_or_none(struct json_object *event, const char *key)
{
	const char *text = json_string_or_null(event, key);

	return text ? text : "?";
}

static struct retry retry_of(const struct replay *r)
{
	return (struct retry){.app = r->app, .stop = r->stop, .context = r->context};
}

/* Puts one event through all that a delivered one goes through, and tells what became of
 * it. */
static void replay_json(const struct replay *r, struct json_object *event)
{
	struct record_run run = {.app = r->app, .source = SOURCE, .again = r->again,
				 .dry_run = r->dry_run};
	struct retry retry = retry_of(r);
	struct process_result result;
	struct replayed replayed = {.id = name_or_none(event, "id"),
				    .type = name_or_none(event, "type")};
	struct err e;
	int rc;

	/* Each try has its own time: what is recorded is of the moment of writing. */
	do {
		run.now = clock_epoch();
		run.deadline = deadline_in(RETRY_CALL_MS);
		rc = process_event(&run, event, &result, &e);
	} while (rc && retry_again(&retry, &e));
	if (rc)
		replayed.error = &e;
	else
		replayed.result = &result;
	r->done(r->context, &replayed);
	process_result_free(&result);
}

/* One event after the other, until it is told to stop. */
static void replay_array(const struct replay *r, struct json_object *events)
{
	size_t i;

	for (i = 0; i < json_object_array_length(events) && !r->stop(r->context); i++)
		replay_json(r, json_object_array_get_idx(events, i));
}

int replay_id(const struct replay *r, const char *id, struct err *e)
{
	struct json_object *event = NULL;
	int rc = retry_ask(retry_of(r), stripe_event_retrieve, id, &event, e);

	if (rc && e->code == ERR_REFUSED && e->upstream == 404)
		return err_set(e, ERR_NOT_FOUND, "Stripe has no event %s; it keeps them for %d days, "
			       "and test and live mode apart", id, STRIPE_EVENTS_KEPT_DAYS);
	if (!rc)
		replay_json(r, event);
	json_object_put(event);
	return rc;
}

int replay_undelivered(const struct replay *r, struct err *e)
{
	static const struct stripe_event_filter filter = {event_types, true};
	struct stripe_pages pages = {.list = stripe_events, .of = &filter};
	struct json_object *events;
	int rc = rate_limit_keep(r->app, deadline_in(RETRY_CALL_MS), e);

	while (!rc && !r->stop(r->context)) {
		rc = retry_next_page(retry_of(r), &pages, &events, e);
		if (rc || !events)
			break;
		replay_array(r, events);
		json_object_put(events);
	}
	stripe_pages_end(&pages);
	return rc;
}

/* --- out of a text ----------------------------------------------------------------- */

/* One value that is an event, or holds several; of a list, whether it goes on elsewhere. */
static int replay_value(const struct replay *r, struct json_object *value, bool *goes_on,
			struct err *e)
{
	struct json_object *data = NULL;
	const char *object = json_string_or_null(value, "object");

	if (json_object_is_type(value, json_type_array))
		replay_array(r, value);
	else if (object && strcmp(object, "list") == 0 &&
		 json_get_array(value, "data", &data) == JSON_FOUND) {
		replay_array(r, data);
		*goes_on = false;
		json_get_bool(value, "has_more", goes_on);
	} else if (json_object_is_type(value, json_type_object))
		replay_json(r, value);
	else
		return err_set(e, ERR_PAYLOAD, "there is no event in it");
	return 0;
}

/* A text with an event a line. */
static int replay_lines(const struct replay *r, struct span text, bool *goes_on, struct err *e)
{
	struct span rest = text, line;
	unsigned number = 0, events = 0;
	int rc = 0;

	/* Every line has to be JSON before one of them is replayed: half a file is a
	 * mistake to be told at once. */
	while (span_next(&rest, '\n', &line)) {
		number++;
		line = span_trim(line);
		if (!line.n)
			continue;
		if (!json_is_valid(line))
			return err_set(e, ERR_PAYLOAD, "line %u is not JSON", number);
		events++;
	}
	if (!events)
		return err_set(e, ERR_PAYLOAD, "it is empty");

	while (!rc && span_next(&text, '\n', &line) && !r->stop(r->context)) {
		struct json_object *value;

		line = span_trim(line);
		if (!line.n)
			continue;
		value = json_parse(line);
		rc = replay_value(r, value, goes_on, e);
		json_object_put(value);
	}
	return rc;
}

int replay_text(const struct replay *r, struct span text, struct err *e)
{
	struct json_object *value = json_parse(text);
	bool goes_on = false;
	int rc = value ? replay_value(r, value, &goes_on, e) : replay_lines(r, text, &goes_on, e);

	json_object_put(value);
	if (!rc && goes_on && !r->stop(r->context))
		return err_set(e, ERR_PAYLOAD, "its list goes on at Stripe (has_more): the next page is the "
			       "one starting_after its last event");
	return rc;
}

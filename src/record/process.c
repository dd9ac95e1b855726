/* SPDX-License-Identifier: ISC */
/*
 * Processing an event.
 */
#include "record/process.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "record/daily.h"
#include "record/record_expiry.h"
#include "record/items.h"
#include "record/record_charge.h"
#include "record/subject.h"
#include "record/thin.h"
#include "shop/event.h"
#include "shop/session.h"

/* Events of the other mode are what an endpoint gets that was set up with the
 * wrong key: its owner has to hear of it. */
static void warn_of_mode(const struct event *event, const char *why)
{
	log_warning("Webhook of the other mode", LOG_STR("eventId", event->id),
		    LOG_STR("type", event->type), LOG_STR("why", why));
}

static const char *why_ignore_event(const char *secret, const struct event *event)
{
	static const char live_event[] = "it is of live mode, STRIPE_SECRET is a test key";
	static const char test_event[] = "it is of test mode, STRIPE_SECRET is a live key";
	enum key_mode mode = key_mode_of(secret);
	bool live = mode == KEY_MODE_LIVE;

	if (event->kind == EVENT_OTHER)
		return "its type is not handled";
	if (event->account)
		return "it is of another account";
	if (event->livemode_given != JSON_FOUND || mode == KEY_MODE_UNKNOWN ||
	    event->livemode == live)
		return NULL;
	warn_of_mode(event, live ? test_event : live_event);
	return live ? test_event : live_event;
}

static const char *why_ignore_session(const struct session *session)
{
	return strcmp(session->mode, "payment") != 0 ? "the session is not of mode payment" : NULL;
}

/* A shop that sells subscriptions has to hear that they make no orders. */
static void warn_of_subscription(struct app *app, const struct session *session,
				 const struct record_run *run)
{
	if (strcmp(session->mode, "subscription") == 0 && daily_is_first(app, APP_WARNING_SUBSCRIPTION, run))
		log_warning("Subscriptions make no orders: ordersnap records one-time payments alone",
			    LOG_STR("sessionId", session->id));
}

const struct metrics_family process_events = {
	.name = "ordersnap_events_total",
	.help = "Events of Stripe, by type and outcome: processed, duplicate, ignored or failed.",
	.labels = {"type", "outcome"},
};

/* One of a type that is not handled counts as "other": there are hundreds. */
static void count(const struct event *event, const struct record_run *run, const char *outcome)
{
	const char *const *type = event_types;

	while (*type && strcmp(*type, event->type) != 0)
		type++;
	if (!run->dry_run)
		metrics_count(&process_events, *type ? *type : "other", outcome);
}

static void ignore(const struct event *event, const char *why, struct process_result *result)
{
	log_info("Webhook ignored", LOG_STR("eventId", event->id), LOG_STR("type", event->type),
		 LOG_STR("why", why));
	result->ignored = why;
}

static void log_processed(const struct app *app, const struct event *event, bool duplicate,
			  const struct app_calls *before, int64_t started)
{
	struct app_calls calls = app_calls(app);

	log_info("Webhook processed", LOG_STR("eventId", event->id), LOG_STR("type", event->type),
		 LOG_STR("duplicate", duplicate ? "true" : NULL),
		 LOG_INT("storeReads", calls.reads - before->reads),
		 LOG_INT("stripeCalls", calls.stripe - before->stripe),
		 LOG_INT("storeWrites", calls.writes - before->writes),
		 LOG_INT("ms", clock_monotonic_ms() - started));
}

/* How an event of each kind is recorded: result->ignored says why it is none of
 * ours. */
static int record(struct app *app, const struct event *event,
		  const struct record_run *run, struct process_result *result,
		  struct err *e)
{
	struct session session;
	struct record_request request = {
		.run = run, .event = event, .session = &session, .paid_at = event->created,
	};
	struct record_charge_request payment = {
		.run = run, .event = event, .object = event->object,
	};

	if (event_is_of_charge(event->kind))
		return record_charge(app, &payment, &result->outcome, e);
	if (session_read(event->object, &session, e))
		return -1;
	subject_session(session.id, app->config.order_number_prefix);
	result->ignored = why_ignore_session(&session);
	if (result->ignored) {
		warn_of_subscription(app, &session, run);
		return 0;
	}
	if (event->kind == EVENT_SESSION_EXPIRED)
		return record_expiry(app, &request, &result->outcome, e);
	log_info("Processing checkout completion", LOG_STR("eventId", event->id),
		 LOG_STR("type", event->type), LOG_STR("sessionId", session.id));
	return record_session(app, &request, &result->outcome, e);
}

static void log_failure(const struct event *event, const struct err *e)
{
	log_error("Failed to create order snapshot", LOG_STR("eventId", event->id),
		  LOG_STR("type", event->type), LOG_STR("error", e->text));
}

static int process(struct app *app, const struct event *event,
		   const struct record_run *run, struct process_result *result,
		   struct err *e)
{
	struct app_calls before = app_calls(app);
	int64_t started = clock_monotonic_ms();

	if (record(app, event, run, result, e)) {
		if (e->code != ERR_PAYLOAD)
			log_failure(event, e);
		return -1;
	}
	subject_order(result->outcome.marker);
	if (!result->outcome.marker)
		ignore(event, result->ignored ? result->ignored : result->outcome.ignored, result);
	else if (!run->dry_run)
		log_processed(app, event, result->outcome.duplicate, &before, started);
	return 0;
}

/* An object that Stripe does not have confirms nothing: the event is to come
 * again, to whoever mends the key. */
static int process_thin(struct app *app, struct event *event,
			const struct record_run *run, struct process_result *result,
			struct err *e)
{
	struct json_object *object = NULL;
	int rc = thin_fetch(app, event, run->deadline, &object, e);

	if (rc && !record_is_unknown(e, "", event->related_id, e) && e->code == ERR_REFUSED)
		e->code = ERR_UNAVAILABLE;
	if (rc)
		log_failure(event, e);
	event->object = object;
	if (!rc)
		rc = process(app, event, run, result, e);
	json_object_put(object);
	return rc;
}

int process_event(struct app *app, struct json_object *json, const struct record_run *run,
		  struct process_result *result, struct err *e)
{
	struct event event;
	const char *secret, *why;
	int rc = 0;

	*result = (struct process_result){.ignored = NULL};
	subject_event(NULL);
	if (event_read(json, &event, e))
		return -1;
	subject_event(&event);
	if (app_secret(app, SECRET_STRIPE, run->deadline, &secret, e))
		return -1;
	why = why_ignore_event(secret, &event);
	if (why)
		ignore(&event, why, result);
	else
		rc = event.thin ? process_thin(app, &event, run, result, e)
				: process(app, &event, run, result, e);
	count(&event, run, rc ? "failed" : result->ignored ? "ignored"
			   : result->outcome.duplicate ? "duplicate" : "processed");
	return rc;
}

void process_result_free(struct process_result *result)
{
	record_outcome_free(&result->outcome);
	result->ignored = NULL;
}

/* SPDX-License-Identifier: ISC */
/*
 * Processing an event.  The one idea: what an event is worth is decided here, in one
 * list of guards; what is recorded of it is for the file of its kind.
 */
#include "record/process.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "record/daily.h"
#include "record/items.h"
#include "record/record_charge.h"
#include "record/record_expiry.h"
#include "record/subject.h"
#include "shop/event.h"
#include "shop/session.h"
#include "stripe/api.h"

const struct metrics_family process_events = {
	.name = "ordersnap_events_total",
	.help = "Events of Stripe, by type and outcome: processed, duplicate, ignored or failed.",
	.labels = {"type", "outcome"},
};

/* One of a type that is not handled counts as "other": there are hundreds. */
static void count(const struct record_run *run, const struct event *event, const char *outcome)
{
	const char *const *type = event_types;

	while (*type && strcmp(*type, event->type) != 0)
		type++;
	if (!run->dry_run)
		metrics_count(&process_events, *type ? *type : "other", outcome);
}

static void note_ignored(const struct record_run *run, const struct event *event, const char *why)
{
	count(run, event, "ignored");
	log_info("Webhook ignored", LOG_STR("eventId", event->id), LOG_STR("type", event->type),
		 LOG_STR("why", why));
}

/* What is no event at all is the sender's fault, and no line of the log. */
static void note_failure(const struct record_run *run, const struct event *event,
			 const struct err *e)
{
	count(run, event, "failed");
	if (e->code != ERR_PAYLOAD)
		log_error("Failed to create order snapshot", LOG_STR("eventId", event->id),
			  LOG_STR("type", event->type), LOG_STR("error", e->text));
}

/* Why an event is none of ours, or NULL.  Events of the other mode are what an endpoint
 * gets that was set up with the wrong key: its owner has to hear of it.  A mode that the
 * event or the key does not tell is taken for ours. */
static const char *why_ignore_event(const char *secret, const struct event *event)
{
	enum key_mode mode = key_mode_of(secret);
	bool live = mode == KEY_MODE_LIVE;
	const char *why;

	if (event->kind == EVENT_OTHER)
		return "its type is not handled";
	if (event->account)
		return "it is of another account";
	if (event->livemode_given != JSON_FOUND || mode == KEY_MODE_UNKNOWN ||
	    event->livemode == live)
		return NULL;
	why = live ? "it is of test mode, STRIPE_SECRET is a live key"
		   : "it is of live mode, STRIPE_SECRET is a test key";
	log_warning("Webhook of the other mode", LOG_STR("eventId", event->id),
		    LOG_STR("type", event->type), LOG_STR("why", why));
	return why;
}

/* --- thin events ---------------------------------------------------------------- */

typedef int retrieve(struct stripe_client *client, const char *id, int64_t deadline,
		     struct json_object **object, struct err *e);

/* How the object is asked for that an event of each kind is about. */
static retrieve *retrieve_for(const struct event *event)
{
	switch (event->kind) {
	case EVENT_REFUND:
		return strcmp(event->type, "charge.refunded") == 0 ? stripe_charge_retrieve
								    : stripe_refund_retrieve;
	case EVENT_DISPUTE:
		return stripe_dispute_retrieve;
	case EVENT_CHARGE_UPDATED:
	case EVENT_CHARGE_CAPTURED:
		return stripe_charge_retrieve;
	case EVENT_PAYMENT_CANCELED:
		return stripe_payment_retrieve;
	case EVENT_SESSION_COMPLETED:
	case EVENT_SESSION_SUCCEEDED:
	case EVENT_SESSION_FAILED:
	case EVENT_SESSION_EXPIRED:
	case EVENT_OTHER: /* is ignored before anything is asked for */
		break;
	}
	return stripe_session_retrieve;
}

/*
 * A thin event names its object instead of carrying it.  The address is made from the
 * event's type and the object's id, not taken from the event.  An object that Stripe
 * does not have confirms nothing: the event is to come again, to an owner who has
 * mended the key.
 * https://docs.stripe.com/event-destinations
 */
static int fetch_object(const struct record_run *run, const struct event *event,
			struct json_object **object, struct err *e)
{
	int64_t deadline = app_stripe_deadline(run->deadline);
	struct stripe_client *stripe = app_stripe(run->app, deadline, e);

	if (stripe && retrieve_for(event)(stripe, event->related_id, deadline, object, e) == 0)
		return 0;
	if (!record_is_unknown(e, "", event->related_id, e) && e->code == ERR_REFUSED)
		e->code = ERR_UNAVAILABLE;
	return -1;
}

/* --- all events ----------------------------------------------------------------- */

/* A session's event.  Only a session of mode payment makes an order; a shop that sells
 * subscriptions has to hear, once a day, that they make none. */
static int record_session_event(const struct record_run *run, const struct event *event,
				struct process_result *result, struct err *e)
{
	struct session session;
	const struct record_request request = {
		.event = event, .session = &session, .paid_at = event->created,
	};

	if (session_read(event->object, &session, e))
		return -1;
	subject_session(session.id, run->app->config.order_number_prefix);
	if (strcmp(session.mode, "payment") != 0) {
		if (strcmp(session.mode, "subscription") == 0 &&
		    daily_is_first(run, APP_WARNING_SUBSCRIPTION))
			log_warning("Subscriptions make no orders: ordersnap records one-time "
				    "payments alone", LOG_STR("sessionId", session.id));
		result->ignored = "the session is not of mode payment";
		return 0;
	}
	if (event->kind == EVENT_SESSION_EXPIRED)
		return record_expiry(run, event, &session, &result->outcome, e);
	log_info("Processing checkout completion", LOG_STR("eventId", event->id),
		 LOG_STR("type", event->type), LOG_STR("sessionId", session.id));
	return record_session(run, &request, &result->outcome, e);
}

int process_event(const struct record_run *run, struct json_object *json,
		  struct process_result *result, struct err *e)
{
	struct record_outcome *outcome = &result->outcome;
	struct app_calls before, after;
	struct json_object *fetched = NULL;
	struct event event;
	const char *secret;
	int64_t started;
	int rc;

	/* What does it say, and is it ours? */
	*result = (struct process_result){.ignored = NULL};
	subject_event(NULL);
	if (event_read(json, &event, e))
		return -1;
	subject_event(&event);
	if (app_secret(run->app, SECRET_STRIPE, run->deadline, &secret, e))
		return -1;
	result->ignored = why_ignore_event(secret, &event);
	if (result->ignored) {
		note_ignored(run, &event, result->ignored);
		return 0;
	}

	/* A thin event's object is fetched, and then it is like any other. */
	if (event.thin) {
		if (fetch_object(run, &event, &fetched, e)) {
			note_failure(run, &event, e);
			return -1;
		}
		event.object = fetched;
	}

	/* It is about a session, or about the charge of one. */
	before = app_calls(run->app);
	started = clock_monotonic_ms();
	rc = event_is_of_charge(event.kind) ? record_charge(run, &event, outcome, e)
					    : record_session_event(run, &event, result, e);
	after = app_calls(run->app);

	/* What became of it.  What was done has left a marker. */
	if (!rc)
		subject_order(outcome->marker);
	if (rc) {
		note_failure(run, &event, e);
	} else if (!outcome->marker) {
		if (!result->ignored)
			result->ignored = outcome->ignored;
		note_ignored(run, &event, result->ignored);
	} else if (!run->dry_run) {
		count(run, &event, outcome->duplicate ? "duplicate" : "processed");
		log_info("Webhook processed", LOG_STR("eventId", event.id), LOG_STR("type", event.type),
			 LOG_STR("duplicate", outcome->duplicate ? "true" : NULL),
			 LOG_INT("storeReads", after.reads - before.reads),
			 LOG_INT("stripeCalls", after.stripe - before.stripe),
			 LOG_INT("storeWrites", after.writes - before.writes),
			 LOG_INT("ms", clock_monotonic_ms() - started));
	}
	json_object_put(fetched);
	return rc;
}

void process_result_free(struct process_result *result)
{
	record_outcome_free(&result->outcome);
	result->ignored = NULL;
}

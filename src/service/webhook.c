/* SPDX-License-Identifier: ISC */
/*
 * Receiving events.  The one idea: the answer is given last; a 2xx says that
 * whatever had to be kept is on disk.
 */
#include "service/webhook.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "service/settle.h"
#include "service/settle_expired.h"
#include "service/settle_payment.h"
#include "service/thin.h"
#include "shop/facts.h"
#include "stripe/signature.h"

#define SOURCE "webhook"

/* Whether the key is a live one: 1, a test one: 0, or can't be told: -1. */
static int key_mode(const char *secret)
{
	if (strstr(secret, "_live_"))
		return 1;
	return strstr(secret, "_test_") ? 0 : -1;
}

/* Events of the other mode are what an endpoint gets that was set up with the
 * wrong key: its owner has to hear of it. */
static void warn_of_mode(const struct event_facts *event, const char *why)
{
	log_warning("Webhook of the other mode", LOG_STR("eventId", event->id),
		    LOG_STR("type", event->type), LOG_STR("why", why));
}

static const char *why_ignore_event(const char *secret, const struct event_facts *event)
{
	static const char live[] = "it is of live mode, STRIPE_SECRET is a test key";
	static const char test[] = "it is of test mode, STRIPE_SECRET is a live key";
	int mode = key_mode(secret);

	if (event->kind == EVENT_OTHER)
		return "its type is not handled";
	if (event->account)
		return "it is of a connected account";
	if (event->livemode_given != JSON_FOUND || mode < 0 || event->livemode == mode)
		return NULL;
	warn_of_mode(event, mode ? test : live);
	return mode ? test : live;
}

static const char *why_ignore_session(const struct session_facts *session)
{
	return strcmp(session->mode, "payment") != 0 ? "the session is not of mode payment" : NULL;
}

static struct json_object *ignored(const struct event_facts *event, const char *why)
{
	struct json_object *answer = json_object_new_object();

	log_info("Webhook ignored", LOG_STR("eventId", event->id), LOG_STR("type", event->type),
		 LOG_STR("why", why));
	json_set_string(answer, "status", "ignored");
	return answer;
}

static struct json_object *answer_of(struct json_object *marker, bool duplicate)
{
	static const char *const keys[] = {"status", "eventId", "sessionId", "orderId",
					   "orderNumber"};
	struct json_object *answer = json_object_new_object();
	size_t i;

	for (i = 0; i < sizeof keys / sizeof *keys; i++)
		json_copy_member(answer, keys[i], marker, keys[i]);
	if (duplicate)
		json_set_bool(answer, "duplicate", true);
	return answer;
}

static void log_processed(const struct app *app, const struct event_facts *event, bool duplicate,
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

/* How an event of each kind is settled: *marker NULL with 0 says that it is
 * none of ours, *why then says why. */
static int settle(struct app *app, const struct event_facts *event, int64_t deadline,
		  struct json_object **marker, bool *duplicate, const char **why, struct err *e)
{
	struct session_facts session;
	struct settle_request request = {.event = event, .session = &session, .source = SOURCE,
					 .now = clock_epoch(), .deadline = deadline};
	struct settle_payment_request payment = {.event = event, .object = event->object,
						 .source = SOURCE, .now = request.now,
						 .deadline = deadline};

	if (event->kind == EVENT_REFUND || event->kind == EVENT_DISPUTE) {
		*why = "the payment is of no order";
		return settle_payment(app, &payment, marker, duplicate, e);
	}
	if (session_read(event->object, &session, e))
		return -1;
	*why = why_ignore_session(&session);
	if (*why)
		return 0;
	if (event->kind == EVENT_SESSION_EXPIRED)
		return settle_expired(app, &request, marker, duplicate, e);
	log_info("Processing checkout completion", LOG_STR("eventId", event->id),
		 LOG_STR("type", event->type), LOG_STR("sessionId", session.id));
	return settle_session(app, &request, marker, duplicate, e);
}

static int process(struct app *app, const struct event_facts *event, int64_t deadline,
		   struct json_object **answer, struct err *e)
{
	struct app_calls before = app_calls(app);
	int64_t started = clock_monotonic_ms();
	struct json_object *marker = NULL;
	const char *why = NULL;
	bool duplicate = false;

	if (settle(app, event, deadline, &marker, &duplicate, &why, e)) {
		if (e->code != ERR_PAYLOAD)
			log_error("Failed to create order snapshot", LOG_STR("eventId", event->id),
				  LOG_STR("type", event->type), LOG_STR("error", e->text));
		return -1;
	}
	if (!marker) {
		*answer = ignored(event, why);
		return 0;
	}
	log_processed(app, event, duplicate, &before, started);
	*answer = answer_of(marker, duplicate);
	json_object_put(marker);
	return 0;
}

/* A thin event whose object Stripe does not have says nothing any more. */
static int process_thin(struct app *app, struct event_facts *event, int64_t deadline,
			struct json_object **answer, struct err *e)
{
	struct json_object *object = NULL;
	int rc = thin_fetch(app, event, deadline, &object, e);

	if (rc && e->code == ERR_REFUSED && e->upstream == 404) {
		*answer = ignored(event, "Stripe does not have its object");
		return 0;
	}
	if (rc && e->code == ERR_REFUSED)
		e->code = ERR_UNAVAILABLE;
	event->object = object;
	if (!rc)
		rc = process(app, event, deadline, answer, e);
	json_object_put(object);
	return rc;
}

static int receive_json(struct app *app, struct json_object *json, int64_t deadline,
			struct json_object **answer, struct err *e)
{
	struct event_facts event;
	const char *secret, *why;

	if (event_read(json, &event, e) || app_secret(app, SECRET_STRIPE, deadline, &secret, e))
		return -1;
	why = why_ignore_event(secret, &event);
	if (why) {
		*answer = ignored(&event, why);
		return 0;
	}
	return event.thin ? process_thin(app, &event, deadline, answer, e)
			  : process(app, &event, deadline, answer, e);
}

static int verify(struct app *app, const struct webhook_delivery *delivery, struct err *e)
{
	struct stripe_signature_check check = {
		.header = delivery->signature,
		.body = delivery->body,
		.now = clock_epoch(),
		.tolerance = app->config.webhook_tolerance,
	};

	if (app_secret(app, SECRET_WEBHOOK, delivery->deadline, &check.secrets, e))
		return -1;
	return stripe_signature_verify(&check, e);
}

/* A secret that lives in SSM may have been rolled since it was read. */
static int verify_again(struct app *app, const struct webhook_delivery *delivery, struct err *e)
{
	if (e->code != ERR_SIGNATURE ||
	    !app_secret_changed(app, SECRET_WEBHOOK, delivery->deadline))
		return -1;
	return verify(app, delivery, e);
}

int webhook_receive(struct app *app, const struct webhook_delivery *delivery,
		    struct json_object **answer, struct err *e)
{
	struct json_object *json;
	int rc;

	if (verify(app, delivery, e) && verify_again(app, delivery, e))
		return -1;
	json = json_parse(delivery->body);
	if (!json)
		return err_set(e, ERR_PAYLOAD, "the body is not JSON");
	rc = receive_json(app, json, delivery->deadline, answer, e);
	json_object_put(json);
	return rc;
}

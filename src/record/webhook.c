/* SPDX-License-Identifier: ISC */
/*
 * Receiving events.  The one idea: the answer is given last; a 2xx says that
 * whatever had to be kept is on disk.
 */
#include "record/webhook.h"

#include "base/clock.h"
#include "record/process.h"
#include "stripe/members.h"
#include "stripe/signature.h"

const struct metrics_family webhook_last = {
	.name = "ordersnap_last_webhook",
	.help = "The last delivery whose signature was right.",
	.kind = METRICS_MOMENT,
};

/* What Stripe's dashboard shows beside a delivery:
 * {"status": "processed", "eventId": "evt_1", "sessionId": "cs_1", "orderId": "cs_1",
 *  "orderNumber": "N-1", "duplicate": true} */
static struct json_object *answer_of(const struct process_result *result)
{
	static const char *const keys[] = {"eventId", "sessionId", "orderId", "orderNumber"};
	struct json_object *answer = json_object_new_object();
	size_t i;

	json_set_string(answer, "status", result->ignored ? "ignored" : "processed");
	for (i = 0; !result->ignored && i < sizeof keys / sizeof *keys; i++)
		json_set_string(answer, keys[i], json_string_or_null(result->outcome.marker, keys[i]));
	if (result->outcome.duplicate)
		json_set_bool(answer, "duplicate", true);
	return answer;
}

int webhook_receive(struct app *app, const struct webhook_delivery *delivery,
		    struct json_object **answer, struct err *e)
{
	const struct record_run run = {.app = app, .source = "webhook", .now = clock_epoch(),
				       .deadline = delivery->deadline};
	struct stripe_signature_check check = {
		.header = delivery->signature,
		.body = delivery->body,
		.now = run.now,
		.tolerance = app->config.webhook_tolerance,
	};
	struct process_result result;
	struct json_object *json;
	int rc;

	/* The header comes first: a request without a well-formed signature costs no call
	 * of SSM, where the secret may be. */
	if (stripe_signature_check_header(&check, e))
		return -1;
	if (app_secret(app, SECRET_WEBHOOK, run.deadline, &check.secrets, e))
		return -1;

	/* The bytes are verified as they came.  Where no signature matches, a secret that
	 * lives in SSM may have been rolled since it was read: it is read once more. */
	if (stripe_signature_verify(&check, e)) {
		if (!app_secret_changed(app, SECRET_WEBHOOK, run.deadline) ||
		    app_secret(app, SECRET_WEBHOOK, run.deadline, &check.secrets, e) ||
		    stripe_signature_verify(&check, e))
			return -1;
	}

	/* From here on the event is Stripe's. */
	metrics_set(&webhook_last, run.now);
	json = json_parse_members(delivery->body, stripe_member);
	if (!json)
		return err_set(e, ERR_PAYLOAD, "the body is not JSON");
	rc = process_event(&run, json, &result, e);
	json_object_put(json);

	/* The answer is made of the marker that is on disk now. */
	if (!rc)
		*answer = answer_of(&result);
	process_result_free(&result);
	return rc;
}

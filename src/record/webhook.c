/* SPDX-License-Identifier: ISC */
/*
 * Receiving events.  The one idea: the answer is given last; a 2xx says that
 * whatever had to be kept is on disk.
 */
#include "record/webhook.h"

#include "base/clock.h"
#include "record/process.h"
#include "stripe/signature.h"

const struct metrics_family webhook_last = {
	.name = "ordersnap_last_webhook",
	.help = "The last delivery whose signature was right.",
	.kind = METRICS_MOMENT,
};

static struct json_object *answer_of(const struct process_result *result)
{
	static const char *const keys[] = {"eventId", "sessionId", "orderId", "orderNumber"};
	struct json_object *answer = json_object_new_object();
	size_t i;

	json_set_string(answer, "status", result->ignored ? "ignored" : "processed");
	for (i = 0; !result->ignored && i < sizeof keys / sizeof *keys; i++)
		json_copy_member(answer, keys[i], result->outcome.marker, keys[i]);
	if (result->outcome.duplicate)
		json_set_bool(answer, "duplicate", true);
	return answer;
}

/* The header is looked at first: a stranger's request costs no call of SSM,
 * where the secret may be.  One that lives there may have been rolled since it
 * was read: where no signature matches it is read again. */
static int verify(struct app *app, const struct webhook_delivery *delivery, struct err *e)
{
	struct stripe_signature_check check = {
		.header = delivery->signature,
		.body = delivery->body,
		.now = clock_epoch(),
		.tolerance = app->config.webhook_tolerance,
	};

	if (stripe_signature_check_header(&check, e) ||
	    app_secret(app, SECRET_WEBHOOK, delivery->deadline, &check.secrets, e))
		return -1;
	if (stripe_signature_verify(&check, e) == 0)
		return 0;
	if (!app_secret_changed(app, SECRET_WEBHOOK, delivery->deadline) ||
	    app_secret(app, SECRET_WEBHOOK, delivery->deadline, &check.secrets, e))
		return -1;
	return stripe_signature_verify(&check, e);
}

int webhook_receive(struct app *app, const struct webhook_delivery *delivery,
		    struct json_object **answer, struct err *e)
{
	const struct record_run run = {.source = "webhook", .now = clock_epoch(),
				       .deadline = delivery->deadline};
	struct process_result result;
	struct json_object *json;
	int rc;

	if (verify(app, delivery, e))
		return -1;
	metrics_set(&webhook_last, run.now);
	json = json_parse(delivery->body);
	if (!json)
		return err_set(e, ERR_PAYLOAD, "the body is not JSON");
	rc = process_event(app, json, &run, &result, e);
	json_object_put(json);
	if (!rc)
		*answer = answer_of(&result);
	process_result_free(&result);
	return rc;
}

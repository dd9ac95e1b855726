/* SPDX-License-Identifier: ISC */
/*
 * Expired sessions.  The one idea: a session that was open says so; one that is
 * complete, or that nothing is known of, is left as it is (shop/order_items.h).
 */
#include "record/record_expiry.h"

#include "record/items.h"
#include "shop/attributes.h"

struct expiry {
	const struct record_run *run;
	const struct event *event;
	const struct session *session;
	struct record_outcome *out;
};

/* One try: one read of both items, and one write. */
static int expire_once(void *context, struct err *e)
{
	const struct expiry *x = context;
	const struct record_run *run = x->run;
	struct record_items items = {.run = run};
	struct json_object *recovery = attributes_find(x->session->json, "after_expiration.recovery");
	struct order_change change = {.expired = true, .now = run->now,
				      .recovery_url = json_string_or_null(recovery, "url")};
	int rc;

	/* Read the event's marker and the session's item. */
	item_keys_init(&items.keys, x->event, x->session, run->app->config.order_number_prefix,
		       run->now);
	rc = record_items_read(&items, 1u << ITEM_EVENT | 1u << ITEM_SESSION, e);
	if (rc)
		goto out;
	if (items.read[ITEM_EVENT] && !run->again) {
		record_outcome_set_duplicate(x->out, items.read[ITEM_EVENT]);
		goto out;
	}
	if (!items.read[ITEM_SESSION] && !record_takes(run->app, x->session)) {
		record_outcome_set_foreign(x->out);
		goto out;
	}

	/* Write both.  An event that is replayed in the second of its first time says
	 * nothing new. */
	change.marker = order_event_marker(x->event, x->session->id, NULL, run->now,
					   run->app->config.event_ttl_days);
	rc = record_items_write(&items, &change, e);
	if (!rc)
		record_outcome_set(x->out, change.marker, NULL, NULL);
out:
	json_object_put(change.marker);
	record_items_free(&items);
	return rc;
}

int record_expiry(const struct record_run *run, const struct event *event,
		  const struct session *session, struct record_outcome *out, struct err *e)
{
	struct expiry x = {.run = run, .event = event, .session = session, .out = out};

	return store_until_written(expire_once, &x, run->deadline, e);
}

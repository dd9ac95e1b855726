/* SPDX-License-Identifier: ISC */
/*
 * Expired sessions.
 */
#include "record/record_expiry.h"

#include "record/items.h"
#include "shop/attributes.h"

struct expiry {
	struct app *app;
	const struct record_request *request;
	struct record_outcome *out;
};

static int expire_once(void *context, struct err *e)
{
	const struct expiry *x = context;
	const struct record_request *r = x->request;
	struct app *app = x->app;
	struct record_items items = {.app = app, .run = r->run};
	struct json_object *recovery = attributes_find(r->session->json, "after_expiration.recovery");
	struct order_change change = {.expired = true, .now = r->run->now,
				      .recovery_url = json_string_or_null(recovery, "url")};
	int rc;

	item_keys_init(&items.keys, r->event, r->session, app->config.order_number_prefix,
		       r->run->now);
	rc = record_items_read(&items, 1u << ITEM_EVENT | 1u << ITEM_SESSION, e);
	if (!rc && items.read[ITEM_EVENT] && !r->run->again) {
		record_outcome_set(x->out, items.read[ITEM_EVENT], NULL, NULL);
		x->out->duplicate = true; /* behind it: it begins the outcome anew */
	} else if (!rc && !items.read[ITEM_SESSION] && !record_takes(app, r->session)) {
		x->out->foreign = true;
		x->out->ignored = "the session bears no quote's signature (ORDER_SESSIONS=own)";
	} else if (!rc) {
		/* One that is replayed in the second of its first time says nothing new. */
		change.marker = order_event_marker(r->event, r->session->id, NULL, r->run->now,
						   app->config.event_ttl_days);
		rc = record_items_write(&items, &change, e);
		if (!rc)
			record_outcome_set(x->out, change.marker, NULL, NULL);
	}
	json_object_put(change.marker);
	record_items_free(&items);
	return rc;
}

int record_expiry(struct app *app, const struct record_request *r, struct record_outcome *out,
		  struct err *e)
{
	struct expiry x = {.app = app, .request = r, .out = out};

	return store_until_written(expire_once, &x, r->run->deadline, e);
}

/* SPDX-License-Identifier: ISC */
/*
 * Expired sessions.
 */
#include "record/settle_expired.h"

#include <stdlib.h>
#include <string.h>

#include "format/iso8601.h"
#include "record/batch.h"
#include "shop/keys.h"

/* A session that is complete stays so, whenever this event comes. */
static void add_session(struct batch *batch, struct json_object *session, int64_t now)
{
	const char *status = json_string_or_null(session, "status");
	struct json_object *item;
	char time[ISO8601_SIZE];

	if (!session || (status && strcmp(status, "open") != 0))
		return;
	item = json_copy(session);
	json_set_string(item, "status", "expired");
	json_set_string(item, "updatedAt", iso8601_time(now, time));
	batch_add(batch, item, session);
}

static int write_expired(struct app *app, const struct settle_request *r,
			 struct json_object *items[2], struct settle_outcome *out, struct err *e)
{
	struct json_object *mark = batch_marker(app, r->event, r->now, r->session->id, NULL);
	struct batch batch = {.n = 0};
	int rc = 0;

	/* One that is replayed in the second of its first time says nothing new. */
	batch_add(&batch, json_object_get(mark), items[0]);
	add_session(&batch, items[1], r->now);
	if (batch.n && !r->dry_run)
		rc = store_write(app_store(app), batch.puts, batch.n, NULL, r->deadline, e);
	if (!rc)
		settle_outcome_set(out, mark, NULL, NULL);
	batch_free(&batch);
	json_object_put(mark);
	return rc;
}

/* A conflict means that the session has just been completed or that this event
 * is being processed elsewhere: 503, and its redelivery finds out. */
int settle_expired(struct app *app, const struct settle_request *r,
		   struct settle_outcome *out, struct err *e)
{
	char *event = key_event(r->event->id), *session = key_session(r->session->id);
	const struct store_key keys[] = {{event, KEY_METADATA}, {session, KEY_METADATA}};
	struct json_object *items[2];
	int rc = store_get_many(app_store(app), keys, 2, items, r->deadline, e);

	out->duplicate = items[0] && !r->again;
	if (!rc && out->duplicate)
		settle_outcome_set(out, items[0], NULL, NULL);
	else if (!rc && !items[1] && !settle_takes(app, r->session))
		out->foreign = true;
	else if (!rc)
		rc = write_expired(app, r, items, out, e);
	json_object_put(items[0]);
	json_object_put(items[1]);
	free(session);
	free(event);
	return rc;
}

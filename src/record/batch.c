/* SPDX-License-Identifier: ISC */
/*
 * Putting a transaction together.
 */
#include "record/batch.h"

#include <stdlib.h>

#include "format/iso8601.h"
#include "shop/keys.h"
#include "shop/order.h"

#define DAY 86400

void batch_add(struct batch *batch, struct json_object *item, struct json_object *read)
{
	if (read && order_same(item, read))
		json_object_put(item);
	else
		batch_add_always(batch, item, read);
}

void batch_add_always(struct batch *batch, struct json_object *item, struct json_object *read)
{
	batch->puts[batch->n++] = store_replace(item, read);
}

void batch_add_any(struct batch *batch, struct json_object *item)
{
	batch->puts[batch->n++] = (struct store_action){.item = item, .condition = STORE_ANY};
}

void batch_free(struct batch *batch)
{
	while (batch->n)
		json_object_put(batch->puts[--batch->n].item);
}

struct json_object *batch_marker(const struct app *app, const struct event_facts *event,
				 int64_t now, const char *session_id, struct json_object *order)
{
	struct json_object *marker = json_object_new_object();
	char *pk = key_event(event->id);
	char time[ISO8601_SIZE];

	json_set_string(marker, "PK", pk);
	json_set_string(marker, "SK", KEY_METADATA);
	json_set_string(marker, "eventId", event->id);
	json_set_string(marker, "type", event->type);
	json_set_string(marker, "status", "processed");
	json_set_string(marker, "sessionId", session_id);
	json_copy_member(marker, "orderId", order, "orderId");
	json_copy_member(marker, "orderNumber", order, "orderNumber");
	json_set_string(marker, "processedAt", iso8601_time(now, time));
	json_set_int(marker, "expiresAt", now + app->config.event_ttl_days * DAY);
	free(pk);
	return marker;
}

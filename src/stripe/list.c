/* SPDX-License-Identifier: ISC */
/*
 * The lists.
 */
#include "stripe/list.h"

#include "format/form.h"

static int get_page(struct stripe_client *client, struct buf *path,
		    const struct stripe_range *range, int64_t deadline, struct stripe_page *page,
		    struct err *e)
{
	struct json_object *list = NULL;
	int rc;

	if (range->from)
		form_add_int(path, range->from, "created[gte]");
	if (range->to)
		form_add_int(path, range->to, "created[lte]");
	if (range->after)
		form_add(path, range->after, "starting_after");
	rc = stripe_get(client, path, deadline, &list, e);
	if (!rc)
		rc = stripe_page_of(list, page, e);
	json_object_put(list);
	return rc;
}

int stripe_complete_sessions(struct stripe_client *client, const struct stripe_range *range,
			     int64_t deadline, struct stripe_page *page, struct err *e)
{
	struct buf path;
	int rc;

	buf_init(&path, STRIPE_PATH_MAX);
	buf_puts(&path, "/v1/checkout/sessions?limit=100&status=complete"
			"&expand[]=data.payment_intent.latest_charge");
	rc = get_page(client, &path, range, deadline, page, e);
	buf_free(&path);
	return rc;
}

int stripe_session_with_charge(struct stripe_client *client, const char *id, int64_t deadline,
			       struct json_object **session, struct err *e)
{
	return stripe_get_by_id(client, "/v1/checkout/sessions/", id,
				"?expand[]=payment_intent.latest_charge", deadline, session, e);
}

int stripe_events(struct stripe_client *client, const char *const *types, bool undelivered,
		  const struct stripe_range *range, int64_t deadline, struct stripe_page *page,
		  struct err *e)
{
	struct buf path;
	int rc;

	buf_init(&path, STRIPE_PATH_MAX);
	buf_puts(&path, "/v1/events?limit=100");
	for (; *types; types++)
		form_add(&path, *types, "types[]");
	if (undelivered)
		form_add(&path, "false", "delivery_success");
	rc = get_page(client, &path, range, deadline, page, e);
	buf_free(&path);
	return rc;
}

int stripe_event_retrieve(struct stripe_client *client, const char *id, int64_t deadline,
			  struct json_object **event, struct err *e)
{
	return stripe_get_by_id(client, "/v1/events/", id, "", deadline, event, e);
}

/* SPDX-License-Identifier: ISC */
/*
 * The lists.
 */
#include "stripe/list.h"

#include "format/form.h"
#include "stripe/expand.h"

int stripe_complete_sessions(struct stripe_client *client, const struct stripe_pages *pages,
			     int64_t deadline, struct stripe_page *page, struct err *e)
{
	static const struct stripe_expansion expansion = {
		.all = STRIPE_EXPAND_SALE("data."),
		.least = "expand[]=data.payment_intent.latest_charge",
	};

	return stripe_get_page_expanded(client, "/v1/checkout/sessions?limit=100&status=complete",
					&expansion, pages, deadline, page, e);
}

int stripe_refunds(struct stripe_client *client, const struct stripe_pages *pages,
		   int64_t deadline, struct stripe_page *page, struct err *e)
{
	return stripe_get_list(client, "/v1/refunds?limit=100", pages, deadline, page, e);
}

int stripe_disputes(struct stripe_client *client, const struct stripe_pages *pages,
		    int64_t deadline, struct stripe_page *page, struct err *e)
{
	return stripe_get_list(client, "/v1/disputes?limit=100", pages, deadline, page, e);
}

int stripe_session_with_charge(struct stripe_client *client, const char *id, int64_t deadline,
			       struct json_object **session, struct err *e)
{
	static const struct stripe_expansion expansion = {
		.all = STRIPE_EXPAND_ONE_SALE,
		.least = "expand[]=payment_intent.latest_charge",
	};

	return stripe_get_expanded(client, "/v1/checkout/sessions/", id, &expansion, deadline, session,
				   e);
}

int stripe_events(struct stripe_client *client, const struct stripe_pages *pages,
		  int64_t deadline, struct stripe_page *page, struct err *e)
{
	const struct stripe_event_filter *filter = pages->of;
	const char *const *types = filter->types;
	struct buf path;
	int rc;

	buf_init(&path, STRIPE_PATH_MAX);
	buf_puts(&path, "/v1/events?limit=100");
	for (; *types; types++)
		form_add(&path, *types, "types[]");
	if (filter->undelivered)
		form_add(&path, "false", "delivery_success");
	rc = stripe_get_page(client, &path, pages, deadline, page, e);
	buf_free(&path);
	return rc;
}

int stripe_event_retrieve(struct stripe_client *client, const char *id, int64_t deadline,
			  struct json_object **event, struct err *e)
{
	return stripe_get_by_id(client, "/v1/events/", id, "", deadline, event, e);
}

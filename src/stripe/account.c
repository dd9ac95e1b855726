/* SPDX-License-Identifier: ISC */
/*
 * Looking at the account.  The one idea: the calls that are tried are those
 * that the programs make, so a permission that is there on paper and not in
 * effect is found too.
 */
#include "stripe/account.h"

#include <stdlib.h>

#include "format/form.h"

#define PATH_MAX_BYTES 1024
#define PAGES_MAX 20 /* Stripe allows an account some dozen endpoints */

#define NONE "ordersnap_check" /* what no object is called */

const struct stripe_permission stripe_permissions[] = {
	{"Prices and Products: Read", "no cart can be quoted", true,
	 {"/v1/prices?limit=1&expand[]=data.product", "/v1/prices/price_" NONE, NULL}},
	{"Checkout Sessions: Read", "no order can be written", true,
	 {"/v1/checkout/sessions?limit=1", "/v1/checkout/sessions/cs_" NONE,
	  "/v1/checkout/sessions/cs_" NONE "/line_items?limit=1"}},
	{"PaymentIntents: Read", "no refund reaches its order", true,
	 {"/v1/payment_intents/pi_" NONE, NULL}},
	{"Charges: Read", "no refund and no dispute reaches its order", true,
	 {"/v1/charges?limit=1", "/v1/charges/ch_" NONE, NULL}},
	{"Refunds: Read", "no refund reaches its order", true,
	 {"/v1/refunds?limit=1", "/v1/refunds/re_" NONE, NULL}},
	{"Disputes: Read", "no dispute reaches its order", true,
	 {"/v1/disputes?limit=1", "/v1/disputes/dp_" NONE, NULL}},
	{"Events: Read", "events can't be fetched again", false,
	 {"/v1/events?limit=1", "/v1/events/evt_" NONE, NULL}},
	{"Webhook Endpoints: Read", "the webhook endpoint can't be looked at", false,
	 {"/v1/webhook_endpoints?limit=1", NULL}},
	{.name = NULL},
};

static int get(struct stripe_client *client, const char *path, int64_t deadline,
	       struct json_object **answer, struct err *e)
{
	const struct stripe_request request = {.method = "GET", .path = path,
					       .deadline = deadline};

	return stripe_send(client, &request, answer, e);
}

enum stripe_access stripe_try_permission(struct stripe_client *client,
					 const struct stripe_permission *permission,
					 int64_t deadline, struct err *e)
{
	size_t i;

	for (i = 0; i < 3 && permission->paths[i]; i++) {
		struct json_object *answer = NULL;
		int rc = get(client, permission->paths[i], deadline, &answer, e);

		json_object_put(answer);
		if (rc && e->upstream == 403)
			return STRIPE_MAY_NOT;
		if (rc && (e->code != ERR_REFUSED || e->upstream == 401))
			return STRIPE_NO_ANSWER;
	}
	return STRIPE_MAY;
}

/* Gives a page's endpoints away; *after is then the last one's id, to free(), or
 * NULL when it was the last page. */
static int take_page(struct json_object *list, stripe_endpoint *found, void *context,
		     char **after, struct err *e)
{
	struct json_object *data;
	bool more = false;
	size_t i, n;

	if (json_get_array(list, "data", &data) != JSON_FOUND)
		return err_set(e, ERR_UNAVAILABLE, "Stripe's answer is no list");
	n = json_object_array_length(data);
	for (i = 0; i < n; i++)
		found(context, json_object_array_get_idx(data, i));
	json_get_bool(list, "has_more", &more);
	*after = more && n ? str_dup(json_string_or_null(json_object_array_get_idx(data, n - 1),
							 "id")) : NULL;
	return more && !*after ? err_set(e, ERR_UNAVAILABLE, "Stripe's list has no next page") : 0;
}

static int get_page(struct stripe_client *client, const char *after, int64_t deadline,
		    struct json_object **list, struct err *e)
{
	struct buf path;
	int rc;

	buf_init(&path, PATH_MAX_BYTES);
	buf_puts(&path, "/v1/webhook_endpoints?limit=100");
	if (after)
		form_add(&path, after, "starting_after");
	rc = path.failed ? err_set(e, ERR_UNAVAILABLE, "Stripe's id is too long")
			 : get(client, buf_text(&path), deadline, list, e);
	buf_free(&path);
	return rc;
}

int stripe_webhook_endpoints(struct stripe_client *client, int64_t deadline,
			     stripe_endpoint *found, void *context, struct err *e)
{
	char *after = NULL, *next;
	int rc, page = 0;

	do {
		struct json_object *list = NULL;

		next = NULL;
		rc = get_page(client, after, deadline, &list, e);
		if (!rc)
			rc = take_page(list, found, context, &next, e);
		json_object_put(list);
		free(after);
		after = next;
	} while (!rc && after && ++page < PAGES_MAX);
	if (!rc && after)
		rc = err_set(e, ERR_UNAVAILABLE, "the account has too many webhook endpoints");
	free(after);
	return rc;
}

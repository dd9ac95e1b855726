/* SPDX-License-Identifier: ISC */
/*
 * Looking at the account.  The one idea: the calls that are tried are those
 * that the programs make, so a permission that is there on paper and not in
 * effect is found too.
 */
#include "stripe/account.h"

#include <stdlib.h>

#include "format/form.h"
#include "stripe/get.h"

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
	{"Events: Read", "ordersnap sync does not find late refunds and disputes", false,
	 {"/v1/events?limit=1", "/v1/events/evt_" NONE, NULL}},
	{"Webhook Endpoints: Read", "the webhook endpoint can't be looked at", false,
	 {"/v1/webhook_endpoints?limit=1", NULL}},
	{.name = NULL},
};

static int ask(struct stripe_client *client, const char *text, int64_t deadline, struct err *e)
{
	struct json_object *answer = NULL;
	struct buf path;
	int rc;

	buf_init(&path, STRIPE_PATH_MAX);
	buf_puts(&path, text);
	rc = stripe_get(client, &path, deadline, &answer, e);
	json_object_put(answer);
	buf_free(&path);
	return rc;
}

enum stripe_access stripe_try_permission(struct stripe_client *client,
					 const struct stripe_permission *permission,
					 int64_t deadline, struct err *e)
{
	size_t i;

	for (i = 0; i < 3 && permission->paths[i]; i++) {
		int rc = ask(client, permission->paths[i], deadline, e);

		if (rc && e->upstream == 403)
			return STRIPE_MAY_NOT;
		if (rc && (e->code != ERR_REFUSED || e->upstream == 401))
			return STRIPE_NO_ANSWER;
	}
	return STRIPE_MAY;
}

static int get_page(struct stripe_client *client, const char *after, int64_t deadline,
		    struct stripe_page *page, struct err *e)
{
	struct json_object *list = NULL;
	struct buf path;
	int rc;

	buf_init(&path, STRIPE_PATH_MAX);
	buf_puts(&path, "/v1/webhook_endpoints?limit=100");
	if (after)
		form_add(&path, after, "starting_after");
	rc = stripe_get(client, &path, deadline, &list, e);
	if (!rc)
		rc = stripe_page_of(list, page, e);
	json_object_put(list);
	buf_free(&path);
	return rc;
}

int stripe_webhook_endpoints(struct stripe_client *client, int64_t deadline,
			     stripe_endpoint *found, void *context, struct err *e)
{
	struct stripe_page page = {.next = NULL};
	char *after = NULL;
	int rc, pages = 0;

	do {
		size_t i;

		page = (struct stripe_page){.data = NULL};
		rc = get_page(client, after, deadline, &page, e);
		for (i = 0; !rc && i < json_object_array_length(page.data); i++)
			found(context, json_object_array_get_idx(page.data, i));
		free(after);
		after = str_dup(page.next);
		json_object_put(page.data);
	} while (!rc && after && ++pages < PAGES_MAX);
	if (!rc && after)
		rc = err_set(e, ERR_UNAVAILABLE, "the account has too many webhook endpoints");
	free(after);
	return rc;
}

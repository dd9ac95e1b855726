/* SPDX-License-Identifier: ISC */
/*
 * Looking at the account.  The one idea: the calls that are tried are those
 * that the programs make, so a permission that is there on paper and not in
 * effect is found too.
 */
#include "stripe/account.h"

#include "stripe/expand.h"

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
	{"Balance: Read", "the fees of a sale are not recorded", false,
	 {"/v1/balance_transactions?limit=1", NULL}},
	{"Coupons: Read", "the discounts of a sale are not recorded by name", false,
	 {"/v1/coupons?limit=1", NULL}},
	{"Promotion Codes: Read", "the codes that buyers enter are not recorded", false,
	 {"/v1/promotion_codes?limit=1", NULL}},
	{"Shipping Rates: Read", "the way of shipping that a buyer chose is not recorded", false,
	 {"/v1/shipping_rates?limit=1", NULL}},
	{"Events: Read", "ordersnap sync does not find late refunds and disputes", false,
	 {"/v1/events?limit=1", "/v1/events/evt_" NONE, NULL}},
	{"Webhook Endpoints: Read", "the webhook endpoint can't be looked at", false,
	 {"/v1/webhook_endpoints?limit=1", NULL}},
	{.name = NULL},
};

const struct stripe_permission stripe_permission_of_sale = {
	"all of a sale", "not all of it is recorded", false,
	{"/v1/checkout/sessions?limit=1&" STRIPE_EXPAND_SALE("data."), NULL},
};

enum stripe_access stripe_try_permission(struct stripe_client *client,
					 const struct stripe_permission *permission,
					 int64_t deadline, struct err *e)
{
	size_t i;

	for (i = 0; i < 3 && permission->paths[i]; i++) {
		struct json_object *answer = NULL;
		struct buf path;
		int rc;

		buf_init(&path, STRIPE_PATH_MAX);
		buf_puts(&path, permission->paths[i]);
		rc = stripe_get(client, &path, deadline, &answer, e);
		json_object_put(answer);
		buf_free(&path);

		/* An answer that there is no such object shows that it could have been read. */
		if (rc && e->upstream == 403)
			return STRIPE_MAY_NOT;
		if (rc && (e->code != ERR_REFUSED || e->upstream == 401))
			return STRIPE_NO_ANSWER;
	}
	return STRIPE_MAY;
}

static int list_endpoints(struct stripe_client *client, const struct stripe_pages *pages,
			  int64_t deadline, struct stripe_page *page, struct err *e)
{
	return stripe_get_list(client, "/v1/webhook_endpoints?limit=100", pages, deadline, page, e);
}

int stripe_webhook_endpoints(struct stripe_client *client, int64_t deadline,
			     stripe_endpoint *found, void *context, struct err *e)
{
	struct stripe_pages pages = {.list = list_endpoints};
	struct json_object *endpoints;
	size_t i;

	if (stripe_pages_read_all(&pages, client, deadline, PAGES_MAX, &endpoints, e))
		return -1;
	for (i = 0; i < json_object_array_length(endpoints); i++)
		found(context, json_object_array_get_idx(endpoints, i));
	json_object_put(endpoints);
	return 0;
}

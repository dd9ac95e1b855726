/* SPDX-License-Identifier: ISC */
/*
 * Stripe's operations.
 */
#include "stripe/api.h"

#include "format/form.h"
#include "stripe/expand.h"

#define PAGES_MAX 100 /* a bound on lists; Checkout takes 100 lines */

/* All of a list that is asked for in one call, as a reference of its own. */
static int take_data(struct json_object *list, struct json_object **data, struct err *e)
{
	struct stripe_page page;

	if (stripe_page_of(list, &page, e))
		return -1;
	*data = page.data;
	return 0;
}

int stripe_prices_by_lookup_key(struct stripe_client *client, const char *const *keys,
				size_t count, int64_t deadline, struct json_object **prices,
				struct err *e)
{
	struct json_object *list = NULL;
	struct buf path;
	size_t i;
	int rc;

	buf_init(&path, STRIPE_PATH_MAX);
	buf_puts(&path, "/v1/prices?active=true&limit=100&expand[]=data.product");
	for (i = 0; i < count; i++)
		form_add(&path, keys[i], "lookup_keys[]");
	rc = stripe_get(client, &path, deadline, &list, e);
	if (!rc)
		rc = take_data(list, prices, e);
	json_object_put(list);
	buf_free(&path);
	return rc;
}

int stripe_price_retrieve(struct stripe_client *client, const char *id, int64_t deadline,
			  struct json_object **price, struct err *e)
{
	return stripe_get_by_id(client, "/v1/prices/", id, "?expand[]=product", deadline, price, e);
}

int stripe_session_retrieve(struct stripe_client *client, const char *id, int64_t deadline,
			    struct json_object **session, struct err *e)
{
	return stripe_get_by_id(client, "/v1/checkout/sessions/", id, "", deadline, session, e);
}

int stripe_charge_retrieve(struct stripe_client *client, const char *id, int64_t deadline,
			   struct json_object **charge, struct err *e)
{
	return stripe_get_by_id(client, "/v1/charges/", id, "", deadline, charge, e);
}

int stripe_refund_retrieve(struct stripe_client *client, const char *id, int64_t deadline,
			   struct json_object **refund, struct err *e)
{
	return stripe_get_by_id(client, "/v1/refunds/", id, "", deadline, refund, e);
}

int stripe_dispute_retrieve(struct stripe_client *client, const char *id, int64_t deadline,
			    struct json_object **dispute, struct err *e)
{
	return stripe_get_by_id(client, "/v1/disputes/", id, "", deadline, dispute, e);
}

int stripe_charge_with_sale(struct stripe_client *client, const char *id, int64_t deadline,
			    struct json_object **charge, struct err *e)
{
	static const struct stripe_expansion expansion = {
		.all = "expand[]=balance_transaction&expand[]=refunds",
		.least = "",
	};

	return stripe_get_expanded(client, "/v1/charges/", id, &expansion, deadline, charge, e);
}

int stripe_payment_retrieve(struct stripe_client *client, const char *id, int64_t deadline,
			    struct json_object **payment, struct err *e)
{
	static const struct stripe_expansion expansion = {
		.all = "expand[]=latest_charge.balance_transaction&expand[]=latest_charge.refunds",
		.least = "expand[]=latest_charge",
	};

	return stripe_get_expanded(client, "/v1/payment_intents/", id, &expansion, deadline, payment,
				   e);
}

/* The disputes of a charge, each with the charge as it is now. */
static int list_disputes(struct stripe_client *client, const struct stripe_pages *pages,
			 int64_t deadline, struct stripe_page *page, struct err *e)
{
	static const struct stripe_expansion expansion = {
		.all = "expand[]=data.charge.balance_transaction&expand[]=data.charge.refunds",
		.least = "expand[]=data.charge",
	};
	struct buf path;
	int rc;

	buf_init(&path, STRIPE_PATH_MAX);
	buf_puts(&path, "/v1/disputes?limit=100");
	form_add(&path, pages->of, "charge");
	rc = stripe_get_page_expanded(client, buf_text(&path), &expansion, pages, deadline, page, e);
	buf_free(&path);
	return rc;
}

int stripe_disputes_of_charge(struct stripe_client *client, const char *charge, int64_t deadline,
			      struct json_object **disputes, struct err *e)
{
	struct stripe_pages pages = {.list = list_disputes, .of = charge};

	return stripe_pages_read_all(&pages, client, deadline, PAGES_MAX, disputes, e);
}

/* The refunds of a charge, of which the charge itself has the first ones alone. */
static int list_refunds(struct stripe_client *client, const struct stripe_pages *pages,
			int64_t deadline, struct stripe_page *page, struct err *e)
{
	struct buf path;
	int rc;

	buf_init(&path, STRIPE_PATH_MAX);
	buf_puts(&path, "/v1/refunds?limit=100");
	form_add(&path, pages->of, "charge");
	rc = stripe_get_page(client, &path, pages, deadline, page, e);
	buf_free(&path);
	return rc;
}

int stripe_refunds_of_charge(struct stripe_client *client, const char *charge, int64_t deadline,
			     struct json_object **refunds, struct err *e)
{
	struct stripe_pages pages = {.list = list_refunds, .of = charge};

	return stripe_pages_read_all(&pages, client, deadline, PAGES_MAX, refunds, e);
}

/* What a list has in the place of an object leads to no decision. */
static int check_object(struct json_object **element, struct err *e)
{
	if (json_object_is_type(*element, json_type_object))
		return 0;
	json_object_put(*element);
	*element = NULL;
	err_set(e, ERR_UNAVAILABLE, "an element of Stripe's list is no object");
	return stripe_unreadable(e);
}

int stripe_session_of_payment(struct stripe_client *client, const char *payment_intent,
			      int64_t deadline, struct json_object **session, struct err *e)
{
	struct json_object *list = NULL, *data = NULL;
	int rc = stripe_get_by_id(client, "/v1/checkout/sessions?limit=1&payment_intent=", payment_intent,
			   "", deadline, &list, e);

	*session = NULL;
	if (!rc)
		rc = take_data(list, &data, e);
	if (!rc && json_object_array_length(data)) {
		*session = json_object_get(json_object_array_get_idx(data, 0));
		rc = check_object(session, e);
	}
	json_object_put(data);
	json_object_put(list);
	return rc;
}

int stripe_session_create(struct stripe_client *client, const char *form,
			  const char *idempotency_key, int64_t deadline,
			  struct json_object **session, struct err *e)
{
	struct stripe_request request = {
		.method = "POST",
		.path = "/v1/checkout/sessions",
		.form = form,
		.idempotency_key = idempotency_key,
		.deadline = deadline,
	};

	return stripe_send(client, &request, session, e);
}

/* The lines of a session, each with its product. */
static int list_line_items(struct stripe_client *client, const struct stripe_pages *pages,
			   int64_t deadline, struct stripe_page *page, struct err *e)
{
	struct buf path;
	int rc;

	buf_init(&path, STRIPE_PATH_MAX);
	buf_puts(&path, "/v1/checkout/sessions/");
	form_encode(&path, pages->of);
	buf_puts(&path, "/line_items?limit=100&expand[]=data.price.product");
	rc = stripe_get_page(client, &path, pages, deadline, page, e);
	buf_free(&path);
	return rc;
}

int stripe_session_line_items(struct stripe_client *client, const char *session_id,
			      int64_t deadline, struct json_object **items, struct err *e)
{
	struct stripe_pages pages = {.list = list_line_items, .of = session_id};

	return stripe_pages_read_all(&pages, client, deadline, PAGES_MAX, items, e);
}

int stripe_session_with_sale(struct stripe_client *client, const char *id, int64_t deadline,
			     struct json_object **session, struct json_object **lines,
			     struct err *e)
{
	static const struct stripe_expansion expansion = {
		.all = "expand[]=line_items.data.price.product&" STRIPE_EXPAND_ONE_SALE,
		.least = "expand[]=line_items.data.price.product"
			 "&expand[]=payment_intent.latest_charge",
	};
	struct json_object *found = NULL, *list = NULL;
	struct stripe_page page = {.data = NULL};
	int rc = stripe_get_expanded(client, "/v1/checkout/sessions/", id, &expansion, deadline,
				     &found, e);

	if (rc)
		return -1;
	if (json_get_object(found, "line_items", &list) == JSON_FOUND)
		rc = stripe_page_of(list, &page, e);
	if (!rc && (!page.data || page.next)) {
		json_object_put(page.data);
		page.data = NULL;
		rc = stripe_session_line_items(client, id, deadline, &page.data, e);
	}
	if (rc) {
		json_object_put(found);
		return -1;
	}
	*session = found;
	*lines = page.data;
	return 0;
}

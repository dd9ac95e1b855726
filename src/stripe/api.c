/* SPDX-License-Identifier: ISC */
/*
 * Stripe's operations.
 */
#include "stripe/api.h"

#include <stdlib.h>

#include "format/form.h"

#define PATH_MAX_BYTES 32768 /* ten lookup keys of 200 characters, encoded */
#define PAGES_MAX 100 /* a bound on the loop; Checkout takes 100 lines */

static int send_get(struct stripe_client *client, struct buf *path, int64_t deadline,
		    struct json_object **answer, struct err *e)
{
	struct stripe_request request = {.method = "GET", .path = buf_text(path),
					 .deadline = deadline};

	if (path->failed)
		return err_set(e, ERR_INTERNAL, "a request to Stripe is too long");
	return stripe_send(client, &request, answer, e);
}

/* The `data` array of a list object, as a reference of its own. */
static int take_data(struct json_object *list, struct json_object **data, struct err *e)
{
	struct json_object *array;

	if (json_get_array(list, "data", &array) != JSON_FOUND)
		return err_set(e, ERR_UNAVAILABLE, "Stripe's answer is no list");
	*data = json_object_get(array);
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

	buf_init(&path, PATH_MAX_BYTES);
	buf_puts(&path, "/v1/prices?active=true&limit=100&expand[]=data.product");
	for (i = 0; i < count; i++)
		form_add(&path, keys[i], "lookup_keys[]");
	rc = send_get(client, &path, deadline, &list, e);
	if (!rc)
		rc = take_data(list, prices, e);
	json_object_put(list);
	buf_free(&path);
	return rc;
}

/* GET prefix{id}query, the id encoded. */
static int get_by_id(struct stripe_client *client, const char *prefix, const char *id,
		     const char *query, int64_t deadline, struct json_object **object,
		     struct err *e)
{
	struct buf path;
	int rc;

	buf_init(&path, PATH_MAX_BYTES);
	buf_puts(&path, prefix);
	form_encode(&path, id);
	buf_puts(&path, query);
	rc = send_get(client, &path, deadline, object, e);
	buf_free(&path);
	return rc;
}

int stripe_price_retrieve(struct stripe_client *client, const char *id, int64_t deadline,
			  struct json_object **price, struct err *e)
{
	return get_by_id(client, "/v1/prices/", id, "?expand[]=product", deadline, price, e);
}

int stripe_session_retrieve(struct stripe_client *client, const char *id, int64_t deadline,
			    struct json_object **session, struct err *e)
{
	return get_by_id(client, "/v1/checkout/sessions/", id, "", deadline, session, e);
}

int stripe_charge_retrieve(struct stripe_client *client, const char *id, int64_t deadline,
			   struct json_object **charge, struct err *e)
{
	return get_by_id(client, "/v1/charges/", id, "", deadline, charge, e);
}

int stripe_refund_retrieve(struct stripe_client *client, const char *id, int64_t deadline,
			   struct json_object **refund, struct err *e)
{
	return get_by_id(client, "/v1/refunds/", id, "", deadline, refund, e);
}

int stripe_dispute_retrieve(struct stripe_client *client, const char *id, int64_t deadline,
			    struct json_object **dispute, struct err *e)
{
	return get_by_id(client, "/v1/disputes/", id, "", deadline, dispute, e);
}

int stripe_payment_retrieve(struct stripe_client *client, const char *id, int64_t deadline,
			    struct json_object **payment, struct err *e)
{
	return get_by_id(client, "/v1/payment_intents/", id, "?expand[]=latest_charge", deadline,
			 payment, e);
}

int stripe_disputes_of_charge(struct stripe_client *client, const char *charge, int64_t deadline,
			      struct json_object **disputes, struct err *e)
{
	struct json_object *list = NULL;
	int rc = get_by_id(client, "/v1/disputes?limit=100&expand[]=data.charge&charge=", charge, "",
			   deadline, &list, e);

	if (!rc)
		rc = take_data(list, disputes, e);
	json_object_put(list);
	return rc;
}

int stripe_session_of_payment(struct stripe_client *client, const char *payment_intent,
			      int64_t deadline, struct json_object **session, struct err *e)
{
	struct json_object *list = NULL, *data = NULL;
	int rc = get_by_id(client, "/v1/checkout/sessions?limit=1&payment_intent=", payment_intent,
			   "", deadline, &list, e);

	*session = NULL;
	if (!rc)
		rc = take_data(list, &data, e);
	if (!rc && json_object_array_length(data))
		*session = json_object_get(json_object_array_get_idx(data, 0));
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

static int get_page(struct stripe_client *client, const char *session_id, const char *after,
		    int64_t deadline, struct json_object **list, struct err *e)
{
	struct buf path;
	int rc;

	buf_init(&path, PATH_MAX_BYTES);
	buf_puts(&path, "/v1/checkout/sessions/");
	form_encode(&path, session_id);
	buf_puts(&path, "/line_items?limit=100&expand[]=data.price.product");
	if (after)
		form_add(&path, after, "starting_after");
	rc = send_get(client, &path, deadline, list, e);
	buf_free(&path);
	return rc;
}

/* Moves the page's items into `items`; `*after` is then the last one's id, or
 * NULL when it was the last page. */
static int take_page(struct json_object *list, struct json_object *items, const char **after,
		     struct err *e)
{
	struct json_object *data;
	bool more = false;
	size_t i, n;

	if (take_data(list, &data, e))
		return -1;
	n = json_object_array_length(data);
	for (i = 0; i < n; i++)
		json_object_array_add(items, json_object_get(json_object_array_get_idx(data, i)));
	json_get_bool(list, "has_more", &more);
	*after = more && n ? json_string_or_null(json_object_array_get_idx(data, n - 1), "id") : NULL;
	json_object_put(data);
	return more && !*after ? err_set(e, ERR_UNAVAILABLE, "Stripe's list has no next page") : 0;
}

int stripe_session_line_items(struct stripe_client *client, const char *session_id,
			      int64_t deadline, struct json_object **items, struct err *e)
{
	struct json_object *all = json_object_new_array();
	const char *after = NULL;
	int rc, page = 0;

	do {
		struct json_object *list = NULL;

		rc = get_page(client, session_id, after, deadline, &list, e);
		if (!rc)
			rc = take_page(list, all, &after, e);
		json_object_put(list); /* its items live on in `all` */
	} while (!rc && after && ++page < PAGES_MAX);
	if (!rc && after)
		rc = err_set(e, ERR_UNAVAILABLE, "the session has too many line items");
	if (rc)
		json_object_put(all);
	else
		*items = all;
	return rc;
}

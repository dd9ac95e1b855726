/* SPDX-License-Identifier: ISC */
/*
 * Following a session's pointers to its order.  The one idea: two reads, whatever
 * there is: the pointers, then the order or, where none is to be shown, a key that
 * no order has.
 */
#include "orders/customer_order.h"

#include <stdlib.h>
#include <string.h>

#include "app/numbering.h"
#include "shop/adoption.h"
#include "shop/keys.h"
#include "store/store_pages.h"

#define ID_MAX_BYTES 255 /* Stripe's ids are shorter */
#define SEARCH_PAGES 5   /* of STORE_MAX_ITEMS orders, in a table that is not adopted */

enum { SESSION, NUMBER, ADOPTED, POINTERS };

/* A session's id, and what it leads to; pointers_free() it. */
struct pointers {
	struct app *app;
	const char *id;
	int64_t deadline;
	struct json_object *items[POINTERS]; /* the session's item, its number's, SYSTEM's ADOPTED */
	struct json_object *last;            /* the number's with a letter, where it was needed */
	const char *pk, *sk;                 /* the order's key, NULL: none is known */
};

static void pointers_free(struct pointers *p)
{
	json_object_put(p->items[SESSION]);
	json_object_put(p->items[NUMBER]);
	json_object_put(p->items[ADOPTED]);
	json_object_put(p->last);
}

static bool is_session_id(const char *id)
{
	const char *p;

	if (!str_starts(id, "cs_") || strlen(id) > ID_MAX_BYTES)
		return false;
	for (p = id; *p; p++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_", *p))
			return false;
	return id[3] != '\0';
}

/* Takes the order's key from an item that points to the order of this session. */
static bool take_key(struct pointers *p, struct json_object *item)
{
	const char *is = json_string_or_null(item, "orderId");

	p->pk = json_string_or_null(item, "orderPK");
	p->sk = json_string_or_null(item, "orderSK");
	if (p->pk && p->sk && is && strcmp(is, p->id) == 0)
		return true;
	p->pk = p->sk = NULL;
	return false;
}

/* Another session has the number: this one's may have a letter behind it. */
static int read_letters(struct pointers *p, const char *base, struct err *e)
{
	const struct numbering numbering = {.app = p->app, .session_id = p->id, .deadline = p->deadline};
	char *number;

	if (numbering_find_own(&numbering, base, &number, &p->last, e))
		return -1;
	take_key(p, p->last);
	free(number);
	return 0;
}

/* The first read: the session's item and its number's, either of which names the order. */
static int read_pointers(struct pointers *p, struct err *e)
{
	char *number = order_number(p->app->config.order_number_prefix, p->id);
	char *session_pk = key_session(p->id), *number_pk = key_number(number);
	const struct store_key keys[POINTERS] = {[SESSION] = {session_pk, KEY_METADATA},
						 [NUMBER] = {number_pk, KEY_METADATA},
						 [ADOPTED] = {KEY_SYSTEM, KEY_ADOPTED}};
	int rc = store_get_many(app_store(p->app), keys, POINTERS, p->items, p->deadline, e);

	if (!rc && !take_key(p, p->items[SESSION]) && !take_key(p, p->items[NUMBER]) && p->items[NUMBER])
		rc = read_letters(p, number, e);
	free(number_pk);
	free(session_pk);
	free(number);
	return rc;
}

/* Reads the order; NULL in *order where what stands there is not this session's. */
static int read_order(const struct pointers *p, const struct store_key *key,
		      struct json_object **order, struct err *e)
{
	const char *is;

	if (store_get_many(app_store(p->app), key, 1, order, p->deadline, e))
		return -1;
	is = json_string_or_null(*order, "orderId");
	if (!is || strcmp(is, p->id) != 0) {
		json_object_put(*order);
		*order = NULL;
	}
	return 0;
}

/* The Lambda functions wrote no pointers: while the table is not adopted their
 * orders are looked for among the customer's newest. */
static int search(const struct pointers *p, const struct customer *customer,
		  struct json_object **order, struct err *e)
{
	struct json_object *item;
	const char *is;
	size_t i, k, pages;
	int rc = 0;

	for (i = 0; i < customer->count && !*order && !rc; i++) {
		struct store_pages walk = {.pk = customer->pks[i], .sk_prefix = KEY_ORDER_PREFIX,
					   .limit = STORE_MAX_ITEMS};
		struct json_object *page = NULL;

		for (pages = 0; pages < SEARCH_PAGES && !*order && !walk.ended && !rc; pages++) {
			rc = store_pages_next(&walk, app_store(p->app), p->deadline, &page, e);
			for (k = 0; !rc && page && !*order && k < json_object_array_length(page); k++) {
				item = json_object_array_get_idx(page, k);
				is = json_string_or_null(item, "orderId");
				if (is && strcmp(is, p->id) == 0)
					*order = json_object_get(item);
			}
			json_object_put(page);
			page = NULL;
		}
		store_pages_end(&walk);
	}
	return rc;
}

int customer_order(struct app *app, const struct customer *customer, const char *order_id,
		   int64_t deadline, struct json_object **view, struct err *e)
{
	struct store_key key = {customer->pks[0], KEY_ORDER_PREFIX "0"}; /* which no order has */
	struct json_object *order = NULL;
	struct pointers pointers = {.app = app, .id = order_id, .deadline = deadline};
	int rc;

	if (!is_session_id(order_id))
		return err_set(e, ERR_NOT_FOUND, "there is no such order");
	rc = read_pointers(&pointers, e);
	if (!rc && pointers.pk && customer_has_partition(customer, pointers.pk))
		key = (struct store_key){pointers.pk, pointers.sk};
	if (!rc)
		rc = read_order(&pointers, &key, &order, e);
	if (!rc && !order && !adoption_is_complete(pointers.items[ADOPTED]))
		rc = search(&pointers, customer, &order, e);
	if (!rc && order && customer_may_see(customer, order))
		*view = customer_view(order);
	else if (!rc)
		rc = err_set(e, ERR_NOT_FOUND, "there is no such order");
	json_object_put(order);
	pointers_free(&pointers);
	return rc;
}

static struct json_object *status_only(const char *status)
{
	struct json_object *view = json_object_new_object();

	json_set_string(view, "status", status);
	return view;
}

int customer_session_status(struct app *app, const char *session_id, enum customer_mode mode,
			    int64_t deadline, struct json_object **view, struct err *e)
{
	struct json_object *order = NULL;
	struct pointers pointers = {.app = app, .id = session_id, .deadline = deadline};
	const char *status;
	int rc;

	if (!is_session_id(session_id))
		return err_set(e, ERR_BAD_REQUEST, "session_id must be the id of a Checkout Session");
	rc = read_pointers(&pointers, e);
	if (!rc && pointers.pk)
		rc = read_order(&pointers, &(struct store_key){pointers.pk, pointers.sk}, &order, e);
	status = json_string_or_null(pointers.items[SESSION], "status");
	if (!rc && json_string_or_null(order, "status") && customer_mode_fits(mode, order))
		*view = customer_status_view(order);
	else if (!rc && !order && status && strcmp(status, "expired") == 0)
		*view = status_only("expired");
	else if (!rc)
		*view = status_only("unknown");
	json_object_put(order);
	pointers_free(&pointers);
	return rc;
}

/* SPDX-License-Identifier: ISC */
/*
 * The rules of what a customer sees.  The one idea: nothing is shown because
 * nobody took it out; what is shown stands in a list.
 */
#include "shop/customer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "shop/keys.h"
#include "shop/lines.h"
#include "shop/order_mode.h"

/* --- whose orders ----------------------------------------------------------------- */

/* Takes pk, which may be NULL; one that is there already is freed. */
static void add_partition(struct customer *c, char *pk)
{
	if (!pk || customer_has_partition(c, pk))
		free(pk);
	else
		c->pks[c->count++] = pk;
}

int customer_init(struct customer *c, const char *user, const char *email, enum customer_mode mode)
{
	*c = (struct customer){.user = user_id_from(user ? user : ""), .mode = mode};
	if (!c->user)
		return -1;
	add_partition(c, key_user(c->user));
	c->email = email && strchr(email, '@') ? user_id_from_email(email) : NULL;
	if (c->email) {
		add_partition(c, key_user(c->email));
		add_partition(c, key_user_of_functions(c->email));
		add_partition(c, key_user_of_functions(email));
		add_partition(c, key_user_of_functions(c->user));
	}
	return 0;
}

void customer_free(struct customer *c)
{
	size_t i;

	for (i = 0; i < c->count; i++)
		free(c->pks[i]);
	free(c->user);
	free(c->email);
	*c = (struct customer){.user = NULL};
}

bool customer_has_partition(const struct customer *c, const char *pk)
{
	size_t i;

	for (i = 0; i < c->count; i++)
		if (strcmp(c->pks[i], pk) == 0)
			return true;
	return false;
}

bool customer_mode_fits(enum customer_mode mode, struct json_object *order)
{
	enum order_mode is = order_mode_of(order);

	if (mode == CUSTOMER_ANY_MODE || is == ORDER_MODE_UNKNOWN)
		return true;
	return (is == ORDER_MODE_LIVE) == (mode == CUSTOMER_LIVE_MODE);
}

static bool same_text(const char *a, const char *b)
{
	return a && b && strcasecmp(a, b) == 0;
}

/* Whether nobody was logged in.  An order that does not say so was made by a guest
 * if its user is the buyer's own address, as it is written or as the functions
 * wrote it. */
static bool is_of_guest(struct json_object *order)
{
	const char *kind = json_string_or_null(order, "userKind");
	const char *email = json_string_or_null(order, "customerEmail");
	bool guest = false;
	char *spelling;

	if (json_get_bool(order, "guest", &guest) == JSON_FOUND)
		return guest;
	if (kind)
		return strcmp(kind, "user") != 0;
	if (same_text(json_string_or_null(order, "userId"), email))
		return true;
	spelling = email ? key_user_of_functions(email) : NULL;
	guest = same_text(spelling, json_string_or_null(order, "PK"));
	free(spelling);
	return guest;
}

/* Whether the order stands where the functions put the user's orders, which is not
 * the user's own partition. */
static bool is_spelling_of_user(const struct customer *c, const char *pk)
{
	char *spelling = key_user_of_functions(c->user);
	bool is = spelling && strcmp(spelling, pk) == 0;

	free(spelling);
	return is;
}

bool customer_may_see(const struct customer *c, struct json_object *order)
{
	const char *pk = json_string_or_null(order, "PK");
	bool address_fits = same_text(c->email, json_string_or_null(order, "customerEmail"));
	bool guest = is_of_guest(order);

	if (!pk || !customer_mode_fits(c->mode, order))
		return false;
	if (!guest && strcmp(pk, c->pks[0]) == 0)
		return true;
	return address_fits && (guest || is_spelling_of_user(c, pk));
}

/* --- what of an order -------------------------------------------------------------- */

struct shown {
	const char *key;
	const struct shown *inside; /* of an object, or of each object of a list; NULL: a plain value */
};

static const struct shown address[] = {
	{"name", NULL}, {"line1", NULL}, {"line2", NULL}, {"city", NULL}, {"state", NULL},
	{"postalCode", NULL}, {"country", NULL}, {NULL, NULL},
};

static const struct shown line[] = {
	{"name", NULL}, {"quantity", NULL}, {"unitPrice", NULL}, {"amountSubtotal", NULL},
	{"amountDiscount", NULL}, {"amountTax", NULL}, {"amountTotal", NULL}, {"currency", NULL},
	{"sku", NULL}, {"collectionId", NULL}, {"variantId", NULL}, {"color", NULL}, {NULL, NULL},
};

static const struct shown presentment[] = {{"amount", NULL}, {"currency", NULL}, {NULL, NULL}};

static const struct shown shipping_rate[] = {{"name", NULL}, {"amount", NULL}, {NULL, NULL}};

static const struct shown discount[] = {
	{"code", NULL}, {"name", NULL}, {"amount", NULL}, {NULL, NULL},
};

static const struct shown tax[] = {{"name", NULL}, {"rate", NULL}, {"amount", NULL}, {NULL, NULL}};

static const struct shown refund[] = {
	{"amount", NULL}, {"currency", NULL}, {"status", NULL}, {"createdAt", NULL}, {NULL, NULL},
};

static const struct shown payment[] = {
	{"type", NULL}, {"brand", NULL}, {"last4", NULL}, {"wallet", NULL}, {"receiptUrl", NULL},
	{NULL, NULL},
};

static const struct shown tracking[] = {
	{"carrier", NULL}, {"number", NULL}, {"url", NULL}, {"status", NULL}, {"shippedAt", NULL},
	{NULL, NULL},
};

static const struct shown custom_field[] = {
	{"key", NULL}, {"label", NULL}, {"type", NULL}, {"value", NULL}, {NULL, NULL},
};

static const struct shown order_shown[] = {
	{"orderId", NULL}, {"orderNumber", NULL}, {"status", NULL}, {"createdAt", NULL},
	{"completedAt", NULL}, {"updatedAt", NULL}, {"currency", NULL}, {"amount", NULL},
	{"amountSubtotal", NULL}, {"amountDiscount", NULL}, {"amountTax", NULL},
	{"amountShipping", NULL}, {"amountRefunded", NULL}, {"presentment", presentment},
	{"items", line}, {"itemCount", NULL}, {"itemsPending", NULL}, {"customerName", NULL},
	{"customerEmail", NULL}, {"customerPhone", NULL}, {"customerBusinessName", NULL},
	{"shippingAddress", address}, {"billingAddress", address}, {"customFields", custom_field},
	{"shippingRate", shipping_rate}, {"discounts", discount}, {"taxes", tax},
	{"refunds", refund}, {"payment", payment}, {"tracking", tracking}, {NULL, NULL},
};

static struct json_object *show(struct json_object *value, const struct shown *inside);

static struct json_object *show_object(struct json_object *object, const struct shown *shown)
{
	struct json_object *copy = json_object_new_object(), *value;

	for (; shown->key; shown++)
		if (json_object_object_get_ex(object, shown->key, &value))
			json_set(copy, shown->key, show(value, shown->inside));
	return copy;
}

/* NULL where the value is null or not what it should be: an object in the place of
 * a text might hold anything. */
static struct json_object *show(struct json_object *value, const struct shown *inside)
{
	bool is_object = json_object_is_type(value, json_type_object);
	struct json_object *list;
	size_t i;

	if (json_object_is_type(value, json_type_array) && inside) {
		list = json_object_new_array();
		for (i = 0; i < json_object_array_length(value); i++)
			if (json_object_is_type(json_object_array_get_idx(value, i), json_type_object))
				json_object_array_add(list, show_object(json_object_array_get_idx(value, i),
									inside));
		return list;
	}
	if (is_object != (inside != NULL) || json_object_is_type(value, json_type_array))
		return NULL;
	return is_object ? show_object(value, inside) : json_copy(value);
}

struct json_object *customer_view(struct json_object *order)
{
	return show_object(order, order_shown);
}

struct json_object *customer_status_view(struct json_object *order)
{
	struct json_object *view = json_object_new_object(), *items, *from = NULL;
	size_t i;

	json_copy_member(view, "status", order, "status");
	json_copy_member(view, "orderNumber", order, "orderNumber");
	json_copy_member(view, "amount", order, "amount");
	json_copy_member(view, "currency", order, "currency");
	items = json_object_new_array();
	json_get_array(order, "items", &from);
	for (i = 0; from && i < json_object_array_length(from); i++) {
		struct json_object *item = json_object_new_object();
		struct json_object *sold = json_object_array_get_idx(from, i);

		json_set_string(item, "name", lines_item_name(sold));
		json_copy_member(item, "quantity", sold, "quantity");
		json_object_array_add(items, item);
	}
	json_set(view, "items", items);
	return view;
}

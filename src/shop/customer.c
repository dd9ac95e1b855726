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

int customer_init_named(struct customer *c, const char *user)
{
	return customer_init(c, user, user, CUSTOMER_ANY_MODE);
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

bool customer_may_see(const struct customer *c, struct json_object *order)
{
	const char *pk = json_string_or_null(order, "PK");
	bool address_fits = same_text(c->email, json_string_or_null(order, "customerEmail"));
	bool guest = is_of_guest(order), is_spelling;
	char *spelling;

	if (!pk || !customer_mode_fits(c->mode, order))
		return false;

	/* An order of the user's own account. */
	if (!guest && strcmp(pk, c->pks[0]) == 0)
		return true;

	/* A guest order of the address that the token vouches for; or one that stands where
	 * the functions put the user's orders, which is not the user's own partition. */
	spelling = key_user_of_functions(c->user);
	is_spelling = spelling && strcmp(spelling, pk) == 0;
	free(spelling);
	return address_fits && (guest || is_spelling);
}

bool customer_spelt_alike(const struct customer *c, struct json_object *order)
{
	const char *email = json_string_or_null(order, "customerEmail");
	char *spelling;
	bool alike;

	if (!c->email || same_text(email, c->email) || !is_of_guest(order))
		return false;
	spelling = key_user_of_functions(email);
	alike = same_text(spelling, json_string_or_null(order, "PK"));
	free(spelling);
	return alike;
}

/* --- what of an order -------------------------------------------------------------- */

/* What kind of value is shown; one of another kind is left out, as doc/openapi.json
 * promises it: whoever wrote the item, an answer has no surprises. */
enum kind {
	TEXT,
	LABEL,       /* a text, or an integer that is shown as one */
	WHOLE,
	FLAG,
	ONE,         /* an object of what stands in `inside` */
	LIST,        /* of such objects */
};

struct shown {
	const char *key;
	enum kind kind;
	const struct shown *inside;
};

#define END {NULL, TEXT, NULL}

static const struct shown address[] = {
	{"name", TEXT, NULL}, {"line1", TEXT, NULL}, {"line2", TEXT, NULL}, {"city", TEXT, NULL},
	{"state", TEXT, NULL}, {"postalCode", TEXT, NULL}, {"country", TEXT, NULL}, END,
};

static const struct shown line[] = {
	{"name", TEXT, NULL}, {"quantity", WHOLE, NULL}, {"unitPrice", WHOLE, NULL},
	{"amountSubtotal", WHOLE, NULL}, {"amountDiscount", WHOLE, NULL}, {"amountTax", WHOLE, NULL},
	{"amountTotal", WHOLE, NULL}, {"currency", TEXT, NULL}, {"sku", TEXT, NULL},
	{"collectionId", TEXT, NULL}, {"variantId", TEXT, NULL}, {"color", TEXT, NULL}, END,
};

static const struct shown presentment[] = {
	{"amount", WHOLE, NULL}, {"currency", TEXT, NULL}, END,
};

static const struct shown shipping_rate[] = {
	{"name", TEXT, NULL}, {"amount", WHOLE, NULL}, END,
};

static const struct shown discount[] = {
	{"code", TEXT, NULL}, {"name", TEXT, NULL}, {"amount", WHOLE, NULL}, END,
};

static const struct shown tax[] = {
	{"name", TEXT, NULL}, {"rate", TEXT, NULL}, {"amount", WHOLE, NULL}, END,
};

static const struct shown refund[] = {
	{"amount", WHOLE, NULL}, {"currency", TEXT, NULL}, {"status", TEXT, NULL},
	{"createdAt", TEXT, NULL}, END,
};

static const struct shown payment[] = {
	{"type", TEXT, NULL}, {"brand", TEXT, NULL}, {"last4", TEXT, NULL}, {"wallet", TEXT, NULL},
	{"receiptUrl", TEXT, NULL}, END,
};

static const struct shown tracking[] = {
	{"carrier", LABEL, NULL}, {"number", LABEL, NULL}, {"url", TEXT, NULL}, {"status", TEXT, NULL},
	{"shippedAt", TEXT, NULL}, END,
};

static const struct shown custom_field[] = {
	{"key", TEXT, NULL}, {"label", TEXT, NULL}, {"type", TEXT, NULL}, {"value", TEXT, NULL}, END,
};

static const struct shown order_shown[] = {
	{"orderId", TEXT, NULL}, {"orderNumber", TEXT, NULL}, {"status", TEXT, NULL},
	{"createdAt", TEXT, NULL}, {"completedAt", TEXT, NULL}, {"updatedAt", TEXT, NULL},
	{"currency", TEXT, NULL}, {"amount", WHOLE, NULL}, {"amountSubtotal", WHOLE, NULL},
	{"amountDiscount", WHOLE, NULL}, {"amountTax", WHOLE, NULL}, {"amountShipping", WHOLE, NULL},
	{"amountCaptured", WHOLE, NULL}, {"amountRefunded", WHOLE, NULL},
	{"presentment", ONE, presentment}, {"items", LIST, line}, {"itemCount", WHOLE, NULL},
	{"itemsPending", FLAG, NULL}, {"customerName", TEXT, NULL}, {"customerEmail", TEXT, NULL},
	{"customerPhone", TEXT, NULL}, {"customerBusinessName", TEXT, NULL},
	{"shippingAddress", ONE, address},
	{"billingAddress", ONE, address}, {"customFields", LIST, custom_field},
	{"shippingRate", ONE, shipping_rate}, {"discounts", LIST, discount}, {"taxes", LIST, tax},
	{"refunds", LIST, refund}, {"payment", ONE, payment}, {"tracking", ONE, tracking}, END,
};

static const struct shown status_line[] = {{"name", TEXT, NULL}, {"quantity", WHOLE, NULL}, END};

static const struct shown status_shown[] = {
	{"status", TEXT, NULL}, {"orderNumber", TEXT, NULL}, {"amount", WHOLE, NULL},
	{"currency", TEXT, NULL}, END,
};

static struct json_object *show(struct json_object *object, const struct shown *shown);

/* The objects of the list as they are shown; what is none is left out. */
static struct json_object *show_list(struct json_object *list, const struct shown *inside)
{
	struct json_object *copy = json_object_new_array();
	size_t i;

	for (i = 0; i < json_object_array_length(list); i++) {
		struct json_object *element = json_object_array_get_idx(list, i);

		if (json_object_is_type(element, json_type_object))
			json_object_array_add(copy, show(element, inside));
	}
	return copy;
}

/* The object's value as it is shown; NULL where it has none, or one of another kind:
 * an object in the place of a text might hold anything. */
static struct json_object *value_of(struct json_object *object, const struct shown *shown)
{
	struct json_object *inner;
	const char *text;
	int64_t number;
	bool flag;

	switch (shown->kind) {
	case TEXT:
	case LABEL:
		text = shown->kind == LABEL ? json_label_or_null(object, shown->key)
					    : json_string_or_null(object, shown->key);
		return text ? json_object_new_string(text) : NULL;
	case WHOLE:
		return json_get_int(object, shown->key, &number) == JSON_FOUND
			       ? json_object_new_int64(number) : NULL;
	case FLAG:
		return json_get_bool(object, shown->key, &flag) == JSON_FOUND
			       ? json_object_new_boolean(flag) : NULL;
	case ONE:
		return json_get_object(object, shown->key, &inner) == JSON_FOUND
			       ? show(inner, shown->inside) : NULL;
	case LIST:
		break;
	}
	return json_get_array(object, shown->key, &inner) == JSON_FOUND
		       ? show_list(inner, shown->inside) : NULL;
}

static struct json_object *show(struct json_object *object, const struct shown *shown)
{
	struct json_object *copy = json_object_new_object();

	for (; shown->key; shown++)
		json_set(copy, shown->key, value_of(object, shown));
	return copy;
}

struct json_object *customer_view(struct json_object *order)
{
	return show(order, order_shown);
}

struct json_object *customer_status_view(struct json_object *order)
{
	struct json_object *view = show(order, status_shown), *items = json_object_new_array();
	struct json_object *from = NULL;
	size_t i;

	json_get_array(order, "items", &from);
	for (i = 0; from && i < json_object_array_length(from); i++) {
		struct json_object *sold = json_object_array_get_idx(from, i);
		struct json_object *item = show(sold, status_line);

		json_set_string(item, "name", lines_item_name(sold));
		json_object_array_add(items, item);
	}
	json_set(view, "items", items);
	return view;
}

/* SPDX-License-Identifier: ISC */
/*
 * One order for people: a line for each attribute that is there, and the items
 * as a table.  What is not known here is printed under its own name, so that
 * nothing of an order can't be seen.
 */
#include "cli/show_order.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/order_text.h"
#include "cli/table.h"
#include "format/iso8601.h"
#include "shop/lines.h"
#include "shop/money.h"

#define LABEL 17 /* the cells of a label with its gap */

static const struct table_column item_columns[] = {
	{"ITEM", false, 12},
	{"SKU", false, 6},
	{"QUANTITY", true, 0},
	{"UNIT PRICE", true, 0},
	{"TOTAL", true, 0},
};

#define ITEM_COLUMNS ((int)(sizeof item_columns / sizeof *item_columns))

/* The attributes that have a line or a place of their own. */
static const char *const known[] = {
	"orderNumber", "orderId", "status", "createdAt", "completedAt", "updatedAt", "expiresAt",
	"customerName", "customerEmail", "customerPhone", "userId", "shippingAddress", "items",
	"itemCount", "itemsPending", "unconfirmed", "amount", "amountSubtotal", "amountDiscount", "amountTax",
	"amountShipping", "amountRefunded", "currency", "presentment", "dispute",
	"stripePaymentIntentId", "stripePaymentStatus", "stripeCustomerId", "stripeSessionId",
	"quoteSignature", "metadata", "livemode", "source", "version", "PK", "SK", NULL,
};

/* --- lines ---------------------------------------------------------------------- */

/* A line "label  text"; nothing where the text is NULL or empty. */
static void put(FILE *to, const char *label, const char *text)
{
	char *clean_label, *clean;
	int space;

	if (str_empty(text))
		return;
	clean_label = table_clean(label);
	clean = table_clean(text);
	space = LABEL - table_width(clean_label);
	fprintf(to, "%s%*s%s\n", clean_label, space > 0 ? space : 1, "", clean);
	free(clean);
	free(clean_label);
}

static void put_owned(FILE *to, const char *label, char *text) /* takes text */
{
	put(to, label, text);
	free(text);
}

static void put_member(FILE *to, const char *label, struct json_object *object, const char *key)
{
	put(to, label, json_string_or_null(object, key));
}

static void put_time(FILE *to, const char *label, struct json_object *order, const char *key)
{
	char *time = order_text_time(order, key);

	if (time)
		put_owned(to, label, str_printf("%s UTC", time));
	free(time);
}

/* A value of whatever type under its own name; a string without its quotes. */
static void put_value(FILE *to, const char *label, struct json_object *value)
{
	put(to, label, json_object_is_type(value, json_type_string)
			       ? json_object_get_string(value) : json_text(value));
}

/* --- the parts ------------------------------------------------------------------ */

static void put_head(FILE *to, struct json_object *order)
{
	int64_t expires;
	char time[ISO8601_SIZE];

	put_owned(to, "Order", order_text_number(order));
	put_owned(to, "Status", order_text_status(order));
	put_member(to, "Order id", order, "orderId");
	put_time(to, "Created", order, "createdAt");
	put_time(to, "Completed", order, "completedAt");
	put_time(to, "Updated", order, "updatedAt");
	if (json_get_int(order, "expiresAt", &expires) == JSON_FOUND)
		put(to, "Kept until", iso8601_time(expires, time));
}

static void put_customer(FILE *to, struct json_object *order)
{
	put_member(to, "Customer", order, "customerName");
	put_member(to, "E-mail", order, "customerEmail");
	put_member(to, "Phone", order, "customerPhone");
	put_member(to, "User", order, "userId");
}

/* As on a parcel; the label stands in front of the first line alone. */
static void put_address(FILE *to, struct json_object *order)
{
	static const char *const lines[] = {"name", "line1", "line2", "", "country", NULL};
	const char *label = "Ship to", *text;
	struct json_object *a = NULL;
	const char *city, *state, *code;
	char *place;
	int i;

	json_get_object(order, "shippingAddress", &a);
	city = json_string_or_null(a, "city");
	state = json_string_or_null(a, "state");
	code = json_string_or_null(a, "postalCode");
	place = str_printf("%s%s%s%s%s", city ? city : "", city && state ? ", " : "",
			   state ? state : "", (city || state) && code ? " " : "", code ? code : "");
	for (i = 0; lines[i]; i++) {
		text = *lines[i] ? json_string_or_null(a, lines[i]) : place;
		put(to, label, text);
		if (!str_empty(text))
			label = "";
	}
	free(place);
}

static char *item_money(struct json_object *item, int64_t amount, struct json_object *order)
{
	const char *currency = json_string_or_null(item, "currency");

	return money_text(amount, currency ? currency : json_string_or_null(order, "currency"));
}

/* The line's total: the Lambda functions wrote none. */
static bool item_total(struct json_object *item, int64_t *total)
{
	int64_t price;

	if (json_get_int(item, "amountTotal", total) == JSON_FOUND)
		return true;
	return json_get_int(item, "unitPrice", &price) == JSON_FOUND &&
	       !__builtin_mul_overflow(price, json_int_or(item, "quantity", 1), total);
}

static void put_item(struct table *table, struct json_object *item, struct json_object *order)
{
	const char *variant = json_string_or_null(item, "variantId"), *name = lines_item_name(item);
	int64_t price, total;
	char *cells[] = {
		str_empty(variant) ? str_dup(name) : str_printf("%s (%s)", name, variant),
		str_dup(json_string_or_null(item, "sku")),
		str_printf("%" PRId64, json_int_or(item, "quantity", 1)),
		json_get_int(item, "unitPrice", &price) == JSON_FOUND
			? item_money(item, price, order) : NULL,
		item_total(item, &total) ? item_money(item, total, order) : NULL,
	};
	int i;

	table_row(table, (const char *const *)cells);
	for (i = 0; i < ITEM_COLUMNS; i++)
		free(cells[i]);
}

static void put_items(FILE *to, struct json_object *order, int width)
{
	struct json_object *items = NULL;
	struct table *table;
	size_t i, n;

	json_get_array(order, "items", &items);
	n = items ? json_object_array_length(items) : 0;
	if (!n)
		return;
	putc('\n', to);
	table = table_new(to, item_columns, ITEM_COLUMNS, width);
	for (i = 0; i < n; i++)
		put_item(table, json_object_array_get_idx(items, i), order);
	table_end(table);
	putc('\n', to);
}

static void put_money(FILE *to, const char *label, struct json_object *order, const char *key)
{
	put_owned(to, label, order_text_money(order, key));
}

static void put_sums(FILE *to, struct json_object *order)
{
	int64_t discount = json_int_or(order, "amountDiscount", 0), amount;
	struct json_object *seen = NULL;

	put_money(to, "Subtotal", order, "amountSubtotal");
	if (discount)
		put_owned(to, "Discount",
			  money_text(-discount, json_string_or_null(order, "currency")));
	put_money(to, "Tax", order, "amountTax");
	put_money(to, "Shipping", order, "amountShipping");
	put_money(to, "Total", order, "amount");
	put_money(to, "Refunded", order, "amountRefunded");
	json_get_object(order, "presentment", &seen);
	if (json_get_int(seen, "amount", &amount) == JSON_FOUND)
		put_owned(to, "Buyer paid", money_text(amount, json_string_or_null(seen, "currency")));
}

/* A dispute's amount is in the currency that the buyer was charged in. */
static void put_dispute(FILE *to, struct json_object *order)
{
	struct json_object *dispute = NULL, *charged = order;
	int64_t amount;

	json_get_object(order, "dispute", &dispute);
	json_get_object(order, "presentment", &charged);
	put_member(to, "Dispute", dispute, "status");
	put_member(to, "Dispute reason", dispute, "reason");
	if (json_get_int(dispute, "amount", &amount) == JSON_FOUND)
		put_owned(to, "Dispute amount",
			  money_text(amount, json_string_or_null(charged, "currency")));
	put_member(to, "Dispute id", dispute, "id");
}

static void put_ids(FILE *to, struct json_object *order)
{
	put_member(to, "Payment", order, "stripePaymentIntentId");
	put_member(to, "Payment status", order, "stripePaymentStatus");
	put_member(to, "Stripe customer", order, "stripeCustomerId");
	put_member(to, "Stripe session", order, "stripeSessionId");
	put_member(to, "Quote", order, "quoteSignature");
}

static void put_metadata(FILE *to, struct json_object *order)
{
	struct json_object *metadata = NULL;
	struct json_walk walk;

	json_get_object(order, "metadata", &metadata);
	walk = json_walk_of(metadata);
	while (json_walk_next(&walk)) {
		char *label = str_printf("Metadata %s", walk.key);

		put_value(to, label, walk.value);
		free(label);
	}
}

static bool is_known(const char *key)
{
	size_t i;

	for (i = 0; known[i]; i++)
		if (strcmp(known[i], key) == 0)
			return true;
	return false;
}

static void put_record(FILE *to, struct json_object *order)
{
	struct json_walk walk = json_walk_of(order);
	int64_t version;
	bool live;

	if (json_get_bool(order, "livemode", &live) == JSON_FOUND)
		put(to, "Mode", live ? "live" : "test");
	put_member(to, "Source", order, "source");
	if (json_get_int(order, "version", &version) == JSON_FOUND)
		put_owned(to, "Version", str_printf("%" PRId64, version));
	put_member(to, "PK", order, "PK");
	put_member(to, "SK", order, "SK");
	while (json_walk_next(&walk))
		if (!is_known(walk.key))
			put_value(to, walk.key, walk.value);
}

void show_order(FILE *to, struct json_object *order, int width)
{
	put_head(to, order);
	put_customer(to, order);
	put_address(to, order);
	put_items(to, order, width);
	put_sums(to, order);
	put_dispute(to, order);
	put_ids(to, order);
	put_metadata(to, order);
	put_record(to, order);
}

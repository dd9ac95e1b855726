/* SPDX-License-Identifier: ISC */
/*
 * One order for people: a line for each attribute that is there, and the items as a
 * table.  An attribute that is not known here is printed under its own name, so that all
 * of an order can be seen.
 */
#include "cli/show_order.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/order_text.h"
#include "cli/show_line.h"
#include "cli/show_money.h"
#include "cli/table.h"
#include "format/iso8601.h"
#include "shop/lines.h"
#include "shop/money.h"

static const struct table_column item_columns[] = {
	{"ITEM", false, 12, 0, false},
	{"SKU", false, 6, 4, false},
	{"QUANTITY", true, 0, 5, false},
	{"UNIT PRICE", true, 0, 3, false},
	{"DISCOUNT", true, 0, 1, true},
	{"TAX", true, 0, 2, true},
	{"TOTAL", true, 0, 0, false},
};

#define ITEM_COLUMNS ((int)(sizeof item_columns / sizeof *item_columns))

/* The attributes that have a line or a place of their own, where they have this type;
 * json_type_null: whatever they are. */
static const struct {
	enum json_type type;
	const char *const keys[24];
} known[] = {
	{json_type_null, {"status", "createdAt", "completedAt", "updatedAt", "erasedAt", "expiresAt",
			  "version", "PK", "SK", "itemCount", "itemsPending", "unconfirmed", "guest",
			  "livemode", "amount", "amountSubtotal", "amountDiscount", "amountTax",
			  "amountShipping", "amountRefunded", "currency", "settlementCurrency"}},
	{json_type_int, {"amountCaptured", "amountFee", "amountNet"}},
	{json_type_string, {"orderNumber", "orderId", "customerName", "customerEmail",
			    "customerPhone", "customerBusinessName", "customerTaxExempt", "userId",
			    "userKind", "locale", "clientReferenceId", "paymentLinkId", "invoiceId",
			    "recoveredFrom", "stripePaymentIntentId", "stripePaymentStatus",
			    "stripeCustomerId", "stripeSessionId", "quoteSignature", "source"}},
	{json_type_object, {"shippingAddress", "billingAddress", "consent", "shippingRate",
			    "payment", "presentment", "dispute", "tracking", "metadata"}},
	{json_type_array, {"items", "customerTaxIds", "customFields", "discounts", "taxes",
			   "refunds", "disputes"}},
};

/* --- the parts ------------------------------------------------------------------ */

/* What it is, and when. */
static void put_head(FILE *to, struct json_object *order)
{
	bool live, unconfirmed = false;
	int64_t expires;
	char time[ISO8601_SIZE];

	show_owned(to, "Order", order_text_number(order));
	show_owned(to, "Status", order_text_status(order));
	json_get_bool(order, "unconfirmed", &unconfirmed);
	if (unconfirmed)
		show_text(to, "Unconfirmed", "yes, Stripe could not be asked yet");
	if (json_get_bool(order, "livemode", &live) == JSON_FOUND)
		show_text(to, "Mode", live ? "live" : "test");
	show_member(to, "Order id", order, "orderId");
	show_time(to, "Created", order, "createdAt");
	show_time(to, "Completed", order, "completedAt");
	show_time(to, "Updated", order, "updatedAt");
	show_time(to, "Person erased", order, "erasedAt");
	if (json_get_int(order, "expiresAt", &expires) == JSON_FOUND)
		show_text(to, "Kept until", iso8601_time(expires, time));
}

/* The members of an object of the order, each under its name behind `label`. */
static void put_members(FILE *to, const char *label, struct json_object *order, const char *key)
{
	struct json_object *object = NULL;
	struct json_walk walk;

	json_get_object(order, key, &object);
	walk = json_walk_of(object);
	while (json_walk_next(&walk)) {
		char *name = str_printf("%s %s", label, walk.key);

		show_value(to, name, walk.value);
		free(name);
	}
}

/* Who bought it, and what the buyer said at Checkout. */
static void put_customer(FILE *to, struct json_object *order)
{
	bool guest = false;

	show_member(to, "Customer", order, "customerName");
	show_member(to, "Business", order, "customerBusinessName");
	show_member(to, "E-mail", order, "customerEmail");
	show_member(to, "Phone", order, "customerPhone");
	show_member(to, "User", order, "userId");
	if (json_get_bool(order, "guest", &guest) == JSON_FOUND)
		show_text(to, "Guest", guest ? "yes" : "no");
	show_member(to, "User kind", order, "userKind");
	show_each(to, "Tax id", order, "customerTaxIds", order_part_tax_id);
	show_member(to, "Tax exempt", order, "customerTaxExempt");
	show_member(to, "Language", order, "locale");
	put_members(to, "Consent", order, "consent");
	show_each(to, "Custom field", order, "customFields", order_part_custom_field);
}

/* As on a parcel; the label stands in front of the first line alone. */
static void put_address(FILE *to, const char *label, struct json_object *a)
{
	static const char *const lines[] = {"name", "line1", "line2", "", "country", NULL};
	const char *city = json_string_or_null(a, "city"), *state = json_string_or_null(a, "state");
	const char *code = json_string_or_null(a, "postalCode"), *text;
	char *place;
	int i;

	place = str_printf("%s%s%s%s%s", city ? city : "", city && state ? ", " : "",
			   state ? state : "", (city || state) && code ? " " : "", code ? code : "");
	for (i = 0; lines[i]; i++) {
		text = *lines[i] ? json_string_or_null(a, lines[i]) : place;
		show_text(to, label, text);
		if (!str_empty(text))
			label = "";
	}
	free(place);
}

/* Where the parcel goes, where the bill goes if that is another place (a name that one
 * of them lacks makes none), and what the owner said of the parcel by `ordersnap mark`. */
static void put_addresses(FILE *to, struct json_object *order)
{
	struct json_object *shipping = NULL, *billing = NULL, *tracking = NULL;
	struct json_walk walk;
	bool other = false;

	json_get_object(order, "shippingAddress", &shipping);
	put_address(to, "Ship to", shipping);

	json_get_object(order, "billingAddress", &billing);
	walk = json_walk_of(billing);
	while (json_walk_next(&walk)) {
		const char *there = json_string_or_null(shipping, walk.key);
		const char *here = json_string_or_null(billing, walk.key);

		if (!there && strcmp(walk.key, "name") == 0)
			continue;
		other = other || strcmp(here ? here : "", there ? there : "") != 0;
	}
	if (other)
		put_address(to, "Bill to", billing);

	json_get_object(order, "tracking", &tracking);
	show_member(to, "Parcel", tracking, "status");
	show_time(to, "Shipped", tracking, "shippedAt");
	show_text(to, "Carrier", json_label_or_null(tracking, "carrier"));
	show_text(to, "Tracking number", json_label_or_null(tracking, "number"));
	show_member(to, "Tracking page", tracking, "url");
}

/* --- the items ------------------------------------------------------------------ */

/* An amount in the line's own currency, else in the order's. */
static char *item_money(struct json_object *item, int64_t amount, struct json_object *order)
{
	const char *currency = json_string_or_null(item, "currency");

	return money_text(amount, currency ? currency : json_string_or_null(order, "currency"));
}

/* An amount of a line that is usually 0, which is left out. */
static char *item_part(struct json_object *item, const char *key, struct json_object *order)
{
	int64_t amount = json_int_or(item, key, 0);

	return amount ? item_money(item, amount, order) : NULL;
}

/* A line of the order: a row of the table. */
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
		item_part(item, "amountDiscount", order),
		item_part(item, "amountTax", order),
		lines_item_total(item, &total) ? item_money(item, total, order) : NULL,
	};
	int i;

	table_row(table, (const char *const *)cells);
	for (i = 0; i < ITEM_COLUMNS; i++)
		free(cells[i]);
}

/* The items as a table. */
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

/* --- the record ----------------------------------------------------------------- */

/* Whether the attribute has a line of its own, if it is of the type that it should be. */
static bool is_known(const char *key, enum json_type type)
{
	size_t i;
	int k;

	for (i = 0; i < sizeof known / sizeof *known; i++)
		for (k = 0; known[i].keys[k]; k++)
			if (strcmp(known[i].keys[k], key) == 0)
				return known[i].type == json_type_null || known[i].type == type ||
				       type == json_type_null;
	return false;
}

/* The ids that the record is made from, where it stands, then the attributes that are not
 * known here. */
static void put_record(FILE *to, struct json_object *order)
{
	struct json_walk walk = json_walk_of(order);
	int64_t version;

	show_member(to, "Payment", order, "stripePaymentIntentId");
	show_member(to, "Payment status", order, "stripePaymentStatus");
	show_member(to, "Stripe customer", order, "stripeCustomerId");
	show_member(to, "Stripe session", order, "stripeSessionId");
	show_member(to, "Invoice", order, "invoiceId");
	show_member(to, "Payment link", order, "paymentLinkId");
	show_member(to, "Recovered from", order, "recoveredFrom");
	show_member(to, "Reference", order, "clientReferenceId");
	show_member(to, "Quote", order, "quoteSignature");
	put_members(to, "Metadata", order, "metadata");
	show_member(to, "Source", order, "source");
	if (json_get_int(order, "version", &version) == JSON_FOUND)
		show_owned(to, "Version", str_printf("%" PRId64, version));
	show_member(to, "PK", order, "PK");
	show_member(to, "SK", order, "SK");
	while (json_walk_next(&walk))
		if (!is_known(walk.key, json_object_get_type(walk.value)))
			show_value(to, walk.key, walk.value);
}

void show_order(FILE *to, struct json_object *order, int width)
{
	put_head(to, order);
	put_customer(to, order);
	put_addresses(to, order);
	put_items(to, order, width);
	show_sums(to, order);
	show_payment(to, order);
	show_returned(to, order);
	put_record(to, order);
}

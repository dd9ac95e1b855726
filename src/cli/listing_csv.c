/* SPDX-License-Identifier: ISC */
/*
 * Columns of CSV.  The one idea: a column is a line of a table, and what a list holds
 * is one cell of text.
 */
#include "cli/listing_csv.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cli/order_part.h"
#include "shop/lines.h"
#include "shop/money.h"
#include "shop/order_mode.h"

#define LIST_MAX (1024 * 1024)

enum kind {
	TEXT,
	LABEL,   /* a text, or a number in its place */
	MONEY,   /* in the order's currency */
	SETTLED, /* in the currency in which it was settled */
	COUNT,   /* of things */
	MODE,
	LIST,    /* of objects, each by its function */
	MEMBERS, /* `promotions: opt_in; ...` */
	LINE_TEXT,
	LINE_MONEY,
	LINE_QUANTITY,
	LINE_PLACE, /* 1, 2, 3 */
	LINE_CURRENCY,
};

/* What of a row a cell is made. */
struct row {
	struct json_object *order, *line;
	size_t place;
};

/* A column; `in` is the object of the order that has the attribute, if it is not the
 * order itself.  `text` is what one of a LIST's objects says. */
struct column {
	const char *title;
	enum kind kind;
	const char *in, *key;
	order_part_text *text;
};

static const struct column order_columns[] = {
	{"orderNumber", TEXT, NULL, "orderNumber", NULL},
	{"orderId", TEXT, NULL, "orderId", NULL},
	{"createdAt", TEXT, NULL, "createdAt", NULL},
	{"completedAt", TEXT, NULL, "completedAt", NULL},
	{"status", TEXT, NULL, "status", NULL},
	{"userId", TEXT, NULL, "userId", NULL},
	{"customerEmail", TEXT, NULL, "customerEmail", NULL},
	{"customerName", TEXT, NULL, "customerName", NULL},
	{"customerPhone", TEXT, NULL, "customerPhone", NULL},
	{"amount", MONEY, NULL, "amount", NULL},
	{"amountSubtotal", MONEY, NULL, "amountSubtotal", NULL},
	{"amountDiscount", MONEY, NULL, "amountDiscount", NULL},
	{"amountTax", MONEY, NULL, "amountTax", NULL},
	{"amountShipping", MONEY, NULL, "amountShipping", NULL},
	{"amountRefunded", MONEY, NULL, "amountRefunded", NULL},
	{"currency", TEXT, NULL, "currency", NULL},
	{"itemCount", COUNT, NULL, "itemCount", NULL},
	{"items", LIST, NULL, "items", order_part_line},
	{"shippingName", TEXT, "shippingAddress", "name", NULL},
	{"shippingLine1", TEXT, "shippingAddress", "line1", NULL},
	{"shippingLine2", TEXT, "shippingAddress", "line2", NULL},
	{"shippingCity", TEXT, "shippingAddress", "city", NULL},
	{"shippingState", TEXT, "shippingAddress", "state", NULL},
	{"shippingPostalCode", TEXT, "shippingAddress", "postalCode", NULL},
	{"shippingCountry", TEXT, "shippingAddress", "country", NULL},
	{"stripePaymentIntentId", TEXT, NULL, "stripePaymentIntentId", NULL},
	{"disputeStatus", TEXT, "dispute", "status", NULL},
	{"source", TEXT, NULL, "source", NULL},
	{"livemode", MODE, NULL, "livemode", NULL},
	{"customerBusinessName", TEXT, NULL, "customerBusinessName", NULL},
	{"customerTaxIds", LIST, NULL, "customerTaxIds", order_part_tax_id},
	{"customFields", LIST, NULL, "customFields", order_part_custom_field},
	{"consent", MEMBERS, NULL, "consent", NULL},
	{"locale", TEXT, NULL, "locale", NULL},
	{"billingName", TEXT, "billingAddress", "name", NULL},
	{"billingLine1", TEXT, "billingAddress", "line1", NULL},
	{"billingLine2", TEXT, "billingAddress", "line2", NULL},
	{"billingCity", TEXT, "billingAddress", "city", NULL},
	{"billingState", TEXT, "billingAddress", "state", NULL},
	{"billingPostalCode", TEXT, "billingAddress", "postalCode", NULL},
	{"billingCountry", TEXT, "billingAddress", "country", NULL},
	{"shippingRate", TEXT, "shippingRate", "name", NULL},
	{"discounts", LIST, NULL, "discounts", order_part_discount},
	{"taxes", LIST, NULL, "taxes", order_part_tax},
	{"paymentType", TEXT, "payment", "type", NULL},
	{"paymentBrand", TEXT, "payment", "brand", NULL},
	{"paymentLast4", TEXT, "payment", "last4", NULL},
	{"paymentWallet", TEXT, "payment", "wallet", NULL},
	{"amountCaptured", MONEY, NULL, "amountCaptured", NULL},
	{"amountFee", SETTLED, NULL, "amountFee", NULL},
	{"amountNet", SETTLED, NULL, "amountNet", NULL},
	{"settlementCurrency", TEXT, NULL, "settlementCurrency", NULL},
	{"refunds", LIST, NULL, "refunds", order_part_returned},
	{"disputes", LIST, NULL, "disputes", order_part_returned},
	{"clientReferenceId", TEXT, NULL, "clientReferenceId", NULL},
	{"paymentLinkId", TEXT, NULL, "paymentLinkId", NULL},
	{"invoiceId", TEXT, NULL, "invoiceId", NULL},
	{"trackingStatus", TEXT, "tracking", "status", NULL},
	{"trackingCarrier", LABEL, "tracking", "carrier", NULL},
	{"trackingNumber", LABEL, "tracking", "number", NULL},
	{"trackingUrl", TEXT, "tracking", "url", NULL},
	{"shippedAt", TEXT, "tracking", "shippedAt", NULL},
};

static const struct column line_columns[] = {
	{"orderNumber", TEXT, NULL, "orderNumber", NULL},
	{"orderId", TEXT, NULL, "orderId", NULL},
	{"createdAt", TEXT, NULL, "createdAt", NULL},
	{"completedAt", TEXT, NULL, "completedAt", NULL},
	{"status", TEXT, NULL, "status", NULL},
	{"livemode", MODE, NULL, "livemode", NULL},
	{"userId", TEXT, NULL, "userId", NULL},
	{"customerEmail", TEXT, NULL, "customerEmail", NULL},
	{"customerName", TEXT, NULL, "customerName", NULL},
	{"shippingCountry", TEXT, "shippingAddress", "country", NULL},
	{"line", LINE_PLACE, NULL, NULL, NULL},
	{"name", LINE_TEXT, NULL, "name", NULL},
	{"sku", LINE_TEXT, NULL, "sku", NULL},
	{"collectionId", LINE_TEXT, NULL, "collectionId", NULL},
	{"variantId", LINE_TEXT, NULL, "variantId", NULL},
	{"color", LINE_TEXT, NULL, "color", NULL},
	{"quantity", LINE_QUANTITY, NULL, "quantity", NULL},
	{"unitPrice", LINE_MONEY, NULL, "unitPrice", NULL},
	{"amountSubtotal", LINE_MONEY, NULL, "amountSubtotal", NULL},
	{"amountDiscount", LINE_MONEY, NULL, "amountDiscount", NULL},
	{"amountTax", LINE_MONEY, NULL, "amountTax", NULL},
	{"amountTotal", LINE_MONEY, NULL, "amountTotal", NULL},
	{"currency", LINE_CURRENCY, NULL, "currency", NULL},
	{"stripePriceId", LINE_TEXT, NULL, "stripePriceId", NULL},
	{"stripeProductId", LINE_TEXT, NULL, "stripeProductId", NULL},
};

#define ORDER_COLUMNS (sizeof order_columns / sizeof *order_columns)
#define LINE_COLUMNS (sizeof line_columns / sizeof *line_columns)

/* --- cells ---------------------------------------------------------------------- */

static void add_number(struct csv *csv, char *text) /* takes text */
{
	csv_number(csv, text);
	free(text);
}

/* An amount without separators, in the units of its currency; empty where there is none. */
static void add_money(struct csv *csv, struct json_object *from, const char *key,
		      const char *currency)
{
	int64_t amount;

	add_number(csv, json_get_int(from, key, &amount) == JSON_FOUND
				? money_plain(amount, currency) : NULL);
}

/* 2 x Red Necklace; 1 x Ring */
static void add_list(struct csv *csv, struct json_object *order, const struct column *column)
{
	struct json_object *list = NULL;
	struct buf text;
	size_t i, n;

	json_get_array(order, column->key, &list);
	n = list ? json_object_array_length(list) : 0;
	buf_init(&text, LIST_MAX);
	for (i = 0; i < n; i++) {
		char *one = column->text(json_object_array_get_idx(list, i), order);

		if (!str_empty(one))
			buf_printf(&text, "%s%s", text.len ? "; " : "", one);
		free(one);
	}
	csv_text(csv, buf_text(&text));
	buf_free(&text);
}

/* promotions: opt_in; terms_of_service: accepted */
static void add_members(struct csv *csv, struct json_object *order, const char *key)
{
	struct json_object *object = NULL;
	struct json_walk walk;
	struct buf text;

	json_get_object(order, key, &object);
	walk = json_walk_of(object);
	buf_init(&text, LIST_MAX);
	while (json_walk_next(&walk))
		if (walk.value)
			buf_printf(&text, "%s%s: %s", text.len ? "; " : "", walk.key,
				   json_object_get_string(walk.value));
	csv_text(csv, buf_text(&text));
	buf_free(&text);
}

/* As `livemode` would be, where an order that has none tells it otherwise. */
static const char *const modes[] = {
	[ORDER_MODE_UNKNOWN] = "", [ORDER_MODE_TEST] = "false", [ORDER_MODE_LIVE] = "true",
};

/* A line's own currency, else its order's. */
static const char *line_currency(const struct row *row)
{
	const char *own = json_string_or_null(row->line, "currency");

	return own ? own : json_string_or_null(row->order, "currency");
}

/* A cell of one of the order's lines; an order without lines has one row, without any. */
static void add_line_cell(struct csv *csv, const struct row *row, const struct column *column)
{
	int64_t quantity = json_int_or(row->line, "quantity", 1);

	switch (column->kind) {
	case LINE_MONEY:
		add_money(csv, row->line, column->key, line_currency(row));
		break;
	case LINE_QUANTITY:
		add_number(csv, row->line ? str_printf("%" PRId64, quantity) : NULL);
		break;
	case LINE_PLACE:
		add_number(csv, row->line ? str_printf("%zu", row->place + 1) : NULL);
		break;
	case LINE_CURRENCY:
		csv_text(csv, line_currency(row));
		break;
	default:
		csv_text(csv, json_string_or_null(row->line, column->key));
	}
}

/* A cell of an order, or, by add_line_cell(), of one of its lines. */
static void add_cell(struct csv *csv, const struct row *row, const struct column *column)
{
	struct json_object *order = row->order, *from = order;
	int64_t count;

	if (column->in) {
		from = NULL;
		json_get_object(order, column->in, &from);
	}
	switch (column->kind) {
	case TEXT:
		csv_text(csv, json_string_or_null(from, column->key));
		break;
	case LABEL:
		csv_text(csv, json_label_or_null(from, column->key));
		break;
	case MONEY:
		add_money(csv, from, column->key, json_string_or_null(order, "currency"));
		break;
	case SETTLED:
		add_money(csv, from, column->key, json_string_or_null(order, "settlementCurrency"));
		break;
	case COUNT:
		add_number(csv, lines_order_count(from, &count) ? str_printf("%" PRId64, count)
								: NULL);
		break;
	case MODE:
		csv_text(csv, modes[order_mode_of(order)]);
		break;
	case LIST:
		add_list(csv, from, column);
		break;
	case MEMBERS:
		add_members(csv, from, column->key);
		break;
	default:
		add_line_cell(csv, row, column);
	}
}

/* --- rows ----------------------------------------------------------------------- */

void listing_csv_titles(struct csv *csv, bool lines)
{
	const struct column *columns = lines ? line_columns : order_columns;
	size_t i, n = lines ? LINE_COLUMNS : ORDER_COLUMNS;

	for (i = 0; i < n; i++)
		csv_text(csv, columns[i].title);
	csv_end(csv);
}

void listing_csv_order(struct csv *csv, struct json_object *order)
{
	const struct row row = {.order = order};
	size_t i;

	for (i = 0; i < ORDER_COLUMNS; i++)
		add_cell(csv, &row, &order_columns[i]);
	csv_end(csv);
}

void listing_csv_lines(struct csv *csv, struct json_object *order)
{
	struct row row = {.order = order};
	struct json_object *items = NULL;
	size_t i, n;

	json_get_array(order, "items", &items);
	n = items ? json_object_array_length(items) : 0;
	do {
		row.line = n ? json_object_array_get_idx(items, row.place) : NULL;
		for (i = 0; i < LINE_COLUMNS; i++)
			add_cell(csv, &row, &line_columns[i]);
		csv_end(csv);
	} while (++row.place < n);
}

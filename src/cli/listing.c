/* SPDX-License-Identifier: ISC */
/*
 * Orders as data.  The columns of the CSV are a table.
 */
#include "cli/listing.h"

#include <inttypes.h>
#include <stdlib.h>

#include "shop/lines.h"
#include "shop/money.h"
#include "shop/order_mode.h"

#define ITEMS_MAX (1024 * 1024)

enum kind { TEXT, MONEY, COUNT, ITEMS, MODE };

/* A column; `in` is the object of the order that has the attribute, if it is
 * not the order itself. */
static const struct column {
	const char *title;
	enum kind kind;
	const char *in, *key;
} columns[] = {
	{"orderNumber", TEXT, NULL, "orderNumber"},
	{"orderId", TEXT, NULL, "orderId"},
	{"createdAt", TEXT, NULL, "createdAt"},
	{"completedAt", TEXT, NULL, "completedAt"},
	{"status", TEXT, NULL, "status"},
	{"userId", TEXT, NULL, "userId"},
	{"customerEmail", TEXT, NULL, "customerEmail"},
	{"customerName", TEXT, NULL, "customerName"},
	{"customerPhone", TEXT, NULL, "customerPhone"},
	{"amount", MONEY, NULL, "amount"},
	{"amountSubtotal", MONEY, NULL, "amountSubtotal"},
	{"amountDiscount", MONEY, NULL, "amountDiscount"},
	{"amountTax", MONEY, NULL, "amountTax"},
	{"amountShipping", MONEY, NULL, "amountShipping"},
	{"amountRefunded", MONEY, NULL, "amountRefunded"},
	{"currency", TEXT, NULL, "currency"},
	{"itemCount", COUNT, NULL, "itemCount"},
	{"items", ITEMS, NULL, "items"},
	{"shippingName", TEXT, "shippingAddress", "name"},
	{"shippingLine1", TEXT, "shippingAddress", "line1"},
	{"shippingLine2", TEXT, "shippingAddress", "line2"},
	{"shippingCity", TEXT, "shippingAddress", "city"},
	{"shippingState", TEXT, "shippingAddress", "state"},
	{"shippingPostalCode", TEXT, "shippingAddress", "postalCode"},
	{"shippingCountry", TEXT, "shippingAddress", "country"},
	{"stripePaymentIntentId", TEXT, NULL, "stripePaymentIntentId"},
	{"disputeStatus", TEXT, "dispute", "status"},
	{"source", TEXT, NULL, "source"},
	{"livemode", MODE, NULL, "livemode"},
};

#define COLUMNS (sizeof columns / sizeof *columns)

int listing_format(const struct command_line *line, enum listing_format *format)
{
	bool json = command_value(line, "json") != NULL, csv = command_value(line, "csv") != NULL;

	if (json && csv)
		return command_usage(line->command, "--json and --csv exclude each other");
	*format = json ? LISTING_JSON : csv ? LISTING_CSV : LISTING_PEOPLE;
	return COMMAND_OK;
}

static void add_money(struct csv *csv, struct json_object *order, const char *key)
{
	int64_t amount;
	char *text = NULL;

	if (json_get_int(order, key, &amount) == JSON_FOUND)
		text = money_plain(amount, json_string_or_null(order, "currency"));
	csv_number(csv, text);
	free(text);
}

static void add_count(struct csv *csv, struct json_object *order)
{
	int64_t count;
	char *text = NULL;

	if (lines_order_count(order, &count))
		text = str_printf("%" PRId64, count);
	csv_number(csv, text);
	free(text);
}

/* 2 x Red Necklace; 1 x Ring */
static void add_items(struct csv *csv, struct json_object *order)
{
	struct json_object *items = NULL;
	struct buf text;
	size_t i, n;

	json_get_array(order, "items", &items);
	n = items ? json_object_array_length(items) : 0;
	buf_init(&text, ITEMS_MAX);
	for (i = 0; i < n; i++) {
		struct json_object *item = json_object_array_get_idx(items, i);

		buf_printf(&text, "%s%" PRId64 " x %s", i ? "; " : "",
			   json_int_or(item, "quantity", 1), lines_item_name(item));
	}
	csv_text(csv, buf_text(&text));
	buf_free(&text);
}

/* As `livemode` would be, where an order that has none tells it otherwise. */
static const char *const modes[] = {
	[ORDER_MODE_UNKNOWN] = "", [ORDER_MODE_TEST] = "false", [ORDER_MODE_LIVE] = "true",
};

static void add_column(struct csv *csv, struct json_object *order, const struct column *column)
{
	struct json_object *from = order;

	if (column->in) {
		from = NULL;
		json_get_object(order, column->in, &from);
	}
	switch (column->kind) {
	case TEXT:
		csv_text(csv, json_string_or_null(from, column->key));
		break;
	case MONEY:
		add_money(csv, from, column->key);
		break;
	case COUNT:
		add_count(csv, from);
		break;
	case ITEMS:
		add_items(csv, from);
		break;
	case MODE:
		csv_text(csv, modes[order_mode_of(order)]);
		break;
	}
}

void listing_begin(struct listing *l, enum listing_format format)
{
	size_t i;

	*l = (struct listing){.format = format};
	csv_init(&l->csv, stdout);
	if (format != LISTING_CSV)
		return;
	for (i = 0; i < COLUMNS; i++)
		csv_text(&l->csv, columns[i].title);
	csv_end(&l->csv);
}

void listing_order(struct listing *l, struct json_object *order)
{
	size_t i;

	if (l->format == LISTING_JSON)
		printf("%s%s", l->begun ? ",\n" : "[\n", json_text(order));
	l->begun = true;
	if (l->format != LISTING_CSV)
		return;
	for (i = 0; i < COLUMNS; i++)
		add_column(&l->csv, order, &columns[i]);
	csv_end(&l->csv);
}

void listing_end(struct listing *l, bool whole)
{
	if (l->format == LISTING_JSON && whole)
		puts(l->begun ? "\n]" : "[]");
	csv_free(&l->csv);
}

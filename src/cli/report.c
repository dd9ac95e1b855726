/* SPDX-License-Identifier: ISC */
/*
 * Groups of orders.  The one idea: what an order comes to is cut into parts, each for
 * one group, and the cuts add up to the order.
 */
#include "cli/report.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "cli/month.h"
#include "shop/lines.h"
#include "shop/money.h"
#include "shop/order_mode.h"
#include "shop/order_money.h"
#include "shop/order_rank.h"

int report_read(const struct command_line *line, enum report_by *by)
{
	const char *text = command_value(line, "by");

	*by = REPORT_ORDERS;
	if (!text)
		return COMMAND_OK;
	if (strcmp(text, "month") != 0 && strcmp(text, "product") != 0)
		return command_usage(line->command, "--by must be month or product, not \"%s\"", text);
	if (command_value(line, "lines") || command_value(line, "limit"))
		return command_usage(line->command, "--by excludes --lines and --limit");
	*by = strcmp(text, "month") == 0 ? REPORT_MONTH : REPORT_PRODUCT;
	return COMMAND_OK;
}

/* --- an order's parts ------------------------------------------------------------- */

/* One share of an order: of so much of its gross. */
struct part {
	struct report_name name;
	int64_t quantity;
	int64_t gross;
};

/* What an order came to. */
struct sale {
	int64_t gross, refunded, lost; /* in the order's currency */
	const char *currency;          /* "" where it has none */
	int64_t fee;
	const char *fee_currency;      /* NULL: the fee is not known */
};

/* An order that is being cut: what was given out so far of each amount. */
struct cutting {
	struct report *report;
	const struct sale *money;
	bool test, overflow;
	int64_t gross, refunded, lost, fee;
};

/* The share of an amount that ends at cut->gross, behind what was given out of it: in
 * whole units, so that the shares add up to the amount. */
static int64_t cut_off(const struct cutting *cut, int64_t whole, int64_t *given)
{
	int64_t upto = money_share(whole, cut->gross, cut->money->gross), part = upto - *given;

	*given = upto;
	return part;
}

/* Adds a part to its group.  A fee in another currency than the order's is of a group of
 * its own: money of two currencies is never added. */
static void give(struct cutting *cut, const struct part *part, const struct report_sums *sums)
{
	const struct sale *money = cut->money;
	struct report *r = cut->report;
	struct report_sums own = *sums, fee = {.fees = sums->fees};
	bool elsewhere = money->fee_currency && strcasecmp(money->fee_currency, money->currency) != 0;

	if (elsewhere)
		own.fees = 0;
	report_sums_add(r, report_group(r, &part->name, cut->test, money->currency), &own);
	if (elsewhere && fee.fees)
		report_sums_add(r, report_group(r, &part->name, cut->test, money->fee_currency),
				&fee);
}

/* A part, with its share of what was refunded, lost and kept as fees. */
static void add_part(struct cutting *cut, const struct part *part)
{
	struct report_sums sums = {.orders = 1, .quantity = part->quantity, .gross = part->gross};

	cut->overflow |= __builtin_add_overflow(cut->gross, part->gross, &cut->gross);
	sums.overflow = cut->overflow;
	sums.refunded = cut_off(cut, cut->money->refunded, &cut->refunded);
	sums.lost = cut_off(cut, cut->money->lost, &cut->lost);
	sums.fees = cut_off(cut, cut->money->fee, &cut->fee);
	give(cut, part, &sums);
}

/* An order's lines, its shipping, and what is left of it. */
static void add_products(struct cutting *cut, struct json_object *order)
{
	int64_t shipping = json_int_or(order, "amountShipping", 0);
	const struct sale *money = cut->money;
	struct json_object *items = NULL;
	struct report_sums rest = {.orders = 1};
	size_t i;

	json_get_array(order, "items", &items);
	for (i = 0; items && i < json_object_array_length(items); i++) {
		struct json_object *line = json_object_array_get_idx(items, i);
		const char *currency = json_string_or_null(line, "currency");
		int64_t total = 0;

		/* Its total counts where it is in the order's own currency. */
		if ((currency && strcasecmp(currency, money->currency) != 0) ||
		    !lines_item_total(line, &total))
			total = 0;
		add_part(cut, &(struct part){
			.name = {.text = lines_item_name(line), .sku = json_string_or_null(line, "sku")},
			.quantity = json_int_or(line, "quantity", 1),
			.gross = total,
		});
	}
	if (shipping)
		add_part(cut, &(struct part){.name = {.text = REPORT_SHIPPING}, .gross = shipping});

	/* What no line and no shipping has: the rest of the gross, and of all that was not
	 * given out. */
	rest.overflow = __builtin_sub_overflow(money->gross, cut->gross, &rest.gross) || cut->overflow;
	rest.refunded = money->refunded - cut->refunded;
	rest.lost = money->lost - cut->lost;
	rest.fees = money->fee - cut->fee;
	if (rest.gross || rest.refunded || rest.lost || rest.fees)
		give(cut, &(struct part){.name = {.text = REPORT_OTHER}}, &rest);
}

/* What an order came to.  A fee without a currency is not known. */
static struct sale sale_of(struct json_object *order)
{
	struct sale sale = {.currency = json_string_or_null(order, "currency")};
	struct order_money money;

	if (!sale.currency)
		sale.currency = "";
	order_money_of(order, &money);
	sale.gross = money.amount - money.unpaid;
	sale.refunded = money.refunded;
	sale.lost = money.lost;
	if (json_get_int(order, "amountFee", &sale.fee) == JSON_FOUND)
		sale.fee_currency = json_string_or_null(order, "settlementCurrency");
	if (!sale.fee_currency)
		sale.fee = 0;
	return sale;
}

void report_add(struct report *r, struct json_object *order, int64_t time)
{
	const struct sale sale = sale_of(order);
	struct cutting cut = {.report = r, .money = &sale,
			      .test = order_mode_of(order) == ORDER_MODE_TEST};
	struct report_sums whole = {.orders = 1, .gross = sale.gross, .refunded = sale.refunded,
				    .lost = sale.lost, .fees = sale.fee};
	char month[MONTH_SIZE];

	if (!order_is_paid(order))
		return;
	r->orders++;
	r->test_orders += cut.test;
	if (r->by == REPORT_PRODUCT) {
		add_products(&cut, order);
		return;
	}
	lines_order_count(order, &whole.quantity);
	give(&cut, &(struct part){.name = {.text = month_text(month_of(time), month)}}, &whole);
}

int64_t report_test_orders(const struct report *r)
{
	return r->test_orders;
}

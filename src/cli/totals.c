/* SPDX-License-Identifier: ISC */
/*
 * Sums of orders.
 */
#include "cli/totals.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/output.h"
#include "cli/table.h"
#include "shop/money.h"
#include "shop/order_money.h"

/* The currency's sum, made if there is none yet; NULL where there are too many. */
static struct totals_sum *sum_of(struct totals *t, const char *currency)
{
	struct totals_sum new = {.amount = 0};
	char *code = output_clean(currency);
	size_t i;

	snprintf(new.currency, sizeof new.currency, "%s", code);
	free(code);
	str_trim_sequence(new.currency);
	str_lower(new.currency);
	for (i = 0; i < t->n; i++)
		if (strcmp(t->sums[i].currency, new.currency) == 0)
			return &t->sums[i];
	if (t->n == TOTALS_CURRENCIES) {
		t->more = true;
		return NULL;
	}
	t->sums[t->n] = new;
	return &t->sums[t->n++];
}

/* Adds, and remembers where it is too much to be counted. */
static void add(struct totals_sum *sum, int64_t *to, int64_t amount)
{
	sum->overflow |= __builtin_add_overflow(*to, amount, to);
}

void totals_add(struct totals *t, struct json_object *order)
{
	struct totals_sum *sum;
	struct order_money money;

	t->orders++;
	if (!order_money_of(order, &money))
		return;
	sum = sum_of(t, json_string_or_null(order, "currency"));
	if (!sum)
		return;
	add(sum, &sum->amount, money.amount);
	add(sum, &sum->unpaid, money.unpaid);
	add(sum, &sum->refunded, money.refunded);
	add(sum, &sum->lost, money.lost);
	add(sum, &sum->disputed, money.disputed);
}

static void print_part(FILE *to, const char *what, int64_t amount, const char *currency)
{
	char *text = money_text(amount, currency);

	output_printf(to, "%s%s", what, text);
	free(text);
}

/* `10.00 USD, refunded 2.00 USD, net 8.00 USD` */
static void print_sum(FILE *to, struct totals_sum sum)
{
	int64_t net = sum.amount;

	sum.overflow |= __builtin_sub_overflow(net, sum.unpaid, &net) ||
			__builtin_sub_overflow(net, sum.refunded, &net) ||
			__builtin_sub_overflow(net, sum.lost, &net);
	if (sum.overflow) {
		output_printf(to, "more than can be counted of %s\n", sum.currency);
		return;
	}
	print_part(to, "", sum.amount, sum.currency);
	if (sum.unpaid)
		print_part(to, ", not paid ", sum.unpaid, sum.currency);
	if (sum.refunded)
		print_part(to, ", refunded ", sum.refunded, sum.currency);
	if (sum.lost)
		print_part(to, ", lost in disputes ", sum.lost, sum.currency);
	if (sum.unpaid || sum.refunded || sum.lost)
		print_part(to, ", net ", net, sum.currency);
	if (sum.disputed)
		print_part(to, ", of it in dispute ", sum.disputed, sum.currency);
	putc('\n', to);
}

void totals_print(const struct totals *t, const char *kind, FILE *to)
{
	size_t i;

	output_printf(to, "%" PRId64 " %sorder%s\n", t->orders, kind, t->orders == 1 ? "" : "s");
	for (i = 0; i < t->n; i++)
		print_sum(to, t->sums[i]);
	if (t->more)
		fputs("and other currencies\n", to);
}

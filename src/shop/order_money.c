/* SPDX-License-Identifier: ISC */
/*
 * The parts of an order's amount.
 */
#include "shop/order_money.h"

#include <string.h>
#include <strings.h>

#include "shop/lines.h"
#include "shop/money.h"
#include "shop/order_rank.h"

static int64_t at_most(int64_t amount, int64_t most)
{
	if (amount < 0 || most < 0)
		return 0;
	return amount < most ? amount : most;
}

static bool same_currency(const char *a, const char *b)
{
	return a && b && strcasecmp(a, b) == 0;
}

/* `part` of `whole`, as a share of the order's amount. */
static int64_t share(int64_t amount, int64_t part, int64_t whole)
{
	if (whole <= 0 || part >= whole)
		return amount;
	return money_share(amount, part, whole);
}

/* A dispute's amount in the order's currency.  Up to 0.1.0 it was noted without its
 * own, which was the one that the buyer was charged in. */
static int64_t amount_of(struct json_object *order, struct json_object *dispute, int64_t amount)
{
	const char *currency = json_string_or_null(dispute, "currency");
	int64_t part = json_int_or(dispute, "amount", 0), seen, net;
	struct json_object *presentment = NULL;

	json_get_object(order, "presentment", &presentment);
	if (!currency)
		currency = json_string_or_null(presentment, "currency");
	if (part <= 0)
		return 0;
	if (!currency || same_currency(currency, json_string_or_null(order, "currency")))
		return part;
	if (same_currency(currency, json_string_or_null(presentment, "currency")) &&
	    json_get_int(presentment, "amount", &seen) == JSON_FOUND)
		return share(amount, part, seen);
	if (same_currency(currency, json_string_or_null(order, "settlementCurrency")) &&
	    json_get_int(order, "amountNet", &net) == JSON_FOUND &&
	    !__builtin_add_overflow(net, json_int_or(order, "amountFee", 0), &net))
		return share(amount, part, net);
	return amount;
}

/* A lost dispute takes its amount for good, one that is not decided for now; an inquiry, or one
 * that was won, takes nothing. */
static void add_dispute(struct json_object *order, struct json_object *dispute,
			struct order_money *m)
{
	const char *status = json_string_or_null(dispute, "status");
	int64_t amount = amount_of(order, dispute, m->amount);

	if (!status)
		return;
	if (strcmp(status, "lost") == 0)
		m->lost += at_most(amount, m->amount - m->lost);
	else if (strcmp(status, "needs_response") == 0 || strcmp(status, "under_review") == 0)
		m->disputed += at_most(amount, m->amount - m->disputed);
}

bool order_money_of(struct json_object *order, struct order_money *m)
{
	const char *status = json_string_or_null(order, "status");
	struct json_object *disputes = NULL, *dispute = NULL;
	int64_t left, captured;
	size_t i;

	*m = (struct order_money){.amount = 0};
	if (json_get_int(order, "amount", &m->amount) != JSON_FOUND)
		return false;

	/* What was not paid: all of it, or what was not captured.  The Lambda functions called
	 * an order completed before it was paid. */
	captured = json_int_or(order, "amountCaptured", m->amount);
	if (status && (strcmp(status, "pending") == 0 || strcmp(status, "failed") == 0 ||
		       (strcmp(status, "completed") == 0 && !order_is_paid(order))))
		m->unpaid = m->amount;
	else if (captured < m->amount)
		m->unpaid = m->amount - at_most(captured, m->amount);
	else /* A card may let more be captured than the order came to. */
		m->amount = captured;
	left = m->amount - m->unpaid;

	/* Of the rest, what was given back. */
	m->refunded = at_most(json_int_or(order, "amountRefunded", 0), left);
	left -= m->refunded;

	/* Of the rest, what is lost or disputed.  Of an order that has only the latest dispute
	 * that one counts. */
	if (json_get_array(order, "disputes", &disputes) == JSON_FOUND) {
		for (i = 0; i < json_object_array_length(disputes); i++)
			add_dispute(order, json_object_array_get_idx(disputes, i), m);
	} else if (json_get_object(order, "dispute", &dispute) == JSON_FOUND) {
		add_dispute(order, dispute, m);
	}
	m->lost = at_most(m->lost, left);
	m->disputed = at_most(m->disputed, left - m->lost);
	return true;
}

/* The tax that is in no line: the shipping's own, or a fee on the delivery, which is taken where
 * the shipping is free as well.
 * https://docs.stripe.com/changelog/acacia/2024-10-28/tax-retail-delivery-fee */
static int64_t tax_in_no_line(struct json_object *order, struct json_object *items, int64_t shipping)
{
	int64_t tax = json_int_or(order, "amountTax", 0), in_lines, rest;

	if (shipping)
		return tax;
	if (!lines_sum(items, "amountTax", &in_lines) || __builtin_sub_overflow(tax, in_lines, &rest))
		return 0;
	return rest > 0 ? rest : 0;
}

bool order_adds_up(struct json_object *order, int64_t *lines, int64_t *total)
{
	const char *currency = json_string_or_null(order, "currency");
	int64_t shipping = json_int_or(order, "amountShipping", 0), sum, says, more;
	struct json_object *items;
	bool pending = false;
	size_t i;

	/* What can't be compared adds up: no lines yet, or lines in another currency. */
	json_get_bool(order, "itemsPending", &pending);
	if (pending || json_get_array(order, "items", &items) != JSON_FOUND)
		return true;
	for (i = 0; i < json_object_array_length(items); i++) {
		struct json_object *item = json_object_array_get_idx(items, i);

		if (!same_currency(currency, json_string_or_null(item, "currency")))
			return true;
	}

	/* The subtotals come to the subtotal. */
	if (json_get_int(order, "amountSubtotal", &says) == JSON_FOUND &&
	    lines_sum(items, "amountSubtotal", &sum) && sum != says)
		goto differ;

	/* What the lines cost comes to the amount, with the shipping and what is in no line. */
	if (json_get_int(order, "amount", &says) == JSON_FOUND &&
	    lines_sum(items, "amountTotal", &sum) && !__builtin_add_overflow(sum, shipping, &sum) &&
	    (__builtin_sub_overflow(says, sum, &more) || more < 0 ||
	     more > tax_in_no_line(order, items, shipping)))
		goto differ;
	return true;
differ:
	*lines = sum;
	*total = says;
	return false;
}

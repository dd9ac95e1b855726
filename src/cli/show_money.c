/* SPDX-License-Identifier: ISC */
/*
 * The money of a shown order.  The one idea: an amount is printed in the currency
 * that the record has for it, never in one that is assumed.
 */
#include "cli/show_money.h"

#include <stdlib.h>
#include <string.h>

#include "cli/order_text.h"
#include "cli/show_line.h"
#include "shop/money.h"

/* --- the sums ------------------------------------------------------------------- */

static void show_amount(FILE *to, const char *label, struct json_object *order, const char *key)
{
	show_owned(to, label, order_text_money(order, key));
}

void show_sums(FILE *to, struct json_object *order)
{
	int64_t discount = json_int_or(order, "amountDiscount", 0);
	struct json_object *seen = NULL, *rate = NULL;

	show_amount(to, "Subtotal", order, "amountSubtotal");
	if (discount)
		show_owned(to, "Discount",
			   money_text(-discount, json_string_or_null(order, "currency")));
	show_each(to, "Discount code", order, "discounts", order_part_discount);
	show_amount(to, "Tax", order, "amountTax");
	show_each(to, "Tax rate", order, "taxes", order_part_tax);
	show_amount(to, "Shipping", order, "amountShipping");
	if (json_get_object(order, "shippingRate", &rate) == JSON_FOUND)
		show_owned(to, "Shipping rate", order_part_rate(rate, order));
	show_amount(to, "Total", order, "amount");
	show_amount(to, "Captured", order, "amountCaptured");
	show_amount(to, "Refunded", order, "amountRefunded");
	json_get_object(order, "presentment", &seen);
	show_owned(to, "Buyer paid", order_part_amount(seen, "amount", NULL));
}

/* --- the payment ---------------------------------------------------------------- */

/* Stripe's words as their owners write them; others with a capital letter. */
static char *brand_of(const char *word)
{
	static const struct {
		const char *word, *name;
	} names[] = {
		{"amex", "American Express"}, {"diners", "Diners Club"}, {"jcb", "JCB"},
		{"unionpay", "UnionPay"}, {"eftpos_au", "eftpos"}, {"ideal", "iDEAL"},
		{"paypal", "PayPal"}, {"sepa_debit", "SEPA debit"}, {"us_bank_account", "ACH debit"},
		{"apple_pay", "Apple Pay"}, {"google_pay", "Google Pay"},
		{"samsung_pay", "Samsung Pay"}, {"amazon_pay", "Amazon Pay"},
	};
	char *text, *p;
	size_t i;

	for (i = 0; i < sizeof names / sizeof *names; i++)
		if (word && strcmp(word, names[i].word) == 0)
			return str_dup(names[i].name);
	text = str_dup(word);
	for (p = text; p && *p; p++)
		if (*p == '_')
			*p = ' ';
	if (text && *text >= 'a' && *text <= 'z')
		*text = (char)(*text - 'a' + 'A');
	return text;
}

/* In the currency in which Stripe paid it out. */
static void show_settled(FILE *to, const char *label, struct json_object *order, const char *key)
{
	int64_t amount;

	if (json_get_int(order, key, &amount) == JSON_FOUND)
		show_owned(to, label,
			   money_text(amount, json_string_or_null(order, "settlementCurrency")));
}

void show_payment(FILE *to, struct json_object *order)
{
	struct json_object *payment = NULL;
	const char *brand, *last4;
	char *with, *wallet, *card;

	json_get_object(order, "payment", &payment);
	brand = json_string_or_null(payment, "brand");
	last4 = json_string_or_null(payment, "last4");
	with = brand_of(brand ? brand : json_string_or_null(payment, "type"));
	wallet = brand_of(json_string_or_null(payment, "wallet"));
	card = last4 ? str_printf("%s%s...%s", with ? with : "", with ? " " : "", last4)
		     : str_dup(with ? with : "");
	show_owned(to, "Paid with", str_printf("%s%s%s", card, *card && wallet ? ", " : "",
					       wallet ? wallet : ""));
	show_member(to, "Receipt", payment, "receiptUrl");
	show_settled(to, "Fee", order, "amountFee");
	show_settled(to, "Net", order, "amountNet");
	free(card);
	free(wallet);
	free(with);
}

/* --- what went back ------------------------------------------------------------- */

void show_returned(FILE *to, struct json_object *order)
{
	struct json_object *disputes = NULL, *dispute = NULL, *charged = order;

	show_each(to, "Refund", order, "refunds", order_part_returned);
	json_get_array(order, "disputes", &disputes);
	if (disputes && json_object_array_length(disputes)) {
		show_each(to, "Dispute", order, "disputes", order_part_returned);
		return;
	}
	/* The latest one, of a record that has no list.  Before disputes had a currency, the
	 * buyer's was the likelier one. */
	json_get_object(order, "dispute", &dispute);
	json_get_object(order, "presentment", &charged);
	show_member(to, "Dispute", dispute, "status");
	show_member(to, "Dispute reason", dispute, "reason");
	show_owned(to, "Dispute amount", order_part_amount(dispute, "amount", charged));
	show_member(to, "Dispute id", dispute, "id");
}

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

/* The amount `key` of an object in its own currency, else in the order's. */
static char *amount_of(struct json_object *object, const char *key, struct json_object *order)
{
	const char *currency = json_string_or_null(object, "currency");
	int64_t amount;

	if (json_get_int(object, key, &amount) != JSON_FOUND)
		return NULL;
	return money_text(amount, currency ? currency : json_string_or_null(order, "currency"));
}

static void show_amount(FILE *to, const char *label, struct json_object *order, const char *key)
{
	show_owned(to, label, order_text_money(order, key));
}

/* `SAVE10, Ten off: 5.00 USD` */
static void show_discount(FILE *to, struct json_object *discount, struct json_object *order)
{
	const char *code = json_string_or_null(discount, "code");
	const char *name = json_string_or_null(discount, "name");
	char *amount = amount_of(discount, "amount", order), *what;

	if (!code && !name)
		name = json_string_or_null(discount, "couponId");
	what = str_printf("%s%s%s", code ? code : "", code && name ? ", " : "", name ? name : "");
	show_parts(to, "Discount code", ": ", (const char *[SHOW_PARTS]){what, amount});
	free(what);
	free(amount);
}

/* `VAT 19%: 3.50 EUR` */
static void show_tax(FILE *to, struct json_object *tax, struct json_object *order)
{
	const char *name = json_string_or_null(tax, "name"), *rate = json_string_or_null(tax, "rate");
	char *amount = amount_of(tax, "amount", order), *what;

	what = str_printf("%s%s%s%s", name ? name : "", name && rate ? " " : "", rate ? rate : "",
			  rate && !strchr(rate, '%') ? "%" : "");
	show_parts(to, "Tax rate", ": ", (const char *[SHOW_PARTS]){what, amount});
	free(what);
	free(amount);
}

static void show_shipping_rate(FILE *to, struct json_object *order)
{
	struct json_object *rate = NULL;
	const char *name;
	char *amount;

	json_get_object(order, "shippingRate", &rate);
	name = json_string_or_null(rate, "name");
	amount = amount_of(rate, "amount", order);
	show_parts(to, "Shipping rate", ": ", (const char *[SHOW_PARTS]){
		name ? name : json_string_or_null(rate, "id"), amount});
	free(amount);
}

void show_sums(FILE *to, struct json_object *order)
{
	int64_t discount = json_int_or(order, "amountDiscount", 0);
	struct json_object *seen = NULL;

	show_amount(to, "Subtotal", order, "amountSubtotal");
	if (discount)
		show_owned(to, "Discount",
			   money_text(-discount, json_string_or_null(order, "currency")));
	show_each(to, order, "discounts", show_discount);
	show_amount(to, "Tax", order, "amountTax");
	show_each(to, order, "taxes", show_tax);
	show_amount(to, "Shipping", order, "amountShipping");
	show_shipping_rate(to, order);
	show_amount(to, "Total", order, "amount");
	show_amount(to, "Captured", order, "amountCaptured");
	show_amount(to, "Refunded", order, "amountRefunded");
	json_get_object(order, "presentment", &seen);
	show_owned(to, "Buyer paid", seen ? amount_of(seen, "amount", NULL) : NULL);
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
		     : str_dup(with);
	show_parts(to, "Paid with", ", ", (const char *[SHOW_PARTS]){card, wallet});
	show_member(to, "Receipt", payment, "receiptUrl");
	show_settled(to, "Fee", order, "amountFee");
	show_settled(to, "Net", order, "amountNet");
	free(card);
	free(wallet);
	free(with);
}

/* --- what went back ------------------------------------------------------------- */

/* `10.00 USD, succeeded, duplicate, 2024-11-27 09:00:00 UTC, re_1` */
static void show_one(FILE *to, const char *label, struct json_object *one, char *amount)
{
	char *time = order_text_time(one, "createdAt");
	char *utc = time ? str_printf("%s UTC", time) : NULL;

	show_parts(to, label, ", ", (const char *[SHOW_PARTS]){
		amount, json_string_or_null(one, "status"), json_string_or_null(one, "reason"), utc,
		json_string_or_null(one, "id")});
	free(utc);
	free(time);
	free(amount);
}

static void show_refund(FILE *to, struct json_object *refund, struct json_object *order)
{
	show_one(to, "Refund", refund, amount_of(refund, "amount", order));
}

static void show_dispute(FILE *to, struct json_object *dispute, struct json_object *order)
{
	show_one(to, "Dispute", dispute, amount_of(dispute, "amount", order));
}

/* The latest one, of a record that has no list.  Before disputes had a currency, the
 * buyer's was the likelier one. */
static void show_latest_dispute(FILE *to, struct json_object *order)
{
	struct json_object *dispute = NULL, *charged = order;

	json_get_object(order, "dispute", &dispute);
	json_get_object(order, "presentment", &charged);
	show_member(to, "Dispute", dispute, "status");
	show_member(to, "Dispute reason", dispute, "reason");
	show_owned(to, "Dispute amount", amount_of(dispute, "amount", charged));
	show_member(to, "Dispute id", dispute, "id");
}

void show_returned(FILE *to, struct json_object *order)
{
	struct json_object *disputes = NULL;

	show_each(to, order, "refunds", show_refund);
	json_get_array(order, "disputes", &disputes);
	if (disputes && json_object_array_length(disputes))
		show_each(to, order, "disputes", show_dispute);
	else
		show_latest_dispute(to, order);
}

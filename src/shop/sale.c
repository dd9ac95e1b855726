/* SPDX-License-Identifier: ISC */
/*
 * The tables of what an order takes over from a session and its charge.  The one
 * idea: where each API version keeps a thing is data.
 */
#include "shop/sale.h"

#include <string.h>

#include "shop/attributes.h"

#define ROW(to, what, from) .name = (to), .kind = (what), .path = (from)
#define TEXT(to, from) {ROW(to, ATTRIBUTE_TEXT, from)}
#define ID(to, from) {ROW(to, ATTRIBUTE_ID, from)}
#define INT(to, from) {ROW(to, ATTRIBUTE_INT, from)}
#define TIME(to, from) {ROW(to, ATTRIBUTE_TIME, from)}
#define DECIMAL(to, from) {ROW(to, ATTRIBUTE_DECIMAL, from)}
#define OBJECT(to, from, table) {ROW(to, ATTRIBUTE_OBJECT, from), .inside = (table)}
#define LIST(to, from, table) {ROW(to, ATTRIBUTE_LIST, from), .inside = (table)}
#define ASIDE(to, what, from) {ROW(to, what, from), .aside = true}
#define END {.name = NULL}

/* --- the session ------------------------------------------------------------------ */

/* The name alone is no address; it stands beside one. */
static const struct attribute address[] = {
	ASIDE("name", ATTRIBUTE_TEXT, "name"),
	TEXT("line1", "address.line1"),
	TEXT("line2", "address.line2"),
	TEXT("city", "address.city"),
	TEXT("state", "address.state"),
	TEXT("postalCode", "address.postal_code"),
	TEXT("country", "address.country"),
	END,
};

static const struct attribute tax_id[] = {
	TEXT("type", "type"),
	TEXT("value", "value"),
	END,
};

static const struct attribute consent[] = {
	TEXT("promotions", "promotions"),
	TEXT("termsOfService", "terms_of_service"),
	END,
};

static const struct attribute custom_field[] = {
	TEXT("key", "key"),
	TEXT("label", "label.custom"),
	TEXT("type", "type"),
	TEXT("value", "@type.value"),
	END,
};

static const struct attribute shipping_cost[] = {
	ID("id", "shipping_rate"),
	TEXT("name", "shipping_rate.display_name"),
	ASIDE("amount", ATTRIBUTE_INT, "amount_total"),
	END,
};

/* Before 2022-08-01 the rate stood in the session itself. */
static const struct attribute shipping_rate[] = {
	ID("id", "shipping_rate"),
	TEXT("name", "shipping_rate.display_name"),
	ASIDE("amount", ATTRIBUTE_INT, "total_details.amount_shipping"),
	END,
};

/* With automatic tax `percentage` is what the law says of the place, and
 * `effective_percentage` what was taken. */
static const struct attribute tax[] = {
	TEXT("name", "rate.display_name"),
	DECIMAL("rate", "rate.effective_percentage"),
	DECIMAL("rate", "rate.percentage"),
	INT("amount", "amount"),
	END,
};

static const struct attribute of_session[] = {
	OBJECT("billingAddress", "customer_details", address),
	LIST("customerTaxIds", "customer_details.tax_ids", tax_id),
	TEXT("customerTaxExempt", "customer_details.tax_exempt"),
	TEXT("customerBusinessName", "customer_details.business_name"),
	TEXT("customerBusinessName", "collected_information.business_name"),
	LIST("customFields", "custom_fields", custom_field),
	OBJECT("consent", "consent", consent),
	TEXT("locale", "locale"),
	ID("paymentLinkId", "payment_link"),
	ID("invoiceId", "invoice"),
	ID("recoveredFrom", "recovered_from"),
	OBJECT("shippingRate", "shipping_cost", shipping_cost),
	OBJECT("shippingRate", "", shipping_rate),
	LIST("taxes", "total_details.breakdown.taxes", tax),
	END,
};

/* --- discounts -------------------------------------------------------------------- */

/* One of the session's own `discounts`, whose code and coupon can be expanded. */
static const struct attribute discount_of_session[] = {
	TEXT("code", "promotion_code.code"),
	ID("promotionCodeId", "promotion_code"),
	ID("couponId", "coupon"),
	ID("couponId", "promotion_code.promotion.coupon"),
	ID("couponId", "promotion_code.coupon"),
	TEXT("name", "coupon.name"),
	TEXT("name", "promotion_code.promotion.coupon.name"),
	TEXT("name", "promotion_code.coupon.name"),
	END,
};

/* One of the breakdown's, which says how much; the coupon moved into `source` in
 * 2025-09-30.clover. */
static const struct attribute discount_of_breakdown[] = {
	TEXT("code", "discount.promotion_code.code"),
	ID("promotionCodeId", "discount.promotion_code"),
	ID("couponId", "discount.source.coupon"),
	ID("couponId", "discount.coupon"),
	TEXT("name", "discount.source.coupon.name"),
	TEXT("name", "discount.coupon.name"),
	INT("amount", "amount"),
	END,
};

static const struct attribute discounts_of_session[] = {
	LIST("discounts", "discounts", discount_of_session),
	END,
};

static const struct attribute discounts_of_breakdown[] = {
	LIST("discounts", "total_details.breakdown.discounts", discount_of_breakdown),
	END,
};

static bool same_text(struct json_object *a, struct json_object *b, const char *key)
{
	const char *in_a = json_string_or_null(a, key), *in_b = json_string_or_null(b, key);

	return in_a && in_b && strcmp(in_a, in_b) == 0;
}

static bool same_discount(struct json_object *a, struct json_object *b)
{
	return same_text(a, b, "promotionCodeId") || same_text(a, b, "couponId");
}

/*
 * The breakdown says how much a discount was, and names its code and coupon by their
 * ids; what they are called is in the session's own list.  Without a breakdown that
 * list is taken, and a single discount is all that was discounted.
 */
static void set_discounts(struct json_object *order, struct json_object *session)
{
	struct json_object *own = json_object_new_object(), *named = NULL, *list = NULL;
	struct json_object *amount = attributes_find(session, "total_details.amount_discount");
	size_t i, k, n;

	attributes_set(own, discounts_of_session, session);
	json_get_array(own, "discounts", &named);
	n = named ? json_object_array_length(named) : 0;

	attributes_set(order, discounts_of_breakdown, session);
	json_get_array(order, "discounts", &list);
	for (i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *discount = json_object_array_get_idx(list, i);

		for (k = 0; k < n; k++)
			if (same_discount(discount, json_object_array_get_idx(named, k)))
				break;
		if (k < n) {
			json_copy_member(discount, "code", json_object_array_get_idx(named, k), "code");
			json_copy_member(discount, "name", json_object_array_get_idx(named, k), "name");
		}
	}

	if (!list && n == 1 && json_object_is_type(amount, json_type_int))
		json_set(json_object_array_get_idx(named, 0), "amount", json_copy(amount));
	if (!json_object_object_get_ex(order, "discounts", NULL))
		json_set(order, "discounts", json_object_get(named));
	json_object_put(own);
}

/* A fee of a fixed amount stands among the taxes with a percentage of 0, which would not have
 * made it.  https://docs.stripe.com/api/tax_rates/object (flat_amount) */
static void leave_out_rates_of_fees(struct json_object *has)
{
	struct json_object *taxes = NULL;
	size_t i;

	json_get_array(has, "taxes", &taxes);
	for (i = 0; taxes && i < json_object_array_length(taxes); i++) {
		struct json_object *one = json_object_array_get_idx(taxes, i);
		const char *rate = json_string_or_null(one, "rate");

		if (rate && strcmp(rate, "0") == 0 && json_int_or(one, "amount", 0) != 0)
			json_object_object_del(one, "rate");
	}
}

void sale_set_session(struct json_object *order, struct json_object *session)
{
	struct json_object *has, *ignored, *rate;
	struct json_walk walk;

	if (!session)
		return;
	has = json_object_new_object();
	attributes_set(has, of_session, session);
	leave_out_rates_of_fees(has);
	set_discounts(has, session);

	/* Before 2025-03-31 a session in the buyer's own currency has its details in that
	 * one: they are no part of the shop's record. */
	if (json_get_object(session, "presentment_details", &ignored) != JSON_FOUND &&
	    json_get_object(session, "currency_conversion", &ignored) == JSON_FOUND) {
		json_object_object_del(has, "taxes");
		json_object_object_del(has, "discounts");
		if (json_get_object(has, "shippingRate", &rate) == JSON_FOUND)
			json_object_object_del(rate, "amount");
	}

	/* What the order lacks. */
	walk = json_walk_of(has);
	while (json_walk_next(&walk))
		if (!json_object_object_get_ex(order, walk.key, NULL))
			json_object_object_add(order, walk.key, json_object_get(walk.value));
	json_object_put(has);
}

/* Copies what `to` lacks of the keys, a list that ends in NULL. */
static void fill(struct json_object *to, const char *const *keys, struct json_object *from)
{
	for (; *keys; keys++)
		if (!json_object_object_get_ex(to, *keys, NULL))
			json_copy_member(to, *keys, from, *keys);
}

void sale_keep_names(struct json_object *order, struct json_object *other)
{
	static const char *const of_discount[] = {"code", "name", "amount", NULL};
	static const char *const of_rate[] = {"name", "amount", NULL};
	struct json_object *list = NULL, *before = NULL, *rate = NULL, *old_rate = NULL;
	size_t i, k;

	/* What is filled is the order's own, not shared with others. */
	json_copy_member(order, "discounts", order, "discounts");
	json_copy_member(order, "shippingRate", order, "shippingRate");

	/* Each discount that has the same code or coupon. */
	json_get_array(order, "discounts", &list);
	json_get_array(other, "discounts", &before);
	for (i = 0; list && before && i < json_object_array_length(list); i++) {
		struct json_object *discount = json_object_array_get_idx(list, i);

		for (k = 0; k < json_object_array_length(before); k++) {
			struct json_object *old = json_object_array_get_idx(before, k);

			if (same_discount(discount, old))
				fill(discount, of_discount, old);
		}
	}

	/* The way of shipping, where it is the same one. */
	json_get_object(order, "shippingRate", &rate);
	json_get_object(other, "shippingRate", &old_rate);
	if (rate && old_rate && same_text(rate, old_rate, "id"))
		fill(rate, of_rate, old_rate);
}

struct json_object *sale_address(struct json_object *details)
{
	return attributes_object(details, address);
}

/* --- the charge ------------------------------------------------------------------- */

/* How it was paid.  Some methods are paid with a card behind them (`funding`, or `card`);
 * before 2019 a charge had a source. */
static const struct attribute payment[] = {
	TEXT("type", "payment_method_details.type"),
	TEXT("type", "source.type"),
	TEXT("type", "source.object"),
	TEXT("brand", "payment_method_details.@type.brand"),
	TEXT("brand", "payment_method_details.@type.funding.card.brand"),
	TEXT("brand", "payment_method_details.@type.card.brand"),
	TEXT("brand", "source.brand"),
	TEXT("last4", "payment_method_details.@type.last4"),
	TEXT("last4", "payment_method_details.@type.iban_last4"),
	TEXT("last4", "payment_method_details.@type.funding.card.last4"),
	TEXT("last4", "payment_method_details.@type.card.last4"),
	TEXT("last4", "source.last4"),
	TEXT("wallet", "payment_method_details.@type.wallet.type"),
	TEXT("wallet", "source.tokenization_method"),
	TEXT("receiptUrl", "receipt_url"),
	END,
};

static const struct attribute refund[] = {
	TEXT("id", "id"),
	INT("amount", "amount"),
	TEXT("currency", "currency"),
	TEXT("status", "status"),
	TEXT("reason", "reason"),
	TIME("createdAt", "created"),
	END,
};

static const struct attribute of_charge[] = {
	OBJECT("payment", "charge", payment),
	INT("amountFee", "charge.balance_transaction.fee"),
	INT("amountNet", "charge.balance_transaction.net"),
	TEXT("settlementCurrency", "charge.balance_transaction.currency"),
	LIST("refunds", "refunds", refund),
	LIST("refunds", "charge.refunds.data", refund),
	LIST("disputes", "disputes", refund),
	END,
};

void sale_set_charge(struct json_object *order, const struct sale_charge *of)
{
	struct json_object *from = json_object_new_object(), *has = json_object_new_object();
	struct json_walk walk;

	json_set(from, "charge", json_object_get(of->charge));
	json_set(from, "refunds", json_object_get(of->refunds));
	json_set(from, "disputes", json_object_get(of->disputes));
	attributes_set(has, of_charge, from);
	walk = json_walk_of(has);
	while (json_walk_next(&walk))
		json_object_object_add(order, walk.key, json_object_get(walk.value));
	json_object_put(has);
	json_object_put(from);
}

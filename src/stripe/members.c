/* SPDX-License-Identifier: ISC */
/*
 * The list of members, found by a hash that is made of it at the first look.
 */
#include "stripe/members.h"

#include <string.h>

static const char *const members[] = {
	/* Taken whole, for their own members have any names. */
	"custom_fields", "metadata", "payment_method_details",
	/* Of each of these the members are members of this list. */
	"account", "active", "address", "after_expiration", "amount", "amount_captured", "amount_discount",
	"amount_refunded", "amount_shipping", "amount_subtotal", "amount_tax", "amount_total",
	"api_version", "application", "balance_transaction", "billing_scheme", "brand", "breakdown",
	"business_name", "captured", "charge", "city", "client_reference_id", "code",
	"collected_information", "consent", "context", "country", "coupon", "created",
	"currency", "currency_conversion", "custom_unit_amount", "customer", "customer_details",
	"customer_email", "data", "description", "discount", "discounts", "display_name",
	"disputed", "divide_by", "effective_percentage", "email", "enabled_events", "expires_at",
	"fee", "has_more", "id", "individual_name", "invoice", "last4", "latest_charge", "line1",
	"line2", "line_items", "livemode", "locale", "lookup_key", "mode", "name", "net",
	"nickname", "object", "payment_intent", "payment_link", "payment_status", "percentage",
	"phone", "postal_code", "presentment_amount", "presentment_currency",
	"presentment_details", "price", "product", "promotion", "promotion_code", "promotions",
	"quantity", "rate", "reason", "receipt_url", "recovered_from", "recovery", "refunded", "refunds",
	"related_object", "round", "shipping", "shipping_cost", "shipping_details",
	"shipping_rate", "source", "source_currency", "state", "status", "subscription",
	"tax_exempt", "tax_ids", "taxes", "terms_of_service", "tokenization_method",
	"total_details", "transform_quantity", "type", "unit_amount", "url", "valid", "value",
};

#define WHOLE 3 /* the first so many */
#define MEMBERS (sizeof members / sizeof *members)
#define PLACES 512u

static unsigned char at[PLACES]; /* which member, from 1 on; 0: none */

/* The name's place, or the free one where it would be.  Its length and three of its letters
 * tell most of the names apart. */
static unsigned char *place_of(struct span name)
{
	unsigned hash = name.n ? (unsigned)name.n * 7 + (unsigned char)name.p[0] +
				 (unsigned char)name.p[name.n / 2] * 5u +
				 (unsigned char)name.p[name.n - 1] * 19u
			       : 0;

	while (at[hash % PLACES] && !span_equals(name, members[at[hash % PLACES] - 1]))
		hash++;
	return &at[hash % PLACES];
}

const char *stripe_member(struct span name, bool *whole)
{
	static bool ready;
	unsigned char which;
	size_t i;

	for (i = 0; !ready && i < MEMBERS; i++)
		*place_of(span_of(members[i])) = (unsigned char)(i + 1);
	ready = true;
	which = *place_of(name);
	*whole = which && which <= WHOLE;
	return which ? members[which - 1] : NULL;
}

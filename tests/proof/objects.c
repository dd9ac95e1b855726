/* SPDX-License-Identifier: ISC */
/*
 * Stripe's objects, of API version 2026-10-28.endive, as a truth has them.
 * https://docs.stripe.com/api
 */
#include "history.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/str.h"

#define INTENT_MAX 4096

/* An id, or the object that it is of. */
static char *reference(const struct history *h, const char *id, const char *object)
{
	return h->traits & TRAIT_EXPANDED
		? str_printf("{\"id\":\"%s\",\"object\":\"%s\"}", id, object)
		: str_printf("\"%s\"", id);
}

static void put_whose(struct buf *out, const struct history *h, const struct truth *t)
{
	bool guest = h->traits & TRAIT_GUEST;

	buf_printf(out, "\"client_reference_id\":%s,\"metadata\":{\"note\":\"a gift\"",
		   t->referred ? "\"cart_8\"" : guest ? "null" : "\"cart_7\"");
	if (t->named || !guest)
		buf_printf(out, ",\"userId\":\"%s\"", t->named ? NAMED_ID : USER_ID);
	if (h->traits & TRAIT_QUOTE && !guest)
		buf_puts(out, ",\"quoteSignature\":\"" QUOTE "\"");
	buf_puts(out, "},");
}

static void put_payment(struct buf *out, const struct history *h, const struct truth *t,
			const char *intent)
{
	int64_t off = h->payment == PAY_NOTHING ? AMOUNT : 0;

	buf_printf(out, "\"payment_intent\":%s,\"payment_status\":\"%s\",",
		   h->payment == PAY_NOTHING ? "null" : intent,
		   h->payment == PAY_NOTHING ? "no_payment_required" : t->paid ? "paid" : "unpaid");
	buf_printf(out, "\"amount_subtotal\":%d,\"amount_total\":%" PRId64 ",\"currency\":\"usd\","
		   "\"total_details\":{\"amount_discount\":%" PRId64 ",\"amount_shipping\":0,"
		   "\"amount_tax\":0},", AMOUNT, AMOUNT - off, off);
	if (h->traits & TRAIT_FOREIGN)
		buf_printf(out, "\"presentment_details\":{\"presentment_amount\":%d,"
			   "\"presentment_currency\":\"eur\"},", FOREIGN_AMOUNT);
}

/* The buyer's telephone is known, and the name is whole, once they have paid:
 * what a further-on event says has to win. */
static void put_session_of(struct buf *out, const struct history *h, const struct truth *t,
			   const char *intent, bool old)
{
	buf_puts(out, "{\"id\":\"" SESSION_ID "\",\"object\":\"checkout.session\","
		 "\"livemode\":false,\"mode\":\"payment\",\"status\":\"complete\",");
	if (!old) {
		buf_printf(out, "\"created\":%d,", EPOCH);
		put_whose(out, h, t);
	}
	put_payment(out, h, t, intent);
	buf_puts(out, "\"customer\":null,");
	if (!t->redacted)
		buf_printf(out, "\"customer_details\":{\"email\":\"Ann@Example.com\","
			   "\"name\":\"%s\",\"phone\":%s},", t->paid ? "Ann Lee" : "Ann",
			   t->paid ? "\"+15550100\"" : "null");
	buf_puts(out, "\"collected_information\":{\"shipping_details\":{\"name\":\"Ann Lee\","
		 "\"address\":{\"line1\":\"1 Main St\",\"line2\":null,\"city\":\"Ash\","
		 "\"state\":\"KY\",\"postal_code\":\"40003\",\"country\":\"US\"}}}}");
}

void put_session(struct buf *out, const struct history *h, const struct truth *t)
{
	char *intent = reference(h, INTENT_ID, "payment_intent");

	put_session_of(out, h, t, intent, false);
	free(intent);
}

void put_old_session(struct buf *out, const struct history *h, const struct truth *t)
{
	char *intent = reference(h, INTENT_ID, "payment_intent");

	put_session_of(out, h, t, intent, true);
	free(intent);
}

void put_session_with_charge(struct buf *out, const struct history *h, const struct truth *t)
{
	struct buf intent;

	buf_init(&intent, INTENT_MAX);
	buf_printf(&intent, "{\"id\":\"" INTENT_ID "\",\"object\":\"payment_intent\","
		   "\"status\":\"%s\",\"latest_charge\":",
		   t->paid ? "succeeded" : t->failed ? "requires_payment_method" : "processing");
	put_charge(&intent, h, t);
	buf_puts(&intent, "}");
	put_session_of(out, h, t, buf_text(&intent), false);
	buf_free(&intent);
}

void put_other_session(struct buf *out, const struct truth *t)
{
	buf_printf(out, "{\"id\":\"" OTHER_ID "\",\"object\":\"checkout.session\",\"created\":%d,"
		   "\"livemode\":false,\"mode\":\"payment\",\"status\":\"%s\","
		   "\"payment_status\":\"unpaid\",\"payment_intent\":null,"
		   "\"metadata\":{\"userId\":\"" USER_ID "\"},\"amount_total\":%d,"
		   "\"currency\":\"usd\"}", EPOCH, t->other_expired ? "expired" : "open", AMOUNT);
}

void put_charge(struct buf *out, const struct history *h, const struct truth *t)
{
	int64_t amount = history_charged(h);
	char *intent = reference(h, INTENT_ID, "payment_intent");

	buf_printf(out, "{\"id\":\"" CHARGE_ID "\",\"object\":\"charge\",\"amount\":%" PRId64
		   ",\"amount_refunded\":%" PRId64 ",\"refunded\":%s,\"currency\":\"%s\","
		   "\"created\":%" PRId64 ",\"disputed\":%s,"
		   "\"livemode\":false,\"payment_intent\":%s,\"status\":\"%s\"}",
		   amount, t->refunded, t->refunded == amount ? "true" : "false",
		   h->traits & TRAIT_FOREIGN ? "eur" : "usd", t->sold_at,
		   t->n_disputes ? "true" : "false", intent,
		   t->paid ? "succeeded" : t->failed ? "failed" : "pending");
	free(intent);
}

/* "charge" and "payment_intent", one of which may be missing. */
static void put_payment_of(struct buf *out, const struct history *h, unsigned extras)
{
	char *intent = reference(h, INTENT_ID, "payment_intent");
	char *charge = reference(h, CHARGE_ID, "charge");

	buf_printf(out, "\"charge\":%s,\"payment_intent\":%s,",
		   extras & EXTRA_INTENT ? "null" : charge, extras & EXTRA_CHARGE ? "null" : intent);
	free(charge);
	free(intent);
}

void put_refund(struct buf *out, const struct history *h, const struct truth *t, size_t i,
		unsigned extras)
{
	buf_printf(out, "{\"id\":\"re_%zu\",\"object\":\"refund\",", i);
	put_payment_of(out, h, extras);
	buf_printf(out, "\"amount\":%" PRId64 ",\"status\":\"%s\"}", t->refunds[i].amount,
		   t->refunds[i].status);
}

void put_dispute(struct buf *out, const struct history *h, const struct truth *t, size_t i,
		 unsigned extras, bool expanded)
{
	buf_printf(out, "{\"id\":\"du_%zu\",\"object\":\"dispute\",", i);
	if (expanded) {
		buf_puts(out, "\"charge\":");
		put_charge(out, h, t);
		buf_puts(out, ",\"payment_intent\":\"" INTENT_ID "\",");
	} else {
		put_payment_of(out, h, extras & EXTRA_CHARGE);
	}
	buf_printf(out, "\"amount\":%" PRId64 ",\"created\":%" PRId64 ",\"reason\":\"fraudulent\","
		   "\"status\":\"%s\"}", history_charged(h), t->disputes[i].created,
		   t->disputes[i].status);
}

void put_lines(struct buf *out)
{
	buf_puts(out, "{\"object\":\"list\",\"has_more\":false,\"data\":["
		 "{\"id\":\"li_1\",\"description\":\"Red Necklace\",\"quantity\":2,\"currency\":\"usd\","
		 "\"amount_subtotal\":3000,\"amount_total\":3000,\"price\":{\"id\":\"price_1\","
		 "\"unit_amount\":1500,\"product\":{\"id\":\"prod_1\",\"name\":\"Red Necklace\"}}},"
		 "{\"id\":\"li_2\",\"description\":\"Silver Ring\",\"quantity\":1,\"currency\":\"usd\","
		 "\"amount_subtotal\":2500,\"amount_total\":2500,\"price\":{\"id\":\"price_2\","
		 "\"unit_amount\":2500,\"lookup_key\":\"R-SIL\",\"product\":{\"id\":\"prod_2\"}}}]}");
}

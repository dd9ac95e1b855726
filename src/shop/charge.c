/* SPDX-License-Identifier: ISC */
/*
 * Refunds and disputes.
 */
#include "shop/charge.h"

#include <string.h>

#include "format/iso8601.h"
#include "shop/erasure.h"
#include "shop/money.h"
#include "shop/order_rank.h"

#define CAPTURE_SECONDS 60 /* between a capture and the refund of its rest, at most */

struct payment_ref payment_ref_of(struct json_object *object)
{
	const char *kind = json_string_or_null(object, "object");
	bool is_charge = kind && strcmp(kind, "charge") == 0;

	if (kind && strcmp(kind, "payment_intent") == 0)
		return (struct payment_ref){.charge = json_id_or_null(object, "latest_charge"),
					    .payment_intent = json_string_or_null(object, "id")};
	return (struct payment_ref){
		.charge = is_charge ? json_string_or_null(object, "id")
				    : json_id_or_null(object, "charge"),
		.payment_intent = json_id_or_null(object, "payment_intent"),
	};
}

struct json_object *charge_of_session(struct json_object *session)
{
	struct json_object *intent = NULL, *charge = NULL;

	json_get_object(session, "payment_intent", &intent);
	json_get_object(intent, "latest_charge", &charge);
	return charge;
}

bool charge_is_delayed(struct json_object *charge)
{
	static const char *const delayed[] = {
		"acss_debit", "au_becs_debit", "bacs_debit", "boleto", "customer_balance", "konbini",
		"multibanco", "nz_bank_account", "oxxo", "sepa_debit", "sofort", "us_bank_account",
	};
	struct json_object *details = NULL;
	const char *type;
	size_t i;

	json_get_object(charge, "payment_method_details", &details);
	type = json_string_or_null(details, "type");
	for (i = 0; type && i < sizeof delayed / sizeof *delayed; i++)
		if (strcmp(delayed[i], type) == 0)
			return true;
	return false;
}

int64_t charge_paid_at(struct json_object *charge)
{
	struct json_object *balance = NULL;

	json_get_object(charge, "balance_transaction", &balance);
	return json_time_or(balance, "created", json_time_or(charge, "created", 0));
}

int64_t payment_time(const struct event *event, bool told, struct json_object *session)
{
	struct json_object *charge = charge_of_session(session);
	bool delayed = charge_is_delayed(charge);

	if (event->kind != EVENT_SESSION_COMPLETED || (told && !(event->thin && delayed)))
		return event->created;
	return delayed ? 0 : charge_paid_at(charge);
}

bool payment_has_failed(struct json_object *session)
{
	const char *paid = json_string_or_null(session, "payment_status"), *status;
	struct json_object *intent = NULL;

	json_get_object(session, "payment_intent", &intent);
	status = json_string_or_null(intent, "status");
	return paid && strcmp(paid, "unpaid") == 0 && status &&
	       (strcmp(status, "requires_payment_method") == 0 || strcmp(status, "canceled") == 0);
}

/* Whether a refund may be the one that a capture in part made of the rest, at its own time. */
static bool came_with_capture(struct json_object *refund, struct json_object *charge, int64_t rest)
{
	int64_t created = json_time_or(refund, "created", 0), paid_at = charge_paid_at(charge);
	struct json_object *money;

	return json_int_or(refund, "amount", 0) == rest &&
	       (json_get_object(charge, "balance_transaction", &money) != JSON_FOUND ||
		(created >= paid_at - CAPTURE_SECONDS && created <= paid_at + CAPTURE_SECONDS));
}

/*
 * Whether the rest that was never captured stands in amount_refunded: before 2025-03-31 a capture in
 * part refunded it, since then amount_refunded is what the buyer got back.  Which of the two depends
 * on the version of whoever captured.  Where it can be either the refunds tell: they come to all of
 * it, and none is that of the rest.
 * https://docs.stripe.com/changelog/basil/2025-03-31 (remove-refund-from-partial-capture-and-payment-
 * cancellation-flow)
 */
static bool rest_is_in(struct json_object *json, int64_t refunded, int64_t captured, int64_t rest)
{
	struct json_object *list = NULL, *refunds = NULL;
	bool more = false, came = false;
	int64_t sum = 0;
	size_t i;

	if (refunded > captured)
		return true;
	if (refunded < rest)
		return false;
	json_get_object(json, "refunds", &list);
	json_get_bool(list, "has_more", &more);
	json_get_array(list, "data", &refunds);
	for (i = 0; refunds && i < json_object_array_length(refunds); i++) {
		struct json_object *refund = json_object_array_get_idx(refunds, i);
		const char *status = json_string_or_null(refund, "status");

		if (status && (strcmp(status, "failed") == 0 || strcmp(status, "canceled") == 0))
			continue;
		came |= came_with_capture(refund, json, rest);
		if (__builtin_add_overflow(sum, json_int_or(refund, "amount", 0), &sum))
			return true;
	}
	return !refunds || more || came || sum != refunded;
}

int charge_read(struct json_object *json, struct charge *charge, struct err *e)
{
	const char *status = json_string_or_null(json, "status");
	bool succeeded = status && strcmp(status, "succeeded") == 0;
	bool captured = true, in_parts, given_back;
	int64_t refunded, amount_captured = 0, rest;

	memset(charge, 0, sizeof *charge);
	charge->id = json_string_or_null(json, "id");
	charge->payment_intent = json_id_or_null(json, "payment_intent");
	charge->currency = json_string_or_null(json, "currency");
	if (!charge->id || json_get_int(json, "amount", &charge->amount) != JSON_FOUND ||
	    json_get_int(json, "amount_refunded", &refunded) != JSON_FOUND || charge->amount < 0)
		return err_set(e, ERR_UNAVAILABLE, "Stripe's answer is no charge");

	/* A card may let more be captured than it was asked for.
	 * https://docs.stripe.com/payments/overcapture */
	charge->says_captured = json_get_int(json, "amount_captured", &amount_captured) == JSON_FOUND;
	if (refunded < 0 || (refunded > charge->amount && refunded > amount_captured))
		return err_set(e, ERR_UNAVAILABLE, "Stripe's answer is no charge");
	charge->paid_at = charge_paid_at(json);

	/* Versions that do not say whether a charge was captured had no other ones.  One that is
	 * captured in parts says so with the last part; what of it was captured is paid.
	 * https://docs.stripe.com/payments/multicapture */
	json_get_bool(json, "captured", &captured);
	in_parts = !captured && succeeded && amount_captured > 0;

	/* An authorization that is given up is told as one that was refunded as a whole. */
	given_back = refunded == charge->amount && refunded > 0;
	if (captured || in_parts)
		charge->state = succeeded ? CHARGE_PAID : CHARGE_OTHER;
	else if (given_back)
		charge->state = CHARGE_RELEASED;
	else
		charge->state = succeeded ? CHARGE_HELD : CHARGE_OTHER;

	/* Of what is captured the whole was paid, unless the charge says how much. */
	charge->captured = captured ? charge->amount : 0;
	if (in_parts || (captured && charge->says_captured && amount_captured >= 0))
		charge->captured = amount_captured;

	/* What was never captured may stand in amount_refunded, too: nobody got it back.  What may
	 * still be captured does not. */
	rest = charge->captured < charge->amount ? charge->amount - charge->captured : 0;
	if (in_parts || (captured && !rest_is_in(json, refunded, charge->captured, rest)))
		rest = 0;
	charge->refunded = refunded > rest ? refunded - rest : 0;
	return 0;
}

bool charge_matters(struct json_object *order, struct json_object *json)
{
	const char *status = json_string_or_null(order, "status");
	bool disputed = false;
	struct charge charge;
	struct err ignored;

	json_get_bool(json, "disputed", &disputed);
	if (disputed || json_int_or(json, "amount_refunded", 0) != 0 ||
	    json_int_or(order, "amountRefunded", 0) != 0 || (status && str_ends(status, "refunded")))
		return true;
	if (charge_read(json, &charge, &ignored))
		return false;
	return charge.state == CHARGE_HELD ||
	       (charge.state == CHARGE_PAID &&
		(charge.captured < charge.amount || (status && !order_is_paid(order))));
}

struct json_object *dispute_latest(struct json_object *disputes)
{
	struct json_object *latest = NULL;
	const char *latest_id = NULL;
	int64_t latest_time = 0;
	size_t i;

	for (i = 0; disputes && i < json_object_array_length(disputes); i++) {
		struct json_object *dispute = json_object_array_get_idx(disputes, i);
		const char *id = json_string_or_null(dispute, "id");
		int64_t time = json_int_or(dispute, "created", 0);
		bool later = time != latest_time ? time > latest_time
						 : id && (!latest_id || strcmp(id, latest_id) > 0);

		if (latest && !later)
			continue;
		latest = dispute;
		latest_id = id;
		latest_time = time;
	}
	return latest;
}

/* What an amount of the charge is of the order's own.  Adaptive pricing charges in
 * the buyer's currency: then the same share, rounded down but for a whole one. */
static int64_t share_of(struct json_object *order, const struct charge *charge, int64_t part)
{
	const char *currency = json_string_or_null(order, "currency");
	int64_t amount = json_int_or(order, "amount", charge->amount);

	if (!currency || !charge->currency || strcmp(currency, charge->currency) == 0)
		return part;
	if (part == 0 || amount < 0) /* which somebody has edited */
		return 0;
	/* A part of nothing is what can't be; no more than the whole is made of it. */
	if (charge->amount == 0 || part >= charge->amount)
		return amount;
	return money_share(amount, part, charge->amount);
}

/* A charge that neither moved nor returned money leaves the status as it is; one of which
 * the refunds failed is completed again. */
static const char *status_after(struct json_object *order, const struct charge *charge)
{
	const char *status = json_string_or_null(order, "status");

	if (charge->state == CHARGE_RELEASED)
		return "failed";
	/* What was given up looks as if it were held, since 2025-03-31: the payment has told. */
	if (charge->state == CHARGE_HELD)
		return status && strcmp(status, "failed") == 0 ? status : "pending";
	if (charge->refunded)
		return charge->refunded < charge->captured ? "partially_refunded" : "refunded";
	if (charge->state == CHARGE_PAID || (status && str_ends(status, "refunded")))
		return "completed";
	return status;
}

/* An answer of an old version does not take back what a newer one said. */
static void set_captured(struct json_object *order, const struct charge *charge)
{
	if (charge->says_captured)
		json_set_int(order, "amountCaptured", share_of(order, charge, charge->captured));
}

struct json_object *order_apply_charge(struct json_object *stored,
				       const struct charge *charge,
				       struct json_object *dispute, int64_t now)
{
	static const char *const of_dispute[] = {"id", "status", "reason", "amount", "currency"};
	struct json_object *order = json_share(stored), *noted;
	char time[ISO8601_SIZE];
	size_t i;

	/* The money, and what it makes of the status. */
	set_captured(order, charge);
	json_set_int(order, "amountRefunded", share_of(stored, charge, charge->refunded));
	json_set_string(order, "status", status_after(stored, charge));

	/* A capture has no event of the session that would say so. */
	if (charge->state == CHARGE_PAID && !order_is_paid(stored)) {
		json_set_string(order, "stripePaymentStatus", "paid");
		if (charge->paid_at)
			json_set_string(order, "completedAt", iso8601_time(charge->paid_at, time));
	}
	if (!order_is_paid(order))
		json_object_object_del(order, "completedAt");

	/* The dispute that counts. */
	if (dispute) {
		noted = json_object_new_object();
		for (i = 0; i < sizeof of_dispute / sizeof *of_dispute; i++)
			json_copy_member(noted, of_dispute[i], dispute, of_dispute[i]);
		json_set(order, "dispute", noted);
	}
	json_set_string(order, "updatedAt", iso8601_time(now, time));
	return order;
}

struct json_object *order_take_charge(struct json_object *stored, const struct sale_charge *of,
				      bool told, int64_t now, struct err *e)
{
	struct json_object *order;
	struct charge charge;
	bool is_read, matters;

	if (!of->charge)
		return json_object_get(stored);
	matters = told || charge_matters(stored, of->charge);
	is_read = charge_read(of->charge, &charge, e) == 0;
	if (matters && !is_read)
		return NULL;

	/* The sums only where the charge is of a refund, a dispute or a capture; what was
	 * captured, and how it was paid, in any case. */
	order = matters ? order_apply_charge(stored, &charge, dispute_latest(of->disputes), now)
			: json_share(stored);
	if (is_read)
		set_captured(order, &charge);
	sale_set_charge(order, of);
	if (erasure_is_done(stored))
		erasure_strip(order);
	return order;
}

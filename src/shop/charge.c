/* SPDX-License-Identifier: ISC */
/*
 * Refunds and disputes.
 */
#include "shop/charge.h"

#include <stdlib.h>
#include <string.h>

#include "format/iso8601.h"
#include "shop/erasure.h"

struct payment_ref payment_ref_of(struct json_object *object)
{
	const char *kind = json_string_or_null(object, "object");
	bool is_charge = kind && strcmp(kind, "charge") == 0;

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

bool payment_has_failed(struct json_object *session)
{
	const char *paid = json_string_or_null(session, "payment_status"), *status;
	struct json_object *intent = NULL;

	json_get_object(session, "payment_intent", &intent);
	status = json_string_or_null(intent, "status");
	return paid && strcmp(paid, "unpaid") == 0 && status &&
	       (strcmp(status, "requires_payment_method") == 0 || strcmp(status, "canceled") == 0);
}

int charge_read(struct json_object *json, struct charge *charge, struct err *e)
{
	memset(charge, 0, sizeof *charge);
	charge->id = json_string_or_null(json, "id");
	charge->payment_intent = json_id_or_null(json, "payment_intent");
	charge->currency = json_string_or_null(json, "currency");
	if (!charge->id || json_get_int(json, "amount", &charge->amount) != JSON_FOUND ||
	    json_get_int(json, "amount_refunded", &charge->refunded) != JSON_FOUND ||
	    charge->amount < 0 || charge->refunded < 0 || charge->refunded > charge->amount)
		return err_set(e, ERR_UNAVAILABLE, "Stripe's answer is no charge");
	return 0;
}

bool charge_matters(struct json_object *order, struct json_object *charge)
{
	const char *status = json_string_or_null(order, "status");
	bool disputed = false;

	json_get_bool(charge, "disputed", &disputed);
	return disputed || json_int_or(charge, "amount_refunded", 0) != 0 ||
	       json_int_or(order, "amountRefunded", 0) != 0 || (status && str_ends(status, "refunded"));
}

static bool is_later(struct json_object *a, struct json_object *b)
{
	int64_t ta = json_int_or(a, "created", 0), tb = json_int_or(b, "created", 0);
	const char *ia = json_string_or_null(a, "id"), *ib = json_string_or_null(b, "id");

	return ta != tb ? ta > tb : ia && (!ib || strcmp(ia, ib) > 0);
}

struct json_object *dispute_latest(struct json_object *disputes)
{
	struct json_object *latest = NULL;
	size_t i;

	for (i = 0; disputes && i < json_object_array_length(disputes); i++) {
		struct json_object *dispute = json_object_array_get_idx(disputes, i);

		if (!latest || is_later(dispute, latest))
			latest = dispute;
	}
	return latest;
}

/* What of the order's own amount was given back.  Adaptive pricing charges in
 * the buyer's currency: then the same share, rounded down but for a whole one. */
static int64_t refunded_of(struct json_object *order, const struct charge *charge)
{
	const char *currency = json_string_or_null(order, "currency");
	int64_t amount = json_int_or(order, "amount", charge->amount), share;

	if (!currency || !charge->currency || strcmp(currency, charge->currency) == 0)
		return charge->refunded;
	if (charge->refunded == 0)
		return 0;
	if (charge->refunded == charge->amount || __builtin_mul_overflow(amount, charge->refunded, &share))
		return amount;
	return share / charge->amount;
}

static const char *status_after(const char *status, const struct charge *charge)
{
	bool was_refunded = status && str_ends(status, "refunded");

	if (charge->refunded == 0)
		return was_refunded ? "completed" : status;
	return charge->refunded == charge->amount ? "refunded" : "partially_refunded";
}

static struct json_object *dispute_of(struct json_object *from)
{
	static const char *const keys[] = {"id", "status", "reason", "amount"};
	struct json_object *dispute = json_object_new_object();
	size_t i;

	for (i = 0; i < sizeof keys / sizeof *keys; i++)
		json_copy_member(dispute, keys[i], from, keys[i]);
	return dispute;
}

struct json_object *order_apply_charge(struct json_object *stored,
				       const struct charge *charge,
				       struct json_object *dispute, int64_t now)
{
	struct json_object *order = json_copy(stored);
	char *status = str_dup(status_after(json_string_or_null(stored, "status"), charge));
	char time[ISO8601_SIZE];

	json_set_int(order, "amountRefunded", refunded_of(stored, charge));
	json_set_string(order, "status", status);
	if (dispute)
		json_set(order, "dispute", dispute_of(dispute));
	if (erasure_is_done(stored))
		erasure_strip(order);
	json_set_string(order, "updatedAt", iso8601_time(now, time));
	free(status);
	return order;
}

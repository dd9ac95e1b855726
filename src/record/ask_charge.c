/* SPDX-License-Identifier: ISC */
/*
 * The charge, its refunds and its disputes.
 */
#include "record/ask_charge.h"

#include "stripe/api.h"

void asked_charge_free(struct sale_charge *found)
{
	json_object_put(found->charge);
	json_object_put(found->refunds);
	json_object_put(found->disputes);
	*found = (struct sale_charge){.charge = NULL};
}

static int ask_payment(struct stripe_client *stripe, const char *intent, int64_t deadline,
		       struct json_object **charge, struct err *e)
{
	struct json_object *payment = NULL, *latest;
	const char *id;
	int rc = 0;

	if (stripe_payment_retrieve(stripe, intent, deadline, &payment, e))
		return -1;
	id = json_id_or_null(payment, "latest_charge");
	if (json_get_object(payment, "latest_charge", &latest) == JSON_FOUND)
		*charge = json_object_get(latest);
	else if (id)
		rc = stripe_charge_with_sale(stripe, id, deadline, charge, e);
	else
		rc = err_set(e, ERR_UNAVAILABLE, "payment %s has no charge", intent);
	json_object_put(payment);
	return rc;
}

/* The charge comes expanded in each of its disputes. */
static int ask_with_disputes(struct stripe_client *stripe, const char *charge_id,
			     int64_t deadline, struct sale_charge *found, struct err *e)
{
	struct json_object *charge;

	if (stripe_disputes_of_charge(stripe, charge_id, deadline, &found->disputes, e))
		return -1;
	if (json_get_object(json_object_array_get_idx(found->disputes, 0), "charge", &charge) ==
	    JSON_FOUND)
		found->charge = json_object_get(charge);
	return 0;
}

/* Whether the charge embeds only the first of its refunds. */
static bool has_more_refunds(struct json_object *charge)
{
	struct json_object *refunds = NULL;
	bool more = false;

	json_get_object(charge, "refunds", &refunds);
	json_get_bool(refunds, "has_more", &more);
	return more;
}

int ask_rest_of_charge(struct app *app, int64_t deadline, struct sale_charge *found,
		       struct err *e)
{
	const char *id = json_string_or_null(found->charge, "id");
	struct stripe_client *stripe;
	bool disputed = false, more = has_more_refunds(found->charge);

	json_get_bool(found->charge, "disputed", &disputed);
	disputed = disputed && !found->disputes;
	if (!id || (!disputed && !more))
		return 0;
	stripe = app_stripe(app, deadline, e);
	if (!stripe ||
	    (more && stripe_refunds_of_charge(stripe, id, deadline, &found->refunds, e)) ||
	    (disputed && stripe_disputes_of_charge(stripe, id, deadline, &found->disputes, e)))
		return -1;
	return 0;
}

/* By its id, with its disputes if it is about one. */
static int ask_by_id(struct stripe_client *stripe, const struct ask_charge *ask,
		     int64_t deadline, struct sale_charge *found, struct err *e)
{
	if (ask->disputes && ask_with_disputes(stripe, ask->charge_id, deadline, found, e))
		return -1;
	if (found->charge)
		return 0;
	return stripe_charge_with_sale(stripe, ask->charge_id, deadline, &found->charge, e);
}

int ask_charge(struct app *app, const struct ask_charge *ask, struct sale_charge *found,
	       struct err *e)
{
	int64_t deadline = app_stripe_deadline(ask->deadline);
	struct stripe_client *stripe = app_stripe(app, deadline, e);
	int rc;

	asked_charge_free(found);
	if (!stripe)
		return -1;
	rc = ask->charge_id ? ask_by_id(stripe, ask, deadline, found, e)
			    : ask_payment(stripe, ask->intent, deadline, &found->charge, e);
	return rc ? -1 : ask_rest_of_charge(app, deadline, found, e);
}

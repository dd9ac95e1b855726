/* SPDX-License-Identifier: ISC */
/*
 * The charge, its refunds and its disputes.  The one idea: what one call can bring
 * along costs no second one.
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

int ask_rest_of_charge(struct app *app, int64_t deadline, struct sale_charge *found,
		       struct err *e)
{
	const char *id = json_string_or_null(found->charge, "id");
	struct json_object *refunds = NULL;
	struct stripe_client *stripe;
	bool disputed = false, more = false;

	/* Does the charge embed only the first of its refunds, or not its disputes? */
	json_get_object(found->charge, "refunds", &refunds);
	json_get_bool(refunds, "has_more", &more);
	json_get_bool(found->charge, "disputed", &disputed);
	disputed = disputed && !found->disputes;
	if (!id || (!disputed && !more))
		return 0;

	stripe = app_stripe(app, deadline, e);
	if (!stripe)
		return -1;
	if (more && stripe_refunds_of_charge(stripe, id, deadline, &found->refunds, e))
		return -1;
	if (disputed && stripe_disputes_of_charge(stripe, id, deadline, &found->disputes, e))
		return -1;
	return 0;
}

int ask_charge(const struct record_run *run, const struct ask_charge *ask,
	       struct sale_charge *found, struct err *e)
{
	int64_t deadline = app_stripe_deadline(run->deadline);
	struct stripe_client *stripe = app_stripe(run->app, deadline, e);
	struct json_object *payment = NULL, *charge = NULL;
	const char *id = ask->charge_id;
	int rc = 0;

	asked_charge_free(found);
	if (!stripe)
		return -1;

	if (id && ask->disputes) {
		/* The charge comes expanded in each of its disputes. */
		if (stripe_disputes_of_charge(stripe, id, deadline, &found->disputes, e))
			return -1;
		json_get_object(json_object_array_get_idx(found->disputes, 0), "charge", &charge);
	} else if (!id) {
		/* The payment names its latest charge, or has it expanded. */
		if (stripe_payment_retrieve(stripe, ask->intent, deadline, &payment, e))
			return -1;
		json_get_object(payment, "latest_charge", &charge);
		id = json_id_or_null(payment, "latest_charge");
		if (!charge && !id)
			rc = err_set(e, ERR_UNAVAILABLE, "payment %s has no charge", ask->intent);
	}

	/* Else it is asked for by its id. */
	if (charge)
		found->charge = json_object_get(charge);
	else if (!rc)
		rc = stripe_charge_with_sale(stripe, id, deadline, &found->charge, e);
	json_object_put(payment);
	return rc ? -1 : ask_rest_of_charge(run->app, deadline, found, e);
}

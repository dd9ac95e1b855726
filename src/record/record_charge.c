/* SPDX-License-Identifier: ISC */
/*
 * Refunds and disputes.  The one idea: what is written comes from the charge,
 * asked for after the order was read; should another writer come between, the
 * version fails and both are asked again, so the newest truth wins.
 */
#include "record/record_charge.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "format/iso8601.h"
#include "record/ask_charge.h"
#include "record/items.h"
#include "shop/charge.h"
#include "shop/keys.h"
#include "shop/order.h"
#include "shop/order_rank.h"
#include "stripe/api.h"

#define ORDERS_ITEMS (1u << ITEM_ORDER | 1u << ITEM_SESSION | 1u << ITEM_NUMBER | 1u << ITEM_DAY)

/* What one call works with; all JSON is owned. */
struct payment {
	const struct record_run *run;
	const struct event *event;
	struct record_outcome *out;
	struct record_items items;
	char *intent;             /* the payment intent, NULL until it is known */
	char *charge_id;          /* or NULL */
	struct sale_charge asked; /* the charge as Stripe has it now; owned */
};

static struct json_object *stored_order(const struct payment *p)
{
	return p->items.read[ITEM_ORDER];
}

static int ignore(struct record_outcome *out, const char *why)
{
	out->ignored = why;
	return 0;
}

/* --- read ----------------------------------------------------------------------- */

/* The event's marker, and the payment's pointer where the payment is known. */
static int read_pointer(struct payment *p, struct err *e)
{
	record_items_free(&p->items);
	item_keys_of_payment(&p->items.keys, p->event, p->intent);
	return record_items_read(&p->items, ITEM_ALL, e);
}

/* The order that the pointer names, and all that belongs to it, but for a number that
 * leads to another order.  The copy in the pointer is not taken for it: it may be of
 * another moment.  An order that says of another payment is not this one's, whatever
 * names it. */
static int read_order(struct payment *p, struct err *e)
{
	const char *intent;

	if (item_keys_from_payment(&p->items.keys, p->items.read[ITEM_PAYMENT]))
		return 0;
	if (record_items_read(&p->items, ORDERS_ITEMS, e))
		return -1;
	intent = json_string_or_null(stored_order(p), "stripePaymentIntentId");
	if (!str_empty(intent) && strcmp(intent, p->intent) != 0) {
		json_object_put(p->items.read[ITEM_ORDER]);
		p->items.read[ITEM_ORDER] = NULL;
	}
	item_keys_leave_others(&p->items.keys, p->items.read);
	return 0;
}

/* Whether it is what the payment was paid with: of those before it, which failed or were released,
 * the order says nothing. */
static bool has_paid(struct json_object *charge)
{
	struct charge read;
	struct err ignored;

	return charge_read(charge, &read, &ignored) || read.state == CHARGE_PAID;
}

/* What Stripe does not have is of another account, or the event is forged; any
 * other refusal (of the key, say) passes when its owner has mended it. */
static int refuse(const char *id, struct err *e)
{
	if (!record_is_unknown(e, "charge ", id, e) && e->code == ERR_REFUSED)
		e->code = ERR_UNAVAILABLE;
	return -1;
}

static int ask(struct payment *p, struct err *e)
{
	const struct ask_charge what = {
		.charge_id = p->charge_id,
		.intent = p->intent,
		.disputes = p->event->kind == EVENT_DISPUTE,
	};

	if (ask_charge(p->run, &what, &p->asked, e) == 0)
		return 0;
	return refuse(p->charge_id ? p->charge_id : p->intent, e);
}

/* The event's charge may be one that failed, or was released, before another one paid: the payment
 * says which is its latest.  A key that may not read payments has only the event's. */
static int ask_latest(struct payment *p, struct err *e)
{
	const struct ask_charge what = {.intent = p->intent};
	struct sale_charge latest = {.charge = NULL};
	struct err why;

	if (!p->charge_id || has_paid(p->asked.charge))
		return 0;
	if (ask_charge(p->run, &what, &latest, &why) == 0) {
		asked_charge_free(&p->asked);
		p->asked = latest;
		return 0;
	}
	if (why.code == ERR_REFUSED && why.upstream == 403)
		return 0;
	*e = why;
	return refuse(p->intent, e);
}

/* --- the payment's session ------------------------------------------------------ */

/*
 * Records the session that the payment was made for; Stripe tells which one, or that
 * there is none.  With `marked` the session's order is all that the event is about, and
 * the event is recorded with it.
 */
static int record_its_session(struct payment *p, bool marked, struct record_outcome *out,
			      struct err *e)
{
	int64_t deadline = app_stripe_deadline(p->run->deadline);
	struct stripe_client *stripe = app_stripe(p->run->app, deadline, e);
	struct json_object *json = NULL;
	struct session session;
	struct event event = *p->event;
	const struct record_request request = {
		.event = &event, .session = &session, .unmarked = !marked,
	};
	const char *status;
	int rc;

	if (!stripe)
		return -1;
	if (stripe_session_of_payment(stripe, p->intent, deadline, &json, e)) {
		if (e->code == ERR_REFUSED)
			e->code = ERR_UNAVAILABLE;
		return -1;
	}
	if (!json)
		return ignore(out, "the payment is of no order");

	if (!marked)
		event.kind = EVENT_SESSION_COMPLETED;
	status = json_string_or_null(json, "status");
	if (status && strcmp(status, "complete") != 0)
		rc = ignore(out, "the session is not complete");
	else if (session_read(json, &session, e))
		rc = err_set(e, ERR_UNAVAILABLE, "Stripe's answer is no session");
	else if (strcmp(session.mode, "payment") != 0)
		rc = ignore(out, "the session is not of mode payment");
	else
		rc = record_session(p->run, &request, out, e);
	json_object_put(json);
	return rc;
}

/* The refund came before the sale: the sale's order is made first, and read.  That the
 * payment is none of ours is for Stripe to say, which has to know its charge. */
static int make_order(struct payment *p, struct err *e)
{
	struct record_outcome made = {.marker = NULL};
	int rc;

	if (!p->asked.charge && ask(p, e))
		return -1;
	rc = record_its_session(p, false, &made, e);
	p->out->ignored = made.ignored;
	if (rc || made.ignored)
		goto out;
	/* In a dry run it was not written. */
	if (p->run->dry_run) {
		p->items.read[ITEM_ORDER] = json_object_get(made.after);
		goto out;
	}
	rc = read_pointer(p, e);
	if (!rc)
		rc = read_order(p, e);
	if (!rc && !stored_order(p))
		rc = err_set(e, ERR_CONFLICT, "the order of payment %s is not there yet", p->intent);
out:
	record_outcome_free(&made);
	return rc;
}

/* --- decide and write ----------------------------------------------------------- */

/* A damaged order that does not say which it is gets that from the pointer that names it, or
 * all that is derived from it would say nothing either. */
static void name_by_pointer(struct json_object *order, struct json_object *pointer)
{
	const char *id = item_keys_owner(pointer);

	if (str_empty(json_string_or_null(order, "orderNumber")))
		json_copy_member(order, "orderNumber", pointer, "orderNumber");
	if (id && str_empty(json_string_or_null(order, "orderId")))
		json_set_string(order, "orderId", id);
	if (id && str_empty(json_string_or_null(order, "stripeSessionId")))
		json_set_string(order, "stripeSessionId", id);
}

/*
 * The order is written even if it stays the same.  Say a refund of 5 failed and
 * another of 5 was made: this event finds the order right already, but one that
 * asked in between, when nothing was refunded, must not write after it.
 */
static int decide_and_write(struct payment *p, struct err *e)
{
	const struct record_run *run = p->run;
	const struct event *event = p->event;
	struct json_object *stored = stored_order(p);
	struct order_change change = {.put_always = true, .now = run->now};
	const char *completed, *id;
	char time[ISO8601_SIZE];
	int rc;

	/* That its fee is known is nothing of a refund. */
	if (event->kind == EVENT_CHARGE_UPDATED)
		change.put_always = charge_matters(stored, p->asked.charge);
	change.order = order_take_charge(stored, &p->asked, change.put_always, run->now, e);
	if (!change.order)
		return -1;
	name_by_pointer(change.order, p->items.read[ITEM_PAYMENT]);

	/* Of what was held on a card no other event says when it was paid; the charge is as
	 * old as the hold. */
	completed = json_string_or_null(change.order, "completedAt");
	if (event->kind == EVENT_CHARGE_CAPTURED && event->created && order_is_paid(change.order)) {
		iso8601_time(event->created, time);
		if (!completed || strcmp(completed, time) < 0)
			json_set_string(change.order, "completedAt", time);
	}

	/* All in one transaction, with the event's marker. */
	id = json_string_or_null(change.order, "orderId");
	change.marker = order_event_marker(event, id, change.order, run->now,
					   run->app->config.event_ttl_days);
	rc = record_items_write(&p->items, &change, e);
	if (!rc && !run->dry_run && !order_same(change.order, stored))
		log_info("Order snapshot updated", LOG_STR("orderId", id),
			 LOG_STR("status", json_string_or_null(change.order, "status")),
			 LOG_INT("amountRefunded", json_int_or(change.order, "amountRefunded", 0)));
	if (!rc)
		record_outcome_set(p->out, change.marker, stored, change.order);
	json_object_put(change.marker);
	json_object_put(change.order);
	return rc;
}

/* One try, from the marker to the write.  Whatever fails to be written as it was read begins here
 * again. */
static int record_once(void *context, struct err *e)
{
	static const char of_no_order[] = "the payment is of no order";
	struct payment *p = context;
	bool is_update = p->event->kind == EVENT_CHARGE_UPDATED;

	/* Read the marker.  The functions acknowledged such events and did nothing: a marker
	 * of theirs, which has no version, does not count. */
	asked_charge_free(&p->asked);
	if (read_pointer(p, e))
		return -1;
	if (store_item_version(p->items.read[ITEM_EVENT]) && !p->run->again) {
		record_outcome_set_duplicate(p->out, p->items.read[ITEM_EVENT]);
		return 0;
	}

	/* Each sale has a charge.updated, here or elsewhere: it never makes an order. */
	if (is_update && !p->items.read[ITEM_PAYMENT])
		return ignore(p->out, of_no_order);

	/* Where the event named a charge alone, the charge knows its payment. */
	if (!p->intent && p->charge_id) {
		if (ask(p, e))
			return -1;
		p->intent = str_dup(json_id_or_null(p->asked.charge, "payment_intent"));
		if (p->intent && read_pointer(p, e))
			return -1;
	}
	if (!p->intent)
		return ignore(p->out, of_no_order);

	/* The session knows what became of a payment that was given up: whatever of it there
	 * is to say stands there, also where no charge was ever made. */
	if (p->event->kind == EVENT_PAYMENT_CANCELED)
		return record_its_session(p, true, p->out, e);

	/* Read the order, or make it. */
	if (read_order(p, e))
		return -1;
	if (!stored_order(p) && is_update)
		return ignore(p->out, of_no_order);
	if (!stored_order(p) && make_order(p, e))
		return -1;
	if (p->out->ignored)
		return 0;

	/* Ask for the charge, after the order was read. */
	return ask(p, e) || ask_latest(p, e) ? -1 : decide_and_write(p, e);
}

int record_charge(const struct record_run *run, const struct event *event,
		  struct record_outcome *out, struct err *e)
{
	struct payment_ref ref = payment_ref_of(event->object);
	struct payment p = {
		.run = run,
		.event = event,
		.out = out,
		.items = {.run = run},
		.intent = str_dup(ref.payment_intent),
		.charge_id = str_dup(ref.charge),
	};
	int rc = store_until_written(record_once, &p, run->deadline, e);

	record_items_free(&p.items);
	asked_charge_free(&p.asked);
	free(p.charge_id);
	free(p.intent);
	return rc;
}

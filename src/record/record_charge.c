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
	const struct record_charge_request *request;
	struct record_outcome *out;
	struct record_items items;
	char *intent;              /* the payment intent, NULL until it is known */
	char *charge_id;           /* or NULL */
	struct sale_charge asked;  /* the charge as Stripe has it now; owned */
};

static struct json_object *stored_order(const struct payment *p)
{
	return p->items.read[ITEM_ORDER];
}

static int ignore(struct payment *p, const char *why)
{
	p->out->ignored = why;
	return 0;
}

/* --- read --------------------------------------------------------------------- */

/* The event's marker, and the payment's pointer where the payment is known. */
static int read_pointer(struct payment *p, struct err *e)
{
	record_items_free(&p->items);
	item_keys_of_payment(&p->items.keys, p->request->event, p->intent);
	return record_items_read(&p->items, ITEM_ALL, e);
}

/* The order that the pointer names, and all that belongs to it.  The copy in the
 * pointer is not taken for it: it may be of another moment.  An order that says of
 * another payment is not this one's, whatever names it. */
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
	return 0;
}

/* --- ask ---------------------------------------------------------------------- */

/* What Stripe does not have is of another account, or the event is forged; any
 * other refusal (of the key, say) passes when its owner has mended it. */
static int ask(struct payment *p, struct err *e)
{
	const struct ask_charge what = {
		.charge_id = p->charge_id,
		.intent = p->intent,
		.disputes = p->request->event->kind == EVENT_DISPUTE,
		.deadline = p->request->run->deadline,
	};

	if (ask_charge(p->items.app, &what, &p->asked, e) == 0)
		return 0;
	if (!record_is_unknown(e, "charge ", p->charge_id ? p->charge_id : p->intent, e) &&
	    e->code == ERR_REFUSED)
		e->code = ERR_UNAVAILABLE;
	return -1;
}

/* The event named a charge alone: the charge knows its payment. */
static int find_intent(struct payment *p, struct err *e)
{
	const char *intent;

	if (p->intent || !p->charge_id)
		return 0;
	if (ask(p, e))
		return -1;
	intent = json_id_or_null(p->asked.charge, "payment_intent");
	p->intent = str_dup(intent);
	return intent ? read_pointer(p, e) : 0;
}

/* --- an order that is not there yet ---------------------------------------------- */

/* Marked, where the session's order is all that the event is about. */
static int record_its_session(struct payment *p, struct json_object *json, bool marked,
			      struct record_outcome *out, struct err *e)
{
	const char *status = json_string_or_null(json, "status");
	struct session session;
	struct event event = *p->request->event;
	const struct record_request request = {
		.run = p->request->run,
		.event = &event,
		.session = &session,
		.unmarked = !marked,
	};

	if (!marked)
		event.kind = EVENT_SESSION_COMPLETED;
	if (status && strcmp(status, "complete") != 0) {
		out->ignored = "the session is not complete";
		return 0;
	}
	if (session_read(json, &session, e))
		return err_set(e, ERR_UNAVAILABLE, "Stripe's answer is no session");
	if (strcmp(session.mode, "payment") != 0) {
		out->ignored = "the session is not of mode payment";
		return 0;
	}
	return record_session(p->items.app, &request, out, e);
}

/* What was just made; it was not written if nothing is to be. */
static int read_made(struct payment *p, const struct record_outcome *made, struct err *e)
{
	if (p->request->run->dry_run) {
		p->items.read[ITEM_ORDER] = json_object_get(made->after);
		return 0;
	}
	if (read_pointer(p, e) || read_order(p, e))
		return -1;
	return stored_order(p) ? 0 : err_set(e, ERR_CONFLICT, "the order of payment %s is not "
					     "there yet", p->intent);
}

/* The session that the payment was made for; NULL where Stripe knows of none. */
static int fetch_session(const struct payment *p, struct json_object **session, struct err *e)
{
	int64_t deadline = app_stripe_deadline(p->request->run->deadline);
	struct stripe_client *stripe = app_stripe(p->items.app, deadline, e);

	*session = NULL;
	if (!stripe)
		return -1;
	if (stripe_session_of_payment(stripe, p->intent, deadline, session, e) == 0)
		return 0;
	if (e->code == ERR_REFUSED)
		e->code = ERR_UNAVAILABLE;
	return -1;
}

/* The refund came before the sale: the sale's order is made first.  That the
 * payment is none of ours is for Stripe to say, which has to know its charge. */
static int make_order(struct payment *p, struct err *e)
{
	struct record_outcome made = {.marker = NULL};
	struct json_object *session;
	int rc;

	if ((!p->asked.charge && ask(p, e)) || fetch_session(p, &session, e))
		return -1;
	if (!session)
		return ignore(p, "the payment is of no order");
	rc = record_its_session(p, session, false, &made, e);
	json_object_put(session);
	p->out->ignored = made.ignored;
	p->out->foreign = made.foreign;
	if (!rc && !made.ignored)
		rc = read_made(p, &made, e);
	record_outcome_free(&made);
	return rc;
}

/* The session knows what became of a payment that was given up: whatever of it there
 * is to say stands there, also where no charge was ever made. */
static int record_canceled(struct payment *p, struct err *e)
{
	struct json_object *session;
	int rc;

	if (fetch_session(p, &session, e))
		return -1;
	if (!session)
		return ignore(p, "the payment is of no order");
	rc = record_its_session(p, session, true, p->out, e);
	json_object_put(session);
	return rc;
}

/* --- decide and write --------------------------------------------------------------- */

static void log_order(const struct payment *p, struct json_object *order)
{
	if (order_same(order, stored_order(p)))
		return;
	log_info("Order snapshot updated",
		 LOG_STR("orderId", json_string_or_null(order, "orderId")),
		 LOG_STR("status", json_string_or_null(order, "status")),
		 LOG_INT("amountRefunded", json_int_or(order, "amountRefunded", 0)));
}

/*
 * The order is written even if it stays the same.  Say a refund of 5 failed and
 * another of 5 was made: this event finds the order right already, but one that
 * asked in between, when nothing was refunded, must not write after it.
 */
static int decide_and_write(struct payment *p, struct err *e)
{
	const struct record_charge_request *r = p->request;
	struct json_object *stored = stored_order(p);
	struct order_change change = {.put_always = true, .now = r->run->now};
	char time[ISO8601_SIZE];
	const char *completed;
	int rc;

	/* That its fee is known is nothing of a refund. */
	if (r->event->kind == EVENT_CHARGE_UPDATED)
		change.put_always = charge_matters(stored, p->asked.charge);
	change.order = order_take_charge(stored, &p->asked, change.put_always, r->run->now, e);
	if (!change.order)
		return -1;
	/* Of what was held on a card no other event says when it was paid; the charge is as
	 * old as the hold. */
	completed = json_string_or_null(change.order, "completedAt");
	if (r->event->kind == EVENT_CHARGE_CAPTURED && r->event->created &&
	    order_is_paid(change.order)) {
		iso8601_time(r->event->created, time);
		if (!completed || strcmp(completed, time) < 0)
			json_set_string(change.order, "completedAt", time);
	}
	change.marker = order_event_marker(r->event, json_string_or_null(change.order, "orderId"),
					   change.order, r->run->now,
					   p->items.app->config.event_ttl_days);
	rc = record_items_write(&p->items, &change, e);
	if (!rc && !r->run->dry_run)
		log_order(p, change.order);
	if (!rc)
		record_outcome_set(p->out, change.marker, stored, change.order);
	json_object_put(change.marker);
	json_object_put(change.order);
	return rc;
}

static int record_once(void *context, struct err *e)
{
	struct payment *p = context;

	asked_charge_free(&p->asked);
	if (read_pointer(p, e))
		return -1;
	/* The functions acknowledged such events and did nothing: theirs has no version. */
	if (store_item_version(p->items.read[ITEM_EVENT]) && !p->request->run->again) {
		record_outcome_set(p->out, p->items.read[ITEM_EVENT], NULL, NULL);
		p->out->duplicate = true;
		return 0;
	}
	/* Each sale has a charge.updated, here or elsewhere: it never makes an order. */
	if (p->request->event->kind == EVENT_CHARGE_UPDATED && !p->items.read[ITEM_PAYMENT])
		return ignore(p, "the payment is of no order");
	if (find_intent(p, e))
		return -1;
	if (!p->intent)
		return ignore(p, "the payment is of no order");
	if (p->request->event->kind == EVENT_PAYMENT_CANCELED)
		return record_canceled(p, e);
	if (read_order(p, e))
		return -1;
	if (!stored_order(p) && p->request->event->kind == EVENT_CHARGE_UPDATED)
		return ignore(p, "the payment is of no order");
	if (!stored_order(p) && make_order(p, e))
		return -1;
	if (p->out->ignored)
		return 0;
	return ask(p, e) ? -1 : decide_and_write(p, e);
}

int record_charge(struct app *app, const struct record_charge_request *request,
		  struct record_outcome *out, struct err *e)
{
	struct payment_ref ref = payment_ref_of(request->object);
	struct payment p = {
		.request = request,
		.out = out,
		.items = {.app = app, .run = request->run},
		.intent = str_dup(ref.payment_intent),
		.charge_id = str_dup(ref.charge),
	};
	int rc = store_until_written(record_once, &p, request->run->deadline, e);

	record_items_free(&p.items);
	asked_charge_free(&p.asked);
	free(p.charge_id);
	free(p.intent);
	return rc;
}

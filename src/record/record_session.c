/* SPDX-License-Identifier: ISC */
/*
 * A session's payment.  The one idea: the order is found by what does not change,
 * what is recorded is the session as Stripe has it at the call, and both are asked
 * for anew whenever another writer came between.
 */
#include "record/record_session.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "record/ask_charge.h"
#include "record/daily.h"
#include "record/find.h"
#include "shop/charge.h"
#include "shop/keys.h"
#include "shop/order.h"
#include "shop/order_money.h"
#include "shop/order_rank.h"
#include "stripe/api.h"

/* What one call of record_session() works with. */
struct recording {
	const struct record_run *run;
	const struct record_request *request;
	struct record_outcome *out;
	struct record_items items;
	struct session session;           /* Stripe's, with the request's own in its gaps */
	struct json_object *json, *lines; /* as Stripe has them now; NULL: not asked */
	struct sale_charge asked;         /* its charge; owned */
	bool again;                       /* it is not the first try: another writer was met */
	bool later;                       /* Stripe could not be asked, for a passing reason: */
	struct err why;
};

/* --- the outcome ---------------------------------------------------------------- */

void record_outcome_set(struct record_outcome *out, struct json_object *marker,
			struct json_object *before, struct json_object *after)
{
	record_outcome_free(out);
	out->marker = json_object_get(marker);
	out->before = json_object_get(before);
	out->after = json_object_get(after);
}

void record_outcome_set_duplicate(struct record_outcome *out, struct json_object *marker)
{
	record_outcome_set(out, marker, NULL, NULL);
	out->duplicate = true;
}

void record_outcome_set_foreign(struct record_outcome *out)
{
	out->ignored = "the session bears no quote's signature (ORDER_SESSIONS=own)";
}

void record_outcome_free(struct record_outcome *out)
{
	json_object_put(out->marker);
	json_object_put(out->before);
	json_object_put(out->after);
	*out = (struct record_outcome){.marker = NULL};
}

bool record_takes(const struct app *app, const struct session *session)
{
	const char *which = app->config.order_sessions;

	return !which || strcmp(which, "own") != 0 || session_has_quote(session);
}

/* --- ask Stripe ----------------------------------------------------------------- */

static struct json_object *stored_order(const struct recording *r)
{
	return r->items.read[ITEM_ORDER];
}

/* Forgets what Stripe said. */
static void forget_answer(struct recording *r)
{
	asked_charge_free(&r->asked);
	json_object_put(r->json);
	json_object_put(r->lines);
	r->json = r->lines = NULL;
	r->session = *r->request->session;
}

/*
 * The order after the session: Stripe's if it was asked, else the event's copy.  It was
 * paid when the event says so, but for a delayed or a held payment (shop/charge.h).  An
 * order that has its lines keeps them.
 */
static struct json_object *compute_order(const struct recording *r)
{
	const struct record_request *request = r->request;
	const struct item_keys *keys = &r->items.keys;
	const bool failed = r->json && payment_has_failed(r->json);
	const struct order_input input = {
		.stored = stored_order(r),
		.session = &r->session,
		.asked = r->json,
		.kind = failed ? EVENT_SESSION_FAILED : request->event->kind,
		.line_items = order_needs_lines(stored_order(r)) ? r->lines : NULL,
		.quote = r->items.read[ITEM_QUOTE],
		.pk = keys->pk[ITEM_ORDER],
		.sk = keys->sk[ITEM_ORDER],
		.number = keys->number,
		.user_id = keys->user_id,
		.source = r->run->source,
		.created = keys->created,
		.event_time = request->unmarked
				      ? request->paid_at
				      : payment_time(request->event, request->session->paid, r->json),
		.now = r->run->now,
		.ttl_days = r->run->app->config.order_ttl_days,
	};

	return order_apply_session(&input);
}

/* An event about an order that stands complete, and that changes nothing in it,
 * is as good as confirmed, unless the order is what an event said alone. */
static bool is_to_ask(const struct recording *r)
{
	struct json_object *order;
	bool same;

	if (r->request->unmarked || r->request->event->kind == EVENT_PAYMENT_CANCELED ||
	    order_needs_lines(stored_order(r)) || order_is_unconfirmed(stored_order(r)))
		return true;
	order = compute_order(r);
	same = order_same(order, stored_order(r));
	json_object_put(order);
	return !same;
}

/*
 * Asks for the session as it is now.  Fails only where Stripe does not know it: no order
 * is made of what Stripe does not confirm.  What can't be had for another reason (a key
 * that is refused, no answer) is had later, and the order made of what the event says
 * meanwhile.
 */
static int ask(struct recording *r, struct err *e)
{
	struct app *app = r->run->app;
	const char *id = r->request->session->id;
	int64_t deadline = app_stripe_deadline(r->run->deadline);
	struct stripe_client *stripe = app_stripe(app, deadline, &r->why);
	const struct err *refusal;

	/* One call has the session, its lines and its charge; a second one what the charge
	 * embeds only a part of. */
	if (!stripe || stripe_session_with_sale(stripe, id, deadline, &r->json, &r->lines, &r->why))
		goto failed;
	r->asked.charge = json_object_get(charge_of_session(r->json));
	if (ask_rest_of_charge(app, deadline, &r->asked, &r->why))
		goto failed;
	if (session_read(r->json, &r->session, &r->why)) {
		r->why.code = ERR_UNAVAILABLE;
		err_prefix(&r->why, "Stripe's answer is no session");
		stripe_unreadable(&r->why);
		goto failed;
	}
	session_fill_gaps(&r->session, r->request->session);

	/* Stripe does not give this key all of a sale: the order is recorded without the rest. */
	refusal = stripe_expansion_refusal(stripe);
	if (refusal && daily_is_first(r->run, APP_WARNING_PERMISSION))
		log_warning(refusal->upstream == 403
				? "The key may not read all of a sale: run `ordersnap check`"
				: "Stripe does not expand all of a sale: is there a newer ordersnap?",
			    LOG_STR("error", refusal->text));
	return 0;
failed:
	if (record_is_unknown(&r->why, "session ", id, e))
		return -1;
	forget_answer(r);
	r->later = true;
	log_error("Failed to fetch line items", LOG_STR("sessionId", id),
		  LOG_STR("again", "on redelivery"), LOG_STR("error", r->why.text));
	return 0;
}

/* Whether the functions acknowledged the event: their marker has no version. */
static bool is_of_functions(const struct recording *r)
{
	struct json_object *marker = r->items.read[ITEM_EVENT];

	return marker && !store_item_version(marker);
}

/* An order of theirs may be one that nothing names. */
static int find_order(struct recording *r, const struct session *session, struct err *e)
{
	return record_find_order(&r->items, session, r->request->unmarked || is_of_functions(r), e);
}

/* Stripe's copy may name another user, quote or payment than the event's: what
 * they lead to is read, and the order looked for there too. */
static int follow_answer(struct recording *r, struct err *e)
{
	bool known = stored_order(r) != NULL;
	unsigned again = item_keys_update(&r->items.keys, &r->session, known);

	if (!again)
		return 0;
	if (record_items_read(&r->items, again, e) ||
	    (!known && find_order(r, &r->session, e)))
		return -1;
	/* What counts is asked after the order was read. */
	if (!known && stored_order(r))
		return err_set(e, ERR_CONFLICT, "another process has written the order");
	return 0;
}

/* --- decide and write ----------------------------------------------------------- */

/* Whether a session's payment never came.  What can't be read has not failed. */
static bool has_failed(const struct record_run *run, const char *session_id)
{
	char *pk = key_session(session_id);
	const struct store_key key = {pk, KEY_METADATA};
	struct json_object *item = NULL;
	const char *status;
	struct err ignored;
	bool failed;

	store_get_many(app_store(run->app), &key, 1, &item, run->deadline, &ignored);
	status = json_string_or_null(item, "status");
	failed = status && strcmp(status, "failed") == 0;
	json_object_put(item);
	free(pk);
	return failed;
}

/*
 * The log's line of an order that says something new, and what its owner has to hear:
 *   - lines that do not come to its total: what Stripe says is recorded all the same;
 *   - two sessions of one quote that were paid, or will be: the buyer has most likely paid
 *     the same cart twice.  Both are orders, for Stripe has the money of both.
 */
static void log_order(const struct recording *r, struct json_object *order)
{
	struct json_object *stored = stored_order(r), *quote = r->items.read[ITEM_QUOTE];
	const char *id = json_string_or_null(order, "orderId");
	const char *number = json_string_or_null(order, "orderNumber");
	const char *currency = json_string_or_null(order, "currency");
	const char *first = json_string_or_null(quote, "orderId");
	int64_t lines, total;

	if (!stored || !order_same(order, stored)) {
		log_info(stored ? "Order snapshot updated" : "Order snapshot created",
			 LOG_STR("orderId", id), LOG_STR("orderNumber", number),
			 LOG_STR("userId", json_string_or_null(order, "userId")),
			 LOG_STR("status", json_string_or_null(order, "status")),
			 LOG_INT("amount", json_int_or(order, "amount", 0)),
			 LOG_STR("currency", currency),
			 LOG_INT("items", json_int_or(order, "itemCount", 0)));
		if (!order_adds_up(order, &lines, &total))
			log_warning("Order lines do not add up to its total", LOG_STR("orderId", id),
				    LOG_INT("lines", lines), LOG_INT("total", total),
				    LOG_STR("currency", currency));
	}
	if (id && first && strcmp(id, first) != 0 && order_is_paid(order) && !order_is_paid(stored) &&
	    !has_failed(r->run, first))
		log_warning("A quote was paid twice", LOG_STR("orderId", id),
			    LOG_STR("orderNumber", number), LOG_STR("firstOrderId", first),
			    LOG_STR("firstOrderNumber", json_string_or_null(quote, "orderNumber")));
}

/* What the session and its charge make of the order, and all that is written of it, in one
 * transaction. */
static int decide_and_write(struct recording *r, struct err *e)
{
	const struct record_request *request = r->request;
	const struct record_run *run = r->run;
	struct json_object *stored = stored_order(r), *order = compute_order(r);
	struct order_change change = {.now = run->now};
	unsigned astray = 0;
	int rc;

	/* The order after the session, then after its charge.  Where others that ask
	 * meanwhile may be told otherwise of the charge, it is written in any case. */
	change.put_always = charge_matters(order, r->asked.charge);
	change.order = order_take_charge(order, &r->asked, false, run->now, e);
	json_object_put(order);
	if (!change.order)
		return stripe_unreadable(e);

	/* What no event tells comes from Stripe's own lists: it is confirmed. */
	if (r->json || (r->later && !request->unmarked))
		order_set_unconfirmed(change.order, r->later);

	/* Where Stripe could not be asked the order is written but the event is not marked,
	 * so that its redelivery completes the order. */
	if (!request->unmarked && !r->later)
		change.marker = order_event_marker(request->event, request->session->id, change.order,
						   run->now, run->app->config.event_ttl_days);
	if (request->unmarked)
		astray = order_items_astray(&r->items.keys, r->items.read, run->now);

	rc = record_items_write(&r->items, &change, e);
	if (!rc && !run->dry_run)
		log_order(r, change.order);
	if (!rc && r->later) {
		*e = r->why;
		e->code = ERR_UNAVAILABLE;
		rc = err_prefix(e, "the line items are still to be fetched");
	} else if (!rc) {
		record_outcome_set(r->out, change.marker, stored, change.order);
		r->out->astray = astray;
	}
	json_object_put(change.marker);
	json_object_put(change.order);
	return rc;
}

/* What tells a duplicate, and whether the session may have an order. */
#define ITEM_FIRST (1u << ITEM_EVENT | 1u << ITEM_SESSION | 1u << ITEM_QUOTE | 1u << ITEM_ADOPTED)

/*
 * Whether a new order can be written from what was read first.  A session whose own item
 * names no order has none, or has one by a fault: then one of its items is there against
 * the condition that it is absent, which is a conflict, and the next try reads all.
 * What is decided without a write is decided after all was read.
 */
static bool is_new_sale(const struct recording *r)
{
	const struct config *config = &r->run->app->config;

	return !r->run->again && !r->run->dry_run && !record_may_have_order(&r->items) &&
	       !is_of_functions(r) &&
	       record_takes(r->run->app, r->request->session) &&
	       !order_has_expired(r->items.keys.created, config->order_ttl_days, r->run->now);
}

/* Whether the event was recorded before.  Where a payment had failed, or was given up, the functions
 * acknowledged that and left the order as it was: such a marker of theirs does not count. */
static bool is_duplicate(const struct recording *r)
{
	struct json_object *marker = r->items.read[ITEM_EVENT];
	const char *status = json_string_or_null(marker, "status");

	if (!marker || r->run->again)
		return false;
	return !is_of_functions(r) || !status ||
	       (strcmp(status, "failed") != 0 && strcmp(status, "received") != 0);
}

/* Reads what is needed: of a duplicate and of a new sale, which nearly all events are,
 * that is less than half of the items. */
static int read_items(struct recording *r, struct err *e)
{
	bool all = r->again || r->request->unmarked;

	r->again = true;
	if (record_items_read(&r->items, all ? ITEM_ALL : ITEM_FIRST, e))
		return -1;
	if (all || is_duplicate(r) || is_new_sale(r))
		return 0;
	return record_items_read(&r->items, ITEM_ALL & ~ITEM_FIRST, e);
}

/* One try: read, ask, decide, write.  A conflict begins it again, at the read. */
static int record_once(void *context, struct err *e)
{
	struct recording *r = context;
	const struct record_request *request = r->request;
	const struct record_run *run = r->run;
	const struct config *config = &run->app->config;

	/* Read: all keys can be told from the event. */
	record_items_free(&r->items);
	forget_answer(r);
	r->later = false;
	item_keys_init(&r->items.keys, request->unmarked ? NULL : request->event, request->session,
		       config->order_number_prefix, run->now);
	if (read_items(r, e))
		return -1;

	/* An event that was recorded before is given its answer again. */
	if (is_duplicate(r)) {
		record_outcome_set_duplicate(r->out, r->items.read[ITEM_EVENT]);
		return 0;
	}

	/* Where does its order stand, and is there to be one? */
	if (find_order(r, &r->session, e))
		return -1;
	if (!stored_order(r) && !record_takes(run->app, request->session)) {
		record_outcome_set_foreign(r->out);
		return 0;
	}
	if (!stored_order(r) &&
	    order_has_expired(r->items.keys.created, config->order_ttl_days, run->now)) {
		r->out->ignored = "its order is past ORDER_TTL_DAYS";
		return 0;
	}

	/* Ask Stripe, after the order was read: so a later writer's answer is newer. */
	if (is_to_ask(r)) {
		if (ask(r, e))
			return -1;
		if (r->json && follow_answer(r, e))
			return -1;
	}
	return decide_and_write(r, e);
}

int record_session(const struct record_run *run, const struct record_request *request,
		   struct record_outcome *out, struct err *e)
{
	struct recording r = {
		.run = run,
		.request = request,
		.out = out,
		.items = {.run = run},
	};
	int rc = store_until_written(record_once, &r, run->deadline, e);

	record_items_free(&r.items);
	forget_answer(&r);
	return rc;
}

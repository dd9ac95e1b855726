/* SPDX-License-Identifier: ISC */
/*
 * A session's payment.  The one idea: the order is found by what does not change,
 * what is recorded is the session as Stripe has it at the call, and both are asked
 * for anew whenever another writer came between.
 */
#include "record/record_session.h"

#include <stdlib.h>
#include <string.h>

#include "app/numbering.h"
#include "base/log.h"
#include "orders/unnamed.h"
#include "record/ask_charge.h"
#include "record/daily.h"
#include "record/items.h"
#include "record/paid_twice.h"
#include "shop/adoption.h"
#include "shop/charge.h"
#include "shop/order.h"
#include "stripe/api.h"
#include "transfer/adopt.h"

/* What one call of record_session() works with. */
struct recording {
	const struct record_request *request;
	struct record_outcome *out;
	struct record_items items;
	struct session session;      /* Stripe's, with the request's own in its gaps */
	struct json_object *json, *lines;  /* as Stripe has them now; NULL: not asked */
	struct sale_charge asked;          /* its charge; owned */
	bool matters;                      /* charge_matters(): others that ask meanwhile may
					    * be told otherwise */
	bool later;                        /* Stripe could not be asked, for a passing reason: */
	struct err why;
};

void record_outcome_set(struct record_outcome *out, struct json_object *marker,
			struct json_object *before, struct json_object *after)
{
	record_outcome_free(out);
	out->marker = json_object_get(marker);
	out->before = json_object_get(before);
	out->after = json_object_get(after);
}

void record_outcome_free(struct record_outcome *out)
{
	json_object_put(out->marker);
	json_object_put(out->before);
	json_object_put(out->after);
	*out = (struct record_outcome){.marker = NULL};
}

static void forget(struct recording *s)
{
	record_items_free(&s->items);
	asked_charge_free(&s->asked);
	json_object_put(s->json);
	json_object_put(s->lines);
	s->json = s->lines = NULL;
	s->later = s->matters = false;
}

static struct json_object *stored_order(const struct recording *s)
{
	return s->items.read[ITEM_ORDER];
}

/* --- find the order ------------------------------------------------------------- */

/* A number that another order has grows by a letter. */
static int free_number(struct recording *s, struct err *e)
{
	const struct numbering n = {.app = s->items.app, .session_id = s->request->session->id,
				    .deadline = s->request->run->deadline};
	struct json_object **pointer = &s->items.read[ITEM_NUMBER], *free_one;
	char *number;
	bool taken;

	if (numbering_is_taken(&n, *pointer, &taken, e))
		return -1;
	if (!taken)
		return 0;
	if (numbering_next_free(&n, s->items.keys.number, &number, &free_one, e))
		return -1;
	item_keys_set_number(&s->items.keys, number);
	json_object_put(*pointer);
	*pointer = free_one;
	return 0;
}

/* Reads the order that `pointer` names. */
static int follow(struct recording *s, struct json_object *pointer, struct err *e)
{
	return record_items_read(&s->items, item_keys_from_pointer(&s->items.keys, pointer), e);
}

/*
 * A session has one order for ever: a pointer that names an order of this session
 * wins, whatever the buyer is called today.  (The Lambda functions' keys have the
 * time of processing.)  Of pointers whose order is not there the next is taken,
 * then the key that the session itself gives; an order that is nowhere is made
 * where the first pointer says.
 */
static int follow_pointers(struct recording *s, struct err *e)
{
	static const enum item_kind all[] = {ITEM_SESSION, ITEM_PAYMENT, ITEM_NUMBER};
	struct json_object *own = json_object_new_object(), *first = NULL;
	size_t i;
	int rc = 0;

	json_set_string(own, "orderPK", s->items.keys.pk[ITEM_ORDER]);
	json_set_string(own, "orderSK", s->items.keys.sk[ITEM_ORDER]);
	json_set_string(own, "userId", s->items.keys.user_id);
	for (i = 0; !rc && i < sizeof all / sizeof *all && !(first && stored_order(s)); i++) {
		if (!item_keys_names(s->items.read[all[i]], s->request->session->id))
			continue;
		if (!first)
			first = s->items.read[all[i]];
		rc = follow(s, s->items.read[all[i]], e);
	}
	if (!rc && first && !stored_order(s))
		rc = follow(s, own, e);
	if (!rc && first && !stored_order(s))
		rc = follow(s, first, e);
	json_object_put(own);
	return rc;
}

/*
 * Whether an order of the Lambda functions may be there that nothing names: while
 * the table is not adopted; where they wrote an item later, which is noted; and
 * where this is not the session's own event but a refund of an order that we do
 * not know, or sync's look at one: then a search costs little beside the rest.
 */
static bool may_be_unnamed(const struct recording *s)
{
	struct json_object *adopted = s->items.read[ITEM_ADOPTED];

	return s->request->unmarked || !adoption_is_complete(adopted) ||
	       adoption_is_younger(adopted, s->items.read[ITEM_SESSION]);
}

/* Whether the functions have written after the adoption: the session's item, or
 * `order` (NULL: there is none), which nothing named. */
static bool was_written_later(const struct recording *s, struct json_object *order)
{
	struct json_object *adopted = s->items.read[ITEM_ADOPTED];
	struct json_object *session = s->items.read[ITEM_SESSION];

	if (!adoption_is_complete(adopted))
		return false;
	return (order && store_item_version(order) == 0) ||
	       (adoption_is_younger(adopted, session) && adoption_knows_time(session));
}

static int find_unnamed(struct recording *s, struct err *e)
{
	const struct unnamed_search search = {
		.session = &s->session,
		.user_pk = s->items.keys.pk[ITEM_ORDER],
		.created = s->items.keys.created,
		.now = s->request->run->now,
		.deadline = s->request->run->deadline,
	};
	struct json_object *order;
	struct err ignored;
	unsigned again;

	if (stored_order(s) || !may_be_unnamed(s))
		return 0;
	if (unnamed_find(s->items.app, &search, &order, e))
		return -1;
	if (!s->request->run->dry_run && was_written_later(s, order))
		adopt_again(s->items.app, s->request->run->deadline, &ignored);
	again = item_keys_set_order(&s->items.keys, json_string_or_null(order, "PK"),
				    json_string_or_null(order, "SK"));
	json_object_put(order);
	return record_items_read(&s->items, again, e);
}

/* The stored order may bear another number than its session's id gives. */
static int find_order(struct recording *s, struct err *e)
{
	if (free_number(s, e) || follow_pointers(s, e) || find_unnamed(s, e))
		return -1;
	if (record_items_read(&s->items, item_keys_from_order(&s->items.keys, stored_order(s)), e))
		return -1;
	return free_number(s, e);
}

/* --- ask Stripe ------------------------------------------------------------------- */

static struct json_object *order_of(const struct recording *s)
{
	const struct record_request *r = s->request;
	const struct item_keys *keys = &s->items.keys;
	const bool failed = s->json && payment_has_failed(s->json);
	const struct order_input input = {
		.stored = stored_order(s),
		.session = &s->session,
		.asked = s->json,
		.kind = failed ? EVENT_SESSION_FAILED : r->event->kind,
		/* An order that has its lines keeps them. */
		.line_items = order_needs_lines(stored_order(s)) ? s->lines : NULL,
		.quote = s->items.read[ITEM_QUOTE],
		.pk = keys->pk[ITEM_ORDER],
		.sk = keys->sk[ITEM_ORDER],
		.number = keys->number,
		.user_id = keys->user_id,
		.source = r->run->source,
		.created = keys->created,
		.event_time = r->unmarked || !s->session.paid
				      ? r->paid_at : payment_time(r->event, r->session->paid, s->json),
		.now = r->run->now,
		.ttl_days = s->items.app->config.order_ttl_days,
	};

	return order_apply_session(&input);
}

/* An event about an order that stands complete, and that changes nothing in it,
 * is as good as confirmed, unless the order is what an event said alone. */
static bool is_to_ask(const struct recording *s)
{
	struct json_object *order;
	bool same;

	if (s->request->unmarked || s->request->event->kind == EVENT_PAYMENT_CANCELED ||
	    order_needs_lines(stored_order(s)) ||
	    order_is_unconfirmed(stored_order(s)))
		return true;
	order = order_of(s);
	same = order_same(order, stored_order(s));
	json_object_put(order);
	return !same;
}

static int ask_charge_of(struct recording *s, int64_t deadline, struct err *e)
{
	s->asked.charge = json_object_get(charge_of_session(s->json));
	if (ask_rest_of_charge(s->items.app, deadline, &s->asked, e) == 0)
		return 0;
	asked_charge_free(&s->asked);
	return -1;
}

static int ask_all(struct recording *s, struct err *e)
{
	int64_t deadline = app_stripe_deadline(s->request->run->deadline);
	struct stripe_client *stripe = app_stripe(s->items.app, deadline, e);
	const char *id = s->request->session->id;

	if (!stripe ||
	    stripe_session_with_sale(stripe, id, deadline, &s->json, &s->lines, e) ||
	    ask_charge_of(s, deadline, e))
		return -1;
	if (session_read(s->json, &s->session, e)) {
		e->code = ERR_UNAVAILABLE;
		err_prefix(e, "Stripe's answer is no session");
		return stripe_unreadable(e);
	}
	session_fill_gaps(&s->session, s->request->session);
	return 0;
}

/* A key that may not read all of a sale: the order is recorded without the rest. */
static void warn_of_less(const struct recording *s)
{
	const struct record_run *run = s->request->run;
	struct err ignored;
	struct stripe_client *stripe = app_stripe(s->items.app, run->deadline, &ignored);
	const struct err *refusal = stripe ? stripe_expansion_refusal(stripe) : NULL;

	if (refusal && daily_is_first(s->items.app, APP_WARNING_PERMISSION, run))
		log_warning("The key may not read all of a sale: run `ordersnap check`",
			    LOG_STR("error", refusal->text));
}

/*
 * Fails only where Stripe does not know the session: no order is made of what it
 * does not confirm.  What can't be had for another reason (a key that is refused,
 * no answer) is had later, and the order made of what the event says meanwhile.
 */
static int ask(struct recording *s, struct err *e)
{
	const char *id = s->request->session->id;

	if (ask_all(s, &s->why) == 0) {
		warn_of_less(s);
		return 0;
	}
	if (record_is_unknown(&s->why, "session ", id, e))
		return -1;
	json_object_put(s->json);
	json_object_put(s->lines);
	s->json = s->lines = NULL;
	s->session = *s->request->session;
	s->later = true;
	log_error("Failed to fetch line items", LOG_STR("sessionId", id),
		  LOG_STR("again", "on redelivery"), LOG_STR("error", s->why.text));
	return 0;
}

/* Stripe's copy may name another user, quote or payment than the event's: what
 * they lead to is read, and the order looked for there too. */
static int follow_answer(struct recording *s, struct err *e)
{
	bool known = stored_order(s) != NULL;
	unsigned again;

	if (!s->json)
		return 0;
	again = item_keys_update(&s->items.keys, &s->session, known);
	if (!again)
		return 0;
	if (record_items_read(&s->items, again, e) || (!known && find_order(s, e)))
		return -1;
	/* What counts is asked after the order was read. */
	return !known && stored_order(s) ? err_set(e, ERR_CONFLICT, "another process has "
							  "written the order") : 0;
}

/* --- decide and write --------------------------------------------------------------- */

static struct json_object *new_order(struct recording *s, struct err *e)
{
	struct json_object *order = order_of(s);
	struct json_object *with = order_take_charge(order, &s->asked, false,
						     s->request->run->now, e);

	s->matters = charge_matters(order, s->asked.charge);
	if (!with)
		stripe_unreadable(e);
	json_object_put(order);
	return with;
}

static void log_order(const struct recording *s, struct json_object *order)
{
	bool is_new = !stored_order(s);

	if (!is_new && order_same(order, stored_order(s)))
		return;
	log_info(is_new ? "Order snapshot created" : "Order snapshot updated",
		 LOG_STR("orderId", json_string_or_null(order, "orderId")),
		 LOG_STR("orderNumber", json_string_or_null(order, "orderNumber")),
		 LOG_STR("userId", json_string_or_null(order, "userId")),
		 LOG_STR("status", json_string_or_null(order, "status")),
		 LOG_INT("amount", json_int_or(order, "amount", 0)),
		 LOG_STR("currency", json_string_or_null(order, "currency")),
		 LOG_INT("items", json_int_or(order, "itemCount", 0)));
	record_warn_of_sums(order);
}

/* Where Stripe could not be asked the order is written but the event is not
 * marked, so that its redelivery completes the order. */
static int decide_and_write(struct recording *s, struct err *e)
{
	const struct record_request *r = s->request;
	struct order_change change = {.order = new_order(s, e), .now = r->run->now};
	unsigned astray = r->unmarked ? order_items_astray(&s->items.keys, s->items.read, r->run->now) : 0;
	int rc;

	if (!change.order)
		return -1;
	change.put_always = s->matters;
	/* What no event tells comes from Stripe's own lists: it is confirmed. */
	if (s->json || (s->later && !r->unmarked))
		order_set_unconfirmed(change.order, s->later);
	if (!r->unmarked && !s->later)
		change.marker = order_event_marker(r->event, r->session->id, change.order, r->run->now,
						   s->items.app->config.event_ttl_days);
	rc = record_items_write(&s->items, &change, e);
	if (!rc && !r->run->dry_run) {
		log_order(s, change.order);
		warn_if_paid_twice(s->items.read[ITEM_QUOTE], stored_order(s), change.order);
	}
	if (!rc && s->later) {
		rc = err_set(e, ERR_UNAVAILABLE, "the line items are still to be fetched: %s",
			     s->why.text);
		e->upstream = s->why.upstream;
	} else if (!rc) {
		record_outcome_set(s->out, change.marker, stored_order(s), change.order);
		s->out->astray = astray;
	}
	json_object_put(change.marker);
	json_object_put(change.order);
	return rc;
}

static int record_once(void *context, struct err *e)
{
	struct recording *s = context;
	const struct record_request *r = s->request;
	const struct config *config = &s->items.app->config;

	forget(s);
	s->session = *r->session;
	item_keys_init(&s->items.keys, r->unmarked ? NULL : r->event, r->session,
		       config->order_number_prefix, r->run->now);
	if (record_items_read(&s->items, ITEM_ALL, e))
		return -1;
	if (s->items.read[ITEM_EVENT] && !r->run->again) {
		record_outcome_set(s->out, s->items.read[ITEM_EVENT], NULL, NULL);
		s->out->duplicate = true;
		return 0;
	}
	if (find_order(s, e))
		return -1;
	if (!stored_order(s) && !record_takes(s->items.app, r->session)) {
		s->out->foreign = true;
		s->out->ignored = "the session bears no quote's signature (ORDER_SESSIONS=own)";
		return 0;
	}
	if (!stored_order(s) &&
	    order_has_expired(s->items.keys.created, config->order_ttl_days, r->run->now)) {
		s->out->ignored = "its order is past ORDER_TTL_DAYS";
		return 0;
	}
	if (is_to_ask(s) && (ask(s, e) || follow_answer(s, e)))
		return -1;
	return decide_and_write(s, e);
}

bool record_takes(const struct app *app, const struct session *session)
{
	const char *which = app->config.order_sessions;

	return !which || strcmp(which, "own") != 0 || session_has_quote(session);
}

int record_session(struct app *app, const struct record_request *request,
		   struct record_outcome *out, struct err *e)
{
	struct recording s = {
		.request = request,
		.out = out,
		.items = {.app = app, .run = request->run},
	};
	int rc = store_until_written(record_once, &s, request->run->deadline, e);

	forget(&s);
	return rc;
}

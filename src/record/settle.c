/* SPDX-License-Identifier: ISC */
/*
 * Read, decide, write once.
 */
#include "record/settle.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "record/ask_charge.h"
#include "record/batch.h"
#include "orders/settle_find.h"
#include "shop/settle_keys.h"
#include "shop/charge.h"
#include "shop/order.h"
#include "stripe/api.h"

#define TRIES 12            /* conflicts with other deliveries of one event */
#define PAUSE_MS 20         /* between them, at most */
#define SESSION_KEEP 2592000 /* seconds: 30 days past completion */
#define UNNAMED 86400 /* seconds: so old is an order, at least, that nothing names any more */

/* What one call of settle_session() works with. */
struct settlement {
	struct app *app;
	const struct settle_request *request;
	struct settle_keys keys;
	struct json_object *read[SETTLE_ITEMS]; /* as they stand, or NULL */
	struct json_object *lines;              /* Stripe's; kept over a conflict */
	bool lines_asked;                       /* ask once, whatever came of it */
	bool lines_later;                       /* they could not be had for a passing reason: */
	struct err why;
	struct asked_charge asked;              /* since the order was read, or nothing */
};

void settle_outcome_set(struct settle_outcome *out, struct json_object *marker,
			struct json_object *before, struct json_object *after)
{
	settle_outcome_free(out);
	out->marker = json_object_get(marker);
	out->before = json_object_get(before);
	out->after = json_object_get(after);
}

void settle_outcome_free(struct settle_outcome *out)
{
	json_object_put(out->marker);
	json_object_put(out->before);
	json_object_put(out->after);
	*out = (struct settle_outcome){.marker = NULL};
}

static void release_read(struct settlement *s)
{
	size_t i;

	for (i = 0; i < SETTLE_ITEMS; i++) {
		json_object_put(s->read[i]);
		s->read[i] = NULL;
	}
}

/* Reads the items whose bit is set in `which`, in one call. */
static int read_items(struct settlement *s, unsigned which, struct err *e)
{
	struct json_object *found[SETTLE_ITEMS];
	struct store_key keys[SETTLE_ITEMS];
	size_t at[SETTLE_ITEMS], i, n = 0;

	for (i = 0; i < SETTLE_ITEMS; i++) {
		if (!(which >> i & 1) || !s->keys.pk[i])
			continue;
		keys[n] = (struct store_key){s->keys.pk[i], s->keys.sk[i]};
		at[n++] = i;
	}
	if (store_get_many(app_store(s->app), keys, n, found, s->request->deadline, e))
		return -1;
	for (i = 0; i < n; i++) {
		json_object_put(s->read[at[i]]);
		s->read[at[i]] = found[i];
	}
	return 0;
}

/* An old order may be there though nothing names it: see settle_find.h. */
static int find_unnamed(struct settlement *s, unsigned *again, struct err *e)
{
	char *sk;

	if (s->read[SETTLE_ORDER] || s->read[SETTLE_SESSION] ||
	    s->keys.created > s->request->now - UNNAMED)
		return 0;
	if (settle_find(s->app, s->keys.pk[SETTLE_ORDER], s->request->session->id,
			s->request->deadline, &sk, e))
		return -1;
	*again = settle_keys_set_order(&s->keys, s->keys.pk[SETTLE_ORDER], sk);
	free(sk);
	return 0;
}

/*
 * The session's item may name an order that stands under another key (the
 * Lambda functions used the time of processing), and the stored order may bear
 * another number: then those stay, and cost one more read.
 */
static int follow_stored_keys(struct settlement *s, struct err *e)
{
	unsigned again = settle_keys_from_session(&s->keys, s->read[SETTLE_SESSION]);

	if (find_unnamed(s, &again, e) || (again && read_items(s, again, e)))
		return -1;
	again = settle_keys_from_order(&s->keys, s->read[SETTLE_ORDER]);
	return again ? read_items(s, again, e) : 0;
}

static bool number_is_taken(const struct settlement *s)
{
	const char *owner = json_string_or_null(s->read[SETTLE_NUMBER], "orderId");

	return s->read[SETTLE_NUMBER] && (!owner || strcmp(owner, s->request->session->id) != 0);
}

/* Two ids may give one number; the later order's grows by a letter. */
static int free_number(struct settlement *s, struct err *e)
{
	char *base, letter;
	int rc = 0;

	if (!number_is_taken(s))
		return 0;
	base = str_dup(s->keys.number);
	for (letter = 'A'; !rc && letter <= 'Z' && number_is_taken(s); letter++) {
		settle_keys_set_number(&s->keys, str_printf("%s%c", base, letter));
		rc = read_items(s, 1u << SETTLE_NUMBER, e);
	}
	if (!rc && number_is_taken(s))
		rc = err_set(e, ERR_INTERNAL, "order number %s is used up", base);
	free(base);
	return rc;
}

/* Never fails: what can't be had now is had later (lines_later), what can't be
 * had at all is left to the reconciler. */
static void ask_lines(struct settlement *s)
{
	int64_t deadline = app_stripe_deadline(s->request->deadline);
	const char *id = s->request->session->id;
	struct stripe_client *stripe;

	if (s->lines_asked || !order_needs_lines(s->read[SETTLE_ORDER]))
		return;
	s->lines_asked = true;
	stripe = app_stripe(s->app, deadline, &s->why);
	if (stripe && stripe_session_line_items(stripe, id, deadline, &s->lines, &s->why) == 0)
		return;
	s->lines_later = s->why.code != ERR_REFUSED;
	log_error("Failed to fetch line items", LOG_STR("sessionId", id),
		  LOG_STR("again", s->lines_later ? "on redelivery" : "by sync"),
		  LOG_STR("error", s->why.text));
}

/* What was seen with the session may be older than the order that was read:
 * an older refund must not replace a newer one, so the charge is asked for. */
static int ask_its_charge(struct settlement *s, struct err *e)
{
	const struct settle_request *r = s->request;
	const struct ask_charge what = {
		.charge_id = json_string_or_null(r->charge, "id"),
		.intent = r->session->payment_intent,
		.disputes = ASK_DISPUTES_IF_ANY,
		.deadline = r->deadline,
	};

	asked_charge_free(&s->asked);
	if (!r->charge || !r->session->payment_intent ||
	    !charge_matters(s->read[SETTLE_ORDER], r->charge))
		return 0;
	return ask_charge(s->app, &what, &s->asked, e);
}

static struct json_object *new_order(const struct settlement *s)
{
	const struct settle_request *r = s->request;
	const struct order_input input = {
		.stored = s->read[SETTLE_ORDER],
		.session = r->session,
		.kind = r->event->kind,
		.line_items = s->lines,
		.quote = s->read[SETTLE_QUOTE],
		.pk = s->keys.pk[SETTLE_ORDER],
		.sk = s->keys.sk[SETTLE_ORDER],
		.number = s->keys.number,
		.user_id = s->keys.user_id,
		.source = r->source,
		.created = s->keys.created,
		.event_time = r->paid_at,
		.now = r->now,
		.ttl_days = s->app->config.order_ttl_days,
	};

	return order_apply_session(&input);
}

static struct json_object *new_order_with_charge(const struct settlement *s, struct err *e)
{
	struct json_object *order = new_order(s), *with;
	struct charge_facts charge;

	if (!s->asked.charge)
		return order;
	with = charge_read(s->asked.charge, &charge, e) ? NULL
		: order_apply_charge(order, &charge, dispute_latest(s->asked.disputes),
				     s->request->now);
	json_object_put(order);
	return with;
}

/* Takes `order`, which gets the version that it will have, because the payment's
 * pointer has a copy of it. */
static void fill_batch(const struct settlement *s, struct batch *batch, struct json_object *order)
{
	struct json_object *stands = s->read[SETTLE_ORDER];

	if (stands && order_same(order, stands)) {
		json_object_put(order);
		order = json_object_get(stands);
	} else {
		json_set_int(order, "version", store_item_version(stands) + 1);
	}
	batch_add(batch, order_session_item(order, s->read[SETTLE_SESSION], "complete",
					    s->request->now, SESSION_KEEP), s->read[SETTLE_SESSION]);
	batch_add(batch, order_pointer(order, str_dup(s->keys.pk[SETTLE_NUMBER])),
		  s->read[SETTLE_NUMBER]);
	batch_add(batch, order_day_entry(order, s->keys.created), s->read[SETTLE_DAY]);
	if (s->keys.pk[SETTLE_PAYMENT])
		batch_add(batch, order_payment_pointer(order, str_dup(s->keys.pk[SETTLE_PAYMENT])),
			  s->read[SETTLE_PAYMENT]);
	batch_add(batch, order, stands);
}

static void log_order(const struct settlement *s, struct json_object *order)
{
	bool is_new = !s->read[SETTLE_ORDER];

	if (!is_new && order_same(order, s->read[SETTLE_ORDER]))
		return;
	log_info(is_new ? "Order snapshot created" : "Order snapshot updated",
		 LOG_STR("orderId", json_string_or_null(order, "orderId")),
		 LOG_STR("orderNumber", json_string_or_null(order, "orderNumber")),
		 LOG_STR("userId", json_string_or_null(order, "userId")),
		 LOG_STR("status", json_string_or_null(order, "status")),
		 LOG_INT("amount", json_int_or(order, "amount", 0)),
		 LOG_STR("currency", json_string_or_null(order, "currency")),
		 LOG_INT("items", json_int_or(order, "itemCount", 0)));
}

/* Writes what has changed.  Without its lines the order is written but the
 * event is not marked, so that its redelivery completes the order. */
static int write_order(struct settlement *s, struct json_object *mark, struct json_object *order,
		       bool later, struct err *e)
{
	const struct settle_request *r = s->request;
	struct batch batch = {.n = 0};
	int rc = 0;

	if (!later && mark)
		batch_add(&batch, json_object_get(mark), s->read[SETTLE_EVENT]);
	fill_batch(s, &batch, json_object_get(order));
	if (batch.n && !r->dry_run)
		rc = store_write(app_store(s->app), batch.puts, batch.n, NULL, r->deadline, e);
	if (!rc && !r->dry_run)
		log_order(s, order);
	batch_free(&batch);
	return rc;
}

static int decide_and_write(struct settlement *s, struct settle_outcome *out, struct err *e)
{
	const struct settle_request *r = s->request;
	struct json_object *order = new_order_with_charge(s, e), *mark = NULL;
	bool later = s->lines_later && order_needs_lines(order);
	int rc;

	if (!order)
		return -1;
	if (!r->unmarked)
		mark = batch_marker(s->app, r->event, r->now, r->session->id, order);
	rc = write_order(s, mark, order, later, e);
	if (!rc && later)
		rc = err_set(e, ERR_UNAVAILABLE, "the line items are still to be fetched: %s",
			     s->why.text);
	else if (!rc)
		settle_outcome_set(out, mark, s->read[SETTLE_ORDER], order);
	json_object_put(mark);
	json_object_put(order);
	return rc;
}

static int settle_once(struct settlement *s, struct settle_outcome *out, struct err *e)
{
	if (read_items(s, SETTLE_ALL, e))
		return -1;
	if (s->read[SETTLE_EVENT] && !s->request->again) {
		settle_outcome_set(out, s->read[SETTLE_EVENT], NULL, NULL);
		out->duplicate = true;
		return 0;
	}
	if (follow_stored_keys(s, e))
		return -1;
	if (!s->read[SETTLE_ORDER] && !settle_takes(s->app, s->request->session)) {
		out->foreign = true;
		return 0;
	}
	if (free_number(s, e))
		return -1;
	ask_lines(s);
	if (ask_its_charge(s, e))
		return -1;
	return decide_and_write(s, out, e);
}

bool settle_takes(const struct app *app, const struct session_facts *session)
{
	const char *which = app->config.order_sessions;

	return !which || strcmp(which, "own") != 0 || session_has_quote(session);
}

int settle_session(struct app *app, const struct settle_request *request,
		   struct settle_outcome *out, struct err *e)
{
	struct settlement s = {.app = app, .request = request};
	int rc, try = 0;

	do {
		release_read(&s);
		settle_keys_init(&s.keys, request->unmarked ? NULL : request->event,
				 request->session, app->config.order_number_prefix, request->now);
		rc = settle_once(&s, out, e);
		settle_keys_free(&s.keys);
		if (rc && e->code == ERR_CONFLICT)
			deadline_sleep(1 + clock_jitter(PAUSE_MS), request->deadline);
	} while (rc && e->code == ERR_CONFLICT && ++try < TRIES);
	release_read(&s);
	asked_charge_free(&s.asked);
	json_object_put(s.lines);
	return rc;
}

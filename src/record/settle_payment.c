/* SPDX-License-Identifier: ISC */
/*
 * Refunds and disputes.  The one idea: what is written comes from the charge,
 * asked for after the order was read; should another writer come between, the
 * version fails and both are asked again, so the newest truth wins.
 */
#include "record/settle_payment.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "record/ask_charge.h"
#include "record/batch.h"
#include "shop/charge.h"
#include "shop/keys.h"
#include "shop/order.h"
#include "stripe/api.h"

#define TRIES 12
#define PAUSE_MS 20

/* What one call works with; all JSON is owned. */
struct payment {
	struct app *app;
	const struct settle_payment_request *request;
	char *intent;                /* the payment intent, NULL until it is known */
	char *charge_id;             /* or NULL */
	struct json_object *marker;  /* the event's item, or NULL */
	struct json_object *pointer; /* the payment's, or NULL */
	struct json_object *order;   /* the order that it names, or NULL */
	struct asked_charge asked;   /* the charge as Stripe has it now */
	bool not_ours;
	bool distrust; /* a write conflicted: read the order itself, not its copy */
};

static void replace(struct json_object **slot, struct json_object *value)
{
	json_object_put(*slot);
	*slot = value;
}

static void release(struct payment *p)
{
	replace(&p->marker, NULL);
	replace(&p->pointer, NULL);
	replace(&p->order, NULL);
	asked_charge_free(&p->asked);
}

/* --- read --------------------------------------------------------------------- */

/* The order in the pointer is as good as the order itself: they are written
 * together, and a version that has passed fails when it is written on. */
static int read_order(struct payment *p, struct err *e)
{
	struct store_key key = {json_string_or_null(p->pointer, "orderPK"),
				json_string_or_null(p->pointer, "orderSK")};
	struct json_object *copy;

	if (!p->pointer || !key.pk || !key.sk)
		return 0;
	if (!p->distrust && json_get_object(p->pointer, "order", &copy) == JSON_FOUND) {
		replace(&p->order, json_object_get(copy));
		return 0;
	}
	return store_get_many(app_store(p->app), &key, 1, &p->order, p->request->deadline, e);
}

static int read_items(struct payment *p, struct err *e)
{
	char *event = key_event(p->request->event->id);
	char *payment = p->intent ? key_payment(p->intent) : NULL;
	const struct store_key keys[] = {{event, KEY_METADATA}, {payment, KEY_METADATA}};
	struct json_object *items[2] = {NULL, NULL};
	int rc = store_get_many(app_store(p->app), keys, payment ? 2 : 1, items,
				p->request->deadline, e);

	replace(&p->order, NULL);
	replace(&p->marker, items[0]);
	replace(&p->pointer, items[1]);
	free(payment);
	free(event);
	return rc ? -1 : read_order(p, e);
}

/* --- ask ---------------------------------------------------------------------- */

static int ask(struct payment *p, struct err *e)
{
	const struct ask_charge what = {
		.charge_id = p->charge_id,
		.intent = p->intent,
		.disputes = p->request->event->kind == EVENT_DISPUTE ? ASK_DISPUTES : ASK_NO_DISPUTES,
		.deadline = p->request->deadline,
	};

	return ask_charge(p->app, &what, &p->asked, e);
}

/* The event named a charge alone: the charge knows its payment. */
static int find_intent(struct payment *p, struct err *e)
{
	const char *intent;

	if (p->intent)
		return 0;
	if (!p->charge_id) {
		p->not_ours = true;
		return 0;
	}
	if (ask(p, e))
		return -1;
	intent = json_id_or_null(p->asked.charge, "payment_intent");
	p->not_ours = !intent;
	p->intent = str_dup(intent);
	return intent ? read_items(p, e) : 0;
}

/* --- an order that is not there yet ---------------------------------------------- */

static int settle_its_session(struct payment *p, struct json_object *json,
			      struct settle_outcome *out, struct err *e)
{
	struct session_facts session;
	struct event_facts event = *p->request->event;
	const struct settle_request request = {
		.event = &event,
		.session = &session,
		.source = p->request->source,
		.unmarked = true,
		.dry_run = p->request->dry_run,
		.now = p->request->now,
		.deadline = p->request->deadline,
	};

	event.kind = EVENT_SESSION_COMPLETED;
	if (session_read(json, &session, e))
		return err_set(e, ERR_UNAVAILABLE, "Stripe's answer is no session");
	if (strcmp(session.mode, "payment") != 0) {
		p->not_ours = true;
		return 0;
	}
	return settle_session(p->app, &request, out, e);
}

/* What was just settled; it was not written if nothing is to be. */
static int read_adopted(struct payment *p, const struct settle_outcome *out, struct err *e)
{
	if (p->request->dry_run) {
		replace(&p->order, json_object_get(out->after));
		return 0;
	}
	if (read_items(p, e))
		return -1;
	return p->order ? 0 : err_set(e, ERR_CONFLICT, "the order of payment %s is not there yet",
				      p->intent);
}

/* The refund came before the sale: the sale is settled first. */
static int adopt(struct payment *p, struct err *e)
{
	int64_t deadline = app_stripe_deadline(p->request->deadline);
	struct stripe_client *stripe = app_stripe(p->app, deadline, e);
	struct settle_outcome out = {.marker = NULL};
	struct json_object *session = NULL;
	int rc;

	if (!stripe || stripe_session_of_payment(stripe, p->intent, deadline, &session, e))
		return -1;
	if (!session) {
		p->not_ours = true;
		return 0;
	}
	rc = settle_its_session(p, session, &out, e);
	json_object_put(session);
	p->not_ours |= out.foreign;
	if (!rc && !p->not_ours)
		rc = read_adopted(p, &out, e);
	settle_outcome_free(&out);
	return rc;
}

/* --- decide and write --------------------------------------------------------------- */

static struct json_object *new_order(struct payment *p, struct err *e)
{
	struct charge_facts charge;

	if (charge_read(p->asked.charge, &charge, e))
		return NULL;
	return order_apply_charge(p->order, &charge,
				  dispute_latest(p->asked.disputes),
				  p->request->now);
}

static int64_t created_of(struct json_object *order)
{
	int64_t created = 0;

	key_order_created(json_string_or_null(order, "SK"), &created);
	return created;
}

/*
 * The order is written even if it stays the same.  Say a refund of 5 failed and
 * another of 5 was made: this event finds the order right already, but one that
 * asked in between, when nothing was refunded, must not write after it.
 *
 * The day's entry was not read: it says what the order says, and is written
 * with it or not at all, so it bears the order's version.
 */
static void fill_batch(const struct payment *p, struct batch *batch, struct json_object *order)
{
	struct json_object *day;

	json_set_int(order, "version", store_item_version(p->order) + 1);
	day = order_day_entry(order, created_of(order));
	json_copy_member(day, "version", order, "version");
	batch_add_any(batch, day);
	batch_add_always(batch, order_payment_pointer(order, key_payment(p->intent)), p->pointer);
	batch_add_always(batch, json_object_get(order), p->order);
}

static void log_order(const struct payment *p, struct json_object *order)
{
	if (order_same(order, p->order))
		return;
	log_info("Order snapshot updated",
		 LOG_STR("orderId", json_string_or_null(order, "orderId")),
		 LOG_STR("status", json_string_or_null(order, "status")),
		 LOG_INT("amountRefunded", json_int_or(order, "amountRefunded", 0)));
}

static int decide_and_write(struct payment *p, struct settle_outcome *out, struct err *e)
{
	const struct settle_payment_request *r = p->request;
	struct json_object *order = new_order(p, e), *mark;
	struct batch batch = {.n = 0};
	int rc;

	if (!order)
		return -1;
	mark = batch_marker(p->app, r->event, r->now, json_string_or_null(order, "orderId"), order);
	/* One that came up since the first read is another delivery's: a conflict. */
	batch_add(&batch, json_object_get(mark), r->again ? p->marker : NULL);
	fill_batch(p, &batch, order);
	rc = r->dry_run ? 0 : store_write(app_store(p->app), batch.puts, batch.n, NULL,
					  r->deadline, e);
	if (!rc) {
		if (!r->dry_run)
			log_order(p, order);
		settle_outcome_set(out, mark, p->order, order);
	}
	batch_free(&batch);
	json_object_put(mark);
	json_object_put(order);
	return rc;
}

static int settle_once(struct payment *p, struct settle_outcome *out, struct err *e)
{
	if (read_items(p, e))
		return -1;
	if (p->marker && !p->request->again) {
		settle_outcome_set(out, p->marker, NULL, NULL);
		out->duplicate = true;
		return 0;
	}
	if (find_intent(p, e) || (!p->not_ours && !p->order && adopt(p, e)))
		return -1;
	if (p->not_ours)
		return 0;
	if (ask(p, e))
		return -1;
	return decide_and_write(p, out, e);
}

/* What Stripe does not have is of another account or gone; any other refusal
 * (of the key, say) passes when its owner has mended it. */
static int map_refusal(struct payment *p, int rc, struct err *e)
{
	if (!rc || e->code != ERR_REFUSED)
		return rc;
	if (e->upstream == 404) {
		p->not_ours = true;
		return 0;
	}
	e->code = ERR_UNAVAILABLE;
	return -1;
}

int settle_payment(struct app *app, const struct settle_payment_request *request,
		   struct settle_outcome *out, struct err *e)
{
	struct payment_ref ref = payment_ref_of(request->object);
	struct payment p = {.app = app, .request = request, .intent = str_dup(ref.payment_intent),
			    .charge_id = str_dup(ref.charge)};
	int rc, try = 0;

	do {
		release(&p);
		rc = map_refusal(&p, settle_once(&p, out, e), e);
		p.distrust = true;
		if (rc && e->code == ERR_CONFLICT)
			deadline_sleep(1 + clock_jitter(PAUSE_MS), request->deadline);
	} while (rc && e->code == ERR_CONFLICT && ++try < TRIES);
	release(&p);
	free(p.charge_id);
	free(p.intent);
	return rc;
}

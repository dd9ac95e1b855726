/* SPDX-License-Identifier: ISC */
/*
 * The events of a history, whole and thin.
 * https://docs.stripe.com/api/events/object
 */
#include "history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "format/iso8601.h"

#define BODY_MAX 8192

/* One event that is to be made. */
struct draft {
	const char *type;
	enum concern concern;
	size_t step;
	int64_t created;
	const char *object; /* JSON */
	const char *id;     /* the object's */
	const char *more;   /* members for the event's top level */
};

static char *whole(const struct draft *d, const char *id)
{
	struct buf out;

	buf_init(&out, BODY_MAX);
	buf_printf(&out, "{\"id\":\"%s\",\"object\":\"event\",\"type\":\"%s\",\"created\":%" PRId64
		   ",%s\"data\":{\"object\":%s}}", id, d->type, d->created,
		   d->more ? d->more : "\"livemode\":false,", d->object);
	return buf_detach(&out);
}

static char *thin(const struct draft *d, const char *id)
{
	char time[ISO8601_SIZE];
	struct buf out;

	buf_init(&out, BODY_MAX);
	buf_printf(&out, "{\"id\":\"%s\",\"object\":\"v2.core.event\",\"type\":\"v1.%s\","
		   "\"created\":\"%s\",\"livemode\":false,\"related_object\":{\"id\":\"%s\"}}", id,
		   d->type, iso8601_time(d->created, time), d->id);
	return buf_detach(&out);
}

static void add(struct events *events, const struct draft *d, bool is_thin)
{
	struct proof_event *e = &events->list[events->n];

	if (events->n == EVENTS_MAX)
		abort();
	snprintf(e->id, sizeof e->id, "evt_%zu", ++events->n);
	snprintf(e->type, sizeof e->type, "%s", d->type);
	e->concern = d->concern;
	e->since = d->step + 1;
	e->thin = is_thin;
	e->unlisted = false;
	e->listed = whole(d, e->id);
	e->body = is_thin ? thin(d, e->id) : str_dup(e->listed);
}

/* The first event of a step may have twins. */
static void add_first(struct events *events, struct draft *d, unsigned extras)
{
	add(events, d, extras & EXTRA_ALL_THIN);
	d->created++;
	if (extras & EXTRA_TWIN)
		add(events, d, extras & EXTRA_ALL_THIN);
	if (extras & EXTRA_THIN)
		add(events, d, true);
	d->created--;
}

static void add_next(struct events *events, struct draft *d, const char *type, unsigned extras)
{
	d->type = type;
	if (!(extras & EXTRA_QUIET))
		add(events, d, extras & EXTRA_ALL_THIN);
}

static void session_events(struct events *events, struct draft *d, const struct history *h,
			   const struct truth *t)
{
	static const char *const types[] = {
		[STEP_SALE] = "checkout.session.completed",
		[STEP_SUCCEEDS] = "checkout.session.async_payment_succeeded",
		[STEP_FAILS] = "checkout.session.async_payment_failed",
		[STEP_OTHER_EXPIRES] = "checkout.session.expired",
	};
	const struct step *s = &h->steps[d->step];
	struct buf object;

	buf_init(&object, BODY_MAX);
	d->type = types[s->kind];
	d->id = SESSION_ID;
	d->concern = ABOUT_SESSION;
	if (s->kind == STEP_OTHER_EXPIRES) {
		d->id = OTHER_ID;
		d->concern = ABOUT_OTHER;
		put_other_session(&object, t);
	} else if (s->extras & EXTRA_OLD) {
		put_old_session(&object, h, t);
	} else {
		put_session(&object, h, t);
	}
	d->object = buf_text(&object);
	add_first(events, d, s->extras);
	buf_free(&object);
}

static void refund_events(struct events *events, struct draft *d, const struct history *h,
			  const struct truth *t)
{
	const struct step *s = &h->steps[d->step];
	size_t i = s->kind == STEP_REFUND ? t->n_refunds - 1 : s->which;
	struct buf refund, charge;
	char id[16];

	buf_init(&refund, BODY_MAX);
	buf_init(&charge, BODY_MAX);
	put_refund(&refund, h, t, i, s->extras);
	put_charge(&charge, h, t);
	snprintf(id, sizeof id, "re_%zu", i);
	d->concern = ABOUT_REFUND;
	d->object = buf_text(&refund);
	d->id = id;
	if (s->kind == STEP_REFUND) {
		d->type = "refund.created";
		add_first(events, d, s->extras);
		d->object = buf_text(&charge);
		d->id = CHARGE_ID;
		add_next(events, d, "charge.refunded", s->extras);
	} else {
		d->type = s->amount == REFUND_FAILS ? "refund.failed" : "refund.updated";
		add_first(events, d, s->extras);
		if (s->amount == REFUND_FAILS)
			add_next(events, d, "refund.updated", s->extras);
	}
	buf_free(&charge);
	buf_free(&refund);
}

static void dispute_events(struct events *events, struct draft *d, const struct history *h,
			   const struct truth *t)
{
	static const char *const moved[] = {"charge.dispute.updated", "charge.dispute.closed",
					    "charge.dispute.closed",
					    "charge.dispute.funds_reinstated"};
	const struct step *s = &h->steps[d->step];
	size_t i = s->kind == STEP_DISPUTE ? t->n_disputes - 1 : s->which;
	struct buf object;
	char id[16];

	buf_init(&object, BODY_MAX);
	put_dispute(&object, h, t, i, s->extras, false);
	snprintf(id, sizeof id, "du_%zu", i);
	d->concern = ABOUT_DISPUTE;
	d->object = buf_text(&object);
	d->id = id;
	d->type = s->kind == STEP_DISPUTE ? "charge.dispute.created" : moved[s->amount];
	add_first(events, d, s->extras);
	if (s->kind == STEP_DISPUTE)
		add_next(events, d, "charge.dispute.funds_withdrawn", s->extras);
	buf_free(&object);
}

/* What an endpoint gets as well, and has to let pass. */
static void strange_events(struct events *events, struct draft *d, const struct history *h,
			   const struct truth *t)
{
	static const char subscription[] =
		"{\"id\":\"cs_test_sub\",\"object\":\"checkout.session\",\"mode\":\"subscription\","
		"\"payment_status\":\"paid\",\"payment_intent\":null}";
	static const char payment[] =
		"{\"id\":\"re_x\",\"object\":\"refund\",\"amount\":1,\"charge\":\"ch_x\","
		"\"payment_intent\":\"pi_x\",\"status\":\"succeeded\"}";
	enum stranger which = (enum stranger)h->steps[d->step].which;
	struct buf object;

	buf_init(&object, BODY_MAX);
	put_session(&object, h, t);
	d->concern = ABOUT_NOTHING;
	d->type = "checkout.session.completed";
	d->object = buf_text(&object);
	d->id = "cs_test_gone";
	if (which == STRANGER_TYPE)
		d->type = "payment_intent.succeeded";
	else if (which == STRANGER_ACCOUNT)
		d->more = "\"livemode\":false,\"account\":\"acct_1\",";
	else if (which == STRANGER_CONTEXT)
		d->more = "\"livemode\":false,\"context\":\"acct_2\",";
	else if (which == STRANGER_MODE)
		d->more = "\"livemode\":true,";
	else if (which == STRANGER_SUBSCRIPTION)
		d->object = subscription;
	else if (which == STRANGER_PAYMENT) {
		d->type = "refund.created";
		d->object = payment;
	}
	add(events, d, false);
	events->list[events->n - 1].unlisted =
		which == STRANGER_CONTEXT || which == STRANGER_ACCOUNT || which == STRANGER_MODE;
	buf_free(&object);
}

static void step_events(struct events *events, const struct history *h, const struct truth *t,
			size_t i)
{
	struct draft d = {.step = i, .created = step_time(i)};

	switch (h->steps[i].kind) {
	case STEP_SALE:
	case STEP_SUCCEEDS:
	case STEP_FAILS:
	case STEP_OTHER_EXPIRES:
		session_events(events, &d, h, t);
		break;
	case STEP_REFUND:
	case STEP_REFUND_ENDS:
		refund_events(events, &d, h, t);
		break;
	case STEP_DISPUTE:
	case STEP_DISPUTE_MOVES:
		dispute_events(events, &d, h, t);
		break;
	case STEP_IDENTITY:
		break;
	case STEP_STRANGER:
		strange_events(events, &d, h, t);
		break;
	}
}

void events_of(const struct history *h, struct events *events)
{
	struct truth t = {.sold = false};
	size_t i;

	events->n = 0;
	for (i = 0; i < h->n; i++)
		if (truth_step(&t, h, i))
			step_events(events, h, &t, i);
}

void events_free(struct events *events)
{
	while (events->n--) {
		free(events->list[events->n].body);
		free(events->list[events->n].listed);
	}
	events->n = 0;
}

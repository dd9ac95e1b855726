/* SPDX-License-Identifier: ISC */
/*
 * What the reconciler notes besides the orders: sessions that fail, that Stripe does
 * not know, and whose charge it has seen.
 */
#include "sync/reconcile_note.h"

#include "base/clock.h"
#include "base/log.h"

#define CHARGED_MAX 20000 /* sessions that are remembered: a few megabytes */
#define FAILURES_MAX 3 /* one after the other: then it is not the session */

bool reconcile_stops(const struct reconcile *r)
{
	return r->listener->stop(r->listener->context);
}

struct retry reconcile_retry(const struct reconcile *r)
{
	return (struct retry){.app = r->app, .stop = r->listener->stop,
			      .context = r->listener->context};
}

/* One that fails for good must not hold the others up: it is set aside, and tried
 * again by the next runs. */
void reconcile_set_aside(struct reconcile *r, const char *session_id, const char *text)
{
	const struct difference d = {.kind = DIFFERENCE_ERROR, .session_id = session_id,
				     .error = text};

	r->state->counts.errors++;
	log_error("Failed to reconcile", LOG_STR("sessionId", session_id), LOG_STR("error", text));
	if (session_id && !sync_aside_add(r->state->aside, session_id, text, clock_epoch()))
		r->state->crowded = true;
	r->listener->difference(r->listener->context, &d);
}

void reconcile_fail(struct reconcile *r, const char *session_id, const struct err *e)
{
	r->refused = retry_refuses_key(e);
	if (r->refused)
		return;
	r->failures += e->code == ERR_UNAVAILABLE && !retry_blames_object(e);
	reconcile_set_aside(r, session_id, e->text);
}

int reconcile_no_session(struct reconcile *r, const char *session_id, struct json_object *item,
			 const struct err *e)
{
	if (e->code == ERR_REFUSED && e->upstream == 404) {
		sync_aside_remove(r->state->aside, session_id);
		reconcile_unknown(r, session_id, item);
	} else {
		reconcile_fail(r, session_id, e);
	}
	return reconcile_gives_up(r) ? -1 : 0;
}

bool reconcile_gives_up(const struct reconcile *r)
{
	return r->refused || r->failures >= FAILURES_MAX;
}

bool reconcile_leaves(const struct reconcile *r, const char *session_id)
{
	return !r->retrying && sync_aside_has(r->state->aside, session_id);
}

void reconcile_unknown(struct reconcile *r, const char *session_id, struct json_object *item)
{
	const struct difference d = {.kind = DIFFERENCE_UNKNOWN, .session_id = session_id,
				     .before = item};

	if (!r->unknown)
		r->unknown = json_object_new_object();
	if (json_object_object_get_ex(r->unknown, session_id, NULL))
		return;
	json_object_object_add(r->unknown, session_id, NULL);
	r->state->counts.unknown++;
	log_warning("Stripe does not know the session of an order",
		    LOG_STR("sessionId", session_id),
		    LOG_STR("orderNumber", json_string_or_null(item, "orderNumber")));
	r->listener->difference(r->listener->context, &d);
}

void reconcile_has_read(struct reconcile *r, struct json_object *entries)
{
	json_object_put(r->read);
	r->read = entries;
}

void reconcile_remember_charge(struct reconcile *r, const char *session_id)
{
	if (!r->charged)
		r->charged = json_object_new_object();
	if (json_object_object_length(r->charged) < CHARGED_MAX)
		json_object_object_add(r->charged, session_id, NULL);
}

bool reconcile_has_charge(const struct reconcile *r, const char *session_id)
{
	return r->charged && json_object_object_get_ex(r->charged, session_id, NULL);
}

void reconcile_end(struct reconcile *r)
{
	json_object_put(r->read);
	json_object_put(r->charged);
	json_object_put(r->unknown);
	r->read = r->charged = r->unknown = NULL;
}

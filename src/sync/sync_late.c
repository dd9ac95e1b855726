/* SPDX-License-Identifier: ISC */
/*
 * Older orders.  The one idea: Stripe's events of the window say which payments
 * were refunded or disputed in it, and the payments' pointers say whose order
 * that is; what has not been looked at with its session in the window is now.
 * Where the window is older than the events, Stripe's refunds and disputes
 * themselves say it.
 */
#include "sync/sync_late.h"

#include <stdlib.h>
#include <string.h>

#include "base/seconds.h"
#include "sync/retry.h"
#include "shop/charge.h"
#include "shop/event.h"
#include "shop/keys.h"
#include "stripe/api.h"
#include "stripe/list.h"

/* A refund that was made before the window may have failed in it, and a dispute may
 * have been decided: so long after it was made.
 * https://docs.stripe.com/refunds#failed-refunds
 * https://docs.stripe.com/disputes/how-disputes-work */
#define REFUND_OPEN_DAYS 60
#define DISPUTE_OPEN_DAYS 180

void sync_late_free(struct sync_late *late)
{
	json_object_put(late->sessions);
	late->sessions = NULL;
}

int sync_late_flush(struct sync_late *late, struct err *e)
{
	struct json_object *sessions = late->sessions;
	int rc;

	if (!sessions)
		return 0;
	late->sessions = NULL;
	rc = reconcile_sessions(late->reconcile, sessions, e);
	json_object_put(sessions);
	return rc;
}

/* A payment has several events, and its order may be pending too. */
static bool has_gathered(const struct sync_late *late, const char *session_id)
{
	size_t i, n = late->sessions ? json_object_array_length(late->sessions) : 0;

	for (i = 0; i < n; i++) {
		const char *id = json_string_or_null(json_object_array_get_idx(late->sessions, i),
						     "id");

		if (id && strcmp(id, session_id) == 0)
			return true;
	}
	return false;
}

int sync_late_add(struct sync_late *late, const char *session_id, struct json_object *item,
		  struct err *e)
{
	struct reconcile *r = late->reconcile;
	struct json_object *session = NULL;

	if (!session_id || reconcile_stops(r) || has_gathered(late, session_id) ||
	    reconcile_leaves(r, session_id) ||
	    sync_account_is_foreign(r->state->account, session_id))
		return 0;
	if (retry_ask(reconcile_retry(r), stripe_session_with_charge, session_id, &session, e))
		return reconcile_no_session(r, session_id, item, e);
	r->failures = 0;
	if (!late->sessions)
		late->sessions = json_object_new_array();
	json_object_array_add(late->sessions, session);
	if (json_object_array_length(late->sessions) < RECONCILE_MAX)
		return 0;
	return sync_late_flush(late, e);
}

/* --- refunds and disputes ------------------------------------------------------------ */

/* A session of the window was listed with its charge: that this was captured, or
 * given up, was seen there, and only what stands of refunds and disputes is asked for
 * again. */
static bool is_seen_in_list(struct json_object *event)
{
	const char *type = json_string_or_null(event, "type");

	return type && (strcmp(type, "charge.captured") == 0 ||
			strcmp(type, "payment_intent.canceled") == 0);
}

/* The payments of a page of events, refunds or disputes, each once: a set, as JSON
 * has it.  Of those that is_seen_in_list() the value is false. */
static int payments_of(struct reconcile *r, struct json_object *page, struct json_object *set,
		       struct err *e)
{
	size_t i;

	for (i = 0; i < json_object_array_length(page); i++) {
		struct json_object *entry = json_object_array_get_idx(page, i);
		struct json_object *object = entry, *data, *charge = NULL;
		struct payment_ref ref;
		bool ask_again = false;

		/* A refund and a dispute are listed themselves, else within their event. */
		if (json_get_object(entry, "data", &data) == JSON_FOUND) {
			object = NULL;
			json_get_object(data, "object", &object);
		}
		ref = payment_ref_of(object);
		if (ref.payment_intent) {
			json_get_bool(set, ref.payment_intent, &ask_again);
			json_set_bool(set, ref.payment_intent, ask_again || !is_seen_in_list(entry));
			continue;
		}
		/* It names a charge alone: the charge knows its payment. */
		if (!ref.charge || reconcile_stops(r))
			continue;
		if (retry_ask(reconcile_retry(r), stripe_charge_retrieve, ref.charge, &charge, e)) {
			if (!retry_blames_object(e))
				return -1;
			if (e->upstream != 404)
				reconcile_set_aside(r, NULL, e->text);
			continue;
		}
		ref.payment_intent = json_id_or_null(charge, "payment_intent");
		if (ref.payment_intent)
			json_set_bool(set, ref.payment_intent, true);
		json_object_put(charge);
	}
	return 0;
}

/* Adds the orders that the payments' pointers name, but for those that have been looked
 * at with all that the page tells of them. */
static int take_page(struct sync_late *late, struct json_object *page, struct err *e)
{
	struct reconcile *r = late->reconcile;
	struct json_object *payments = json_object_new_object(), *pointers[STORE_MAX_ITEMS];
	struct store_key keys[STORE_MAX_ITEMS];
	char *owned[STORE_MAX_ITEMS];
	struct json_walk walk;
	size_t i, n = 0;
	int rc = payments_of(r, page, payments, e);

	/* One read for all pointers. */
	walk = json_walk_of(payments);
	for (; !rc && n < STORE_MAX_ITEMS && json_walk_next(&walk); n++) {
		owned[n] = key_payment(walk.key);
		keys[n] = (struct store_key){owned[n], KEY_METADATA};
	}
	if (n)
		rc = retry_get_many(reconcile_retry(r), keys, n, pointers, e);
	for (i = 0; i < n; i++)
		free(owned[i]);
	if (rc) {
		json_object_put(payments);
		return -1;
	}
	walk = json_walk_of(payments);
	for (i = 0; i < n && json_walk_next(&walk); i++) {
		const char *id = json_string_or_null(pointers[i], "orderId");
		const char *sk = json_string_or_null(pointers[i], "orderSK");
		int64_t created;
		bool listed = !json_object_get_boolean(walk.value) &&
			      key_order_created(sk, &created) == 0 && created >= late->from;

		if (!rc && id && !listed && !reconcile_has_charge(r, id))
			rc = sync_late_add(late, id, pointers[i], e);
		json_object_put(pointers[i]);
	}
	json_object_put(payments);
	return rc;
}

/* Adds the payments of one list, page by page. */
static int walk_list(struct sync_late *late, struct stripe_pages *pages, struct err *e)
{
	struct json_object *page;
	int rc = 0;

	while (!rc && !reconcile_stops(late->reconcile)) {
		rc = retry_next_page(reconcile_retry(late->reconcile), pages, &page, e);
		if (rc || !page)
			break;
		rc = take_page(late, page, e);
		json_object_put(page);
	}
	stripe_pages_end(pages);
	return rc;
}

/* `days` before `from`; 0, which is no bound, where there is no such time. */
static int64_t days_before(int64_t from, int64_t days)
{
	return from > days * DAY ? from - days * DAY : 0;
}

int sync_late_refunds(struct sync_late *late, int64_t from, int64_t now, struct err *e)
{
	const struct stripe_event_filter filter = {event_types_of_charges, false};
	/* The oldest events go while this run asks for them: a day is counted as gone. */
	int64_t kept = now - STRIPE_EVENTS_KEPT_DAYS * DAY, surely = kept + DAY;
	struct stripe_pages refunds = {.list = stripe_refunds, .to = surely,
				       .from = days_before(from, REFUND_OPEN_DAYS)};
	struct stripe_pages disputes = {.list = stripe_disputes, .to = surely,
					.from = days_before(from, DISPUTE_OPEN_DAYS)};
	struct stripe_pages events = {.list = stripe_events, .of = &filter,
				      .from = from > kept ? from : kept};
	int rc = 0;

	late->from = from;
	if (from < surely)
		rc = walk_list(late, &refunds, e);
	if (!rc && from < surely)
		rc = walk_list(late, &disputes, e);
	return rc ? rc : walk_list(late, &events, e);
}

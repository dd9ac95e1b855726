/* SPDX-License-Identifier: ISC */
/*
 * Sessions that are set aside.  The one idea: the run that set one aside has waited for
 * it; the next ones ask once, and go on.
 */
#include "sync/sync_set_aside.h"

#include "base/clock.h"
#include "stripe/list.h"

/* Looks at one session.  -1 where the others need not be tried either: the key is
 * refused, or the store is away; a session that fails stays set aside. */
static int retry_one(struct reconcile *r, const char *id, struct err *e)
{
	int64_t deadline = deadline_in(RETRY_CALL_MS);
	struct stripe_client *stripe = app_stripe(r->app, deadline, e);
	struct json_object *session = NULL, *sessions;
	int rc;

	if (!stripe || stripe_session_with_charge(stripe, id, deadline, &session, e))
		return reconcile_no_session(r, id, NULL, e) && r->refused ? -1 : 0;
	sessions = json_object_new_array();
	json_object_array_add(sessions, session);
	rc = reconcile_sessions(r, sessions, e);
	json_object_put(sessions);
	return rc && (r->refused || !reconcile_gives_up(r)) ? -1 : 0;
}

int sync_set_aside(struct reconcile *r, struct json_object *aside, struct err *e)
{
	size_t i, n = json_object_array_length(aside);
	int rc = 0;

	r->retrying = true;
	for (i = 0; !rc && i < n && !reconcile_gives_up(r) && !reconcile_stops(r); i++) {
		const char *id = json_string_or_null(json_object_array_get_idx(aside, i), "id");

		/* The window's pass may have brought it in order. */
		if (id && sync_aside_has(r->state->aside, id) &&
		    !sync_account_is_foreign(r->state->account, id))
			rc = retry_one(r, id, e);
	}
	r->retrying = false;
	r->failures = 0; /* of these: the passes that follow begin anew */
	return rc;
}

/* SPDX-License-Identifier: ISC */
/*
 * Waiting and trying again.
 */
#include "sync/retry.h"

#include "base/clock.h"
#include "base/log.h"

#define FIRST_PAUSE_MS 1000u

bool retry_refuses_key(const struct err *e)
{
	return e->upstream == 401 || e->upstream == 403;
}

/* What Stripe refuses, 404 and the key included: asked again at once, it would say the
 * same.  (The webhook's event is to come again even so: ERR_UNAVAILABLE.) */
static bool is_refusal(const struct err *e)
{
	return e->upstream >= 400 && e->upstream < 500 && e->upstream != 409 && e->upstream != 429;
}

bool retry_blames_object(const struct err *e)
{
	return e->upstream == STRIPE_UNREADABLE || (is_refusal(e) && !retry_refuses_key(e));
}

bool retry_again(struct retry *retry, const struct err *e)
{
	uint32_t pause = FIRST_PAUSE_MS << retry->tries;

	/* An answer that can't be read is asked for again, not often; a refusal is final. */
	if (e->upstream == STRIPE_UNREADABLE) {
		if (++retry->unreadable >= RETRY_UNREADABLE)
			return false;
	} else if (e->code != ERR_UNAVAILABLE || is_refusal(e)) {
		return false;
	}
	/* The time that all tries have begins with the first failure. */
	if (!retry->tries)
		retry->until = deadline_in(RETRY_MS);
	if (++retry->tries >= RETRY_TRIES || deadline_left(retry->until) <= 0 ||
	    (retry->stop && retry->stop(retry->context)))
		return false;
	/* Several that failed together do not come back together. */
	log_warning("Trying again", LOG_STR("error", e->text), LOG_INT("pauseMs", pause));
	deadline_sleep(pause - clock_jitter(pause / 2), deadline_in(pause));
	return true;
}

int retry_get_many(struct retry retry, const struct store_key *keys, size_t n,
		   struct json_object **items, struct err *e)
{
	int rc;

	do
		rc = store_get_many(app_store(retry.app), keys, n, items,
				    deadline_in(RETRY_CALL_MS), e);
	while (rc && retry_again(&retry, e));
	return rc;
}

int retry_ask(struct retry retry, retry_question *question, const char *id,
	      struct json_object **answer, struct err *e)
{
	struct stripe_client *stripe;
	int64_t deadline;
	int rc;

	do {
		deadline = deadline_in(RETRY_CALL_MS);
		stripe = app_stripe(retry.app, deadline, e);
		rc = stripe ? question(stripe, id, deadline, answer, e) : -1;
	} while (rc && retry_again(&retry, e));
	return rc;
}

int retry_next_page(struct retry retry, struct stripe_pages *pages, struct json_object **page,
		    struct err *e)
{
	struct stripe_client *stripe;
	int64_t deadline;
	int rc;

	do {
		deadline = deadline_in(RETRY_CALL_MS);
		stripe = app_stripe(retry.app, deadline, e);
		rc = stripe ? stripe_pages_next(pages, stripe, deadline, page, e) : -1;
	} while (rc && retry_again(&retry, e));
	return rc;
}

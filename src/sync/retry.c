/* SPDX-License-Identifier: ISC */
/*
 * Waiting and trying again.
 */
#include "sync/retry.h"

#include "base/clock.h"
#include "base/log.h"

#define FIRST_PAUSE_MS 1000u
#define STOP_MS 1000 /* after which it is asked whether to stop */

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

static bool is_to_stop(const struct retry *retry)
{
	return retry->stop && retry->stop(retry->context);
}

/* Waits, and gives whether it came to the end of that. */
static bool wait_for(const struct retry *retry, int64_t ms)
{
	int64_t until = deadline_in(ms);

	while (!is_to_stop(retry) && deadline_left(until) > 0)
		deadline_sleep(STOP_MS, until);
	return deadline_left(until) <= 0;
}

bool retry_again(struct retry *retry, const struct err *e)
{
	uint32_t pause = FIRST_PAUSE_MS << retry->tries;
	int64_t ms = pause - clock_jitter(pause / 2), asked = e->retry_after * INT64_C(1000);

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
	if (++retry->tries >= RETRY_TRIES || deadline_left(retry->until) <= 0 || is_to_stop(retry))
		return false;
	/* Several that failed together do not come back together, and none before it is asked to. */
	ms = ms > asked ? ms : asked;
	retry->until += asked;
	log_warning("Trying again", LOG_STR("error", e->text), LOG_INT("pauseMs", ms));
	return wait_for(retry, ms);
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

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

static bool is_lasting(struct retry *retry, const struct err *e)
{
	if (e->upstream == STRIPE_UNREADABLE)
		return ++retry->unreadable >= RETRY_UNREADABLE;
	return e->code != ERR_UNAVAILABLE || is_refusal(e);
}

bool retry_again(struct retry *retry, const struct err *e)
{
	uint32_t pause = FIRST_PAUSE_MS << retry->tries;

	if (is_lasting(retry, e))
		return false;
	if (!retry->tries)
		retry->until = deadline_in(RETRY_MS);
	if (++retry->tries >= RETRY_TRIES || deadline_left(retry->until) <= 0 ||
	    (retry->stop && retry->stop(retry->context)))
		return false;
	log_warning("Trying again", LOG_STR("error", e->text), LOG_INT("pauseMs", pause));
	deadline_sleep(pause - clock_jitter(pause / 2), deadline_in(pause));
	return true;
}

int retry_get_many(struct app *app, struct retry retry, const struct store_key *keys,
		   size_t n, struct json_object **items, struct err *e)
{
	int rc;

	do
		rc = store_get_many(app_store(app), keys, n, items,
				    deadline_in(RETRY_CALL_MS), e);
	while (rc && retry_again(&retry, e));
	return rc;
}

int retry_ask(struct app *app, struct retry retry, retry_question *question,
	      const void *what, void *answer, struct err *e)
{
	struct stripe_client *stripe;
	int64_t deadline;
	int rc;

	do {
		deadline = deadline_in(RETRY_CALL_MS);
		stripe = app_stripe(app, deadline, e);
		rc = stripe ? question(stripe, what, deadline, answer, e) : -1;
	} while (rc && retry_again(&retry, e));
	return rc;
}

/* What stripe_pages_next() is given beside the client. */
struct next_page {
	struct stripe_pages *pages;
	struct json_object **page;
};

static int ask_next_page(struct stripe_client *stripe, const void *what, int64_t deadline,
			 void *answer, struct err *e)
{
	const struct next_page *next = what;

	(void)answer;
	return stripe_pages_next(next->pages, stripe, deadline, next->page, e);
}

int retry_next_page(struct app *app, struct retry retry, struct stripe_pages *pages,
		    struct json_object **page, struct err *e)
{
	const struct next_page next = {pages, page};

	return retry_ask(app, retry, ask_next_page, &next, NULL, e);
}

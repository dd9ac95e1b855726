/* SPDX-License-Identifier: ISC */
/*
 * Waiting and trying again.
 */
#include "sync/patience.h"

#include "base/clock.h"
#include "base/log.h"

#define FIRST_PAUSE_MS 1000u

bool patience_refuses_key(const struct err *e)
{
	return e->upstream == 401 || e->upstream == 403;
}

/* An event is to come again after an answer like these; asked again at once, it
 * would be the same. */
static bool is_lasting(const struct err *e)
{
	return (e->code != ERR_UNAVAILABLE && e->code != ERR_CONFLICT) || e->upstream == 404 ||
	       patience_refuses_key(e);
}

bool patience_again(struct patience *patience, const struct err *e)
{
	uint32_t pause = FIRST_PAUSE_MS << patience->tries;

	if (is_lasting(e))
		return false;
	if (!patience->tries)
		patience->until = deadline_in(PATIENCE_MS);
	if (++patience->tries >= PATIENCE_TRIES || deadline_left(patience->until) <= 0 ||
	    (patience->stop && patience->stop(patience->context)))
		return false;
	log_warning("Trying again", LOG_STR("error", e->text), LOG_INT("pauseMs", pause));
	deadline_sleep(pause - clock_jitter(pause / 2), deadline_in(pause));
	return true;
}

int patience_get_many(struct app *app, struct patience patience, const struct store_key *keys,
		      size_t n, struct json_object **items, struct err *e)
{
	int rc;

	do
		rc = store_get_many(app_store(app), keys, n, items,
				    deadline_in(PATIENCE_CALL_MS), e);
	while (rc && patience_again(&patience, e));
	return rc;
}

int patience_ask(struct app *app, struct patience patience, patience_question *question,
		 const void *what, void *answer, struct err *e)
{
	struct stripe_client *stripe;
	int64_t deadline;
	int rc;

	do {
		deadline = deadline_in(PATIENCE_CALL_MS);
		stripe = app_stripe(app, deadline, e);
		rc = stripe ? question(stripe, what, deadline, answer, e) : -1;
	} while (rc && patience_again(&patience, e));
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

int patience_next_page(struct app *app, struct patience patience, struct stripe_pages *pages,
		       struct json_object **page, struct err *e)
{
	const struct next_page next = {pages, page};

	return patience_ask(app, patience, ask_next_page, &next, NULL, e);
}

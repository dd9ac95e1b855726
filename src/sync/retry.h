/* SPDX-License-Identifier: ISC */
/*
 * Trying again: a command has the time for it, a request has not.  A call that fails for
 * a passing reason (a limit of Stripe's, a store that is locked) is tried again for a
 * while, with growing pauses.  (A conflict with another writer is
 * store_until_written()'s.)
 */
#ifndef ORDERSNAP_SYNC_RETRY_H
#define ORDERSNAP_SYNC_RETRY_H

#include "app/app.h"
#include "stripe/pages.h"

#define RETRY_TRIES 5
#define RETRY_CALL_MS 20000 /* for each try */
#define RETRY_MS 20000      /* from the first failure: none begins later */
#define RETRY_UNREADABLE 3  /* answers that can't be read: then no other is waited for */

/* Begin with {.app = app}; retry_again() alone needs no app. */
struct retry {
	struct app *app;
	int tries;      /* so far */
	int64_t until;  /* monotonic: when there is no other try any more */
	int unreadable; /* tries that got an answer which can't be read */
	/* Asked while it waits; NULL: nobody can be told to stop. */
	bool (*stop)(void *context);
	void *context;
};

/*
 * After a failure: true when it is worth another try, having waited (1, 2, 4 and
 * 8 seconds, of which up to a half, by chance, is taken off, or longer where Stripe asks
 * for it, e->retry_after); false when it is
 * lasting (whatever Stripe refuses with 4xx, but for 409 and 429), was tried
 * RETRY_TRIES times or for RETRY_MS (who hangs is waited for as long as who
 * fails; what Stripe asks for comes on top) or got RETRY_UNREADABLE answers that can't be
 * read, or is to stop, which is asked each second.
 *   do rc = call(&e); while (rc && retry_again(&retry, &e));
 */
bool retry_again(struct retry *retry, const struct err *e);

/* Whether an answer was that the key may not ask this (or is none): then it is not
 * what was asked for that is wrong. */
bool retry_refuses_key(const struct err *e);

/* Whether an answer tells of what was asked for alone: Stripe refuses that object
 * (not the key), or its answer about it can't be read.  The next object may do. */
bool retry_blames_object(const struct err *e);

/* store_get_many(), again while that is worth it. */
int retry_get_many(struct retry retry, const struct store_key *keys, size_t n,
		   struct json_object **items, struct err *e);

/* A question to Stripe for what has an id: stripe_session_retrieve() and its like. */
typedef int retry_question(struct stripe_client *stripe, const char *id, int64_t deadline,
			   struct json_object **answer, struct err *e);

/* Asks it, again while that is worth it.  0 or -1 as the question. */
int retry_ask(struct retry retry, retry_question *question, const char *id,
	      struct json_object **answer, struct err *e);

/* stripe_pages_next(), again while that is worth it. */
int retry_next_page(struct retry retry, struct stripe_pages *pages, struct json_object **page,
		    struct err *e);

#endif

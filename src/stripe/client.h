/* SPDX-License-Identifier: ISC */
/*
 * The transport to the Stripe API: authentication, the pinned API version,
 * idempotency keys, retries and errors, decided once for all operations
 * (stripe/api.h).  https://docs.stripe.com/api
 */
#ifndef ORDERSNAP_STRIPE_CLIENT_H
#define ORDERSNAP_STRIPE_CLIENT_H

#include <stdint.h>

#include "base/err.h"
#include "base/metrics.h"
#include "format/json.h"

/* Sent as Stripe-Version with every request: the shape of the answers.
 * https://docs.stripe.com/api/versioning */
#define STRIPE_API_VERSION "2026-10-28.endive"

struct stripe_client;

/* How long each try of a request took, by method and outcome (ok, refused, limited, failed,
 * no_answer), and how many were tries again. */
extern const struct metrics_family stripe_seconds, stripe_retries;

/* For a process that is about to fork: what all its children need for clients of this address
 * is made once. */
void stripe_client_prepare(const char *api_base);

/* Both strings are copied.  Opens no connection. */
struct stripe_client *stripe_client_new(const char *secret, const char *api_base);
void stripe_client_free(struct stripe_client *client);

struct stripe_request {
	const char *method;          /* "GET" or "POST" */
	const char *path;            /* "/v1/prices", with its query if it is a GET */
	const char *form;            /* a POST's form-encoded body */
	const char *idempotency_key; /* required for a POST */
	int64_t deadline;            /* base/clock.h, for all tries together */
};

/*
 * Sends the request, again after half a second, one second (with jitter) where
 * Stripe-Should-Retry or the kind of failure says that it helps; after longer where
 * Retry-After says so, and not at all where the deadline would pass meanwhile.  On success
 * `*answer` is the JSON object (json_object_put() it).  Else -1:
 * ERR_UNAVAILABLE for what passes (no answer, 409, 429, 5xx, an answer that
 * is no JSON object), ERR_REFUSED for every other status.  e->upstream is the
 * status, e->retry_after what Retry-After said, the text has Stripe's request id, error
 * code and message.
 */
int stripe_send(struct stripe_client *client, const struct stripe_request *request,
		struct json_object **answer, struct err *e);

#define STRIPE_AHEAD 8 /* requests at most */

/*
 * Sends a GET of `path` now, at the client's rate; a stripe_send() of the same path takes the
 * answer, however it came, as that of its own first try.  One that was lost before anybody waited
 * for it is asked for anew.  Where it can't be sent, or STRIPE_AHEAD are on their way, nothing
 * happens.
 */
void stripe_ask_ahead(struct stripe_client *client, const char *path, int64_t deadline);

/* Lets in what has come of it, without waiting: to be called now and then. */
void stripe_let_in(struct stripe_client *client);

/* Forgets what was asked ahead and not taken. */
void stripe_forget_ahead(struct stripe_client *client);

/* e->upstream of an answer that was a success and is not what was asked for: it can't
 * be read.  stripe_unreadable() sets it, for whoever finds that out; is -1. */
#define STRIPE_UNREADABLE 200
int stripe_unreadable(struct err *e);

/* Whether the last answer was one that Stripe had stored for the same
 * idempotency key. */
bool stripe_was_replayed(struct stripe_client *client);

/* What the last answer's error object says, for a caller that can do something
 * about it; empty strings where it was none or lacks the member.
 * https://docs.stripe.com/error-codes */
struct stripe_refusal {
	char code[64];     /* "email_invalid" */
	char param[64];    /* "line_items[0][price]" */
	char message[200]; /* a sentence, may be cut */
};
const struct stripe_refusal *stripe_last_refusal(const struct stripe_client *client);

/* Whether the last answer was that the key is not valid (any more). */
bool stripe_was_unauthorized(const struct stripe_client *client);

/* The Date of the last answer in epoch seconds, -1 if there was none. */
int64_t stripe_last_date(struct stripe_client *client);

/* Sends at most so many requests a second from now on (0: no bound), and fewer once
 * Stripe answers 429: a command that asks for much must not take the shop's share of
 * Stripe's limit. https://docs.stripe.com/rate-limits */
void stripe_client_limit_rate(struct stripe_client *client, unsigned per_second);

/* Why the last call that asked for more than Stripe gives this key was made with less
 * (stripe/expand.h), or NULL where none was within the last ten minutes. */
const struct err *stripe_expansion_refusal(const struct stripe_client *client);
void stripe_keep_expansion_refusal(struct stripe_client *client, const struct err *refusal);

/* How many HTTP requests this client has sent. */
unsigned stripe_client_calls(const struct stripe_client *client);

#endif

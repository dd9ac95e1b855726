/* SPDX-License-Identifier: ISC */
/*
 * Creating a session.  The one idea: the idempotency key is a digest of what
 * is sent, so two clicks give one session, and a session whose item could not
 * be written still completes, for Stripe carries all that the webhook needs.
 */
#include "checkout/checkout.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "checkout/refusal.h"
#include "format/iso8601.h"
#include "shop/checkout.h"
#include "shop/keys.h"
#include "shop/quote.h"
#include "stripe/api.h"

#define FORM_MAX_BYTES (1u << 20)
#define GENERATIONS 100 /* keys whose failures Stripe may have stored */
#define REFUSALS 4      /* that were kept, and that a request walks past: each costs a call of Stripe */
#define FAILURES 3      /* new ones that one request takes */
#define PAUSE_MS 400
#define KEEP_TRIES 3

/* A setting that the owner did not make leaves the choice to the request. */
static enum checkout_choice choice_of(const struct config *c, const char *name, bool value)
{
	if (!config_is_chosen(c, name))
		return CHECKOUT_OPEN;
	return value ? CHECKOUT_YES : CHECKOUT_NO;
}

/* What the settings say of all sessions, for the rules of shop/checkout.h. */
static struct checkout_policy policy_of(const struct app *app)
{
	const struct config *c = &app->config;

	return (struct checkout_policy){
		.mode = c->checkout_mode,
		.success_url = c->checkout_success_url,
		.cancel_url = c->checkout_cancel_url,
		.return_origins = c->checkout_return_origins,
		.cors_origins = c->cors_allow_origin,
		.promotion_codes = choice_of(c, "CHECKOUT_ALLOW_PROMOTION_CODES",
					     c->checkout_promotion_codes),
		.automatic_tax = choice_of(c, "CHECKOUT_AUTOMATIC_TAX", c->checkout_automatic_tax),
		.options = app->session_options,
		.require_auth = c->checkout_require_auth,
		.has_login = config_has_login(c),
		.by_server = config_login_is_by_server(c),
		.session_ttl_minutes = c->session_ttl_minutes,
	};
}

/*
 * Reads the quote that the request names by its signature.  This shop has signed it, with
 * its secret or with the one from before that was rolled: the buyer has had the quote
 * since then.  A quote that is none of ours is one that is not there.
 */
static int read_quote(struct checkout_ask *ask, struct err *e)
{
	static const enum secret tried[] = {SECRET_QUOTE, SECRET_QUOTE_PREVIOUS};
	const char *signature = ask->request->quote_signature, *secret;
	bool authentic = false;
	struct store_key key;
	char *pk;
	size_t i;
	int rc;

	if (!checkout_is_signature(signature))
		return err_set(e, ERR_NOT_FOUND, "there is no such quote");
	pk = key_quote(signature);
	key = (struct store_key){pk, KEY_CACHE};
	rc = store_get_many(app_store(ask->app), &key, 1, &ask->quote, ask->deadline, e);
	free(pk);
	if (rc)
		return -1;

	for (i = 0; ask->quote && !authentic && i < sizeof tried / sizeof *tried; i++) {
		if (app_secret(ask->app, tried[i], ask->deadline, &secret, e))
			return -1;
		authentic = secret && quote_is_authentic(ask->quote, secret);
	}
	if (!authentic)
		return err_set(e, ERR_NOT_FOUND, "there is no such quote");

	/* It is good for one order, and for a while. */
	if (json_string_or_null(ask->quote, "orderId"))
		return err_set(e, ERR_ORDERED, "this quote is already ordered: quote the cart again "
			       "to order it once more");
	if (json_int_or(ask->quote, "validUntil", 0) <= clock_epoch())
		return err_set(e, ERR_GONE, "the quote has expired");
	return 0;
}

/* Whether another request with the same key is under way, the first click's, whose session this one
 * gets, too, and there is time to ask again: after a little wait.  Stripe may take some seconds for it. */
static bool wait_for_first_click(struct stripe_client *stripe, int64_t deadline, const struct err *e)
{
	return e->upstream == 409 &&
	       strcmp(stripe_last_refusal(stripe)->code, "idempotency_key_in_use") == 0 &&
	       deadline_pause(PAUSE_MS, deadline);
}

/* Whether the next key is worth a try.  Stripe keeps an answer a day for its key, a 500 and
 * most refusals, too, and the buyer should not get that same answer when the owner, or Stripe,
 * has mended its cause: stored failures are walked past, new 500s are tried again a few times.
 * https://docs.stripe.com/error-low-level#content-errors */
static bool try_next_key(struct stripe_client *stripe, int generation, int *failures,
			 int64_t deadline, const struct err *e)
{
	if (e->upstream >= 400 && stripe_was_replayed(stripe))
		return e->upstream >= 500 || generation <= REFUSALS;
	if (e->code != ERR_UNAVAILABLE || e->upstream < 500)
		return false;
	return ++*failures < FAILURES && deadline_pause(PAUSE_MS, deadline);
}

/* Whether it is a session, with a page that the buyer can be sent to. */
static bool is_open_session(struct json_object *session)
{
	const char *object = json_string_or_null(session, "object");

	return object && strcmp(object, "checkout.session") == 0 &&
	       !str_empty(json_string_or_null(session, "id")) &&
	       !str_empty(json_string_or_null(session, "url"));
}

/* Whether the answer that Stripe has kept is of a session that has ended since, before its time, as
 * an event has told: nobody can pay on its page. */
static bool has_expired(const struct checkout_ask *ask, struct stripe_client *stripe,
			struct json_object *session)
{
	struct json_object *item = NULL;
	const char *status;
	bool expired = false;
	struct err why;
	char *pk;

	if (!stripe_was_replayed(stripe) || !is_open_session(session))
		return false;
	pk = key_session(json_string_or_null(session, "id"));
	if (store_get_many(app_store(ask->app), &(struct store_key){pk, KEY_METADATA}, 1, &item,
			   ask->deadline, &why) == 0) {
		status = json_string_or_null(item, "status");
		expired = status && strcmp(status, "expired") == 0;
	}
	json_object_put(item);
	free(pk);
	return expired;
}

/* Creates the session.  The key is made of what is sent: a second click, and a try whose
 * answer was lost, get the session of the first, while it can be paid. */
static int create_session(const struct checkout_ask *ask, const char *form,
			  struct json_object **session, struct err *e)
{
	int64_t until = app_stripe_deadline(ask->deadline);
	struct stripe_client *stripe = app_stripe(ask->app, until, e);
	char digest[DIGEST_HEX], *key;
	int generation = 0, failures = 0, rc;
	bool again;

	if (!stripe)
		return -1;

	/* A failure that Stripe keeps under a key, or a session that has ended, is left behind by
	 * taking the next one. */
	digest_sha256_hex(span_of(form), digest);
	do {
		key = str_printf("ordersnap-%s-%d", digest, generation);
		do
			rc = stripe_session_create(stripe, form, key, until, session, e);
		while (rc && wait_for_first_click(stripe, until, e));
		free(key);
		again = ++generation < GENERATIONS &&
			(rc ? try_next_key(stripe, generation, &failures, until, e)
			    : has_expired(ask, stripe, *session));
		if (again && !rc) {
			json_object_put(*session);
			*session = NULL;
		}
	} while (again);

	/* What was refused is the buyer's, the quote's or the owner's to mend. */
	if (rc)
		checkout_explain_refusal(ask, stripe_last_refusal(stripe), e);
	if (!rc && !is_open_session(*session)) {
		json_object_put(*session);
		*session = NULL;
		rc = err_set(e, ERR_UNAVAILABLE, "Stripe's answer is no session with a page to pay on");
	}
	return rc;
}

/* Until when events of the session may come: that it was paid, or that it has expired. */
static int64_t events_end(struct json_object *session, struct json_object *quote,
			  const struct checkout_policy *policy)
{
	return quote_kept_until(json_time_or(session, "expires_at", checkout_expires_at(quote, policy)));
}

/* {"PK": "SESSION#cs_1", "SK": "METADATA", "stripeSessionId": "cs_1", "quoteSignature": ...,
 *  "userId": "7", "status": "open", "createdAt": ..., "expiresAt": 1795771800} */
static struct json_object *session_item(const struct checkout_ask *ask, struct json_object *session)
{
	int64_t now = clock_epoch(), least = events_end(session, ask->quote, ask->policy);
	int64_t until = now + ask->policy->session_ttl_minutes * 60;
	struct json_object *item = json_object_new_object();
	char *pk = key_session(json_string_or_null(session, "id"));
	char time[ISO8601_SIZE];

	json_set_string(item, "PK", pk);
	json_set_string(item, "SK", KEY_METADATA);
	json_set_string(item, "stripeSessionId", json_string_or_null(session, "id"));
	json_set_string(item, "quoteSignature", ask->request->quote_signature);
	json_set_string(item, "userId", ask->request->user_id);
	json_set_string(item, "status", json_string_or_null(session, "status"));
	json_set_string(item, "createdAt",
			iso8601_time(json_time_or(session, "created", now), time));
	json_set_int(item, "expiresAt", until > least ? until : least);
	free(pk);
	return item;
}

/* The quote, kept as long as its session's events may come; NULL where it is. */
static struct json_object *quote_of_session(struct json_object *quote, struct json_object *session,
					    const struct checkout_policy *policy)
{
	int64_t until = events_end(session, quote, policy);
	struct json_object *item;

	if (json_int_or(quote, "expiresAt", 0) >= until)
		return NULL;
	item = json_copy(quote);
	json_set_int(item, "expiresAt", until);
	return item;
}

/* Writes what is not there yet: the session's item, and a longer life of the quote
 * as it was read.  ERR_CONFLICT where one of the two has changed since. */
static int write_session(const struct checkout_ask *ask, struct json_object *session,
			 struct json_object *item, struct json_object *const read[2], struct err *e)
{
	struct json_object *longer = read[1] ? quote_of_session(read[1], session, ask->policy) : NULL;
	struct store_action actions[2];
	size_t n = 0;
	int rc;

	/* A session's item that is there may be the webhook's: it is left. */
	if (!read[0])
		actions[n++] = (struct store_action){.item = item, .condition = STORE_ABSENT};
	if (longer)
		actions[n++] = store_replace(longer, read[1]);
	rc = n ? store_write(app_store(ask->app), actions, n, NULL, ask->deadline, e) : 0;
	json_object_put(longer);
	return rc;
}

/* A second click finds the session's item there, and so does a buyer who paid
 * faster than we wrote: then both items are read, and what is missing is
 * written.  Without either the session still completes. */
static void keep_session(const struct checkout_ask *ask, struct json_object *session)
{
	struct json_object *item = session_item(ask, session);
	struct json_object *found[2] = {NULL, json_object_get(ask->quote)};
	const struct store_key keys[] = {
		{json_string_or_null(item, "PK"), json_string_or_null(item, "SK")},
		{json_string_or_null(ask->quote, "PK"), json_string_or_null(ask->quote, "SK")},
	};
	struct err why;
	int rc, try = 0;

	do {
		rc = write_session(ask, session, item, found, &why);
		json_object_put(found[0]);
		json_object_put(found[1]);
		found[0] = found[1] = NULL;
		if (rc && why.code == ERR_CONFLICT && ++try < KEEP_TRIES)
			rc = store_get_many(app_store(ask->app), keys, 2, found, ask->deadline, &why);
		else
			break;
	} while (!rc);
	if (rc)
		log_warning("Failed to write session", LOG_STR("error", why.text),
			    LOG_STR("sessionId", json_string_or_null(session, "id")));
	json_object_put(item);
}

/* {"sessionId": "cs_1", "quote": {...}, "expiresAt": 1795771800, "checkoutUrl": "https://...",
 *  "stripeStatus": "open", ...}: the buyer's page goes on to checkoutUrl. */
static struct json_object *answer_of(const struct checkout_ask *ask, struct json_object *session)
{
	const struct checkout_request *request = ask->request;
	struct json_object *answer = json_object_new_object(), *quote = ask->quote;

	json_copy_member(answer, "sessionId", session, "id");
	json_copy_member(answer, "stripeSessionId", session, "id");
	json_set_string(answer, "quoteSignature", request->quote_signature);
	json_set(answer, "quote", quote_public(quote));
	json_copy_member(answer, "expiresAt", quote, "validUntil");
	json_copy_member(answer, "checkoutUrl", session, "url");
	json_set_string(answer, "clientReturnUrl", request->success_url);
	json_copy_member(answer, "stripeStatus", session, "status");
	json_copy_member(answer, "stripeMode", session, "mode");
	json_copy_member(answer, "stripePaymentStatus", session, "payment_status");
	json_copy_member(answer, "stripeExpiresAt", session, "expires_at");
	json_set_string(answer, "customerEmail", request->email);
	return answer;
}

int checkout_create(struct app *app, struct json_object *body, const char *subject,
		    int64_t deadline, struct json_object **answer, struct err *e)
{
	const struct checkout_policy policy = policy_of(app);
	struct checkout_request request;
	struct checkout_ask ask = {.app = app, .deadline = deadline, .request = &request,
				   .policy = &policy};
	struct json_object *session = NULL;
	struct buf form;
	int rc;

	/* What is asked for, and the quote that it names. */
	buf_init(&form, FORM_MAX_BYTES);
	rc = checkout_read(body, subject, &policy, &request, e);
	if (!rc)
		rc = read_quote(&ask, e);

	/* Stripe makes the session. */
	if (!rc)
		rc = checkout_form(&request, ask.quote, &policy, &form, e);
	if (!rc)
		rc = create_session(&ask, buf_text(&form), &session, e);
	if (rc)
		goto out;

	/* It is noted, and the buyer sent to its page. */
	keep_session(&ask, session);
	log_info("Checkout session created",
		 LOG_STR("sessionId", json_string_or_null(session, "id")),
		 LOG_STR("userId", request.user_id),
		 LOG_INT("amount", json_int_or(session, "amount_total", 0)));
	*answer = answer_of(&ask, session);
out:
	json_object_put(session);
	json_object_put(ask.quote);
	buf_free(&form);
	checkout_request_free(&request);
	return rc;
}

/* SPDX-License-Identifier: ISC */
/*
 * Stripe: every function of stripe/client.h and stripe/api.h, in the place of
 * the library's, answered from the truth as it is at that moment.
 */
#include "fake_stripe.h"

#include <stdlib.h>
#include <string.h>

#include "stripe/api.h"

struct stripe_client {
	int nothing;
};

static struct stripe_client the_client;

void stripe_client_prepare(const char *api_base)
{
	(void)api_base;
}

struct stripe_client *stripe_client_new(const char *secret, const char *api_base)
{
	(void)secret;
	(void)api_base;
	return &the_client;
}

void stripe_client_free(struct stripe_client *client)
{
	(void)client;
}

bool stripe_was_replayed(struct stripe_client *client)
{
	(void)client;
	return false;
}

const struct err *stripe_expansion_refusal(const struct stripe_client *client)
{
	(void)client;
	return NULL;
}

bool stripe_was_unauthorized(const struct stripe_client *client)
{
	(void)client;
	return false;
}

int64_t stripe_last_date(struct stripe_client *client)
{
	(void)client;
	return -1;
}

void stripe_client_limit_rate(struct stripe_client *client, unsigned per_second)
{
	(void)client;
	(void)per_second;
}

unsigned stripe_client_calls(const struct stripe_client *client)
{
	(void)client;
	return 0;
}

int fake_ask(const char *what, const char *id, struct err *e)
{
	if (world_call("asks for", what, false) == FAULT_NONE)
		return 0;
	return err_set(e, ERR_UNAVAILABLE, "Stripe does not answer for %s", id);
}

int fake_missing(const char *id, struct err *e)
{
	err_set(e, ERR_REFUSED, "No such object: %s", id);
	e->upstream = 404;
	return -1;
}

int fake_answer(struct buf *text, struct json_object **object, struct err *e)
{
	*object = text->failed ? NULL : json_parse(span_of(buf_text(text)));
	if (!*object)
		world_fail("the fake Stripe's answer is no JSON: %s", buf_text(text));
	buf_free(text);
	return *object ? 0 : err_set(e, ERR_UNAVAILABLE, "no JSON");
}

/* The number in ids such as re_0; `n` if it is none of those. */
static size_t number_of(const char *id, const char *before, size_t n)
{
	int64_t i;

	if (!str_starts(id, before) || span_to_int64(span_of(id + strlen(before)), &i) || i < 0 ||
	    (size_t)i >= n)
		return n;
	return (size_t)i;
}

int stripe_unreadable(struct err *e)
{
	if (e)
		e->upstream = STRIPE_UNREADABLE;
	return -1;
}

int stripe_send(struct stripe_client *client, const struct stripe_request *request,
		struct json_object **object, struct err *e)
{
	(void)client;
	(void)object;
	world_fail("a request to Stripe that nobody expects: %s", request->path);
	return err_set(e, ERR_UNAVAILABLE, "not here");
}

void stripe_ask_ahead(struct stripe_client *client, const char *path, int64_t deadline)
{
	(void)client;
	(void)deadline;
	world_fail("a request to Stripe ahead that nobody expects: %s", path);
}

void stripe_let_in(struct stripe_client *client)
{
	(void)client;
}

void stripe_forget_ahead(struct stripe_client *client)
{
	(void)client;
}

int stripe_session_line_items(struct stripe_client *client, const char *session_id,
			      int64_t deadline, struct json_object **items, struct err *e)
{
	struct json_object *list = NULL, *data = NULL;
	struct buf text;
	int rc;

	(void)client;
	(void)deadline;
	if (fake_ask("line items", session_id, e))
		return -1;
	if (strcmp(session_id, SESSION_ID) != 0)
		return fake_missing(session_id, e);
	buf_init(&text, ANSWER_MAX);
	put_lines(&text);
	rc = fake_answer(&text, &list, e);
	json_get_array(list, "data", &data);
	*items = json_object_get(data);
	json_object_put(list);
	return rc;
}

int stripe_session_retrieve(struct stripe_client *client, const char *id, int64_t deadline,
			    struct json_object **session, struct err *e)
{
	struct buf text;

	(void)client;
	(void)deadline;
	if (fake_ask("session", id, e))
		return -1;
	buf_init(&text, ANSWER_MAX);
	if (strcmp(id, SESSION_ID) == 0)
		put_session(&text, world->history, world_truth());
	else if (strcmp(id, OTHER_ID) == 0)
		put_other_session(&text, world_truth());
	else
		return fake_missing(id, e);
	return fake_answer(&text, session, e);
}

int stripe_session_with_sale(struct stripe_client *client, const char *id, int64_t deadline,
			     struct json_object **session, struct json_object **lines,
			     struct err *e)
{
	struct json_object *list = NULL, *data = NULL;
	struct buf text;

	(void)client;
	(void)deadline;
	if (fake_ask("session and its sale", id, e))
		return -1;
	if (strcmp(id, SESSION_ID) != 0)
		return fake_missing(id, e);
	buf_init(&text, ANSWER_MAX);
	put_lines(&text);
	if (fake_answer(&text, &list, e))
		return -1;
	json_get_array(list, "data", &data);
	*lines = json_object_get(data);
	json_object_put(list);
	buf_init(&text, ANSWER_MAX);
	put_session_with_charge(&text, world->history, world_truth());
	return fake_answer(&text, session, e);
}

int stripe_charge_retrieve(struct stripe_client *client, const char *id, int64_t deadline,
			   struct json_object **charge, struct err *e)
{
	struct buf text;

	(void)client;
	(void)deadline;
	if (fake_ask("charge", id, e))
		return -1;
	buf_init(&text, ANSWER_MAX);
	if (strcmp(id, CHARGE_ID) == 0)
		put_charge(&text, world->history, world_truth());
	else if (strcmp(id, "ch_x") == 0) /* of no Checkout Session */
		buf_puts(&text, "{\"id\":\"ch_x\",\"object\":\"charge\",\"amount\":1,"
			 "\"amount_refunded\":1,\"payment_intent\":\"pi_x\"}");
	else
		return fake_missing(id, e);
	return fake_answer(&text, charge, e);
}

int stripe_charge_with_sale(struct stripe_client *client, const char *id, int64_t deadline,
			    struct json_object **charge, struct err *e)
{
	return stripe_charge_retrieve(client, id, deadline, charge, e);
}

/* No charge of a history embeds a part of its refunds only. */
int stripe_refunds_of_charge(struct stripe_client *client, const char *charge, int64_t deadline,
			     struct json_object **refunds, struct err *e)
{
	(void)client;
	(void)deadline;
	(void)refunds;
	return err_set(e, ERR_INTERNAL, "the refunds of %s are asked for", charge);
}

/* What an event of a refund lacks, the refund itself lacks as well. */
static unsigned extras_of_refund(void)
{
	const struct proof_event *event = world->current->event;

	return event && event->since
		? world->history->steps[event->since - 1].extras : 0;
}

int stripe_refund_retrieve(struct stripe_client *client, const char *id, int64_t deadline,
			   struct json_object **refund, struct err *e)
{
	const struct truth *t;
	struct buf text;
	size_t i;

	(void)client;
	(void)deadline;
	if (fake_ask("refund", id, e))
		return -1;
	t = world_truth();
	i = number_of(id, "re_", t->n_refunds);
	if (i == t->n_refunds)
		return fake_missing(id, e);
	buf_init(&text, ANSWER_MAX);
	put_refund(&text, world->history, t, i, extras_of_refund());
	return fake_answer(&text, refund, e);
}

int stripe_dispute_retrieve(struct stripe_client *client, const char *id, int64_t deadline,
			    struct json_object **dispute, struct err *e)
{
	const struct truth *t;
	struct buf text;
	size_t i;

	(void)client;
	(void)deadline;
	if (fake_ask("dispute", id, e))
		return -1;
	t = world_truth();
	i = number_of(id, "du_", t->n_disputes);
	if (i == t->n_disputes)
		return fake_missing(id, e);
	buf_init(&text, ANSWER_MAX);
	put_dispute(&text, world->history, t, i, 0, false);
	return fake_answer(&text, dispute, e);
}

int stripe_disputes_of_charge(struct stripe_client *client, const char *charge, int64_t deadline,
			      struct json_object **disputes, struct err *e)
{
	const struct truth *t;
	struct buf text;
	size_t i;

	(void)client;
	(void)deadline;
	if (fake_ask("disputes", charge, e))
		return -1;
	t = world_truth();
	buf_init(&text, ANSWER_MAX);
	buf_puts(&text, "[");
	for (i = t->n_disputes; i; i--) {
		put_dispute(&text, world->history, t, i - 1, 0, true);
		buf_puts(&text, i > 1 ? "," : "");
	}
	buf_puts(&text, "]");
	return fake_answer(&text, disputes, e);
}

int stripe_payment_retrieve(struct stripe_client *client, const char *id, int64_t deadline,
			    struct json_object **payment, struct err *e)
{
	struct buf text;

	(void)client;
	(void)deadline;
	if (fake_ask("payment intent", id, e))
		return -1;
	if (strcmp(id, INTENT_ID) != 0)
		return fake_missing(id, e);
	buf_init(&text, ANSWER_MAX);
	buf_puts(&text, "{\"id\":\"" INTENT_ID "\",\"object\":\"payment_intent\",\"latest_charge\":");
	put_charge(&text, world->history, world_truth());
	buf_puts(&text, "}");
	return fake_answer(&text, payment, e);
}

int stripe_session_of_payment(struct stripe_client *client, const char *payment_intent,
			      int64_t deadline, struct json_object **session, struct err *e)
{
	struct buf text;

	(void)client;
	(void)deadline;
	if (fake_ask("session of payment", payment_intent, e))
		return -1;
	*session = NULL;
	if (strcmp(payment_intent, INTENT_ID) != 0)
		return 0;
	buf_init(&text, ANSWER_MAX);
	put_session(&text, world->history, world_truth());
	return fake_answer(&text, session, e);
}

/* --- what no webhook asks for ------------------------------------------------------- */

int stripe_prices_by_lookup_key(struct stripe_client *client, const char *const *keys,
				size_t count, int64_t deadline, struct json_object **prices,
				struct err *e)
{
	(void)client;
	(void)keys;
	(void)count;
	(void)deadline;
	(void)prices;
	return err_set(e, ERR_UNAVAILABLE, "not here");
}

int stripe_price_retrieve(struct stripe_client *client, const char *id, int64_t deadline,
			  struct json_object **price, struct err *e)
{
	(void)client;
	(void)deadline;
	(void)price;
	return fake_missing(id, e);
}

int stripe_session_create(struct stripe_client *client, const char *form,
			  const char *idempotency_key, int64_t deadline,
			  struct json_object **session, struct err *e)
{
	(void)client;
	(void)form;
	(void)idempotency_key;
	(void)deadline;
	(void)session;
	return err_set(e, ERR_UNAVAILABLE, "not here");
}

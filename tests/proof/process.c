/* SPDX-License-Identifier: ISC */
/*
 * In a process: what it does, and what becomes of its calls.
 */
#include "world.h"

#include <stdlib.h>

#include "base/digest.h"
#include "record/mark.h"
#include "record/webhook.h"

#define MARK_CONFLICTS 8 /* that a mark has to stand */
#define MARK_NUMBER "00340"

static void give_way(void)
{
	if (!world_is_alone())
		swapcontext(&world->current->context, &world->scheduler);
}

/* Stripe does not wait for us. */
bool world_leap(unsigned rarely)
{
	if (!world->limits.leaps || world->in_order || world->time == world->history->n ||
	    !choose_rarely(world->choices, rarely))
		return false;
	world->time++;
	world_trace("meanwhile at Stripe: step %zu", world->time);
	return true;
}

/* Somebody writes to the order who knows nothing of its pointers. */
static void maybe_edit(void)
{
	if (!world->limits.edits || world->in_order || !choose_rarely(world->choices, 12) ||
	    !table_edit_order(&world->table))
		return;
	world->limits.edits--;
	world->edited = true;
	world_trace("meanwhile somebody writes a note into the order");
}

/* DynamoDB and SQLite alike hide what has expired.  The functions' own have no
 * time to expire. */
static bool may_expire(struct json_object *item)
{
	return item && (world->limits.forgets || !json_string_or_null(item, "orderPK"));
}

static void maybe_expire(void)
{
	if (!world->limits.expiries || world->in_order || world->history->traits & TRAIT_LEGACY ||
	    !may_expire(table_find(&world->table, "SESSION#" SESSION_ID, "METADATA")) ||
	    !choose_rarely(world->choices, 12))
		return;
	table_delete(&world->table, "SESSION#" SESSION_ID, "METADATA");
	world->limits.expiries--;
	world->session_gone = world->session_expired = true;
	world_trace("meanwhile the session's item expires");
}

void world_tear(void)
{
	if (world->limits.torn && !world->current->dead)
		give_way();
}

static enum fault die(struct process *p, bool after)
{
	p->dead = true;
	return after ? FAULT_FAILS_LATE : FAULT_FAILS;
}

static enum fault fault_of(struct process *p, bool writes)
{
	static const char *const names[] = {"fails", "dies before it", "dies after it",
					    "fails after its effect", "meets a conflict"};
	unsigned which;

	if (!world->faults_left || world->in_order || !choose_rarely(world->choices, 5))
		return FAULT_NONE;
	which = choose(world->choices, writes ? 5 : 2);
	world->faults_left--;
	p->disturbed |= which != 4;
	world_trace("%s", names[which]);
	switch (which) {
	case 1:
	case 2:
		return die(p, which == 2);
	case 3:
		return FAULT_FAILS_LATE;
	case 4:
		return FAULT_CONFLICT;
	default:
		return FAULT_FAILS;
	}
}

enum fault world_call(const char *verb, const char *what, bool writes)
{
	struct process *p = world->current;

	if (!p->dead)
		give_way();
	if (world->failure[0])
		p->dead = true;
	if (p->dead)
		return FAULT_FAILS;
	/* With events the truth moves as they come: enough for all runs there are. */
	if (!world->choices->every || world->limits.lost == LOST_ALL)
		world_leap(16);
	maybe_edit();
	maybe_expire();
	world_trace("%s %s", verb, what);
	return fault_of(p, writes);
}

static char *sign(const char *body)
{
	char *prefix = str_printf("%lld.", (long long)world->epoch), *header;
	const struct span parts[] = {span_of(prefix), span_of(body)};
	char hex[DIGEST_HEX];

	digest_hmac_hex(span_of(WEBHOOK_SECRET), parts, 2, hex);
	header = str_printf("t=%lld,v1=%s", (long long)world->epoch, hex);
	free(prefix);
	return header;
}

static void receive(struct process *p)
{
	char *signature = sign(p->event->body);
	const struct webhook_delivery delivery = {
		.signature = signature,
		.body = span_of(p->event->body),
		.deadline = world->ms + APP_REQUEST_MS,
	};

	p->rc = webhook_receive(&p->app, &delivery, &p->answer, &p->err);
	free(signature);
}

/* The owner marks the order by its session's id. */
static void mark(struct process *p)
{
	static const struct tracking shipped = {.shipped = true, .number = MARK_NUMBER};
	struct mark_outcome outcome = {.order = NULL};

	p->rc = mark_order(&p->app, SESSION_ID, &shipped, &outcome, &p->err);
	json_object_put(outcome.order);
}

/* There may be no order yet, or one of the functions' that is not adopted. */
void mark_ended(const struct process *p)
{
	bool has_reason = p->disturbed || p->dead || p->err.code == ERR_NOT_FOUND ||
			  p->err.code == ERR_BAD_REQUEST || p->conflicts >= MARK_CONFLICTS;

	if (p->rc == 0 && !p->dead && !world->marked)
		world_fail("a mark was made, and the order has none");
	if (p->rc != 0 && !has_reason)
		world_fail("a mark is refused without a reason: %s", p->err.text);
}

void process_work(void)
{
	struct process *p = world->current;

	if (p->job == JOB_MARK)
		mark(p);
	else if (p->job == JOB_SYNC)
		sync_process(p);
	else if (p->job == JOB_ERASURE)
		erase_process(p);
	else if (p->job == JOB_REPLAY)
		replay_process(p);
	else
		receive(p);
	p->done = true;
}

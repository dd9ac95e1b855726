/* SPDX-License-Identifier: ISC */
/*
 * The scheduler: which delivery begins or goes on, and which call fails.
 */
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "service/webhook.h"

#define STACK_BYTES (256 * 1024)
#define WEBHOOK_SECRET "whsec_proof"

/* Twelve tries a delivery and a redelivery or two: what needs more hangs. */
#define DELIVERIES_FOR_EACH 24

#define CONFLICTS 8 /* that a delivery has to stand */

struct world *world;

static char stacks[PROCESSES][STACK_BYTES] __attribute__((aligned(64)));

void world_fail(const char *format, ...)
{
	va_list args;

	if (world->failure[0])
		return;
	va_start(args, format);
	vsnprintf(world->failure, sizeof world->failure, format, args);
	va_end(args);
}

void world_trace(const char *format, ...)
{
	char line[512];
	va_list args;

	if (!world->trace)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	if (world->current)
		buf_printf(world->trace, "#   process %d, %s: %s\n",
			   (int)(world->current - world->processes) + 1, world->current->event->id,
			   line);
	else
		buf_printf(world->trace, "#   %s\n", line);
}

const struct truth *world_truth(void)
{
	return &world->truths[world->time];
}

/* --- in a process ------------------------------------------------------------------ */

/* Whether anybody else could run now. */
static bool is_alone(void)
{
	return world->limits.running == 1 || world->in_order;
}

static void give_way(void)
{
	if (!is_alone())
		swapcontext(&world->current->context, &world->scheduler);
}

/* Stripe does not wait for us. */
static void maybe_leap(unsigned rarely)
{
	if (!world->limits.leaps || world->in_order || world->time == world->history->n ||
	    !choose_rarely(world->choices, rarely))
		return;
	world->time++;
	world_trace("meanwhile at Stripe: step %zu", world->time);
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
	if (!world->choices->every)
		maybe_leap(16);
	maybe_edit();
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

static void receive(void)
{
	struct process *p = world->current;
	char *signature = sign(p->event->body);
	const struct webhook_delivery delivery = {
		.signature = signature,
		.body = span_of(p->event->body),
		.deadline = world->ms + APP_REQUEST_MS,
	};

	p->rc = webhook_receive(&p->app, &delivery, &p->answer, &p->err);
	free(signature);
	p->done = true;
}

/* --- the scheduler ----------------------------------------------------------------- */

static char secret_stripe[] = "sk_test_proof", secret_webhook[] = WEBHOOK_SECRET, prefix[] = "BC";

static void open_app(struct process *p)
{
	memset(&p->app, 0, sizeof p->app);
	memset(&p->store, 0, sizeof p->store);
	p->store.backend = &fake_store;
	p->app.store_opened = &p->store;
	p->app.config.stripe_secret = secret_stripe;
	p->app.config.stripe_webhook_secret = secret_webhook;
	p->app.config.webhook_tolerance = 300;
	p->app.config.event_ttl_days = 90;
	p->app.config.order_ttl_days = world->history->traits & TRAIT_TTL ? 365 : 0;
	p->app.config.order_number_prefix = prefix;
}

static size_t take_from_queue(struct world *w)
{
	size_t in_window = w->limits.window < w->n_queue ? w->limits.window : w->n_queue;
	size_t at = w->in_order ? 0 : choose(w->choices, (unsigned)in_window);
	size_t event = w->queue[at];

	memmove(w->queue + at, w->queue + at + 1, (--w->n_queue - at) * sizeof *w->queue);
	return event;
}

static void put_in_queue(struct world *w, size_t event)
{
	if (w->n_queue == QUEUE_MAX)
		abort();
	w->queue[w->n_queue++] = event;
}

/* A new delivery begins: the truth is at least what the event tells. */
static void begin(struct world *w, struct process *p)
{
	const struct event *event = &w->events->list[take_from_queue(w)];

	p->event = event;
	p->running = true;
	p->done = p->dead = p->disturbed = false;
	p->conflicts = 0;
	p->rc = 0;
	p->answer = NULL;
	p->err = (struct err){.code = ERR_NONE};
	open_app(p);
	if (w->time < event->since)
		w->time = event->since;
	maybe_leap(3);
	w->epoch++;
	w->deliveries++;
	getcontext(&p->context);
	p->context.uc_stack.ss_sp = stacks[p - w->processes];
	p->context.uc_stack.ss_size = STACK_BYTES;
	p->context.uc_link = &w->scheduler;
	makecontext(&p->context, receive, 0);
	world_trace("%s is delivered: %s%s, truth of step %zu", event->id, event->thin ? "thin " : "",
		    event->type, w->time);
}

/* A conflict or two are no reason to refuse an event; of expiry one is. */
static bool gave_up(const struct process *p)
{
	return p->err.code == ERR_CONFLICT &&
	       p->conflicts >= (p->event->concern == ABOUT_OTHER ? 1 : CONFLICTS);
}

static void hear(struct world *w, struct process *p)
{
	size_t event = (size_t)(p->event - w->events->list);

	if (p->rc == 0 && !p->dead) {
		world_trace("%s is acknowledged: %s", p->event->id, json_text(p->answer));
		w->acknowledged[event] = true;
		check_acknowledged(p->event, p->answer);
		return;
	}
	if (!p->dead) {
		world_trace("%s is refused: %s", p->event->id, p->err.text);
		if (!p->disturbed && !gave_up(p))
			world_fail("%s %s is refused without a reason: %s", p->event->id,
				   p->event->type, p->err.text);
		else if (p->err.code != ERR_UNAVAILABLE && p->err.code != ERR_CONFLICT &&
			 p->err.code != ERR_REFUSED)
			world_fail("%s %s is refused as %s: %s", p->event->id, p->event->type,
				   err_name(p->err.code), p->err.text);
	}
	put_in_queue(w, event);
}

static void resume(struct world *w, struct process *p)
{
	w->current = p;
	swapcontext(&w->scheduler, &p->context);
	w->current = NULL;
	if (!p->done)
		return;
	p->running = false;
	hear(w, p);
	json_object_put(p->answer);
	p->answer = NULL;
	if (w->in_order)
		w->in_order--;
}

/* Which of n running processes goes on, or, if n is the answer, that another
 * begins.  Errors show with few switches, so those may be counted
 * (Musuvathi, Qadeer: Iterative context bounding, 2007). */
static unsigned next_of(struct world *w, struct process **running, unsigned n, bool may_begin)
{
	unsigned last, pick;

	for (last = 0; last < n && running[last] != w->last; last++)
		;
	if (w->limits.switches && last < n && !w->switches_left)
		return last;
	pick = choose(w->choices, n + may_begin);
	if (last < n && pick != last && w->switches_left)
		w->switches_left--;
	w->last = pick < n ? running[pick] : NULL;
	return pick;
}

/* One step of the run; false at its end. */
static bool turn(struct world *w)
{
	struct process *running[PROCESSES], *idle = NULL;
	unsigned n = 0, pick;
	size_t i;

	for (i = 0; i < PROCESSES; i++)
		if (w->processes[i].running)
			running[n++] = &w->processes[i];
		else if (!idle)
			idle = &w->processes[i];
	if (n >= (is_alone() ? 1 : w->limits.running) || !w->n_queue || w->failure[0])
		idle = NULL;
	if (!n && !idle)
		return false;
	pick = next_of(w, running, n, idle != NULL);
	if (pick < n) {
		resume(w, running[pick]);
		return true;
	}
	begin(w, idle);
	w->last = idle;
	return true;
}

static void fill_queue(struct world *w)
{
	unsigned copies = w->limits.copies;
	size_t i;

	for (i = 0; i < w->events->n; i++)
		put_in_queue(w, i);
	while (copies-- && w->n_queue < QUEUE_MAX / 2)
		put_in_queue(w, choose(w->choices, (unsigned)w->events->n));
}

void world_run(struct world *w, const struct history *h, const struct events *events,
	       const struct limits *limits, struct choices *choices, struct buf *trace)
{
	size_t i;

	memset(w, 0, sizeof *w);
	world = w;
	w->history = h;
	w->events = events;
	w->limits = *limits;
	w->choices = choices;
	w->trace = trace;
	w->faults_left = limits->faults;
	w->switches_left = limits->switches;
	w->in_order = limits->prefix < events->n ? limits->prefix : events->n;
	w->epoch = step_time(h->n) + 3600;
	w->ms = 1000;
	for (i = 0; i < h->n; i++) {
		w->truths[i + 1] = w->truths[i];
		truth_step(&w->truths[i + 1], h, i);
	}
	table_begin(&w->table, h);
	fill_queue(w);
	while (turn(w))
		if (w->deliveries > DELIVERIES_FOR_EACH * (events->n + limits->copies))
			world_fail("no end after %u deliveries", w->deliveries);
	for (i = 0; i < events->n; i++)
		if (!w->acknowledged[i])
			world_fail("%s was never acknowledged", events->list[i].id);
}

void world_close(struct world *w)
{
	table_free(&w->table);
	world = NULL;
}

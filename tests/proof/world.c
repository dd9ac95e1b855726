/* SPDX-License-Identifier: ISC */
/*
 * The scheduler: which process begins or goes on, and which call fails.
 */
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STACK_BYTES (256 * 1024)

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
			   (int)(world->current - world->processes) + 1, world->current->name,
			   line);
	else
		buf_printf(world->trace, "#   %s\n", line);
}

const struct truth *world_truth(void)
{
	return &world->truths[world->time];
}

bool world_is_alone(void)
{
	return world->limits.running == 1 || world->in_order;
}

/* --- the scheduler ----------------------------------------------------------------- */

static char secret_stripe[] = "sk_test_proof", secret_webhook[] = WEBHOOK_SECRET, prefix[] = "BC";
static char api_base[] = "https://api.stripe.com", hook[] = "/shop/hook";

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
	p->app.config.order_hook = hook;
	p->app.config.stripe_api_base = api_base;
	p->app.config.sync_lookback_hours = 48;
	p->app.secrets.config = &p->app.config;
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

void world_pass(int64_t ms)
{
	world->ms += ms;
	world->epoch = step_time(world->history->n) + 3600 + world->ms / 1000;
}

/* Each process begins in a second of its own. */
static void next_second(struct world *w)
{
	world_pass(1000 - w->ms % 1000);
	if (w->n_begun == BEGUN_MAX)
		abort();
	w->begun[w->n_begun++] = (struct begun){w->epoch, w->time};
}

size_t world_time_when(int64_t epoch)
{
	size_t i = world->n_begun;

	while (i && world->begun[i - 1].epoch > epoch)
		i--;
	return i ? world->begun[i - 1].time : 0;
}

static void start(struct world *w, struct process *p, enum job job, const char *name)
{
	p->job = job;
	p->event = NULL;
	snprintf(p->name, sizeof p->name, "%s", name);
	p->running = true;
	p->done = p->dead = p->disturbed = false;
	p->conflicts = 0;
	p->rc = 0;
	p->answer = NULL;
	p->err = (struct err){.code = ERR_NONE};
	open_app(p);
	next_second(w);
	getcontext(&p->context);
	p->context.uc_stack.ss_sp = stacks[p - w->processes];
	p->context.uc_stack.ss_size = STACK_BYTES;
	p->context.uc_link = &w->scheduler;
	makecontext(&p->context, process_work, 0);
}

static void begin_sync(struct world *w, struct process *p)
{
	start(w, p, JOB_SYNC, "a sync");
	while (world_leap(3))
		;
	p->began = w->time;
	world_trace("a sync begins, truth of step %zu", w->time);
}

static bool is_replay(struct world *w)
{
	return w->limits.replayed && !w->in_order && choose_rarely(w->choices, 3);
}

/* A new delivery begins: the truth is at least what the event tells. */
static void begin_delivery(struct world *w, struct process *p)
{
	const struct proof_event *event = &w->events->list[take_from_queue(w)];
	enum job job = is_replay(w) ? JOB_REPLAY : JOB_DELIVERY;

	start(w, p, job, event->id);
	p->event = event;
	if (w->time < event->since)
		w->time = event->since;
	world_leap(3);
	p->began = w->time;
	w->deliveries++;
	world_trace("%s is %s: %s%s, truth of step %zu", event->id,
		    job == JOB_REPLAY ? "replayed" : "delivered", event->thin ? "thin " : "",
		    event->type, w->time);
}

static bool may_sync(const struct world *w)
{
	return w->syncs_left && !w->in_order;
}

static bool may_erase(const struct world *w)
{
	return w->erasures_left && !w->in_order;
}

static bool may_mark(const struct world *w)
{
	return w->marks_left && !w->in_order;
}

static void begin(struct world *w, struct process *p)
{
	bool others = w->n_queue || may_sync(w);

	if (may_mark(w) && ((!others && !may_erase(w)) || choose(w->choices, 2))) {
		w->marks_left--;
		start(w, p, JOB_MARK, "a mark");
		world_trace("the owner marks the parcel");
		return;
	}
	if (may_erase(w) && (!others || choose(w->choices, 2))) {
		w->erasures_left--;
		start(w, p, JOB_ERASURE, "an erasure");
		world_trace("an erasure begins");
		return;
	}
	if (!may_sync(w) || (w->n_queue && choose(w->choices, 2) == 0)) {
		begin_delivery(w, p);
		return;
	}
	w->syncs_left--;
	begin_sync(w, p);
}

/* A conflict or two are no reason to refuse an event; of expiry one is. */
static bool gave_up(const struct process *p)
{
	return p->err.code == ERR_CONFLICT &&
	       p->conflicts >= (p->event->concern == ABOUT_OTHER ? 1 : CONFLICTS);
}

/* A payment's charge is asked for when its event comes: what is processed again
 * tells the truth of then. */
static size_t since_of(const struct process *p)
{
	return p->job == JOB_REPLAY ? p->began : p->event->since;
}

static void hear(struct world *w, struct process *p)
{
	size_t event = (size_t)(p->event - w->events->list);

	if (p->rc == 0 && !p->dead) {
		world_trace("%s is acknowledged: %s", p->event->id, json_text(p->answer));
		w->acknowledged[event] = true;
		check_acknowledged(p->event, since_of(p), p->answer);
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
	if (p->job == JOB_SYNC)
		sync_ended(p);
	else if (p->job == JOB_ERASURE)
		erase_ended(p);
	else if (p->job == JOB_MARK)
		mark_ended(p);
	else
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
	if (n >= (world_is_alone() ? 1 : w->limits.running) ||
	    (!w->n_queue && !may_sync(w) && !may_erase(w) && !may_mark(w)) || w->failure[0])
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

/* An order that had failed before the reconciler looks, and was paid for after
 * all, is not found by what came later: Stripe has no such session. */
static bool is_lost(struct world *w, size_t i)
{
	const struct proof_event *event = &w->events->list[i];

	switch (w->limits.lost) {
	case LOST_NONE:
		break;
	case LOST_ALL:
		return true;
	case LOST_SOME:
		return choose(w->choices, 2);
	case LOST_LATER:
		return i >= w->limits.prefix && !w->truths[event->since - 1].failed;
	}
	return false;
}

static void fill_queue(struct world *w)
{
	unsigned copies = w->limits.copies;
	size_t i;

	for (i = 0; i < w->events->n; i++) {
		w->lost[i] = is_lost(w, i);
		if (!w->lost[i])
			put_in_queue(w, i);
	}
	while (copies-- && w->n_queue && w->n_queue < QUEUE_MAX / 2)
		put_in_queue(w, w->queue[choose(w->choices, (unsigned)w->n_queue)]);
}

struct process *world_run_alone(enum job job)
{
	struct process *p = &world->processes[0];

	world->limits.running = 1;
	if (job == JOB_SYNC)
		begin_sync(world, p);
	while (p->running)
		resume(world, p);
	return p;
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
	w->syncs_left = limits->syncs;
	w->erasures_left = limits->erasures;
	w->marks_left = limits->marks;
	world_pass(1000);
	for (i = 0; i < h->n; i++) {
		w->truths[i + 1] = w->truths[i];
		truth_step(&w->truths[i + 1], h, i);
	}
	if (limits->lost && !limits->leaps)
		w->time = h->n;
	table_begin(&w->table, h);
	fill_queue(w);
	w->in_order = limits->prefix < w->n_queue ? limits->prefix : w->n_queue;
	while (turn(w))
		if (w->deliveries > DELIVERIES_FOR_EACH * (events->n + limits->copies))
			world_fail("no end after %u deliveries", w->deliveries);
	for (i = 0; i < events->n; i++)
		if (!w->acknowledged[i] && !w->lost[i])
			world_fail("%s was never acknowledged", events->list[i].id);
}

void world_close(struct world *w)
{
	table_free(&w->table);
	world = NULL;
}

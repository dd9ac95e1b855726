/* SPDX-License-Identifier: ISC */
/*
 * The runs of a history, each held against its replay in order.
 */
#include "runs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../lib/environment.h"
#include "base/log.h"

#define CASES 2000
#define SCHEDULES 3         /* of each random history */
#define EVERY_MAX 60000     /* runs of one small history */
#define SHRINK_SCHEDULES 400
#define TRACE_MAX 262144

static struct world the_world; /* large */
static struct events events;
static struct table expected;
static struct choices choices;
static unsigned long runs;
static runs_limits *limits_of; /* the program's */

/* --- one run ------------------------------------------------------------------------ */

/* True if all is well; else `why` has the reason. */
static bool run(const struct history *h, const struct limits *limits, bool is_replay,
		struct buf *trace, char why[512])
{
	world_run(&the_world, h, &events, limits, &choices, trace);
	if (!the_world.failure[0] && !limits->lost)
		check_end(is_replay ? NULL : &expected);
	if (!the_world.failure[0] && limits->syncs) {
		sync_last();
		check_end(&expected);
	}
	snprintf(why, 512, "%s", the_world.failure);
	if (is_replay && !why[0]) {
		expected = the_world.table;
		the_world.table.n = 0;
	}
	world_close(&the_world);
	runs++;
	return !why[0];
}

static void end_history(void)
{
	events_free(&events);
	table_free(&expected);
}

/* The replay in order, which the other runs are held against. */
static bool begin_history(const struct history *h, struct buf *trace, char why[512])
{
	static const struct limits in_order = {.running = 1, .window = 1, .prefix = EVENTS_MAX};

	events_of(h, &events);
	choices_random(&choices, 0);
	return run(h, &in_order, true, trace, why);
}

/* --- a run that failed ---------------------------------------------------------------- */

static bool passes(const struct history *h, unsigned boldness, uint64_t seed, struct buf *trace,
		   char why[512])
{
	struct limits limits;

	choices_random(&choices, seed);
	limits = limits_of(boldness, &choices);
	return run(h, &limits, false, trace, why);
}

/* Looks for a schedule in which the history fails; the replay itself counts. */
static bool find_failure(const struct history *h, unsigned *boldness, uint64_t *seed, char why[512])
{
	bool found = !begin_history(h, NULL, why);

	*boldness = UINT32_MAX;
	for (unsigned b = 0; !found && b < 4; b++)
		for (uint64_t i = 0; !found && i < SHRINK_SCHEDULES; i++) {
			*boldness = b;
			*seed = i;
			found = !passes(h, b, i, NULL, why);
		}
	end_history();
	return found;
}

static bool still_fails(const struct history *h)
{
	unsigned boldness;
	uint64_t seed;
	char why[512];

	return find_failure(h, &boldness, &seed, why);
}

static bool try_history(struct history *h, const struct history *smaller)
{
	if (!still_fails(smaller))
		return false;
	*h = *smaller;
	return true;
}

static void shrink_steps(struct history *h)
{
	size_t i;

	for (i = h->n; i-- > 1;) {
		struct history smaller = *h;

		memmove(smaller.steps + i, smaller.steps + i + 1,
			(--smaller.n - i) * sizeof *smaller.steps);
		try_history(h, &smaller);
	}
}

static void shrink_flags(struct history *h)
{
	unsigned flag;
	size_t i;

	for (flag = 1; flag < TRAITS_END; flag <<= 1) {
		struct history smaller = *h;

		smaller.traits &= ~flag;
		if (smaller.traits != h->traits)
			try_history(h, &smaller);
	}
	for (i = 0; i < h->n; i++)
		for (flag = 1; flag < EXTRAS_END; flag <<= 1) {
			struct history smaller = *h;

			smaller.steps[i].extras ^= flag;
			/* One event is simpler than two, of all else less is. */
			if ((flag == EXTRA_QUIET) == !(h->steps[i].extras & flag))
				try_history(h, &smaller);
		}
}

static void say(const struct history *h, const char *why, struct buf *trace)
{
	struct buf text;

	buf_init(&text, TRACE_MAX);
	history_describe(h, &text);
	printf("# %s\n%s%s", why, buf_text(&text), buf_text(trace));
	buf_free(&text);
}

/* The smallest history that fails like this one, and how; false if none was
 * found, because it takes a rare schedule. */
static bool show(const struct history *h)
{
	bool found;
	struct history small = *h;
	unsigned boldness = 0;
	uint64_t seed = 0;
	struct buf trace;
	char why[512];

	buf_init(&trace, TRACE_MAX);
	if (still_fails(&small)) {
		shrink_steps(&small);
		shrink_flags(&small);
		shrink_steps(&small);
	}
	found = find_failure(&small, &boldness, &seed, why);
	if (found) {
		if (begin_history(&small, boldness == UINT32_MAX ? &trace : NULL, why))
			passes(&small, boldness, seed, &trace, why);
		say(&small, why, &trace);
		end_history();
	}
	buf_free(&trace);
	return found;
}

static void show_run(const struct history *h, unsigned boldness, uint64_t seed)
{
	struct buf trace;
	char why[512];

	buf_init(&trace, TRACE_MAX);
	if (begin_history(h, NULL, why))
		passes(h, boldness, seed, &trace, why);
	say(h, why, &trace);
	end_history();
	buf_free(&trace);
}

/* --- all runs of a small history -------------------------------------------------------- */

/* The run that failed, once more with its trace, and smaller where that can be. */
static bool every_run_failed(const struct history *h, const struct limits *limits)
{
	struct buf trace;
	char why[512];

	buf_init(&trace, TRACE_MAX);
	choices.at = 0;
	run(h, limits, false, &trace, why);
	say(h, why, &trace);
	buf_free(&trace);
	end_history();
	return false;
}

bool every_run(const struct history *h, const struct limits *limits)
{
	unsigned long n = 0;
	char why[512];

	if (!begin_history(h, NULL, why)) {
		end_history();
		show(h);
		return false;
	}
	choices_every(&choices);
	do {
		if (!run(h, limits, false, NULL, why))
			return every_run_failed(h, limits);
	} while (++n < EVERY_MAX && choices_next(&choices));
	if (n == EVERY_MAX)
		printf("# only the first %d runs of a history\n", EVERY_MAX);
	end_history();
	return true;
}

/* --- random histories ------------------------------------------------------------------ */

static uint64_t the_seed;
static uint64_t the_cases;

static uint64_t number_from(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	int64_t value;

	return text && span_to_int64(span_of(text), &value) == 0 && value > 0 ? (uint64_t)value
									       : otherwise;
}

static bool random_history(uint64_t i, unsigned boldness)
{
	struct history h;
	char why[512];
	bool fine;
	uint64_t k, seed = 0;

	choices_random(&choices, choices_seed(the_seed, i));
	history_random(&h, &choices);
	fine = begin_history(&h, NULL, why);
	for (k = 0; fine && k < SCHEDULES; k++) {
		seed = choices_seed(the_seed ^ 0x5eed, i * SCHEDULES + k);
		fine = passes(&h, boldness, seed, NULL, why);
	}
	end_history();
	if (fine)
		return true;
	printf("# history %" PRIu64 " of ORDERSNAP_SEED=%" PRIu64 ": %s\n", i, the_seed, why);
	if (!show(&h))
		show_run(&h, boldness, seed);
	return false;
}

bool random_histories(unsigned boldness)
{
	uint64_t i;

	for (i = boldness; i < the_cases; i += 4)
		if (!random_history(i, boldness))
			return false;
	return true;
}

/* --- */

static void discard(void *context, const char *line, size_t n)
{
	(void)context;
	(void)line;
	(void)n;
}

int runs_main(const struct runs_test *tests, size_t n, runs_limits *limits)
{
	bool all = true;
	size_t i;

	environment_clean();
	limits_of = limits;
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	log_configure(&(struct log_options){.level = LOG_LEVEL_ERROR, .target = "stderr"});
	log_set_sink(discard, NULL);
	the_seed = number_from("ORDERSNAP_SEED", (uint64_t)time(NULL));
	the_cases = number_from("ORDERSNAP_CASES", CASES);
	printf("1..%zu\n# ORDERSNAP_SEED=%" PRIu64 " ORDERSNAP_CASES=%" PRIu64 "\n", n, the_seed,
	       the_cases);
	for (i = 0; i < n; i++) {
		unsigned long before = runs;
		bool holds = tests[i].holds();

		printf("%s %zu - %s (%lu runs)\n", holds ? "ok" : "not ok", i + 1,
		       tests[i].sentence, runs - before);
		all = all && holds;
	}
	return all ? 0 : 1;
}

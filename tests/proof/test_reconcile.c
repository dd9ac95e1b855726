/* SPDX-License-Identifier: ISC */
/*
 * The reconciler, alone and beside the webhook: wherever it meets deliveries,
 * lost ones, deaths and others of its kind, the order never goes back to an
 * older truth, and in the end is what the webhook would have made of it.
 */
#include <stdlib.h>

#include "runs.h"

#define ONE EXTRA_QUIET

static const struct history small_histories[] = {
	{PAY_AT_ONCE, TRAIT_ITEM | TRAIT_QUOTE, {{STEP_SALE, 0, 0, ONE}}, 1},
	{PAY_AT_ONCE, 0, {{STEP_SALE, 0, 0, ONE}, {STEP_REFUND, 0, 500, ONE}}, 2},
	{PAY_LATER, TRAIT_GUEST,
	 {{STEP_SALE, 0, 0, ONE}, {STEP_SUCCEEDS, 0, 0, ONE}, {STEP_REFUND, 0, AMOUNT, ONE}}, 3},
	{PAY_LATER, TRAIT_TTL,
	 {{STEP_SALE, 0, 0, ONE}, {STEP_FAILS, 0, 0, ONE}, {STEP_SUCCEEDS, 0, 0, ONE}}, 3},
	{PAY_AT_ONCE, TRAIT_TAKEN | TRAIT_EXPANDED,
	 {{STEP_SALE, 0, 0, ONE}, {STEP_DISPUTE, 0, 0, ONE},
	  {STEP_DISPUTE_MOVES, 0, DISPUTE_WON, ONE}}, 3},
	{PAY_AT_ONCE, TRAIT_GONE, {{STEP_SALE, 0, 0, ONE}, {STEP_REFUND, 0, 500, ONE}}, 2},
	{PAY_AT_ONCE, TRAIT_LEFT, {{STEP_SALE, 0, 0, ONE}, {STEP_REFUND, 0, 500, ONE}}, 2},
	{PAY_AT_ONCE, TRAIT_TAKEN | TRAIT_GONE, {{STEP_SALE, 0, 0, ONE}}, 1},
	{PAY_AT_ONCE, TRAIT_FOREIGN,
	 {{STEP_SALE, 0, 0, ONE}, {STEP_REFUND, 1, 1250, ONE | EXTRA_INTENT},
	  {STEP_REFUND_ENDS, 0, REFUND_FAILS, ONE}}, 3},
	{PAY_AT_ONCE, TRAIT_LEGACY,
	 {{STEP_SALE, 0, 0, ONE}, {STEP_REFUND, 0, 500, ONE | EXTRA_CHARGE}}, 2},
	{PAY_AT_ONCE, TRAIT_ITEM, {{STEP_SALE, 0, 0, ONE}, {STEP_OTHER_EXPIRES, 0, 0, ONE}}, 2},
	{PAY_NOTHING, TRAIT_ITEM, {{STEP_SALE, 0, 0, EXTRA_TWIN}}, 1},
};

#define SMALL (sizeof small_histories / sizeof *small_histories)

static bool every_small(const struct limits *limits)
{
	size_t i;

	for (i = 0; i < SMALL; i++)
		if (!every_run(&small_histories[i], limits))
			return false;
	return true;
}

static bool all_moments(void)
{
	return every_small(&(struct limits){.running = 1, .syncs = 1, .lost = LOST_ALL,
					    .leaps = true});
}

static bool all_single_faults(void)
{
	return every_small(&(struct limits){.running = 1, .syncs = 2, .lost = LOST_ALL,
					    .pages = true, .faults = 1});
}

static bool all_pairs(void)
{
	return every_small(&(struct limits){.running = 2, .syncs = 2, .lost = LOST_ALL,
					    .switches = 2});
}

static bool all_turns(void)
{
	return every_small(&(struct limits){.running = 1, .window = 255, .syncs = 2});
}

/* With what comes first of all, or after the sale. */
static bool all_meetings(void)
{
	return every_small(&(struct limits){.running = 2, .window = 1, .syncs = 1, .switches = 1}) &&
	       every_small(&(struct limits){.running = 2, .window = 1, .syncs = 1, .switches = 2,
					    .prefix = 1});
}

static bool all_faulty_turns(void)
{
	return every_small(&(struct limits){.running = 1, .window = 1, .syncs = 1, .faults = 1});
}

/* Each event delivered or replayed, one of them again. */
static bool all_replays(void)
{
	return every_small(&(struct limits){.running = 1, .window = 1, .faults = 1, .copies = 1,
					    .replayed = true});
}

static bool all_erasures(void)
{
	return every_small(&(struct limits){.running = 1, .window = 1, .syncs = 1, .erasures = 1}) &&
	       every_small(&(struct limits){.running = 2, .window = 1, .syncs = 1, .switches = 1,
					    .erasures = 1, .prefix = 1, .lost = LOST_SOME});
}

static bool all_later(void)
{
	return every_small(&(struct limits){.running = 1, .syncs = 2, .lost = LOST_LATER,
					    .prefix = 1, .faults = 1}) &&
	       every_small(&(struct limits){.running = 1, .syncs = 1, .lost = LOST_LATER,
					    .prefix = 1, .leaps = true});
}

/* A refund, its failure and another refund of the same amount: the truth is
 * once more what it was. */
static bool all_returns(void)
{
	static const struct history h = {
		PAY_AT_ONCE, 0,
		{{STEP_SALE, 0, 0, ONE}, {STEP_REFUND, 0, 500, ONE},
		 {STEP_REFUND_ENDS, 0, REFUND_FAILS, ONE}, {STEP_REFUND, 0, 500, ONE}}, 4};

	return every_run(&h, &(struct limits){.running = 2, .window = 1, .syncs = 1, .switches = 2,
					      .prefix = 1});
}

/* --- random histories ---------------------------------------------------------------- */

static struct limits limits_of(unsigned boldness, struct choices *c)
{
	static const unsigned char windows[] = {2, 4, 255};
	enum lost lost = (enum lost)choose(c, LOST_LATER + 1);

	return (struct limits){
		.running = boldness < 3 ? 1 : 2 + choose(c, PROCESSES - 1),
		.faults = boldness < 2 ? 0 : choose(c, 6),
		.window = windows[choose(c, 3)],
		.copies = boldness < 1 ? 0 : choose(c, 4),
		.prefix = lost == LOST_LATER ? 1 : choose(c, 3) ? 0 : choose(c, 6),
		.edits = boldness < 2 ? 0 : choose(c, 2),
		.torn = boldness < 3 ? TORN_NOT : (enum torn)choose(c, 3),
		.expiries = choose(c, 2),
		.forgets = choose(c, 2),
		.leaps = choose(c, 2),
		.syncs = 1 + choose(c, 3),
		.stops = boldness < 2 ? 0 : choose(c, 2),
		.replayed = boldness > 0 && choose(c, 2),
		.pages = choose(c, 2),
		.lost = lost,
	};
}

static bool between(void)
{
	return random_histories(0);
}

static bool replayed(void)
{
	return random_histories(1);
}

static bool faulty(void)
{
	return random_histories(2);
}

static bool at_once(void)
{
	return random_histories(3);
}

/* --- */

static const struct runs_test tests[] = {
	{"where every event was lost a sync makes what they would have made, whatever happens at "
	 "Stripe meanwhile", all_moments},
	{"so do two, the first of which dies, or has a call fail, at any one call", all_single_faults},
	{"so do two at once, wherever they meet", all_pairs},
	{"syncs between deliveries change nothing in the end", all_turns},
	{"nor does one that meets a delivery, wherever", all_meetings},
	{"nor with a process dying, or a call failing, at any one call", all_faulty_turns},
	{"nor do replays, even of what was processed", all_replays},
	{"nor do they write a person who was erased", all_erasures},
	{"an older order is found by what came of it later", all_later},
	{"a truth that comes back is not mistaken for one that never went", all_returns},
	{"random histories end the same, with syncs between what is delivered", between},
	{"so they do with some events delivered again, or replayed", replayed},
	{"so they do with processes dying, stopping, and calls failing", faulty},
	{"so they do with up to four processes at once", at_once},
};

int main(void)
{
	/* A case has a reconciler's many calls.  The same ones each time: look for
	 * more with ORDERSNAP_SEED and ORDERSNAP_CASES. */
	setenv("ORDERSNAP_CASES", "700", 0);
	setenv("ORDERSNAP_SEED", "11", 0);
	return runs_main(tests, sizeof tests / sizeof *tests, limits_of);
}

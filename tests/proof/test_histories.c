/* SPDX-License-Identifier: ISC */
/*
 * Whatever arrives, in whatever order, however often, whoever dies: the order
 * ends as the replay of the same events in order leaves it, and as Stripe has
 * it.
 */
#include <stdlib.h>

#include "runs.h"

static struct limits limits_of(unsigned boldness, struct choices *c)
{
	static const unsigned char windows[] = {2, 4, 255};

	return (struct limits){
		.running = boldness < 3 ? 1 : 2 + choose(c, PROCESSES - 1),
		.faults = boldness < 2 ? 0 : choose(c, 6),
		.window = windows[choose(c, 3)],
		.copies = boldness < 1 ? 0 : choose(c, 6),
		.prefix = choose(c, 3) ? 0 : choose(c, 6),
		.edits = boldness < 2 ? 0 : choose(c, 2),
		.torn = boldness < 3 ? TORN_NOT : (enum torn)choose(c, 3),
		.expiries = choose(c, 2),
		.forgets = choose(c, 2),
		.leaps = choose(c, 2),
		.marks = choose(c, 2),
	};
}

#define ONE EXTRA_QUIET

static const struct history small_histories[] = {
	{PAY_AT_ONCE, TRAIT_ITEM | TRAIT_QUOTE,
	 {{STEP_SALE, 0, 0, EXTRA_TWIN}, {STEP_REFUND, 0, 500, ONE}}, 2},
	{PAY_AT_ONCE, 0, {{STEP_SALE, 0, 0, EXTRA_TWIN}}, 1},
	{PAY_AT_ONCE, 0, {{STEP_SALE, 0, 0, ONE}, {STEP_REFUND, 0, 500, 0}}, 2},
	{PAY_LATER, TRAIT_ITEM, {{STEP_SALE, 0, 0, ONE}, {STEP_SUCCEEDS, 0, 0, EXTRA_TWIN}}, 2},
	{PAY_LATER, 0, {{STEP_SALE, 0, 0, ONE}, {STEP_FAILS, 0, 0, EXTRA_TWIN}}, 2},
	{PAY_LATER, TRAIT_GUEST,
	 {{STEP_SALE, 0, 0, ONE}, {STEP_SUCCEEDS, 0, 0, ONE}, {STEP_REFUND, 0, AMOUNT, ONE}}, 3},
	{PAY_LATER, TRAIT_TTL,
	 {{STEP_SALE, 0, 0, ONE}, {STEP_FAILS, 0, 0, ONE}, {STEP_SUCCEEDS, 0, 0, ONE}}, 3},
	{PAY_AT_ONCE, TRAIT_TAKEN | TRAIT_EXPANDED,
	 {{STEP_SALE, 0, 0, ONE}, {STEP_DISPUTE, 0, 0, ONE},
	  {STEP_DISPUTE_MOVES, 0, DISPUTE_WON, ONE}}, 3},
	{PAY_AT_ONCE, TRAIT_FOREIGN,
	 {{STEP_SALE, 0, 0, ONE}, {STEP_REFUND, 1, 1250, ONE | EXTRA_INTENT},
	  {STEP_REFUND_ENDS, 0, REFUND_FAILS, ONE}}, 3},
	{PAY_AT_ONCE, TRAIT_LEGACY,
	 {{STEP_SALE, 0, 0, ONE}, {STEP_REFUND, 0, 500, ONE | EXTRA_CHARGE},
	  {STEP_DISPUTE, 0, 0, ONE | EXTRA_CHARGE}}, 3},
	{PAY_LATER, TRAIT_GONE,
	 {{STEP_SALE, 0, 0, ONE}, {STEP_SUCCEEDS, 0, 0, ONE}, {STEP_REFUND, 0, 500, ONE}}, 3},
	{PAY_LATER, TRAIT_LEFT,
	 {{STEP_SALE, 0, 0, ONE}, {STEP_SUCCEEDS, 0, 0, ONE}, {STEP_REFUND, 0, 500, ONE}}, 3},
	{PAY_NOTHING, TRAIT_ITEM,
	 {{STEP_SALE, 0, 0, EXTRA_TWIN}, {STEP_OTHER_EXPIRES, 0, 0, EXTRA_TWIN}}, 2},
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

static bool all_permutations(void)
{
	return every_small(&(struct limits){.running = 1, .window = 255, .leaps = true});
}

static bool all_single_faults(void)
{
	return every_small(&(struct limits){.running = 1, .window = 255, .faults = 1});
}

/* Two at once that come first of all, or after the sale; two of the same event. */
static bool all_meetings(void)
{
	static const struct limits meetings[] = {
		{.running = 2, .window = 1, .switches = 3},
		{.running = 2, .window = 1, .switches = 3, .prefix = 1},
		{.running = 2, .window = 2, .switches = 2, .prefix = 1, .copies = 1},
	};
	size_t i, k;

	for (i = 0; i < SMALL; i++)
		for (k = 0; k < sizeof meetings / sizeof *meetings; k++)
			if (!every_run(&small_histories[i], &meetings[k]))
				return false;
	return true;
}

/* What comes again, and changes nothing, beside what does. */
static const struct history crossing[] = {
	{PAY_LATER, 0, {{STEP_SALE, 0, 0, ONE | EXTRA_TWIN}, {STEP_SUCCEEDS, 0, 0, ONE}}, 2},
	{PAY_LATER, TRAIT_ITEM, {{STEP_SALE, 0, 0, ONE | EXTRA_TWIN}, {STEP_FAILS, 0, 0, ONE}}, 2},
	{PAY_LATER, 0,
	 {{STEP_SALE, 0, 0, ONE}, {STEP_SUCCEEDS, 0, 0, ONE}, {STEP_REFUND, 0, 500, 0}}, 3},
	{PAY_AT_ONCE, 0, {{STEP_SALE, 0, 0, ONE | EXTRA_TWIN}, {STEP_REFUND, 0, 500, 0}}, 2},
};

#define CROSSING (sizeof crossing / sizeof *crossing)

/* Two at once, of which one may write between the items that the other reads. */
static bool all_torn_reads(void)
{
	size_t i, k;

	for (i = 0; i < CROSSING; i++)
		for (k = 0; k < 2; k++) {
			const struct limits torn = {
				.running = 2, .window = 1, .switches = 2, .prefix = 1,
				.torn = k ? TORN_ONWARD : TORN_BACKWARD,
			};

			if (!every_run(&crossing[i], &torn))
				return false;
		}
	return true;
}

static const struct history other_names[] = {
	{PAY_AT_ONCE, TRAIT_GUEST,
	 {{STEP_SALE, 0, 0, ONE}, {STEP_IDENTITY, IDENTITY_NAMED, 0, 0}, {STEP_REFUND, 0, 500, ONE}},
	 3},
	{PAY_LATER, TRAIT_GUEST,
	 {{STEP_SALE, 0, 0, ONE | EXTRA_OLD}, {STEP_IDENTITY, IDENTITY_NAMED, 0, 0},
	  {STEP_SUCCEEDS, 0, 0, ONE}}, 3},
	{PAY_LATER, TRAIT_GUEST,
	 {{STEP_SALE, 0, 0, ONE}, {STEP_IDENTITY, IDENTITY_REDACTED, 0, 0},
	  {STEP_SUCCEEDS, 0, 0, ONE | EXTRA_OLD}}, 3},
	{PAY_LATER, 0,
	 {{STEP_SALE, 0, 0, ONE | EXTRA_OLD}, {STEP_IDENTITY, IDENTITY_REFERENCE, 0, 0},
	  {STEP_SUCCEEDS, 0, 0, ONE | EXTRA_TWIN}}, 3},
	{PAY_NOTHING, 0, {{STEP_SALE, 0, 0, EXTRA_TWIN | EXTRA_OLD}}, 1},
	{PAY_LATER, TRAIT_TAKEN | TRAIT_GONE | TRAIT_ITEM,
	 {{STEP_SALE, 0, 0, ONE}, {STEP_IDENTITY, IDENTITY_NAMED, 0, 0},
	  {STEP_FAILS, 0, 0, ONE | EXTRA_OLD}}, 3},
};

#define OTHER_NAMES (sizeof other_names / sizeof *other_names)

static bool all_names(void)
{
	static const struct limits limits[] = {
		{.running = 1, .window = 255, .faults = 1},
		{.running = 1, .window = 255, .expiries = 1, .forgets = true},
		{.running = 1, .window = 255, .expiries = 1},
		{.running = 2, .window = 1, .switches = 2},
		{.running = 2, .window = 1, .switches = 2, .torn = TORN_ONWARD, .prefix = 1},
	};
	size_t i, k;

	for (i = 0; i < OTHER_NAMES; i++)
		for (k = 0; k < sizeof limits / sizeof *limits; k++)
			if (!every_run(&other_names[i], &limits[k]))
				return false;
	return true;
}

static bool all_erasures(void)
{
	static const struct limits limits[] = {
		{.running = 1, .window = 255, .erasures = 1},
		{.running = 1, .window = 1, .erasures = 1, .faults = 1},
		{.running = 2, .window = 1, .erasures = 1, .switches = 2, .prefix = 1},
		{.running = 2, .window = 1, .erasures = 1, .switches = 1, .torn = TORN_ONWARD,
		 .prefix = 1},
	};
	size_t i, k;

	for (k = 0; k < sizeof limits / sizeof *limits; k++) {
		if (!every_small(&limits[k]))
			return false;
		for (i = 0; i < OTHER_NAMES; i++)
			if (!every_run(&other_names[i], &limits[k]))
				return false;
	}
	return true;
}

/* A refund, its failure and another refund of the same amount: the truth is
 * once more what it was. */
static bool all_returns(void)
{
	static const struct history h = {
		PAY_AT_ONCE, 0,
		{{STEP_SALE, 0, 0, ONE}, {STEP_REFUND, 0, 500, ONE},
		 {STEP_REFUND_ENDS, 0, REFUND_FAILS, ONE}, {STEP_REFUND, 0, 500, ONE}}, 4};

	return every_run(&h, &(struct limits){.running = 2, .window = 1, .switches = 3, .prefix = 2});
}

/* The owner's mark, at each moment, beside one delivery and then another. */
static bool all_marks(void)
{
	static const struct limits alone[] = {
		{.running = 1, .window = 255, .marks = 1},
		{.running = 1, .window = 1, .marks = 1, .faults = 1},
	}, beside[] = {
		{.running = 2, .window = 1, .marks = 1, .switches = 2},
		{.running = 2, .window = 1, .marks = 1, .switches = 2, .prefix = 1},
	};
	size_t i, k;

	for (k = 0; k < sizeof alone / sizeof *alone; k++)
		if (!every_small(&alone[k]))
			return false;
	/* Whatever is bought, a mark meets the same writes: of two that run, every other history. */
	for (k = 0; k < sizeof beside / sizeof *beside; k++)
		for (i = k % 2; i < SMALL; i += 2)
			if (!every_run(&small_histories[i], &beside[k]))
				return false;
	return true;
}

/* --- random histories --------------------------------------------------------------- */

static bool shuffled(void)
{
	return random_histories(0);
}

static bool duplicated(void)
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
	{"every order of a small history's events ends in the same order", all_permutations},
	{"so it does with a process dying, or a call failing, at any one call", all_single_faults},
	{"so it does with two deliveries at once, wherever they meet", all_meetings},
	{"so it does where one writes between the items that the other reads", all_torn_reads},
	{"a session has one order, whatever the buyer is called when, and when its item expires",
	 all_names},
	{"a person who is erased at any moment is not written again, and the order stays one",
	 all_erasures},
	{"a truth that comes back is not mistaken for one that never went", all_returns},
	{"the owner's mark stays, whatever comes beside it or behind it", all_marks},
	{"random histories end the same, shuffled", shuffled},
	{"so they do with some events delivered again", duplicated},
	{"so they do with processes dying and calls failing", faulty},
	{"so they do with up to four deliveries at once", at_once},
};

int main(void)
{
	/* The same random histories each time: look for more with ORDERSNAP_SEED. */
	setenv("ORDERSNAP_SEED", "424242", 0);
	return runs_main(tests, sizeof tests / sizeof *tests, limits_of);
}

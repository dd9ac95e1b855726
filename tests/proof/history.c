/* SPDX-License-Identifier: ISC */
/*
 * What can happen to a payment.
 */
#include "history.h"

#include <inttypes.h>
#include <string.h>

int64_t step_time(size_t i)
{
	return EPOCH + (int64_t)(i + 1) * STEP_SECONDS;
}

int64_t history_charged(const struct history *h)
{
	return h->traits & TRAIT_FOREIGN ? FOREIGN_AMOUNT : AMOUNT;
}

bool history_is_vague(const struct history *h)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		if (h->steps[i].kind == STEP_IDENTITY || h->steps[i].extras & EXTRA_OLD)
			return true;
	return false;
}

static bool pays(struct truth *t, const struct history *h, size_t i)
{
	if (!t->sold || t->paid || h->payment != PAY_LATER)
		return false;
	if (h->steps[i].kind == STEP_FAILS && t->failed)
		return false;
	t->paid = h->steps[i].kind == STEP_SUCCEEDS;
	t->failed = !t->paid;
	if (t->paid)
		t->paid_at = step_time(i);
	return true;
}

static bool is_charged(const struct truth *t, const struct history *h)
{
	return t->paid && h->payment != PAY_NOTHING;
}

static bool refunds(struct truth *t, const struct history *h, const struct step *s)
{
	int64_t left = history_charged(h) - t->refunded;
	int64_t amount = s->amount < left ? s->amount : left;

	if (!is_charged(t, h) || amount <= 0 || t->n_refunds == REFUNDS_MAX)
		return false;
	t->refunds[t->n_refunds].amount = amount;
	t->refunds[t->n_refunds++].status = s->which ? "pending" : "succeeded";
	t->refunded += amount;
	return true;
}

static bool refund_ends(struct truth *t, const struct step *s)
{
	static const char *const after[] = {"succeeded", "failed", "canceled"};
	const char *status;

	if (s->which >= t->n_refunds)
		return false;
	status = t->refunds[s->which].status;
	if (strcmp(status, "failed") == 0 || strcmp(status, "canceled") == 0 ||
	    strcmp(status, after[s->amount]) == 0)
		return false;
	t->refunds[s->which].status = after[s->amount];
	if (s->amount != REFUND_SUCCEEDS)
		t->refunded -= t->refunds[s->which].amount;
	return true;
}

static bool dispute_opens(struct truth *t, const struct history *h, size_t i)
{
	size_t n = t->n_disputes;

	if (!is_charged(t, h) || n == DISPUTES_MAX)
		return false;
	t->disputes[n].created = h->steps[i].which && n ? t->disputes[n - 1].created : step_time(i);
	t->disputes[n].status = "needs_response";
	t->n_disputes++;
	return true;
}

static bool dispute_moves(struct truth *t, const struct step *s)
{
	static const char *const after[] = {"under_review", "won", "lost", NULL};

	if (s->which >= t->n_disputes)
		return false;
	if (after[s->amount])
		t->disputes[s->which].status = after[s->amount];
	return true;
}

static bool identity_changes(struct truth *t, const struct step *s)
{
	bool *is[] = {&t->named, &t->redacted, &t->referred};

	if (!t->sold || *is[s->which])
		return false;
	*is[s->which] = true;
	return true;
}

bool truth_step(struct truth *t, const struct history *h, size_t i)
{
	const struct step *s = &h->steps[i];

	switch (s->kind) {
	case STEP_SALE:
		if (t->sold)
			return false;
		t->sold = true;
		t->paid = h->payment != PAY_LATER;
		t->sold_at = t->paid_at = step_time(i);
		return true;
	case STEP_SUCCEEDS:
	case STEP_FAILS:
		return pays(t, h, i);
	case STEP_REFUND:
		return refunds(t, h, s);
	case STEP_REFUND_ENDS:
		return refund_ends(t, s);
	case STEP_DISPUTE:
		return dispute_opens(t, h, i);
	case STEP_DISPUTE_MOVES:
		return dispute_moves(t, s);
	case STEP_OTHER_EXPIRES:
		if (t->other_expired)
			return false;
		t->other_expired = true;
		return true;
	case STEP_IDENTITY:
		return identity_changes(t, s);
	case STEP_STRANGER:
		return true;
	}
	return false;
}

int truth_dispute(const struct truth *t)
{
	int found = -1, i;

	for (i = 0; i < (int)t->n_disputes; i++)
		if (found < 0 || t->disputes[i].created >= t->disputes[found].created)
			found = i;
	return found;
}

/* --- at random ------------------------------------------------------------------- */

static void add(struct history *h, struct choices *c, enum step_kind kind, unsigned which,
		int64_t amount)
{
	unsigned extras = 0;

	if (h->n == STEPS_MAX)
		return;
	if (choose_rarely(c, 2))
		extras |= EXTRA_QUIET;
	if (choose_rarely(c, 5))
		extras |= EXTRA_TWIN;
	if (choose_rarely(c, 5))
		extras |= EXTRA_THIN;
	if (choose_rarely(c, 8))
		extras |= EXTRA_ALL_THIN;
	if (choose_rarely(c, 4))
		extras |= EXTRA_INTENT;
	else if (choose_rarely(c, 4))
		extras |= EXTRA_CHARGE;
	h->steps[h->n++] = (struct step){kind, which, amount, extras};
}

static void add_later(struct history *h, struct choices *c)
{
	unsigned how = choose(c, 8);

	if (how < 2 || how == 7)
		add(h, c, STEP_FAILS, 0, 0);
	if (how > 1)
		add(h, c, STEP_SUCCEEDS, 0, 0);
}

/* Amounts that come again, so that two truths may look alike. */
static void add_refund(struct history *h, struct choices *c)
{
	static const int64_t amounts[] = {500, 500, 1250, AMOUNT, 1};

	add(h, c, STEP_REFUND, choose(c, 2), amounts[choose(c, 5)]);
}

static void add_aftermath(struct history *h, struct choices *c)
{
	switch (choose(c, 9)) {
	case 0:
	case 1:
	case 2:
		add_refund(h, c);
		break;
	case 3:
	case 4:
		add(h, c, STEP_REFUND_ENDS, choose(c, 3), choose(c, REFUND_ENDS));
		break;
	case 5:
		add(h, c, STEP_DISPUTE, choose(c, 2), 0);
		break;
	case 6:
		add(h, c, STEP_DISPUTE_MOVES, choose(c, 3), choose(c, DISPUTE_MOVES));
		break;
	case 7:
		add(h, c, STEP_OTHER_EXPIRES, 0, 0);
		break;
	default:
		add(h, c, STEP_STRANGER, choose(c, STRANGERS), 0);
	}
}

/* The buyer gets another name, or is heard of from an event of old. */
static void change_identity(struct history *h, struct choices *c)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		if (choose_rarely(c, 4))
			h->steps[i].extras |= EXTRA_OLD;
	for (i = 1 + choose(c, 2); i && h->n < STEPS_MAX; i--) {
		size_t at = 1 + choose(c, (unsigned)h->n);

		memmove(h->steps + at + 1, h->steps + at, (h->n++ - at) * sizeof *h->steps);
		h->steps[at] = (struct step){STEP_IDENTITY, choose(c, IDENTITIES), 0, 0};
	}
}

void history_random(struct history *h, struct choices *c)
{
	unsigned trait, more;

	memset(h, 0, sizeof *h);
	h->payment = choose_rarely(c, 12) ? PAY_NOTHING : choose_rarely(c, 3) ? PAY_LATER
									      : PAY_AT_ONCE;
	for (trait = 1; trait < TRAITS_END; trait <<= 1)
		if (choose_rarely(c, trait == TRAIT_ITEM || trait == TRAIT_QUOTE ? 2 : 8))
			h->traits |= trait;
	if (h->payment == PAY_NOTHING)
		h->traits &= ~(unsigned)TRAIT_FOREIGN;
	if (h->traits & TRAIT_LEGACY) /* whose number is what the buyer was told */
		h->traits &= ~(unsigned)(TRAIT_TAKEN | TRAIT_GONE | TRAIT_LEFT);
	if (h->traits & TRAIT_LEFT)
		h->traits &= ~(unsigned)(TRAIT_TAKEN | TRAIT_GONE);
	add(h, c, STEP_SALE, 0, 0);
	if (h->payment == PAY_LATER)
		add_later(h, c);
	for (more = choose(c, 7); more; more--)
		add_aftermath(h, c);
	if (choose_rarely(c, 3))
		change_identity(h, c);
}

/* --- in words --------------------------------------------------------------------- */

static void describe_flags(struct buf *out, unsigned flags, const char *const *names)
{
	for (; *names; names++, flags >>= 1)
		if (flags & 1)
			buf_printf(out, ", %s", *names);
}

static void describe_step(const struct step *s, struct buf *out)
{
	static const char *const kinds[] = {
		"sale", "the payment succeeds", "the payment fails", "refund", "a refund ends",
		"dispute", "a dispute moves", "another session expires", "a stranger",
		"the buyer is"};
	static const char *const extras[] = {"one event", "a twin", "a thin twin", "all thin",
					     "payment intent alone", "charge alone",
					     "of an old version", NULL};
	static const char *const ends[] = {"succeeded", "failed", "canceled"};
	static const char *const names[] = {"named", "redacted", "of another reference"};
	static const char *const moves[] = {"updated", "won", "lost", "funds reinstated"};

	buf_puts(out, kinds[s->kind]);
	if (s->kind == STEP_REFUND)
		buf_printf(out, " of %" PRId64 "%s", s->amount, s->which ? ", pending" : "");
	if (s->kind == STEP_REFUND_ENDS)
		buf_printf(out, ": number %u %s", s->which, ends[s->amount]);
	if (s->kind == STEP_DISPUTE)
		buf_puts(out, s->which ? " in the same second" : "");
	if (s->kind == STEP_DISPUTE_MOVES)
		buf_printf(out, ": number %u %s", s->which, moves[s->amount]);
	if (s->kind == STEP_IDENTITY)
		buf_printf(out, " %s", names[s->which]);
	if (s->kind == STEP_STRANGER)
		buf_printf(out, " of kind %u", s->which);
	describe_flags(out, s->extras, extras);
}

void history_describe(const struct history *h, struct buf *out)
{
	static const char *const payments[] = {"paid at once", "paid later", "nothing to pay"};
	static const char *const traits[] = {"a quote", "a session's item", "a Lambda order",
					     "a taken number", "another currency", "a guest",
					     "kept for a year", "expanded ids",
					     "the other session complete",
					     "a number whose pointer names no order",
					     "all but a deleted order", NULL};
	struct truth t = {.sold = false};
	size_t i;

	buf_printf(out, "# history: %s", payments[h->payment]);
	describe_flags(out, h->traits, traits);
	buf_puts(out, "\n");
	for (i = 0; i < h->n; i++) {
		buf_printf(out, "#   step %zu: ", i + 1);
		describe_step(&h->steps[i], out);
		buf_puts(out, truth_step(&t, h, i) ? "\n" : " (can't happen)\n");
	}
}

/* SPDX-License-Identifier: ISC */
/*
 * The history of one payment: what happens at Stripe, step by step.
 *
 * After each step there is a truth, which Stripe tells whoever asks, and there
 * are events, which tell what the truth was then.  A step that can't happen
 * (the refund of what was not paid) does nothing, so that any step may be
 * taken out of a history and a history is left.
 */
#ifndef ORDERSNAP_TESTS_PROOF_HISTORY_H
#define ORDERSNAP_TESTS_PROOF_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "choices.h"

#define STEPS_MAX 12
#define REFUNDS_MAX 8
#define DISPUTES_MAX 4
#define EVENTS_MAX 64

#define SESSION_ID "cs_test_a1B2c3D4e5F6g7"
#define OTHER_ID "cs_test_otherOTHERother"
#define SOMEBODY_ID "cs_test_somebody" /* who may have the order number */
#define INTENT_ID "pi_3Nproof"
#define CHARGE_ID "ch_3Nproof"
#define ORDER_NUMBER "BC-D4E5F6G7"
#define QUOTE "9f0c3a"
#define QUOTE_EXPIRES 1795000000
#define USER_ID "user_1"
#define LEFT_ID "user_7"      /* whose the order was that TRAIT_LEFT tells of */
#define NAMED_ID "user_9"     /* whom the shop names later */
#define EPOCH 1764000000    /* of the session's making */
#define STEP_SECONDS 60
#define AMOUNT 5500         /* of the order, in usd */
#define FOREIGN_AMOUNT 4999 /* of its charge, in eur */
#define ITEM_COUNT 3

enum payment { PAY_AT_ONCE, PAY_LATER, PAY_NOTHING };

/* How the payment came about, and what stands in the table before. */
enum trait {
	TRAIT_QUOTE = 1,     /* the quote is there */
	TRAIT_ITEM = 2,      /* the items of open sessions are there, as checkout makes them */
	TRAIT_LEGACY = 4,    /* the order is there already, as the Lambda functions wrote it */
	TRAIT_TAKEN = 8,     /* the order number is somebody else's, whose order is there */
	TRAIT_FOREIGN = 16,  /* charged in the buyer's currency */
	TRAIT_GUEST = 32,    /* known by the e-mail address alone */
	TRAIT_TTL = 64,      /* orders are kept for a year */
	TRAIT_EXPANDED = 128, /* ids come as objects */
	TRAIT_OTHER_DONE = 256, /* the other session was completed after all */
	TRAIT_GONE = 512,    /* the number's pointer names an order that is not there; with
			      * TRAIT_TAKEN one that has moved to another key */
	TRAIT_LEFT = 1024,   /* the order was there, and somebody deleted it alone */
	TRAITS_END = 2048,
};

enum step_kind {
	STEP_SALE,
	STEP_SUCCEEDS,      /* a delayed payment */
	STEP_FAILS,
	STEP_REFUND,        /* of amount; which: 0 succeeds at once, 1 is pending */
	STEP_REFUND_ENDS,   /* refund number which; amount: an enum refund_end */
	STEP_DISPUTE,       /* which: 1 in the same second as the one before */
	STEP_DISPUTE_MOVES, /* dispute number which; amount: an enum dispute_move */
	STEP_OTHER_EXPIRES, /* another session */
	STEP_STRANGER,      /* something that is none of ours; which: an enum stranger */
	STEP_IDENTITY,      /* the buyer is called otherwise; no event tells of it; which: an
			     * enum identity */
};

enum refund_end { REFUND_SUCCEEDS, REFUND_FAILS, REFUND_IS_CANCELED, REFUND_ENDS };
enum dispute_move { DISPUTE_UPDATED, DISPUTE_WON, DISPUTE_LOST, DISPUTE_REINSTATED, DISPUTE_MOVES };
enum identity { IDENTITY_NAMED, IDENTITY_REDACTED, IDENTITY_REFERENCE, IDENTITIES };
enum stranger {
	STRANGER_TYPE, STRANGER_ACCOUNT, STRANGER_MODE, STRANGER_PAYMENT, STRANGER_SUBSCRIPTION,
	STRANGER_CONTEXT, STRANGERS
};

/* What else comes of a step. */
enum extra {
	EXTRA_QUIET = 1,   /* only the first of its events */
	EXTRA_TWIN = 2,    /* the first of its events a second time, with another id */
	EXTRA_THIN = 4,    /* and as a thin event */
	EXTRA_ALL_THIN = 8, /* all are thin */
	EXTRA_INTENT = 16, /* refunds and disputes name the payment intent alone, */
	EXTRA_CHARGE = 32, /* or the charge alone */
	EXTRA_OLD = 64,    /* a session's event is of an old API version: no created, no metadata */
	EXTRAS_END = 128,
};

struct step {
	enum step_kind kind;
	unsigned which;
	int64_t amount;
	unsigned extras;
};

struct history {
	enum payment payment;
	unsigned traits;
	struct step steps[STEPS_MAX];
	size_t n;
};

struct truth {
	bool sold, paid, failed, other_expired;
	bool named, redacted, referred; /* of the buyer */
	int64_t sold_at, paid_at;
	struct { int64_t amount; const char *status; } refunds[REFUNDS_MAX];
	size_t n_refunds;
	int64_t refunded; /* of the charge */
	struct { int64_t created; const char *status; } disputes[DISPUTES_MAX];
	size_t n_disputes;
};

/* Takes the truth on by step `i`; false if the step can't happen. */
bool truth_step(struct truth *t, const struct history *h, size_t i);

/* Whether who the buyer is said to be depends on when Stripe, or which event, is
 * heard: the order is one, but its key is the first one's that was heard. */
bool history_is_vague(const struct history *h);

int64_t history_charged(const struct history *h); /* the charge's amount */
int64_t step_time(size_t i);

/* The dispute that counts: the latest, and of one second the last. -1: none. */
int truth_dispute(const struct truth *t);

void history_random(struct history *h, struct choices *c);

/* As lines that begin with "# ". */
void history_describe(const struct history *h, struct buf *out);

/* --- objects.c: as JSON text ---------------------------------------------------- */

void put_session(struct buf *out, const struct history *h, const struct truth *t);
/* With its payment intent, and that one's charge, expanded. */
void put_session_with_charge(struct buf *out, const struct history *h, const struct truth *t);
/* As versions of before 2022 have it. */
void put_old_session(struct buf *out, const struct history *h, const struct truth *t);
void put_other_session(struct buf *out, const struct truth *t);
void put_charge(struct buf *out, const struct history *h, const struct truth *t);
void put_refund(struct buf *out, const struct history *h, const struct truth *t, size_t i,
		unsigned extras);
void put_dispute(struct buf *out, const struct history *h, const struct truth *t, size_t i,
		 unsigned extras, bool expanded);
void put_lines(struct buf *out); /* the line items, as a list object */

/* --- events.c -------------------------------------------------------------------- */

enum concern { ABOUT_SESSION, ABOUT_REFUND, ABOUT_DISPUTE, ABOUT_OTHER, ABOUT_NOTHING };

struct proof_event {
	char id[48];
	char type[64];
	enum concern concern; /* ABOUT_NOTHING is to be ignored */
	size_t since;         /* steps that have happened when it is made */
	bool thin;
	char *body;   /* as it is delivered */
	char *listed; /* as Stripe's list of events has it, */
	bool unlisted; /* unless it is of another account or mode, or never was */
};

struct events {
	struct proof_event list[EVENTS_MAX];
	size_t n;
};

/* All events of a history in the order in which they are made. */
void events_of(const struct history *h, struct events *events);
void events_free(struct events *events);

#endif

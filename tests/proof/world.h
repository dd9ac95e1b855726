/* SPDX-License-Identifier: ISC */
/*
 * One run: the events of a history are delivered to the real webhook_receive()
 * by processes that may die at any call, some of them at once, until all are
 * acknowledged.  Some may be lost, or replayed (sync/replay.h), and
 * reconcilers may run beside them (sync/sync.h).
 *
 * A process is a coroutine: it gives way before each call of the store and of
 * Stripe, so every order in which calls of several processes can meet is a
 * sequence of choices.  A process that dies goes on without effect: each call
 * fails from there on, and nobody hears its answer.
 */
#ifndef ORDERSNAP_TESTS_PROOF_WORLD_H
#define ORDERSNAP_TESTS_PROOF_WORLD_H

#include <ucontext.h>

#include "choices.h"
#include "history.h"
#include "sync/sync.h"
#include "../lib/table.h"

#define PROCESSES 4
#define QUEUE_MAX 256
#define BEGUN_MAX 1024

/* Which events never come. */
enum lost {
	LOST_NONE,
	LOST_ALL,
	LOST_SOME,  /* chosen at random */
	LOST_LATER, /* all but the first; the reconciler looks back to after the sale alone, and
		     * so finds an order by what came later */
};

/* How the items of one read are read: all at one moment, or one after the other
 * with others in between, who write; a read of many items is no snapshot. */
enum torn { TORN_NOT, TORN_ONWARD, TORN_BACKWARD };

/* What a run may do. */
struct limits {
	unsigned running; /* deliveries at once, 1..PROCESSES */
	unsigned faults;  /* calls that fail, or in which the process dies */
	unsigned window;  /* the next delivery is one of the first so many that wait */
	unsigned copies;  /* more deliveries of events */
	unsigned switches; /* from a process that could go on to another; 0: any number */
	size_t prefix;    /* events that are delivered in order, and alone, before */
	unsigned edits;   /* writes to the order by somebody else */
	enum torn torn;
	unsigned expiries; /* times that the session's item may expire, while it is no order's */
	bool forgets;      /* an order's too, as an ordersnap of before had it */
	bool leaps;       /* more may have happened at Stripe than the events tell */
	unsigned syncs;   /* reconcilers that begin some time; others follow at the end */
	unsigned stops;   /* times that a reconciler may be told to stop */
	unsigned erasures; /* times that the owner erases the person */
	bool replayed;    /* some deliveries are replays, even of what was processed */
	bool pages;       /* the sessions are listed on two pages */
	enum lost lost;
	unsigned marks;   /* times that the owner marks the order's parcel, some time */
};

enum job { JOB_DELIVERY, JOB_REPLAY, JOB_SYNC, JOB_ERASURE, JOB_MARK };

struct process {
	bool running, done, dead;
	bool disturbed;     /* it met a fault, and so may fail */
	bool met_expired;   /* it has read an item that had expired */
	unsigned conflicts; /* that its writes met */
	enum job job;
	char name[48];
	const struct proof_event *event; /* NULL: a sync, an erasure, a mark */
	struct sync_result result;
	size_t began; /* steps that had happened then */
	struct app app;
	struct store store;
	int rc;
	struct err err;
	struct json_object *answer;
	ucontext_t context;
};

struct world {
	const struct history *history;
	const struct events *events;
	struct limits limits;
	struct choices *choices;
	struct truth truths[STEPS_MAX + 1]; /* [n]: after n steps */
	size_t time;                        /* steps that have happened */
	int64_t epoch, ms;                  /* the clocks: see world_pass() */
	struct begun { int64_t epoch; size_t time; } begun[BEGUN_MAX]; /* the processes, in turn */
	size_t n_begun;
	struct table table;
	struct process processes[PROCESSES];
	struct process *current; /* NULL: the scheduler */
	ucontext_t scheduler;
	size_t queue[QUEUE_MAX], n_queue; /* events to deliver */
	size_t in_order;                  /* of the prefix, still to be delivered */
	bool acknowledged[EVENTS_MAX], lost[EVENTS_MAX];
	struct {
		size_t refund, dispute; /* steps: the truth that the order told, or a later one */
		int rank;
		char completed[32];
		char key[128];
	} passed; /* what the order may not go back behind */
	bool session_expired; /* its item did, */
	bool session_gone;    /* and nobody has written it since */
	bool erased; /* the person is */
	bool edited; /* somebody else has written a note into the order */
	bool marked; /* the order has had the owner's mark, and so has it for ever */
	unsigned faults_left, switches_left, syncs_left, erasures_left, marks_left, deliveries;
	struct process *last; /* that ran, and could go on */
	struct buf *trace; /* or NULL */
	char failure[512]; /* "" as long as all is well */
};

extern struct world *world;

/* Runs until all events are acknowledged or something is wrong; world_close()
 * in both cases.  `trace` gets a line a call if it is not NULL. */
void world_run(struct world *w, const struct history *h, const struct events *events,
	       const struct limits *limits, struct choices *choices, struct buf *trace);
void world_close(struct world *w);

/* The first failure of a run stays. */
void world_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
void world_trace(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What becomes of a call. */
enum fault {
	FAULT_NONE,
	FAULT_FAILS,      /* it fails and has no effect */
	FAULT_FAILS_LATE, /* it has its effect and fails */
	FAULT_CONFLICT,   /* another writer was in the way */
};

/* The steps that had happened for certain at that second. */
size_t world_time_when(int64_t epoch);

/* Both clocks go on together: that one is set back is for tests/cli to show. */
void world_pass(int64_t ms);

/* In a process: a moment at which more may happen at Stripe, once in `rarely`;
 * whether it has. */
bool world_leap(unsigned rarely);

/* Each call of the fakes begins here; others may run meanwhile. */
enum fault world_call(const char *verb, const char *what, bool writes);

/* Between two items of one read. */
void world_tear(void);

/* The truth now. */
const struct truth *world_truth(void);

#define WEBHOOK_SECRET "whsec_proof"

/* Whether nobody else may run now. */
bool world_is_alone(void);

/* A process from its beginning to its end, in its context (process.c). */
void process_work(void);

/* After a mark's end: what has to hold of it (process.c). */
void mark_ended(const struct process *p);

/* Runs one process of the kind that needs no event, alone, to its end. */
struct process *world_run_alone(enum job job);

/* --- syncs.c ----------------------------------------------------------------------- */

/* In a process: the reconciler, or a replay of its event. */
void sync_process(struct process *p);
void replay_process(struct process *p);

/* After a reconciler's end: what has to hold of it. */
void sync_ended(const struct process *p);

/* After a run: reconcilers until one has looked at everything, and one more,
 * which must find all in order and write nothing but its state. */
void sync_last(void);

/* --- erasures.c -------------------------------------------------------------------- */

/* In a process: the person is erased from the order that stands, if there is one. */
void erase_process(struct process *p);

/* After its end: what has to hold of it. */
void erase_ended(const struct process *p);

/* Whether a person that was erased is nowhere in the table. */
void check_erased(struct json_object *order);

/* --- fake_store.c ------------------------------------------------------------------ */

extern const struct store_backend fake_store;


/* Adds a note to the order as it stands, and counts its version up; false if
 * there is none. */
bool table_edit_order(struct table *table);

/* --- checks.c ---------------------------------------------------------------------- */

/* What stands in the table before the first event. */
void table_begin(struct table *table, const struct history *h);

/* Held against the table: after each write, after an acknowledgement, and at
 * the end, where `expected` is what the replay in order left (or NULL).  What
 * was acknowledged holds since the step `since`. */
void check_table(void);
void check_reached(size_t step); /* the order has come to this truth, or further */
void check_acknowledged(const struct proof_event *event, size_t since, struct json_object *answer);
void check_end(const struct table *expected);

#endif

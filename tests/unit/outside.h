/* SPDX-License-Identifier: ISC */
/*
 * The world outside of a flow, for tests of what it does when that fails: a table in memory, servers that
 * answer by a list, and a clock that only sleep moves.  Each call, of the table or of a server, can be
 * the one that meets a fault.  All of net/http.h and base/clock.h stand here, in the library's place.
 */
#ifndef ORDERSNAP_TESTS_OUTSIDE_H
#define ORDERSNAP_TESTS_OUTSIDE_H

#include "unit.h"

#include "../lib/table_store.h"
#include "app/app.h"
#include "net/http.h"

#define OUTSIDE_EPOCH 1700000000

/* What a server answers where the request's URL has `part` in it; the first that fits counts, and a URL
 * that fits none gets no answer.  ' stands for ".  A list ends with a part that is NULL. */
struct outside_answer {
	const char *part;
	int status;
	const char *body;
};

/* What comes before these, so often, and then no more; status 0: no answer comes; `replayed`: Stripe says
 * that it has kept the answer for the request's key.  A list ends with a part that is NULL. */
struct outside_once {
	const char *part;
	int status;
	const char *body;
	unsigned times;
	bool replayed;
};

#define OUTSIDE_ONCE_MAX 8

struct outside_header {
	const char *name, *value;
};

enum outside_fault {
	OUTSIDE_FAILS,     /* the call has no effect and no answer */
	OUTSIDE_LOST,      /* a write has its effect, and its answer is lost; else as before */
	OUTSIDE_AWAY,      /* neither has any other call from here on */
	OUTSIDE_ALONE,     /* neither has any call of a server from here on */
	OUTSIDE_CONFLICT,  /* a write meets another writer; else nothing happens */
	OUTSIDE_OVERTAKEN, /* overtake() is called just before */
	OUTSIDE_FAULTS,
};

struct outside {
	struct app app; /* over this table and these servers; with a test key */
	struct table table;
	const struct outside_answer *answers;
	/* Where it is set it answers in the list's place: the status, or 0 for no answer. */
	int (*serve)(const struct http_request *request, struct buf *body);
	const struct outside_header *headers; /* of the last answer, up to a name that is NULL; or NULL */
	unsigned calls; /* so far */
	unsigned at;     /* the call, from 1 on, that meets the fault; 0: none does */
	enum outside_fault fault;
	void (*overtake)(void);
	int64_t ms; /* since the clock's beginning, OUTSIDE_EPOCH */
	bool sleeps; /* a sleep takes its time, too: there is another process to wait for */
	struct buf log; /* what was logged */
	struct buf keys; /* the idempotency keys that were sent, each with a line end */
	const struct outside_once *once; /* or NULL */
	unsigned given[OUTSIDE_ONCE_MAX]; /* of them */
	bool replayed; /* the last answer was */
	struct table_store store;
};

extern struct outside outside;

/* An empty table, and the clock at its beginning; the end of it. */
void outside_begin(void);
void outside_end(void);

/* The items as lines, sorted; kept.  Versions are left out: they tell how often one was written. */
const char *outside_items(void);

/* Puts a copy of an item. */
void outside_put(struct json_object *item);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Adopting one order: read what may name it, decide, write once.
 */
#ifndef ORDERSNAP_TRANSFER_ADOPT_ORDER_H
#define ORDERSNAP_TRANSFER_ADOPT_ORDER_H

#include "app/app.h"

struct adopt_counts {
	int64_t items;   /* that were looked at */
	int64_t orders;  /* of them, whoever wrote them */
	int64_t adopted;
	int64_t twice;   /* orders of a session or payment that has another one */
	int64_t merged;  /* of those, into the other one */
	int64_t odd;     /* without a session, or else no order that can be adopted */
	int64_t younger; /* functions' orders that came after the walk had begun */
};

struct adopt {
	bool dry_run; /* count, and write nothing */
	bool merge;   /* make one of two orders of one session */
	bool count;   /* find out how many items there are, for the progress */
	/* How far it is, in thousandths; -1: not known. */
	void (*progress)(void *context, const struct adopt_counts *so_far, int permille);
	/* Is told, as a sentence, each order that stands twice or can't be adopted. */
	void (*report)(void *context, const char *sentence);
	bool (*stop)(void *context); /* asked between two pages */
	void *context;
};

/* What is the same for all orders of a walk. */
struct adopt_work {
	struct app *app;
	const struct adopt *request;
	struct adopt_counts *counts;
};

/* Adopts a functions' order, as the walk found it, and counts what became of it.
 * Where its session or payment has another order, that is reported, and the two
 * are made one if the request says so. */
int adopt_order(const struct adopt_work *work, struct json_object *order, struct err *e);

/* The same for an order that can be one; `theirs` false: it has a version, and
 * only another one of its session is looked for. */
int adopt_repair(const struct adopt_work *work, struct json_object *order, bool theirs,
		 struct err *e);

/* Looks whether orders that have a version (n of them, at most ADOPT_ORDERS)
 * stand twice, in one read; those that do are reported, or made one. */
#define ADOPT_ORDERS (STORE_MAX_ITEMS / 2)
int adopt_check_orders(const struct adopt_work *work, struct json_object **orders, size_t n,
		       struct err *e);

#endif

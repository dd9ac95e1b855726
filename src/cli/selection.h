/* SPDX-License-Identifier: ISC */
/*
 * Which orders a line of `ordersnap orders` asks for.
 */
#ifndef ORDERSNAP_CLI_SELECTION_H
#define ORDERSNAP_CLI_SELECTION_H

#include "cli/command.h"
#include "cli/month.h"
#include "orders/history.h"

struct selection {
	struct history_query query; /* what is read; more than what was asked for */
	char *user;                 /* the query's, or NULL */
	const char *email;          /* NULL: whatever it is */
	bool paid;                  /* a time is that of the payment, and an order is paid */
	bool unshipped;             /* only what waits for its parcel */
	bool has_months;            /* those from the first to the last one */
	int first_month, last_month;
	int64_t from, to;           /* the times asked for, as the query's */
};

/* The line's options that say which orders: COMMAND_OK, and selection_free() in
 * both cases; or COMMAND_USAGE, said. */
int selection_read(const struct command_line *line, struct selection *selection);
void selection_free(struct selection *selection);

/* The next order that is asked for, which the caller releases; *order is NULL behind the
 * last.  -1 with the store's error. */
int selection_next(const struct selection *selection, struct history *history,
		   struct json_object **order, struct err *e);

/* Says how many orders were in the list of their day alone. */
void selection_say_missing(const struct history *history);

/* Whether test orders are to be in no sum: so it is in a live shop, unless they were
 * asked for.  Where the key can't be had, the shop counts as one that is not live. */
bool selection_hides_test(struct app *app, const struct selection *selection);

/* The order's time: that of its session, or of its payment.  -1 where it has none. */
int selection_time(const struct selection *selection, struct json_object *order, int64_t *time);

#endif

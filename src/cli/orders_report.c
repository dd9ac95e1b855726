/* SPDX-License-Identifier: ISC */
/*
 * A report of orders.  The one idea: an order is added and forgotten, so that a hundred
 * thousand need no more memory than their groups.
 */
#include "cli/orders_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/progress.h"

/* Adds all orders.  The walk is one backwards through time, so an order's time says how
 * far it is. */
static int add_all(struct history *history, const struct selection *s, struct report *report,
		   struct progress *progress, struct err *e)
{
	int64_t now = clock_epoch(), to = s->to < now ? s->to : now, n = 0, time;
	char number[STR_GROUPED_SIZE], text[64];
	struct json_object *order;
	int permille;

	for (;;) {
		if (selection_next(s, history, &order, e))
			return -1;
		if (!order)
			return 0;
		if (selection_time(s, order, &time) == 0) {
			report_add(report, order, time);
			permille = -1;
			if (s->from != INT64_MIN && to > s->from && time <= to)
				permille = time <= s->from ? 1000
					: (int)(1000 * (to - time) / (to - s->from));
			snprintf(text, sizeof text, "%s orders", str_grouped(++n, number));
			progress_show(progress, permille, text);
		}
		json_object_put(order);
	}
}

int orders_report(struct app *app, const struct selection *s, const struct listing *how,
		  enum report_by by)
{
	struct history *history = history_new(app, &s->query);
	struct report *report = report_new(by);
	struct progress progress;
	struct err e;
	bool without_test;
	int rc;

	progress_begin(&progress, "orders", !isatty(STDERR_FILENO));
	rc = add_all(history, s, report, &progress, &e);
	progress_end(&progress);
	if (rc) {
		command_complain("orders", "%s", e.text);
	} else {
		without_test = report_test_orders(report) && selection_hides_test(app, s);
		report_print(report, how, without_test);
		if (without_test && fflush(stdout) == 0)
			command_complain("orders", "%" PRId64 " test orders are in no sum: --test "
					 "sums test orders", report_test_orders(report));
	}
	if (!rc)
		selection_say_missing(history);
	report_free(report);
	history_free(history);
	return rc ? COMMAND_ERROR : COMMAND_OK;
}

/* SPDX-License-Identifier: ISC */
/*
 * ordersnap orders: the orders of some days, or of a user.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "base/output.h"
#include "cli/listing.h"
#include "cli/order_text.h"
#include "cli/orders_report.h"
#include "cli/selection.h"
#include "cli/table.h"
#include "cli/totals.h"
#include "shop/lines.h"
#include "shop/order_mode.h"

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 1000000000

struct request {
	struct selection selection;
	struct listing listing;
	enum report_by by;
	int64_t limit; /* 0: all */
};

static const struct table_column columns[] = {
	{"NUMBER", false, 0, 5, false},
	{"TIME (UTC)", false, 0, 2, false},
	{"CUSTOMER", false, 6, 3, false},
	{"ITEMS", true, 0, 1, false},
	{"AMOUNT", true, 0, 4, false},
	{"STATUS", false, 15, 0, false}, /* "completed, test" */
};

#define COLUMNS ((int)(sizeof columns / sizeof *columns))
#define TIME 1 /* the column */

/* --- the line ------------------------------------------------------------------- */

/* What is listed, how, and how much of it: a table has a limit of its own. */
static int read_request(const struct command_line *line, struct request *r)
{
	*r = (struct request){.limit = 0};
	if (listing_read(line, &r->listing) != COMMAND_OK ||
	    report_read(line, &r->by) != COMMAND_OK ||
	    selection_read(line, &r->selection) != COMMAND_OK)
		return COMMAND_USAGE;
	r->limit = r->listing.format == LISTING_PEOPLE ? LIMIT_DEFAULT : 0;
	return command_number(line, "limit", 0, LIMIT_MAX, &r->limit);
}

static int check(const struct command_line *line)
{
	struct request r;
	int status = read_request(line, &r);

	selection_free(&r.selection);
	return status;
}

/* --- the list ------------------------------------------------------------------- */

/* Where the orders go. */
struct output {
	struct listing listing;
	struct table *table; /* NULL: data, not for people */
	struct table_column columns[COLUMNS]; /* the table's */
	const char *time;    /* the attribute of its second column */
	struct totals totals, test; /* of live orders, and of test orders */
};

/* An order of the list: a row of the table, or data. */
static void output_order(struct output *out, struct json_object *order)
{
	bool test = order_mode_of(order) == ORDER_MODE_TEST;
	char *time, *status, *cells[COLUMNS];
	int64_t count;
	int i;

	totals_add(test ? &out->test : &out->totals, order);
	if (!out->table) {
		listing_order(&out->listing, order);
		return;
	}
	/* Minutes do for a list. */
	time = order_text_time(order, out->time);
	if (time && strlen(time) == strlen("2024-11-26 09:20:00"))
		time[strlen("2024-11-26 09:20")] = '\0';
	/* Behind the status of a test order stands that it is one. */
	status = order_text_status(order);
	cells[0] = order_text_number(order);
	cells[TIME] = time;
	cells[2] = order_text_customer(order);
	cells[3] = lines_order_count(order, &count) ? str_printf("%" PRId64, count) : NULL;
	cells[4] = order_text_money(order, "amount");
	cells[5] = str_printf("%s%s", status, test ? ", test" : "");
	table_row(out->table, (const char *const *)cells);
	free(status);
	for (i = 0; i < COLUMNS; i++)
		free(cells[i]);
}

/* Lists up to the limit; *more says whether there are orders behind it. */
static int list(struct history *history, const struct request *r, struct output *out, bool *more,
		struct err *e)
{
	struct json_object *order;
	int64_t n;

	for (n = 0; !command_output_failed(); n++) {
		if (selection_next(&r->selection, history, &order, e))
			return -1;
		if (!order)
			break;
		*more = r->limit && n == r->limit;
		if (!*more)
			output_order(out, order);
		json_object_put(order);
		if (*more)
			break;
	}
	return 0;
}

/* The end of the table, and the sums.  Test and live money are never in one sum.  In a
 * live shop test money is in none, unless it was asked for. */
static void output_end(struct app *app, struct output *out, const struct request *r, bool whole)
{
	int64_t live = out->totals.orders, test = out->test.orders;

	if (!out->table) {
		listing_end(&out->listing, whole);
		return;
	}
	table_end(out->table);
	if (live || test)
		putchar('\n');
	if (!whole)
		return;
	if (live || !test)
		totals_print(&out->totals, r->selection.query.test ? "test " : "", stdout);
	if (test && selection_hides_test(app, &r->selection))
		output_printf(stdout, "%" PRId64 " test order%s in no sum: --test sums test orders\n", test,
			      test == 1 ? " is" : "s are");
	else if (test)
		totals_print(&out->test, "test ", stdout);
}

/* The list, its sums, and what the reader has to know that is not in it. */
static int list_all(struct app *app, struct history *history, const struct request *r)
{
	struct output out = {.listing = r->listing};
	bool more = false;
	struct err e;
	int rc;

	listing_begin(&out.listing);
	if (r->listing.format == LISTING_PEOPLE) {
		memcpy(out.columns, columns, sizeof columns);
		out.time = r->selection.paid ? "completedAt" : "createdAt";
		if (r->selection.paid)
			out.columns[TIME].title = "PAID (UTC)";
		out.table = table_new(stdout, out.columns, COLUMNS, table_terminal_width());
	}
	rc = list(history, r, &out, &more, &e);
	output_end(app, &out, r, rc == 0);
	if (rc) {
		command_complain("orders", "%s", e.text);
		return COMMAND_ERROR;
	}
	if (fflush(stdout) && command_output_failed())
		return COMMAND_ERROR;
	if (more && out.table)
		command_complain("orders", "there are more orders: --limit 0 lists all, "
				 "--limit N lists N");
	selection_say_missing(history);
	return COMMAND_OK;
}

static int run(struct app *app, const struct command_line *line)
{
	struct history *history;
	struct request r;
	int status = read_request(line, &r);

	table_set_locale();
	if (status == COMMAND_OK && r.by != REPORT_ORDERS) {
		status = orders_report(app, &r.selection, &r.listing, r.by);
	} else if (status == COMMAND_OK) {
		history = history_new(app, &r.selection.query);
		status = list_all(app, history, &r);
		history_free(history);
	}
	selection_free(&r.selection);
	return status;
}

static const struct command_option options[] = {
	{"day", "DAY", "those of one day (UTC): 2024-11-26, today or yesterday", "today yesterday"},
	{"since", "DAY", "from this day on; without it the last seven days,\nof a user all",
	 "today yesterday"},
	{"until", "DAY", "up to and with this day", "today yesterday"},
	{"month", "MONTH", "those of one month in the zone of TZ: 2024-11", COMMAND_MONTHS},
	{"paid", NULL, "select by the time of payment", NULL},
	{"user", "USER", "those of a user: an id, or a guest's e-mail address", NULL},
	{"email", "ADDRESS", "those whose buyer gave this address, of the days asked for", NULL},
	{"status", "STATUS,...", "those that are in one of these states",
	 "pending failed completed partially_refunded refunded disputed incomplete"},
	{"unshipped", NULL, "what is paid and waits for its parcel; without days\nof the last 90", NULL},
	{"by", "WHAT", "what paid orders come to: by month or by product", "month product"},
	{"test", NULL, "those of test mode alone, and their sums", NULL},
	{"limit", "N", "at most N, the newest; 0: all.  A table has 50 else,\n--json and --csv all", NULL},
	{"json", NULL, "print them whole, as a JSON array", NULL},
	{"csv", NULL, "print them for a spreadsheet, one row an order", NULL},
	{"lines", NULL, "with --csv: one row for each line of an order", NULL},
	{"bom", NULL, "with --csv: begin with a byte order mark, for Excel", NULL},
	{NULL, NULL, NULL, NULL},
};

const struct command command_orders = {
	.name = "orders",
	.arguments = "[--day DAY] [--since DAY] [--until DAY] [--month MONTH] [--paid]\n"
		     "                        [--user USER] [--email ADDRESS] [--status STATUS,...]\n"
		     "                        [--unshipped] [--test] [--by month | product]\n"
		     "                        [--limit N] [--json | --csv [--lines] [--bom]]",
	.summary = "list orders, the newest first",
	.options = options,
	.help = "The states are pending, failed, completed, partially_refunded and refunded;\n"
		"disputed is an order with a dispute, incomplete one that lacks its items.\n",
	.needs = CONFIG_NEEDS_STORE,
	.needs_store = true,
	.check = check,
	.run = run,
};

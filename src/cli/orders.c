/* SPDX-License-Identifier: ISC */
/*
 * ordersnap orders: the orders of some days, or of a user.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/listing.h"
#include "cli/order_text.h"
#include "cli/table.h"
#include "cli/totals.h"
#include "format/iso8601.h"
#include "orders/history.h"
#include "shop/keys.h"
#include "shop/lines.h"
#include "shop/order_mode.h"

#define READ_MS 30000
#define DAY_SECONDS 86400
#define DAYS_MAX 36600      /* a century: a day is a read */
#define DAYS_DEFAULT 7
#define LIMIT_DEFAULT 50
#define LIMIT_MAX 1000000000

struct request {
	struct history_query query;
	char *user; /* the query's, or NULL */
	enum listing_format format;
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

/* --- the line ------------------------------------------------------------------- */

/* The midnight that a day begins with: only what would be written the same is
 * one, so that 2024-02-30 is none. */
static int midnight_of(const char *text, int64_t *midnight)
{
	int64_t today = clock_epoch() / DAY_SECONDS * DAY_SECONDS, epoch;
	char *time, day[ISO8601_SIZE];
	int rc;

	if (strcmp(text, "today") == 0 || strcmp(text, "yesterday") == 0) {
		*midnight = today - (*text == 'y' ? DAY_SECONDS : 0);
		return 0;
	}
	time = str_printf("%sT00:00:00Z", text);
	rc = iso8601_parse(time, &epoch);
	free(time);
	if (rc || epoch < 0 || strcmp(iso8601_day(epoch, day), text) != 0)
		return -1;
	*midnight = epoch;
	return 0;
}

static int read_day(const struct command_line *line, const char *option, int64_t *midnight)
{
	const char *text = command_value(line, option);

	if (text && midnight_of(text, midnight))
		return command_usage(line->command, "--%s must be a day as 2024-11-26, today or "
				     "yesterday, not \"%s\"", option, text);
	return COMMAND_OK;
}

/* From the first day's midnight to the one behind the last day. */
static int read_days(const struct command_line *line, struct history_query *query)
{
	bool day = command_value(line, "day"), since = command_value(line, "since");
	bool until = command_value(line, "until");
	int64_t first = 0, last = clock_epoch() / DAY_SECONDS * DAY_SECONDS;

	if (day && (since || until))
		return command_usage(line->command, "--day excludes --since and --until");
	if (read_day(line, day ? "day" : "until", &last) != COMMAND_OK)
		return COMMAND_USAGE;
	first = day ? last : last - (DAYS_DEFAULT - 1) * DAY_SECONDS;
	if (read_day(line, "since", &first) != COMMAND_OK)
		return COMMAND_USAGE;
	if (first > last)
		return command_usage(line->command, "--since must not be after %s",
				     until ? "--until" : "today");
	if (!query->user && (last - first) / DAY_SECONDS >= DAYS_MAX)
		return command_usage(line->command, "from --since to --until must not be more than "
				     "a century");
	query->from = query->user && !day && !since ? INT64_MIN : first;
	query->to = query->user && !day && !since && !until ? INT64_MAX : last + DAY_SECONDS;
	return COMMAND_OK;
}

static int read_statuses(const struct command_line *line, unsigned *statuses)
{
	struct span rest = span_of(command_value(line, "status")), name;

	while (span_next(&rest, ',', &name)) {
		unsigned bit = history_status_of(span_trim(name));

		if (!bit)
			return command_usage(line->command, "there is no status \"%.*s\"; there are "
					     "%s", (int)name.n, name.p, history_status_names());
		*statuses |= bit;
	}
	return COMMAND_OK;
}

static int read_user(const struct command_line *line, struct request *r)
{
	const char *text = command_value(line, "user");

	r->query.user = r->user = user_id_from(text);
	if (text && (!r->user || span_utf8_length(span_of(r->user)) < 0))
		return command_usage(line->command, "--user must be a user's id or an e-mail address "
				     "of up to %d bytes", USER_ID_MAX);
	return COMMAND_OK;
}

static int read_request(const struct command_line *line, struct request *r)
{
	*r = (struct request){.query = {.read_ms = READ_MS}};
	if (listing_format(line, &r->format) != COMMAND_OK ||
	    read_user(line, r) != COMMAND_OK ||
	    read_days(line, &r->query) != COMMAND_OK ||
	    read_statuses(line, &r->query.statuses) != COMMAND_OK)
		return COMMAND_USAGE;
	r->query.test = command_value(line, "test");
	r->limit = r->format == LISTING_PEOPLE ? LIMIT_DEFAULT : 0;
	return command_number(line, "limit", 0, LIMIT_MAX, &r->limit);
}

static int check(const struct command_line *line)
{
	struct request r;
	int status = read_request(line, &r);

	free(r.user);
	return status;
}

/* --- the list ------------------------------------------------------------------- */

/* Where the orders go. */
struct output {
	struct listing listing;
	struct table *table; /* NULL: data, not for people */
	struct totals totals, test; /* of live orders, and of test orders */
};

/* Minutes do for a list. */
static char *time_cell(struct json_object *order)
{
	char *time = order_text_time(order, "createdAt");

	if (time && strlen(time) == strlen("2024-11-26 09:20:00"))
		time[strlen("2024-11-26 09:20")] = '\0';
	return time;
}

static char *count_cell(struct json_object *order)
{
	int64_t count;

	return lines_order_count(order, &count) ? str_printf("%" PRId64, count) : NULL;
}

/* Behind the status of a test order stands that it is one. */
static char *status_cell(struct json_object *order)
{
	char *status = order_text_status(order), *marked;

	if (order_mode_of(order) != ORDER_MODE_TEST)
		return status;
	marked = str_printf("%s, test", status);
	free(status);
	return marked;
}

static void add_row(struct table *table, struct json_object *order)
{
	char *cells[] = {
		order_text_number(order), time_cell(order), order_text_customer(order),
		count_cell(order), order_text_money(order, "amount"), status_cell(order),
	};
	int i;

	table_row(table, (const char *const *)cells);
	for (i = 0; i < COLUMNS; i++)
		free(cells[i]);
}

static void output_order(struct output *out, struct json_object *order)
{
	totals_add(order_mode_of(order) == ORDER_MODE_TEST ? &out->test : &out->totals, order);
	if (out->table)
		add_row(out->table, order);
	else
		listing_order(&out->listing, order);
}

/* Lists up to the limit; *more says whether there are orders behind it. */
static int list(struct history *history, int64_t limit, struct output *out, bool *more,
		struct err *e)
{
	struct json_object *order;
	int64_t n;

	for (n = 0; !command_output_failed(); n++) {
		if (history_next(history, &order, e))
			return -1;
		if (!order)
			break;
		*more = limit && n == limit;
		if (!*more)
			output_order(out, order);
		json_object_put(order);
		if (*more)
			break;
	}
	return 0;
}

/* Where the key can't be had, the shop counts as one that is not live. */
static bool is_live_shop(struct app *app)
{
	const char *secret;
	struct err ignored;

	return app_secret(app, SECRET_STRIPE, deadline_in(READ_MS), &secret, &ignored) == 0 &&
	       secret && key_mode_of(secret) == KEY_MODE_LIVE;
}

/* Test and live money are never in one sum.  In a live shop test money is in none,
 * unless it was asked for. */
static void print_totals(struct app *app, const struct output *out, bool test)
{
	int64_t n = out->test.orders;

	if (out->totals.orders || !n)
		totals_print(&out->totals, test ? "test " : "", stdout);
	if (n && !test && is_live_shop(app))
		printf("%" PRId64 " test order%s in no sum: --test sums test orders\n", n,
		       n == 1 ? " is" : "s are");
	else if (n)
		totals_print(&out->test, "test ", stdout);
}

static void output_end(struct app *app, struct output *out, const struct request *r, bool whole)
{
	if (!out->table) {
		listing_end(&out->listing, whole);
		return;
	}
	table_end(out->table);
	if (out->totals.orders || out->test.orders)
		putchar('\n');
	if (whole)
		print_totals(app, out, r->query.test);
}

static int list_all(struct app *app, struct history *history, const struct request *r)
{
	struct output out = {.table = NULL};
	bool more = false;
	struct err e;
	int rc;

	listing_begin(&out.listing, r->format);
	if (r->format == LISTING_PEOPLE)
		out.table = table_new(stdout, columns, COLUMNS, table_terminal_width());
	rc = list(history, r->limit, &out, &more, &e);
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
	if (history_missing(history))
		command_complain("orders", "%zu orders are in the list of their day, but not in "
				 "the store",
				 history_missing(history));
	return COMMAND_OK;
}

static int run(struct app *app, const struct command_line *line)
{
	struct history *history;
	struct request r;
	int status = read_request(line, &r);

	if (status == COMMAND_OK) {
		table_set_locale();
		history = history_new(app, &r.query);
		status = list_all(app, history, &r);
		history_free(history);
	}
	free(r.user);
	return status;
}

static const struct command_option options[] = {
	{"day", "DAY", "those of one day (UTC): 2024-11-26, today or yesterday"},
	{"since", "DAY", "from this day on; without it the last seven days,\nof a user all"},
	{"until", "DAY", "up to and with this day"},
	{"user", "USER", "those of a user: an id, or a guest's e-mail address"},
	{"status", "STATUS", "those that are in one of these states, by commas"},
	{"test", NULL, "those of test mode alone, and their sums"},
	{"limit", "N", "at most N, the newest; 0: all.  A table has 50 else,\n--json and --csv all"},
	{"json", NULL, "print them whole, as a JSON array"},
	{"csv", NULL, "print them for a spreadsheet"},
	{NULL, NULL, NULL},
};

const struct command command_orders = {
	.name = "orders",
	.arguments = "[--day DAY] [--since DAY] [--until DAY] [--user USER] [--status STATUS]\n"
		     "                        [--test] [--limit N] [--json | --csv]",
	.summary = "list orders, the newest first",
	.options = options,
	.help = "The states are pending, failed, completed, partially_refunded and refunded;\n"
		"disputed is an order with a dispute, incomplete one that lacks its items.\n",
	.needs = CONFIG_NEEDS_STORE,
	.needs_store = true,
	.check = check,
	.run = run,
};

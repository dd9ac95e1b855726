/* SPDX-License-Identifier: ISC */
/*
 * ordersnap show: orders by id, number or payment.
 */
#include <stdio.h>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/listing.h"
#include "cli/show_order.h"
#include "cli/table.h"
#include "orders/lookup.h"
#include "transfer/adopt.h"

#define READ_MS 30000
#define ORDERS_MAX 1000

/* What is printed, and how far it is. */
struct output {
	struct listing listing;
	int shown;
};

/* Shows one after the other.  An order that is not there is said and does not keep the
 * others from being shown; a store that is away does. */
static int show_all(struct app *app, char **names, struct output *out, bool *whole)
{
	bool found_all = true, adopted;
	int status = COMMAND_OK;
	struct err e;

	for (; *names && !command_output_failed(); names++) {
		struct json_object *order;

		if (lookup_order(app, *names, deadline_in(READ_MS), &order, &e) == 0) {
			if (out->listing.format != LISTING_PEOPLE) {
				listing_order(&out->listing, order);
			} else {
				if (out->shown++)
					putchar('\n');
				show_order(stdout, order, table_terminal_width());
			}
			json_object_put(order);
			continue;
		}
		/* The orders that were found are printed before the complaint. */
		if (fflush(stdout) && command_output_failed())
			return COMMAND_ERROR;
		command_complain("show", "%s", e.text);
		status = COMMAND_ERROR;
		*whole = e.code == ERR_NOT_FOUND;
		if (!*whole)
			return status;
		found_all = false;
	}
	/* Nothing names the functions' orders before they are adopted. */
	if (!found_all && adopt_is_complete(app, deadline_in(READ_MS), &adopted, &e) == 0 && !adopted)
		command_complain("show", "orders that the Lambda functions wrote are found when "
				 "`ordersnap adopt` has been run on this table");
	return status;
}

static int check(const struct command_line *line)
{
	struct listing listing;

	return listing_read(line, &listing);
}

static int run(struct app *app, const struct command_line *line)
{
	struct output out = {.shown = 0};
	bool whole = true;
	int status = listing_read(line, &out.listing);

	if (status != COMMAND_OK)
		return status;
	table_set_locale();
	listing_begin(&out.listing);
	status = show_all(app, line->operands, &out, &whole);
	listing_end(&out.listing, whole);
	return status;
}

static const struct command_option options[] = {
	{"json", NULL, "print them whole, as a JSON array", NULL},
	{"csv", NULL, "print them for a spreadsheet, one row an order", NULL},
	{"lines", NULL, "with --csv: one row for each line of an order", NULL},
	{"bom", NULL, "with --csv: begin with a byte order mark, for Excel", NULL},
	{NULL, NULL, NULL, NULL},
};

const struct command command_show = {
	.name = "show",
	.arguments = "ORDER ... [--json | --csv [--lines] [--bom]]",
	.summary = "show whole orders",
	.options = options,
	.help = "ORDER is an order number (in either case, with its prefix or without), an order's\n"
		"id (cs_...) or its payment intent (pi_...).\n",
	.operand = "ORDER",
	.least = 1,
	.most = ORDERS_MAX,
	.needs = CONFIG_NEEDS_STORE,
	.needs_store = true,
	.check = check,
	.run = run,
};

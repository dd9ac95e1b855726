/* SPDX-License-Identifier: ISC */
/*
 * ordersnap mark: what the owner says of an order, that its parcel is on the way.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "base/output.h"
#include "cli/order_text.h"
#include "cli/table.h"
#include "record/mark.h"
#include "shop/order_rank.h"

enum operand { ORDER, STATE, NUMBER };

/* What the line asks for: shipped, with what is known of the parcel, or unshipped. */
static int read_request(const struct command_line *line, struct tracking *tracking)
{
	const char *state = line->operands[STATE];
	struct err e;

	*tracking = (struct tracking){
		.shipped = strcmp(state, "shipped") == 0,
		.carrier = command_value(line, "carrier"),
		.number = line->count > NUMBER ? line->operands[NUMBER] : NULL,
		.url = command_value(line, "url"),
	};
	if (!tracking->shipped && strcmp(state, "unshipped") != 0)
		return command_usage(line->command, "there is no mark \"%s\"; there are shipped and "
				     "unshipped", state);
	if (!tracking->shipped && (tracking->carrier || tracking->number || tracking->url))
		return command_usage(line->command, "a tracking number, --carrier and --url go with "
				     "shipped");
	if (tracking_check(tracking, &e))
		return command_usage(line->command, "%s", e.text);
	return COMMAND_OK;
}

static int check(const struct command_line *line)
{
	struct tracking tracking;

	return read_request(line, &tracking);
}

/* `BC-ABC123: shipped, DHL 00340434161094` */
static void print(struct json_object *order, const struct mark_outcome *outcome)
{
	struct json_object *tracking = NULL;
	const char *carrier, *number;
	char *name = order_text_number(order);

	json_get_object(order, "tracking", &tracking);
	carrier = json_label_or_null(tracking, "carrier");
	number = json_label_or_null(tracking, "number");
	output_printf(stdout, "%s: %s%s%s%s%s%s\n", name, tracking ? "shipped" : "not shipped",
		      carrier || number ? ", " : "", carrier ? carrier : "",
		      carrier && number ? " " : "", number ? number : "",
		      outcome->changed ? "" : ", as before");
	free(name);
}

static int run(struct app *app, const struct command_line *line)
{
	struct mark_outcome outcome = {.order = NULL};
	struct tracking tracking;
	const char *status;
	struct err e;

	if (read_request(line, &tracking) != COMMAND_OK)
		return COMMAND_USAGE;
	if (mark_order(app, line->operands[ORDER], &tracking, &outcome, &e)) {
		command_complain("mark", "%s", e.text);
		return COMMAND_ERROR;
	}
	table_set_locale();
	print(outcome.order, &outcome);
	status = json_string_or_null(outcome.order, "status");
	if (tracking.shipped && order_rank_of(outcome.order) != ORDER_RANK_COMPLETED)
		command_complain("mark", "this order is not paid: its status is %s", status ? status : "?");
	json_object_put(outcome.order);
	return COMMAND_OK;
}

static const struct command_option options[] = {
	{"carrier", "NAME", "the carrier's name", NULL},
	{"url", "URL", "the carrier's page about this parcel", NULL},
	{NULL, NULL, NULL, NULL},
};

const struct command command_mark = {
	.name = "mark",
	.arguments = "ORDER shipped [TRACKING] [--carrier NAME] [--url URL] | ORDER unshipped",
	.summary = "record that an order's parcel is on its way",
	.options = options,
	.help = "ORDER is an order number, an order's id (cs_...) or its payment intent (pi_...).\n"
		"TRACKING is the carrier's number of the parcel. The customer sees it in \"My\n"
		"orders\". Nothing that Stripe says later changes a mark; `unshipped` takes it off.\n",
	.operand = "ORDER and shipped or unshipped",
	.words = "shipped unshipped",
	.least = 2,
	.most = 3,
	.needs = CONFIG_NEEDS_STORE,
	.needs_store = true,
	.check = check,
	.run = run,
};

/* SPDX-License-Identifier: ISC */
/*
 * ordersnap init: the store's file or table.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/output.h"
#include "cli/command.h"
#include "app/setup.h"
#include "transfer/adopt.h"

#define RETRY_MS 120000 /* a new DynamoDB table takes some seconds */

static void report(const char *sentence)
{
	output_printf(stdout, "%s\n", sentence);
	fflush(stdout);
}

static int run(struct app *app, const struct command_line *line)
{
	bool backups = command_value(line, "point-in-time-recovery") != NULL, complete;
	struct err e;

	if (backups && !app->config.commerce_table)
		return command_usage(line->command, "--point-in-time-recovery is for a DynamoDB "
				     "table; `ordersnap backup` copies the SQLite file");
	if (setup_store(app, backups, deadline_in(RETRY_MS), report, &e)) {
		command_complain("init", "%s", e.text);
		return COMMAND_ERROR;
	}
	/* Whether orders of the Lambda functions are in it.  With a key that may only make
	 * tables it stays open, which costs each new order a search. */
	if (adopt_new_store(app, &complete, &e))
		output_printf(stdout, "whether it has orders of the Lambda functions is not known (%s): run "
			      "`ordersnap adopt` once\n", e.text);
	else if (!complete)
		puts("it has orders of the Lambda functions: run `ordersnap adopt`");
	return COMMAND_OK;
}

static const struct command_option options[] = {
	{"point-in-time-recovery", NULL, "switch DynamoDB's continuous backups on", NULL},
	{NULL, NULL, NULL, NULL},
};

const struct command command_init = {
	.name = "init",
	.arguments = "[--point-in-time-recovery]",
	.summary = "create the SQLite file or the DynamoDB table, or check it",
	.options = options,
	.needs = CONFIG_NEEDS_STORE,
	.run = run,
};

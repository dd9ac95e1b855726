/* SPDX-License-Identifier: ISC */
/*
 * ordersnap init: the store's file or table.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/command.h"
#include "service/setup.h"

#define PATIENCE_MS 120000 /* a new DynamoDB table takes some seconds */

static void report(const char *sentence)
{
	puts(sentence);
	fflush(stdout);
}

static int check(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (strcmp(argv[i], "--point-in-time-recovery") != 0)
			return command_usage(&command_init, "what is %s?", argv[i]);
	return COMMAND_OK;
}

static int run(struct app *app, int argc, char **argv)
{
	bool backups = argc > 1; /* there is one option */
	struct err e;

	(void)argv;
	if (backups && !app->config.commerce_table)
		return command_usage(&command_init, "--point-in-time-recovery is for a DynamoDB "
				     "table; copy the SQLite file to back it up");
	if (setup_store(app, backups, deadline_in(PATIENCE_MS), report, &e)) {
		command_complain("init", "%s", e.text);
		return COMMAND_ERROR;
	}
	return COMMAND_OK;
}

const struct command command_init = {
	.name = "init",
	.arguments = "[--point-in-time-recovery]",
	.summary = "create the SQLite file or the DynamoDB table, or say what of it is wrong",
	.help = "  --point-in-time-recovery  switch DynamoDB's continuous backups on\n",
	.needs = CONFIG_NEEDS_STORE,
	.check = check,
	.run = run,
};

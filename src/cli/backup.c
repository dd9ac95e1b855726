/* SPDX-License-Identifier: ISC */
/*
 * ordersnap backup: a copy of the SQLite file while the shop is open.
 */
#include "cli/backup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/output.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "shop/outbox.h"

#define WAIT_MS 60000 /* for a lock that others hold */

static bool show(void *context, int64_t pages, int64_t all)
{
	char number[STR_GROUPED_SIZE], text[64];

	snprintf(text, sizeof text, "%s pages", str_grouped(pages, number));
	progress_show(context, all > 0 ? (int)(pages * 1000 / all) : -1, text);
	return !interrupt_came(NULL);
}

void backup_print_size(const struct sqlite_copied *done)
{
	char items[STR_GROUPED_SIZE], bytes[STR_GROUPED_SIZE];

	output_printf(stdout, "%s items, %s bytes", str_grouped(done->items, items),
		      str_grouped(done->bytes, bytes));
	if (done->newest[0])
		output_printf(stdout, ", the latest of %s", done->newest);
}

int backup_copy(const struct app *app, const struct command_line *line, backup_way *way,
		struct sqlite_copied *done)
{
	const char *name = line->command->name, *table = app->config.commerce_table;
	struct progress progress;
	const struct sqlite_copy copy = {
		.store = app->config.commerce_db,
		.file = line->operands[0],
		.own = KEY_OUTBOX,
		.replace = command_value(line, "force") != NULL,
		.progress = show,
		.context = &progress,
		.wait_ms = WAIT_MS,
	};
	struct err e;
	int rc;

	if (table) {
		command_complain(name, "the orders are in the DynamoDB table %s, whose backup is its "
				 "point-in-time recovery: `ordersnap init --point-in-time-recovery` "
				 "switches it on, `aws dynamodb restore-table-to-point-in-time` makes a "
				 "new table of it, which COMMERCE_TABLE then names; `ordersnap export` "
				 "writes the table to a file", table);
		return COMMAND_ERROR;
	}
	interrupt_catch();
	progress_begin(&progress, name, command_value(line, "quiet") != NULL);
	rc = way(&copy, done, &e);
	progress_end(&progress);
	if (done->aside)
		output_printf(stdout, "what was at %s could not be used: it is now %s\n", copy.store,
			      done->aside);
	free(done->aside);
	done->aside = NULL;
	if (rc)
		command_complain(name, "%s", e.text);
	return rc ? COMMAND_ERROR : COMMAND_OK;
}

/* Who takes - for standard output would pipe the sentence that is printed, and call that a backup. */
static int check(const struct command_line *line)
{
	if (strcmp(line->operands[0], "-") == 0)
		return command_usage(line->command, "a backup is a file, and can't be standard output: name "
				     "the file");
	return COMMAND_OK;
}

static int run(struct app *app, const struct command_line *line)
{
	struct sqlite_copied done;

	if (backup_copy(app, line, sqlite_copy_save, &done))
		return COMMAND_ERROR;
	if (!command_value(line, "quiet")) {
		output_printf(stdout, "%s: ", line->operands[0]);
		backup_print_size(&done);
		puts("; checked");
	}
	return COMMAND_OK;
}

static const struct command_option options[] = {
	{"force", NULL, "replace FILE if it exists", NULL},
	{"quiet", NULL, "print errors only", NULL},
	{NULL, NULL, NULL, NULL},
};

const struct command command_backup = {
	.name = "backup",
	.arguments = "[--force] [--quiet] FILE",
	.summary = "copy the SQLite file while the shop is open, and check the copy",
	.options = options,
	.help = "The copy is of one moment, for its owner alone (mode 600), and has its name only when it\n"
		"is whole and on disk. `ordersnap restore` puts it back. A DynamoDB table is backed up by\n"
		"its point-in-time recovery.\n",
	.operand = "FILE",
	.least = 1,
	.most = 1,
	.needs = CONFIG_NEEDS_STORE,
	.needs_store = true,
	.check = check,
	.run = run,
};

/* SPDX-License-Identifier: ISC */
/*
 * ordersnap export: the table as lines of JSON.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "base/output.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "transfer/transfer_export.h"
#include "shop/keys.h"

static void show(void *context, const struct transfer_exported *so_far, int permille)
{
	char number[STR_GROUPED_SIZE], text[64];

	snprintf(text, sizeof text, "%s items", str_grouped(so_far->items, number));
	progress_show(context, permille, text);
}

/* In one form, whatever the numbers: a script may read it. */
static void summarize(const struct transfer_exported *done)
{
	const char *before = " (";
	char number[STR_GROUPED_SIZE];
	int kind;

	output_printf(stderr, "export: %s items", str_grouped(done->items, number));
	for (kind = 0; kind < TRANSFER_KINDS; kind++) {
		if (!done->kinds[kind])
			continue;
		output_printf(stderr, "%s%s %s", before, str_grouped(done->kinds[kind], number),
			      transfer_kind_plural((enum transfer_kind)kind));
		before = ", ";
	}
	fputs(done->items ? ")\n" : "\n", stderr);
}

static int check(const struct command_line *line)
{
	const char *only = command_value(line, "only"), *output = command_value(line, "output");
	unsigned kinds;
	struct err e;

	if (output && strcmp(output, "-") == 0)
		return command_usage(line->command, "--output names a file; without it the lines go to "
				     "standard output");
	if (command_value(line, "resume") && !command_value(line, "output"))
		return command_usage(line->command, "--resume goes with --output FILE");
	if (only && transfer_kinds_from(only, &kinds, &e))
		return command_usage(line->command, "--only: %s", e.text);
	return COMMAND_OK;
}

static int run(struct app *app, const struct command_line *line)
{
	const char *only = command_value(line, "only"), *user = command_value(line, "user");
	bool quiet = command_value(line, "quiet") != NULL;
	struct transfer_exported done;
	struct progress progress;
	char *user_id = user ? user_id_from(user) : NULL;
	struct transfer_export request = {
		.output = command_value(line, "output"),
		.resume = command_value(line, "resume") != NULL,
		.user = user_id,
		.progress = show,
		.stop = interrupt_came,
		.context = &progress,
	};
	struct err e = {.code = ERR_NONE};
	int rc;

	if (user && !user_id)
		return command_usage(line->command, "--user must be a user's id, of at most %d bytes",
				     USER_ID_MAX);
	if (only && transfer_kinds_from(only, &request.only, &e))
		return COMMAND_USAGE;
	interrupt_catch();
	progress_begin(&progress, "export", quiet);
	request.count = progress.terminal && !quiet;
	rc = transfer_export(app, &request, &done, &e);
	progress_end(&progress);
	if (rc)
		command_complain("export", "%s", e.text);
	else if (!quiet)
		summarize(&done);
	if (rc && request.output && done.items)
		command_complain("export", "what is written so far is in %s.part: the same command with "
				 "--resume goes on behind it", request.output);
	free(user_id);
	return rc ? COMMAND_ERROR : COMMAND_OK;
}

static const struct command_option options[] = {
	{"output", "FILE", "write to FILE, which is there only when it is whole:\n"
			   "until then it is FILE.part", NULL},
	{"resume", NULL, "continue after FILE.part", NULL},
	{"only", "KIND,...", "only these: order, session, event, payment, number,\n"
			     "day, quote, price, system",
	 "order session event payment number day quote price system"},
	{"user", "ID", "only items that name this user", NULL},
	{"quiet", NULL, "print errors only", NULL},
	{NULL, NULL, NULL, NULL},
};

const struct command command_export = {
	.name = "export",
	.arguments = "[--output FILE [--resume]] [--only KIND,...] [--user ID] [--quiet]",
	.summary = "write the table, or a part of it, as lines of JSON",
	.options = options,
	.help = "One item a line, with its keys in order: the sorted lines of two stores can be\n"
		"compared. `ordersnap import` reads them.\n",
	.needs = CONFIG_NEEDS_STORE,
	.needs_store = true,
	.check = check,
	.run = run,
};

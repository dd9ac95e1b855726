/* SPDX-License-Identifier: ISC */
/*
 * ordersnap import: lines of JSON into the table.
 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "base/output.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "transfer/transfer_import.h"

static void show(void *context, const struct transfer_imported *so_far, int permille)
{
	char lines[STR_GROUPED_SIZE], written[STR_GROUPED_SIZE], text[96];

	snprintf(text, sizeof text, "%s lines, %s written", str_grouped(so_far->lines, lines),
		 str_grouped(so_far->outcomes[TRANSFER_WRITTEN], written));
	progress_show(context, permille, text);
}

static void report(void *context, const char *sentence)
{
	progress_clear(context);
	command_complain("import", "%s", sentence);
}

/* In one form, whatever the numbers: a script may read it. */
static void summarize(const struct transfer_imported *done, bool dry_run)
{
	static const char *const names[TRANSFER_OUTCOMES] = {
		[TRANSFER_WRITTEN] = "written", [TRANSFER_SAME] = "the same",
		[TRANSFER_NEWER] = "newer there", [TRANSFER_CONFLICT] = "conflicts",
		[TRANSFER_EXPIRED] = "expired",
	};
	char number[STR_GROUPED_SIZE];
	int i;

	output_printf(stderr, "import: %s lines:", str_grouped(done->lines, number));
	for (i = 0; i < TRANSFER_OUTCOMES; i++)
		output_printf(stderr, "%s %s %s%s", i ? "," : "",
			      str_grouped(done->outcomes[i], number),
			      i == TRANSFER_WRITTEN && dry_run ? "would be " : "", names[i]);
	if (dry_run)
		fputs("; nothing was written\n", stderr);
	else if (done->unverified)
		output_printf(stderr, "; %s not verified\n", str_grouped(done->unverified, number));
	else
		fputs("; all verified\n", stderr);
}

static int run(struct app *app, const struct command_line *line)
{
	const char *path = line->operands[0];
	struct transfer_imported done;
	struct progress progress;
	struct transfer_import request = {
		.path = path && strcmp(path, "-") != 0 ? path : NULL,
		.dry_run = command_value(line, "dry-run") != NULL,
		.progress = show,
		.stop = interrupt_came,
		.report = report,
		.context = &progress,
	};
	bool quiet = command_value(line, "quiet") != NULL, failed;
	struct err e = {.code = ERR_NONE};
	int rc;

	interrupt_catch();
	progress_begin(&progress, "import", quiet);
	rc = transfer_import(app, &request, &done, &e);
	progress_end(&progress);
	failed = rc || done.order_conflicts || done.unverified;
	if (rc)
		command_complain("import", "%s", e.text);
	if (!quiet || failed)
		summarize(&done, request.dry_run);
	if (rc && !request.dry_run)
		command_complain("import", "not all lines are imported: mend the fault and run the "
				 "same command again, which skips the items that are there");
	return failed ? COMMAND_ERROR : COMMAND_OK;
}

static const struct command_option options[] = {
	{"dry-run", NULL, "print what would be done, and write nothing", NULL},
	{"quiet", NULL, "print errors only", NULL},
	{NULL, NULL, NULL, NULL},
};

const struct command command_import = {
	.name = "import",
	.arguments = "[--dry-run] [--quiet] [FILE | -]",
	.summary = "write lines of JSON into the table, unless it has newer items",
	.options = options,
	.help = "Reads FILE, or standard input, as `ordersnap export` writes it. An item that is\n"
		"absent or of a lower version is written as it is and read back; nothing newer is\n"
		"touched. It can be run again, and beside programs that write.\n",
	.operand = "FILE",
	.most = 1,
	.needs = CONFIG_NEEDS_STORE,
	.needs_store = true,
	.run = run,
};

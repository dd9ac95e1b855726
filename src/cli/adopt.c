/* SPDX-License-Identifier: ISC */
/*
 * ordersnap adopt: the orders that the AWS Lambda functions wrote get what ours
 * have.
 */
#include <stdio.h>

#include "cli/command.h"
#include "base/output.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "transfer/adopt.h"

static void show(void *context, const struct adopt_counts *so_far, int permille)
{
	char items[STR_GROUPED_SIZE], adopted[STR_GROUPED_SIZE], text[96];

	snprintf(text, sizeof text, "%s items, %s orders adopted", str_grouped(so_far->items, items),
		 str_grouped(so_far->adopted, adopted));
	progress_show(context, permille, text);
}

static void report(void *context, const char *sentence)
{
	progress_clear(context);
	command_complain("adopt", "%s", sentence);
}

/* In one form, whatever the numbers: a script may read it. */
static void summarize(const struct adopt_result *result, bool dry_run)
{
	const struct adopt_counts *c = &result->counts;
	char items[STR_GROUPED_SIZE], orders[STR_GROUPED_SIZE], adopted[STR_GROUPED_SIZE],
		twice[STR_GROUPED_SIZE], merged[STR_GROUPED_SIZE], odd[STR_GROUPED_SIZE];

	output_printf(stderr, "adopt: %s items, %s orders: %s %sadopted, %s stand twice, %s %smade one, "
		      "%s odd%s%s\n", str_grouped(c->items, items), str_grouped(c->orders, orders),
		      str_grouped(c->adopted, adopted), dry_run ? "would be " : "",
		      str_grouped(c->twice, twice), str_grouped(c->merged, merged),
		      dry_run ? "would be " : "", str_grouped(c->odd, odd),
		      result->resumed ? "; it went on where the last run had ended" : "",
		      dry_run ? "; nothing was written" : "");
}

/* What is still to be done, and whether that is an error: a dry run has found, not
 * failed. */
static int conclude(const struct adopt_result *result, bool dry_run)
{
	const struct adopt_counts *c = &result->counts;
	char number[STR_GROUPED_SIZE];

	if (result->stopped) {
		command_complain("adopt", "interrupted: the same command goes on from here");
		return COMMAND_ERROR;
	}
	if (c->younger) {
		command_complain("adopt", "%s orders are younger than this run: the Lambda functions "
				 "still write: run this command again when they are off",
				 str_grouped(c->younger, number));
		return COMMAND_ERROR;
	}
	if (c->twice > c->merged) {
		command_complain("adopt", "%s orders stand twice: look at them, then run "
				 "`ordersnap adopt --merge`",
				 str_grouped(c->twice - c->merged, number));
		return dry_run ? COMMAND_OK : COMMAND_ERROR;
	}
	return COMMAND_OK;
}

static int run(struct app *app, const struct command_line *line)
{
	bool quiet = command_value(line, "quiet") != NULL;
	struct adopt_result result;
	struct progress progress;
	struct adopt request = {
		.dry_run = command_value(line, "dry-run") != NULL,
		.merge = command_value(line, "merge") != NULL,
		.progress = show,
		.report = report,
		.stop = interrupt_came,
		.context = &progress,
	};
	struct err e = {.code = ERR_NONE};
	int rc;

	interrupt_catch();
	progress_begin(&progress, "adopt", quiet);
	request.count = progress.terminal && !quiet;
	rc = adopt_table(app, &request, &result, &e);
	progress_end(&progress);
	if (rc)
		command_complain("adopt", "%s", e.text);
	if (!quiet || rc)
		summarize(&result, request.dry_run);
	if (rc && !request.dry_run)
		command_complain("adopt", "not all is done: run the same command again, it goes on "
				 "from here");
	return rc ? COMMAND_ERROR : conclude(&result, request.dry_run);
}

static const struct command_option options[] = {
	{"dry-run", NULL, "print what would be done, and write nothing", NULL},
	{"merge", NULL, "of two orders of one session make one: the functions', with\n"
			"what the newer one says", NULL},
	{"quiet", NULL, "print errors only", NULL},
	{NULL, NULL, NULL, NULL},
};

const struct command command_adopt = {
	.name = "adopt",
	.arguments = "[--dry-run] [--merge] [--quiet]",
	.summary = "complete the orders that the AWS Lambda functions wrote",
	.options = options,
	.help = "Run it once on a table that the functions wrote, when their webhook is off. It can\n"
		"be stopped and run again, and beside programs that write.\n",
	.needs = CONFIG_NEEDS_STORE,
	.needs_store = true,
	.run = run,
};

/* SPDX-License-Identifier: ISC */
/*
 * ordersnap restore: a copy becomes the store again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cli/backup.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "format/iso8601.h"

/* What was paid after the copy was begun at most a day before: a session lives so long. */
#define SESSION_LIFE 86400

static void say_what_is_next(const struct sqlite_copy *copy, const struct sqlite_copied *done)
{
	char day[ISO8601_SIZE];
	int64_t from;
	struct stat st;

	if (iso8601_parse(done->newest, &from))
		from = stat(copy->file, &st) ? 0 : (int64_t)st.st_mtime;
	printf("What came after that copy is at Stripe; bring it back with\n"
	       "    ordersnap sync --since %s\n"
	       "Persons who were erased from orders since then stand in them again: erase them once "
	       "more.\n", iso8601_day(from > SESSION_LIFE ? from - SESSION_LIFE : 0, day));
}

static int run(struct app *app, const struct command_line *line)
{
	bool quiet = command_value(line, "quiet") != NULL;
	struct progress progress;
	struct sqlite_copied done;
	const struct sqlite_copy copy = {
		.store = app->config.commerce_db,
		.file = line->operands[0],
		.progress = backup_show,
		.context = &progress,
		.wait_ms = BACKUP_WAIT_MS,
	};
	struct err e;
	int rc;

	if (!backup_is_for_a_file(app, "restore"))
		return COMMAND_ERROR;
	interrupt_catch();
	progress_begin(&progress, "restore", quiet);
	rc = sqlite_copy_load(&copy, &done, &e);
	progress_end(&progress);
	if (done.aside)
		printf("what was at %s could not be used: it is now %s\n", copy.store, done.aside);
	free(done.aside);
	if (rc) {
		command_complain("restore", "%s", e.text);
		return COMMAND_ERROR;
	}
	if (!quiet) {
		printf("%s is what %s has: ", copy.store, copy.file);
		backup_say_size(&done);
		putchar('\n');
		say_what_is_next(&copy, &done);
	}
	return COMMAND_OK;
}

static const struct command_option options[] = {
	{"quiet", NULL, "say only what goes wrong, and what was moved aside"},
	{NULL, NULL, NULL},
};

const struct command command_restore = {
	.name = "restore",
	.arguments = "[--quiet] FILE",
	.summary = "make the SQLite file what a backup has, while the shop is open",
	.options = options,
	.help = "FILE is checked first. Running programs wait, and go on with what is there then. A file\n"
		"that no longer opens is moved aside with its -wal and -shm. Then it says which\n"
		"`ordersnap sync` brings back what came after the backup.\n",
	.operand = "FILE",
	.least = 1,
	.most = 1,
	.needs = CONFIG_NEEDS_STORE,
	.run = run,
};

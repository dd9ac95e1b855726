/* SPDX-License-Identifier: ISC */
/*
 * ordersnap restore: a copy becomes the store again.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "base/seconds.h"
#include "base/output.h"
#include "cli/backup.h"
#include "format/iso8601.h"

/* A sale that was paid after the copy was begun at most a day before it: a session lives
 * so long. */
#define SESSION_LIFE DAY

static int run(struct app *app, const struct command_line *line)
{
	const char *file = line->operands[0];
	struct sqlite_copied done;
	char day[ISO8601_SIZE];
	int64_t from, newest;
	struct stat st;

	if (backup_copy(app, line, sqlite_copy_load, &done))
		return COMMAND_ERROR;
	if (command_value(line, "quiet"))
		return COMMAND_OK;
	output_printf(stdout, "%s is what %s has: ", app->config.commerce_db, file);
	backup_print_size(&done);
	putchar('\n');

	/* The orders that are missing came after its latest item or, if it has none, after the file, which
	 * no item is younger than: but for a clock that was ahead, or a file that was copied again. */
	from = stat(file, &st) ? 0 : (int64_t)st.st_mtime;
	if (iso8601_parse(done.newest, &newest) == 0 && newest < from)
		from = newest;
	output_printf(stdout, "What came after that copy is at Stripe; bring it back with\n"
		      "    ordersnap sync --since %s\n"
		      "Persons who were erased from orders since then stand in them again: erase them once "
		      "more.\n", iso8601_day(from > SESSION_LIFE ? from - SESSION_LIFE : 0, day));
	return COMMAND_OK;
}

static const struct command_option options[] = {
	{"quiet", NULL, "print only errors, and what was moved aside", NULL},
	{NULL, NULL, NULL, NULL},
};

const struct command command_restore = {
	.name = "restore",
	.arguments = "[--quiet] FILE",
	.summary = "restore a backup into the SQLite file, while the shop is open",
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

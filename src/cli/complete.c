/* SPDX-License-Identifier: ISC */
/*
 * The one idea: the scripts know nothing, the tables that the commands are
 * parsed by know it all.
 */
#include "cli/complete.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/output.h"
#include "cli/month.h"
#include "cli/parse.h"

#define MONTHS 12

/* The latest months, as values of an option. */
static void print_months(void)
{
	char text[MONTH_SIZE];
	int month, i;

	month_set_zone();
	month = month_of(clock_epoch());
	for (i = 0; i < MONTHS; i++)
		output_printf(stdout, "%s%s", i ? " " : "", month_text(month - i, text));
}

/* `--status<tab>STATUS<tab>what it is<tab>its values`, a line an option. */
static void print_options(const struct command_option *options)
{
	for (; options && options->name; options++) {
		output_printf(stdout, "--%s\t%s\t%.*s", options->name, options->value ? options->value : "-",
			      (int)strcspn(options->help, "\n"), options->help);
		if (options->values)
			putchar('\t');
		if (options->values && strcmp(options->values, COMMAND_MONTHS) == 0)
			print_months();
		else if (options->values)
			fputs(options->values, stdout);
		putchar('\n');
	}
}

int complete_print(const char *name)
{
	struct span rest, word;
	size_t i;

	for (i = 0; commands[i]; i++) {
		const struct command *command = commands[i];

		if (!name)
			output_printf(stdout, "%s\t-\t%s\n", command->name, command->summary);
		if (!name || strcmp(command->name, name) != 0)
			continue;
		rest = span_of(command->words);
		while (span_next(&rest, ' ', &word))
			output_printf(stdout, "%.*s\t-\t%s\n", (int)word.n, word.p, command->summary);
		print_options(command->options);
	}
	print_options(parse_common);
	return COMMAND_OK;
}

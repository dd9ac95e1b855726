/* SPDX-License-Identifier: ISC */
/*
 * The one idea: the scripts know nothing, the tables that the commands are
 * parsed by know it all.
 */
#include "cli/complete.h"

#include <stdio.h>
#include <string.h>

#include "cli/parse.h"

static void print_options(const struct command_option *options)
{
	for (; options && options->name; options++)
		printf("--%s\t%s\t%.*s\n", options->name, options->value ? options->value : "-",
		       (int)strcspn(options->help, "\n"), options->help);
}

int complete_print(const char *name)
{
	size_t i;

	for (i = 0; commands[i]; i++) {
		if (!name)
			printf("%s\t-\t%s\n", commands[i]->name, commands[i]->summary);
		else if (strcmp(commands[i]->name, name) == 0)
			print_options(commands[i]->options);
	}
	print_options(parse_common);
	return COMMAND_OK;
}

/* SPDX-License-Identifier: ISC */
/*
 * Reading a command's arguments by its table of options.
 */
#ifndef ORDERSNAP_CLI_PARSE_H
#define ORDERSNAP_CLI_PARSE_H

#include "cli/command.h"

/* What every command takes; the last one has no name. */
extern const struct command_option parse_common[];

/* What a word of the command line turned out to be. */
enum parse_status {
	PARSE_RUN,  /* all is well */
	PARSE_HELP, /* --help was among it: nothing else counts */
	PARSE_WRONG /* said on standard error */
};

/*
 * Reads what stands behind the command's name: `--name value`, `--name=value`,
 * operands anywhere between, all behind `--` an operand, and a lone `-` too.
 * Options are written out: an abbreviation that a script has would become
 * another option some day.  The operands are moved to the front of `argv`.
 */
enum parse_status parse_arguments(const struct command *command, int argc, char **argv,
			     struct command_line *line);

/* Takes the common options that stand in front of a command's name.  *used is
 * the number of words taken. */
enum parse_status parse_front(int argc, char **argv, struct app_options *app, int *used);

/* Of `names` (up to NULL) the one that was probably meant; NULL: none. */
const char *parse_meant(const char *given, const char *const *names);

/* The help text's lines for a table of options. */
void parse_print_options(const struct command_option *options);

#endif

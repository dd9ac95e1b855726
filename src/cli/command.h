/* SPDX-License-Identifier: ISC */
/*
 * The ordersnap command: one file a subcommand, and one table of them.
 */
#ifndef ORDERSNAP_CLI_COMMAND_H
#define ORDERSNAP_CLI_COMMAND_H

#include "service/app.h"

/* Exit statuses, the same for all subcommands. */
enum command_exit { COMMAND_OK = 0, COMMAND_ERROR = 1, COMMAND_USAGE = 2 };

struct command {
	const char *name;
	const char *arguments; /* for the usage line */
	const char *summary;   /* one line */
	const char *help;      /* what the options mean, whole lines */
	unsigned needs;        /* CONFIG_NEEDS_... */
	/* Both get the command's own name as argv[0] and return an exit status.
	 * `check` looks at the arguments before the configuration is read. */
	int (*check)(int argc, char **argv);
	int (*run)(struct app *app, int argc, char **argv);
};

extern const struct command command_init;

/* Says `ordersnap NAME: text` on standard error. */
void command_complain(const char *name, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A usage error: the text, the usage line; COMMAND_USAGE. */
int command_usage(const struct command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif

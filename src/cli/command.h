/* SPDX-License-Identifier: ISC */
/*
 * The ordersnap command: one file a subcommand, and one table of them.  What a
 * subcommand takes is data: parsing, help and completion are made from it.
 */
#ifndef ORDERSNAP_CLI_COMMAND_H
#define ORDERSNAP_CLI_COMMAND_H

#include "app/app.h"

/* Exit statuses, the same for all subcommands (but check, which has those of
 * monitoring systems). */
enum command_exit { COMMAND_OK = 0, COMMAND_ERROR = 1, COMMAND_USAGE = 2 };

#define COMMAND_OPTIONS 24    /* a command may have */
#define COMMAND_OPERANDS 1000 /* a command that takes any number of them takes */

#define COMMAND_MONTHS "(months)" /* as values: the last twelve */

/* The last one of a table has no name. */
struct command_option {
	const char *name;  /* without its two dashes */
	const char *value; /* what the help calls its value; NULL: it takes none */
	const char *help;  /* what it does; further lines behind \n */
	const char *values; /* what its value may be, by spaces, for completion (the words of
			     * a list by commas, too); COMMAND_MONTHS; NULL: anything */
};

struct command;

/* A line that was found to be right. */
struct command_line {
	const struct command *command;
	const char *values[COMMAND_OPTIONS]; /* of command->options; NULL: not given */
	char **operands;                     /* ends with NULL */
	int count;                           /* of the operands */
	struct app_options app;              /* what the common options say */
};

struct command {
	const char *name;
	const char *arguments; /* for the usage line */
	const char *summary;   /* one line, a sentence without its full stop */
	const struct command_option *options; /* NULL: none */
	const char *help;      /* more to know, whole lines; NULL: nothing */
	const char *operand;   /* what the usage line calls one; NULL: it takes none */
	const char *words;     /* what an operand may be besides a name, by spaces, for
				* completion; NULL: nothing */
	int least, most;       /* operands */
	unsigned needs;        /* CONFIG_NEEDS_... */
	bool opens_itself;     /* run() gets an app that is not open yet */
	bool needs_store;      /* a SQLite file has to be there before it begins */
	int trouble;           /* the status of a wrong usage and of output that can't be
	                        * written; 0: COMMAND_USAGE and COMMAND_ERROR */
	/* Both return an exit status.  `check` (may be NULL) looks at the line
	 * before the configuration is read. */
	int (*check)(const struct command_line *line);
	int (*run)(struct app *app, const struct command_line *line);
};

/* Ends with NULL. */
extern const struct command *const commands[];

extern const struct command command_adopt;
extern const struct command command_backup;
extern const struct command command_check;
extern const struct command command_erase;
extern const struct command command_export;
extern const struct command command_import;
extern const struct command command_init;
extern const struct command command_mark;
extern const struct command command_notify;
extern const struct command command_orders;
extern const struct command command_replay;
extern const struct command command_restore;
extern const struct command command_show;
extern const struct command command_sync;

/* The value of the command's option, "" of one that takes none; NULL where it
 * was not given. */
const char *command_value(const struct command_line *line, const char *option);

/* The value as a number from `least` to `most`: COMMAND_OK, with *value as it
 * was where the option was not given; else COMMAND_USAGE, said. */
int command_number(const struct command_line *line, const char *option, int64_t least,
		   int64_t most, int64_t *value);

/* Says `ordersnap NAME: text` on standard error; NULL: without a name. */
void command_complain(const char *name, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Whether standard output takes no more: then a long list stops.  Ask right
 * behind what was printed, for it remembers the reason. */
bool command_output_failed(void);

/* A usage error: the text, the usage line; COMMAND_USAGE, or command->trouble. */
int command_usage(const struct command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif

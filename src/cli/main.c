/* SPDX-License-Identifier: ISC */
/*
 * The ordersnap command: finds the subcommand, opens the app, runs it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/output.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/complete.h"
#include "cli/parse.h"

#define COMMANDS_MAX 32

static const struct command *chosen; /* the one that runs, NULL before */
static int output_errno; /* why standard output failed, 0: it did not so far */

const struct command *const commands[] = {
	&command_adopt,
	&command_backup,
	&command_check,
	&command_erase,
	&command_export,
	&command_import,
	&command_init,
	&command_mark,
	&command_notify,
	&command_orders,
	&command_replay,
	&command_restore,
	&command_show,
	&command_sync,
	NULL,
};

static int print_help(FILE *to)
{
	size_t i;

	fputs("usage: ordersnap COMMAND [OPTION ...]\n\n", to);
	for (i = 0; commands[i]; i++)
		output_printf(to, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\n  --help     this text; `ordersnap COMMAND --help` for a command's own\n"
	      "  --version  the version\n\n"
	      "The configuration is that of the web programs, see ordersnap.conf(5).\n"
	      "Exit status: 0 done, 1 not done, 2 wrong usage.\n", to);
	return COMMAND_OK;
}

static int print_command_help(const struct command *command)
{
	output_printf(stdout, "usage: ordersnap %s ", command->name);
	fputs(command->arguments, stdout); /* of several lines */
	output_printf(stdout, "\n\n%s.\n\n", command->summary);
	if (command->options && command->options->name) {
		parse_print_options(command->options);
		putchar('\n');
	}
	puts("Options of all commands:");
	parse_print_options(parse_common);
	if (command->help) {
		putchar('\n');
		fputs(command->help, stdout); /* ours, and of several lines */
	}
	output_printf(stdout, "\nSee ordersnap-%s(8).\n", command->name);
	return COMMAND_OK;
}

/* The command of this name; NULL, said with the one that was meant. */
static const struct command *find(const char *name)
{
	const char *names[COMMANDS_MAX] = {NULL}, *meant;
	size_t i;

	for (i = 0; commands[i]; i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
		names[i] = commands[i]->name;
	}
	meant = parse_meant(name, names);
	command_complain(NULL, "there is no command \"%s\"%s%s%s; see ordersnap --help", name,
			 meant ? "; did you mean " : "", meant ? meant : "", meant ? "?" : "");
	return NULL;
}

/* Opens the app and runs the command. */
static int run_open(const struct command_line *line)
{
	const struct command *command = line->command;
	struct app app = {.store_opened = NULL};
	const char *path;
	char *name = str_printf("ordersnap-%s", command->name);
	struct err e;
	int rc = 0, status = COMMAND_ERROR;

	log_program(name);
	free(name);
	if (!command->opens_itself)
		rc = app_open_with(&app, command->needs, &line->app, &e);
	/* A mistyped file is better named before the command does anything. */
	path = app.config.commerce_db;
	if (!rc && !command->opens_itself && command->needs_store && path &&
	    access(path, F_OK) != 0)
		rc = err_set(&e, ERR_CONFIG, "%s: %s%s", path, strerror(errno),
			     errno == ENOENT ? "; `ordersnap init` makes it"
			     : errno == EACCES ? "; run this as the programs' user" : "");
	if (rc)
		command_complain(command->name, "%s", e.text);
	else
		status = command->run(&app, line);
	app_close(&app);
	return status;
}

/* Reads the command's arguments, checks them, and runs it. */
static int run(const struct command *command, int argc, char **argv, struct app_options *app)
{
	struct command_line line = {.app = *app};
	int status = COMMAND_OK;

	switch (parse_arguments(command, argc, argv, &line)) {
	case PARSE_HELP:
		return print_command_help(command);
	case PARSE_WRONG:
		return command->trouble ? command->trouble : COMMAND_USAGE;
	case PARSE_RUN:
		break;
	}
	if (command->check)
		status = command->check(&line);
	return status == COMMAND_OK ? run_open(&line) : status;
}

bool command_output_failed(void)
{
	if (!ferror(stdout))
		return false;
	if (!output_errno)
		output_errno = errno;
	return true;
}

/* A run whose output did not arrive has failed: a full disk is no success.  A reader that
 * has seen enough (head) is no error to speak of. */
static int flush_output(int status)
{
	if (fflush(stdout) == 0 && !command_output_failed())
		return status;
	if (!output_errno)
		output_errno = errno;
	if (output_errno != EPIPE)
		command_complain(NULL, "can't write to standard output: %s",
				 strerror(output_errno));
	if (chosen && chosen->trouble)
		return chosen->trouble;
	return status == COMMAND_OK ? COMMAND_ERROR : status;
}

/* What stands in front of the command, and which command it is. */
static int dispatch(int argc, char **argv)
{
	struct app_options app = {.terminal = isatty(STDERR_FILENO)};
	const struct command *command;
	int used;

	if (argc && (strcmp(argv[0], "--version") == 0 || strcmp(argv[0], "-V") == 0)) {
		output_printf(stdout, "ordersnap %s\n", PACKAGE_VERSION);
		return COMMAND_OK;
	}
	switch (parse_front(argc, argv, &app, &used)) {
	case PARSE_HELP:
		return print_help(stdout);
	case PARSE_WRONG:
		return COMMAND_USAGE;
	case PARSE_RUN:
		break;
	}
	if (used == argc) {
		print_help(stderr);
		return COMMAND_USAGE;
	}
	argc -= used;
	argv += used;

	/* `ordersnap help sync` is `ordersnap sync --help`. */
	if (strcmp(argv[0], "help") == 0 && !argv[1])
		return print_help(stdout);
	if (strcmp(argv[0], "help") == 0) {
		command = find(argv[1]);
		return command ? print_command_help(command) : COMMAND_USAGE;
	}
	if (strcmp(argv[0], COMPLETE_WORD) == 0)
		return complete_print(argv[1]);
	chosen = command = find(argv[0]);
	return command ? run(command, argc - 1, argv + 1, &app) : COMMAND_USAGE;
}

static bool is_own_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash && strcmp(slash + 1, program_invocation_short_name) == 0;
}

/* A web server that finds this command in a folder of CGI programs hands a visitor's words on as
 * its arguments (RFC 3875, section 4.4).  (A page's program that runs it names itself there.) */
static bool is_run_for_a_visitor(void)
{
	return getenv("GATEWAY_INTERFACE") &&
	       (is_own_name(getenv("SCRIPT_NAME")) || is_own_name(getenv("SCRIPT_FILENAME")));
}

int main(int argc, char **argv)
{
	file_hold_standard();
	if (is_run_for_a_visitor()) {
		fputs("Status: 404 Not Found\r\nContent-Type: text/plain\r\n\r\nNot found\n", stdout);
		return flush_output(COMMAND_OK);
	}
	mem_leave_no_core();
	/* A peer that hangs up, or a file that may not grow, is an error of that call, not the end. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGCHLD, SIG_DFL); /* one that is ignored, as some starters leave it, gives no status */
	return flush_output(dispatch(argc - 1, argv + 1));
}

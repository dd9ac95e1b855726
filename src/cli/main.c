/* SPDX-License-Identifier: ISC */
/*
 * The ordersnap command: finds the subcommand, opens the app, runs it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

static const struct command *const commands[] = {&command_init};

#define COMMANDS (sizeof commands / sizeof *commands)

void command_complain(const char *name, const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "ordersnap%s%s: ", name ? " " : "", name ? name : "");
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

int command_usage(const struct command *command, const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "ordersnap %s: ", command->name);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, "\nusage: ordersnap %s %s\n", command->name, command->arguments);
	return COMMAND_USAGE;
}

static void print_help(FILE *to)
{
	size_t i;

	fputs("usage: ordersnap COMMAND [OPTION ...]\n\n", to);
	for (i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\n  --help     this text; `ordersnap COMMAND --help` for a command's own\n"
	      "  --version  the version\n\n"
	      "The configuration is that of the web programs, see ordersnap.conf(5).\n"
	      "Exit status: 0 done, 1 not done, 2 wrong usage.\n", to);
}

static const struct command *find(const char *name)
{
	size_t i;

	for (i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct app app;
	struct err e;
	int status;

	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		printf("usage: ordersnap %s %s\n\n%s.\n\n%s", command->name, command->arguments,
		       command->summary, command->help);
		return COMMAND_OK;
	}
	status = command->check(argc, argv);
	if (status != COMMAND_OK)
		return status;
	if (app_open(&app, command->needs, &e)) {
		command_complain(command->name, "%s", e.text);
		status = COMMAND_ERROR;
	} else {
		status = command->run(&app, argc, argv);
	}
	app_close(&app);
	return status;
}

int main(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2) {
		print_help(stderr);
		return COMMAND_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0) {
		print_help(stdout);
		return COMMAND_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("ordersnap %s\n", PACKAGE_VERSION);
		return COMMAND_OK;
	}
	command = find(argv[1]);
	if (!command) {
		command_complain(NULL, "there is no command \"%s\"; see ordersnap --help", argv[1]);
		return COMMAND_USAGE;
	}
	return run(command, argc - 1, argv + 1);
}

/* SPDX-License-Identifier: ISC */
/*
 * What all subcommands share: the values of a line, and what is said of a wrong one.
 */
#include "cli/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/output.h"

void command_complain(const char *name, const char *format, ...)
{
	va_list ap;

	output_printf(stderr, "%sordersnap%s%s: ", log_stderr_is_journal() ? "<3>" : "", name ? " " : "",
		      name ? name : "");
	va_start(ap, format);
	output_vprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

int command_usage(const struct command *command, const char *format, ...)
{
	va_list ap;

	output_printf(stderr, "ordersnap %s: ", command->name);
	va_start(ap, format);
	output_vprintf(stderr, format, ap);
	va_end(ap);
	output_printf(stderr, "\nusage: ordersnap %s ", command->name);
	fputs(command->arguments, stderr); /* of several lines */
	fputc('\n', stderr);
	return command->trouble ? command->trouble : COMMAND_USAGE;
}

const char *command_value(const struct command_line *line, const char *option)
{
	int i;

	for (i = 0; line->command->options[i].name; i++)
		if (strcmp(line->command->options[i].name, option) == 0)
			return line->values[i];
	return NULL;
}

int command_number(const struct command_line *line, const char *option, int64_t least,
		   int64_t most, int64_t *value)
{
	const char *text = command_value(line, option);
	int64_t number;

	if (!text)
		return COMMAND_OK;
	if (span_to_int64(span_of(text), &number) || number < least || number > most)
		return command_usage(line->command, "--%s must be a whole number from %lld to %lld",
				     option, (long long)least, (long long)most);
	*value = number;
	return COMMAND_OK;
}

/* SPDX-License-Identifier: ISC */
/*
 * Reading arguments.  The one idea: the table of options is all there is to
 * know, so an option that is parsed is one that the help shows.
 */
#include "cli/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/output.h"
#include "config/config_file.h"

enum common { COMMON_CONF, COMMON_DB, COMMON_TABLE, COMMON_HELP };

const struct command_option parse_common[] = {
	[COMMON_CONF] = {"conf", "FILE", "read the settings from FILE", NULL},
	[COMMON_DB] = {"db", "FILE", "use this SQLite file, whatever the settings say", NULL},
	[COMMON_TABLE] = {"table", "NAME", "use this DynamoDB table, whatever the settings say", NULL},
	[COMMON_HELP] = {"help", NULL, "this text", NULL},
	{NULL, NULL, NULL, NULL},
};

const char *parse_meant(const char *given, const char *const *names)
{
	const char *best = NULL;
	size_t best_distance = 3;

	for (; *names; names++) {
		size_t d = config_name_distance(given, *names);

		if (d < best_distance) {
			best_distance = d;
			best = *names;
		}
	}
	return best;
}

/* The option's place in the table; -1: it has none. */
static int find(const struct command_option *options, struct span name)
{
	int i;

	for (i = 0; options && options[i].name; i++)
		if (span_equals(name, options[i].name))
			return i;
	return -1;
}

/* A position in the words, and what is said about them. */
struct reader {
	const struct command *command; /* NULL: in front of a command */
	int argc, at;
	char **argv;
};

/* Says what is wrong with a word: with the command's usage, where there is a command. */
static enum parse_status wrong(const struct reader *r, const char *format, const char *word)
{
	char *text = str_printf(format, word);

	if (r->command)
		command_usage(r->command, "%s", text);
	else
		command_complain(NULL, "%s; see ordersnap --help", text);
	free(text);
	return PARSE_WRONG;
}

/* Names the option that was probably meant. */
static enum parse_status unknown(const struct reader *r, struct span name)
{
	const char *names[2 * COMMAND_OPTIONS], *meant;
	char *given = span_dup(name), *text;
	const struct command_option *o = r->command ? r->command->options : NULL;
	size_t n = 0;

	for (; o && o->name; o++)
		names[n++] = o->name;
	for (o = parse_common; o->name; o++)
		names[n++] = o->name;
	names[n] = NULL;
	meant = parse_meant(given, names);
	text = str_printf("there is no option --%s%s%s%s", given, meant ? "; did you mean --" : "",
			  meant ? meant : "", meant ? "?" : "");
	wrong(r, "%s", text);
	free(text);
	free(given);
	return PARSE_WRONG;
}

/* The value of the option at r->at, whose name ended at `rest`. */
static enum parse_status take_value(struct reader *r, const struct command_option *option,
				    const char *rest, const char **value)
{
	if (!option->value) {
		*value = "";
		return *rest ? wrong(r, "--%s takes no value", option->name) : PARSE_RUN;
	}
	if (*rest)
		*value = rest + 1;
	else if (r->at + 1 < r->argc)
		*value = r->argv[++r->at];
	else
		return wrong(r, "--%s needs a value", option->name);
	return **value ? PARSE_RUN : wrong(r, "--%s needs a value", option->name);
}

/* The word at r->at, which begins with two dashes. */
static enum parse_status take_option(struct reader *r, struct command_line *line)
{
	const char *name = r->argv[r->at] + 2, *value = NULL;
	struct span word = {name, strcspn(name, "=")};
	const struct command_option *options = r->command ? r->command->options : NULL;
	int own = find(options, word), common = own < 0 ? find(parse_common, word) : -1;
	enum parse_status status;

	if (own < 0 && common < 0)
		return unknown(r, word);
	status = take_value(r, own >= 0 ? &options[own] : &parse_common[common], name + word.n,
			    &value);
	if (status != PARSE_RUN)
		return status;
	if (own >= 0) {
		line->values[own] = value;
		return PARSE_RUN;
	}
	switch (common) {
	case COMMON_CONF:
		line->app.conf = value;
		break;
	case COMMON_DB:
		line->app.db = value;
		break;
	case COMMON_TABLE:
		line->app.table = value;
		break;
	default:
		return PARSE_HELP;
	}
	return line->app.db && line->app.table
		? wrong(r, "%s", "--db and --table exclude each other") : PARSE_RUN;
}

/* A word with a dash in front and more behind it: an option, with its value. */
static enum parse_status take_option_word(struct reader *r, struct command_line *line)
{
	const char *word = r->argv[r->at];

	if (strcmp(word, "-h") == 0)
		return PARSE_HELP;
	if (str_starts(word, "--") && word[2])
		return take_option(r, line);
	return wrong(r, "there is no option %s", word);
}

/* An option with its value, or an operand. */
static enum parse_status take_word(struct reader *r, struct command_line *line)
{
	char *word = r->argv[r->at];

	if (word[0] == '-' && word[1])
		return take_option_word(r, line);
	line->operands[line->count++] = word;
	return PARSE_RUN;
}

enum parse_status parse_arguments(const struct command *command, int argc, char **argv,
			     struct command_line *line)
{
	struct reader r = {.command = command, .argc = argc, .argv = argv};
	enum parse_status status = PARSE_RUN;

	line->command = command;
	line->operands = argv;
	for (; status == PARSE_RUN && r.at < argc && strcmp(argv[r.at], "--") != 0; r.at++)
		status = take_word(&r, line);
	if (status != PARSE_RUN)
		return status;
	/* Behind "--" there are operands alone. */
	for (r.at++; r.at < argc; r.at++)
		line->operands[line->count++] = argv[r.at];
	line->operands[line->count] = NULL;
	if (line->count > command->most)
		return wrong(&r, "unexpected argument \"%s\"", line->operands[command->most]);
	if (line->count < command->least)
		return wrong(&r, "missing argument: %s", command->operand);
	return PARSE_RUN;
}

enum parse_status parse_front(int argc, char **argv, struct app_options *app, int *used)
{
	struct reader r = {.argc = argc, .argv = argv};
	struct command_line line = {.app = *app};
	enum parse_status status = PARSE_RUN;

	/* A lone "-" is no option: it is taken for the command's name. */
	for (; status == PARSE_RUN && r.at < argc && argv[r.at][0] == '-' && argv[r.at][1]; r.at++)
		status = take_option_word(&r, &line);
	*app = line.app;
	*used = r.at;
	return status;
}

void parse_print_options(const struct command_option *options)
{
	for (; options && options->name; options++) {
		int width = output_printf(stdout, "  --%s%s%s", options->name, options->value ? " " : "",
					  options->value ? options->value : "");
		const char *p = options->help;

		for (;;) {
			size_t n = strcspn(p, "\n");

			output_printf(stdout, "%*s%.*s\n", width < 26 ? 26 - width : 2, "", (int)n, p);
			if (!p[n])
				break;
			p += n + 1;
			width = 0;
		}
	}
}

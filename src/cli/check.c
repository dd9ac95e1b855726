/* SPDX-License-Identifier: ISC */
/*
 * ordersnap check: what the check finds, as text for a person or a monitoring
 * system, or as JSON.  A group's lines are kept until the next one begins, so
 * that they can be aligned.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/output.h"
#include "base/url.h"
#include "cli/command.h"
#include "check/check.h"

/* What monitoring systems expect; 3 is "unknown" to them. */
enum check_exit { EXIT_OK = 0, EXIT_WARNING = 1, EXIT_FAILED = 2, EXIT_TROUBLE = 3 };

#define GIVE_UP_SECONDS 59 /* a file system or a resolver knows no deadline */
#define NAME_WIDTH 40 /* a longer name moves its text */
#define GROUP_MAX 128 /* lines of a group that are aligned with each other */

struct line {
	char *name, *text, *advice;
	enum check_status status;
};

struct output {
	struct json_object *json; /* the array of checks, NULL: text */
	bool quiet, colour;
	char group[32];
	struct line lines[GROUP_MAX]; /* of the group */
	size_t count;
	size_t shown;      /* groups */
	size_t counts[3];  /* by enum check_status */
};

/* Prints the lines of the group that has ended, their texts below each other. */
static void print_group(struct output *o)
{
	static const char *const colours[] = {"  \033[32m%-7s\033[0m", "  \033[33m%-7s\033[0m",
					      "  \033[31m%-7s\033[0m"};
	size_t i, width = 0;

	for (i = 0; i < o->count; i++)
		if (strlen(o->lines[i].name) > width && strlen(o->lines[i].name) <= NAME_WIDTH)
			width = strlen(o->lines[i].name);
	if (o->count)
		output_printf(stdout, o->shown++ ? "\n%s\n" : "%s\n", o->group);
	for (i = 0; i < o->count; i++) {
		struct line *line = &o->lines[i];

		output_printf(stdout, o->colour ? colours[line->status] : "  %-7s",
			      check_status_name(line->status));
		output_printf(stdout, "  %-*s  %s\n", (int)width, line->name, line->text);
		if (line->advice)
			output_printf(stdout, "  %7s  %*s  > %s\n", "", (int)width, "", line->advice);
		free(line->name);
		free(line->text);
		free(line->advice);
	}
	o->count = 0;
	fflush(stdout);
}

/* Takes a line of the check: as JSON into the array, as text into its group. */
static void on_line(void *context, const struct check_line *line)
{
	struct output *o = context;
	struct json_object *json;

	o->counts[line->status]++;
	if (o->quiet && line->status == CHECK_OK)
		return;
	if (o->json) {
		json = json_object_new_object();
		json_set_string(json, "group", line->group);
		json_set_string(json, "name", line->name);
		json_set_string(json, "status", check_status_name(line->status));
		json_set_string(json, "text", line->text);
		json_set_string(json, "advice", line->advice);
		json_object_array_add(o->json, json);
		return;
	}
	if (strcmp(o->group, line->group) != 0 || o->count == GROUP_MAX)
		print_group(o);
	snprintf(o->group, sizeof o->group, "%s", line->group);
	o->lines[o->count++] = (struct line){
		.name = str_dup(line->name),
		.text = str_dup(line->text),
		.advice = str_dup(line->advice),
		.status = line->status,
	};
}

/* The end of the output.  With --quiet, all well is nothing to speak of. */
static void print_summary(struct output *o, enum check_status worst)
{
	struct json_object *all;

	if (o->json) {
		all = json_object_new_object();
		json_set_string(all, "status", check_status_name(worst));
		json_set(all, "checks", o->json);
		output_json(stdout, json_text(all));
		fputc('\n', stdout);
		json_object_put(all);
		return;
	}
	print_group(o);
	if (o->quiet && worst == CHECK_OK)
		return;
	if (o->shown)
		putchar('\n');
	output_printf(stdout, "%s: %zu failed, %zu warning%s, %zu ok\n",
		      check_status_name(worst), o->counts[CHECK_FAILED], o->counts[CHECK_WARNING],
		      o->counts[CHECK_WARNING] == 1 ? "" : "s", o->counts[CHECK_OK]);
}

/* The address has to be one that the shop's paths can be put behind. */
static int look_at_line(const struct command_line *line)
{
	const char *text = command_value(line, "url");
	struct url url;

	if (text && (url_parse(span_of(text), &url) || url.has_user ||
		     memchr(url.rest.p, '?', url.rest.n) || memchr(url.rest.p, '#', url.rest.n)))
		return command_usage(line->command, "--url must be the shop's public address, like "
				     "https://shop.example, not %s", text);
	return COMMAND_OK;
}

/* A signal's handler: it may write and end, nothing else. */
static void give_up(int number)
{
	static const char text[] = "ordersnap check: not done within a minute, so not all is known\n";
	ssize_t n = write(STDERR_FILENO, text, sizeof text - 1);

	(void)number;
	(void)n;
	_exit(EXIT_TROUBLE);
}

static int run(struct app *app, const struct command_line *line)
{
	static const int exits[] = {EXIT_OK, EXIT_WARNING, EXIT_FAILED};
	struct output *o = mem_zalloc(1, sizeof *o);
	const struct check_options options = {
		.app = &line->app,
		.url = command_value(line, "url"),
		.verbose = command_value(line, "verbose") != NULL,
		.report = on_line,
		.context = o,
	};
	const char *term = getenv("TERM");
	enum check_status worst;

	/* https://no-color.org */
	o->colour = isatty(STDOUT_FILENO) && str_empty(getenv("NO_COLOR")) && term &&
		    strcmp(term, "dumb") != 0;
	o->quiet = command_value(line, "quiet") != NULL;
	if (command_value(line, "json"))
		o->json = json_object_new_array();
	signal(SIGALRM, give_up);
	alarm(GIVE_UP_SECONDS);
	worst = check_run(app, &options);
	print_summary(o, worst);
	free(o);
	return exits[worst];
}

static const struct command_option options[] = {
	{"url", "ADDRESS", "ask the shop's public address, too, as a browser and Stripe\n"
			   "would: https://shop.example", NULL},
	{"json", NULL, "print one JSON object", NULL},
	{"quiet", NULL, "print only warnings and failures", NULL},
	{"verbose", NULL, "print also the settings that have their default", NULL},
	{NULL, NULL, NULL, NULL},
};

const struct command command_check = {
	.name = "check",
	.arguments = "[--url ADDRESS] [--json] [--quiet] [--verbose]",
	.summary = "test settings, Stripe, clock, webhook, store and site, and report faults",
	.options = options,
	.help = "Nothing is changed.  Exit status: 0 everything is ok, 1 warnings, 2 something failed,\n"
		"3 wrong usage, or not done within a minute.\n",
	.opens_itself = true,
	.trouble = EXIT_TROUBLE,
	.check = look_at_line,
	.run = run,
};

/* SPDX-License-Identifier: ISC */
/*
 * ordersnap sync: the reconciler, with what it found on standard output and how
 * far it is on standard error.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/output.h"
#include "base/seconds.h"
#include "cli/command.h"
#include "cli/differences.h"
#include "cli/interrupt.h"
#include "cli/notify.h"
#include "cli/progress.h"
#include "format/iso8601.h"
#include "sync/sync.h"

/* What the listener's functions need. */
struct output {
	struct progress progress;
	const struct sync_result *result;
	bool json, dry_run;
	const char *error; /* why the run failed, or NULL */
	int64_t printed; /* differences */
};

/* Shows how far it is: the sessions of a segment come from the newest to the oldest. */
static void looked_at(void *context, const struct sync_counts *counts, int64_t created)
{
	struct output *out = context;
	const struct sync_result *r = out->result;
	int64_t all = r->to - r->from, left = created - r->place.from;
	int64_t done = all - r->place.others - (left > 0 ? left : 0);
	char text[160];

	snprintf(text, sizeof text, "%" PRId64 " sessions, %" PRId64 " missing, %" PRId64
		 " stale, %" PRId64 " pending, %" PRId64 " errors", counts->sessions,
		 counts->missing, counts->stale, counts->pending, counts->errors);
	progress_show(&out->progress, all > 0 && done >= 0 ? (int)(1000 * done / all) : -1, text);
}

/* Prints a difference as it is found. */
static void on_difference(void *context, const struct difference *d)
{
	struct output *out = context;

	progress_clear(&out->progress);
	if (out->json)
		difference_print_json(d, out->printed == 0);
	else
		difference_print(d, out->dry_run);
	out->printed++;
	fflush(stdout);
}

/* --- the end ---------------------------------------------------------------------- */

/* What was looked at, what was found, and what it took. */
static void print_summary(const struct output *out, int64_t ms)
{
	const struct sync_result *r = out->result;
	const struct sync_counts *c = &r->counts;
	char from[ISO8601_SIZE], to[ISO8601_SIZE];

	output_printf(stdout, "sync%s: %" PRId64 " sessions created from %s to %s%s\n",
		      out->dry_run ? " (dry run)" : "", c->sessions, iso8601_time(r->from, from),
		      iso8601_time(r->to, to),
		      r->resumed ? ", going on with a run that was interrupted" : "");
	output_printf(stdout, "  %" PRId64 " in order, of which %" PRId64 " wait for their payment; %" PRId64
		      " skipped\n", c->in_order, c->waiting, c->skipped);
	output_printf(stdout, "  %" PRId64 " missing, %" PRId64 " stale, %" PRId64 " pending, %" PRId64
		      " with wrong pointers%s\n", c->missing, c->stale, c->pending, c->pointers,
		      out->dry_run ? ": nothing was written"
		      : c->missing + c->stale + c->pending + c->pointers ? ": repaired" : "");
	output_printf(stdout, "  %" PRId64 " errors; %u calls of Stripe, %u reads and %u writes of "
		      "the store, %" PRId64 ".%" PRId64 " s\n", c->errors, r->calls.stripe,
		      r->calls.reads, r->calls.writes, ms / 1000, ms % 1000 / 100);
}

/* The same for programs, behind the differences. */
static void print_summary_json(const struct output *out, int64_t ms)
{
	static const char *const ends[] = {"complete", "stopped", "taken over",
					   "failed"};
	const struct sync_result *r = out->result;
	struct json_object *json = sync_counts_json(&r->counts);

	json_set_string(json, "end", ends[r->end]);
	json_set_string(json, "error", out->error);
	json_set_bool(json, "dryRun", out->dry_run);
	json_set_bool(json, "resumed", r->resumed);
	json_set_int(json, "from", r->from);
	json_set_int(json, "to", r->to);
	json_set_int(json, "stripeCalls", r->calls.stripe);
	json_set_int(json, "storeReads", r->calls.reads);
	json_set_int(json, "storeWrites", r->calls.writes);
	json_set_int(json, "ms", ms);
	fputs(out->printed ? "\n],\n\"summary\": " : "{\"differences\": [],\n\"summary\": ", stdout);
	output_json(stdout, json_text(json));
	puts("}");
	json_object_put(json);
}

/* Why it ended before all was done, and whether that is an error. */
static int say_end(const struct sync_result *r, int64_t most)
{
	if (r->end == SYNC_TAKEN_OVER)
		command_complain("sync", "another run has taken over and does the rest");
	else if (r->end == SYNC_STOPPED && interrupt_came(NULL))
		command_complain("sync", "interrupted: the next run goes on from here");
	else if (r->end == SYNC_STOPPED)
		command_complain("sync", "stopped after %" PRId64 " sessions, as it was told: the "
				 "next run goes on from here", most);
	if (r->counts.errors)
		command_complain("sync", "%" PRId64 " sessions could not be brought in order; the "
				 "next run looks at them again", r->counts.errors);
	return r->counts.errors || (r->end == SYNC_STOPPED && interrupt_came(NULL)) ? COMMAND_ERROR
										    : COMMAND_OK;
}

/* --- the options -------------------------------------------------------------------- */

#define EARLIEST 1 /* second of the epoch */

/* From when on: --hours, --since, or 0: as configured. */
static int read_from(const struct command_line *line, int64_t *from)
{
	const char *since = command_value(line, "since");
	char *time = since ? str_printf("%s%s", since, strchr(since, 'T') ? "" : "T00:00:00Z") : NULL;
	int64_t hours = 0;
	int status = command_number(line, "hours", 1, 876000, &hours);

	*from = hours ? clock_epoch() - hours * HOUR : 0;
	if (hours && *from < EARLIEST)
		*from = EARLIEST;
	if (status == COMMAND_OK && since && hours)
		status = command_usage(line->command, "--hours and --since exclude each other");
	else if (status == COMMAND_OK && since &&
		 (iso8601_parse(time, from) || *from < 0 || *from > clock_epoch()))
		status = command_usage(line->command, "--since must be a day like 2026-11-25, or a "
				       "time like 2026-11-25T08:00:00Z, that has begun");
	else if (status == COMMAND_OK && since && *from < EARLIEST)
		*from = EARLIEST;
	free(time);
	return status;
}

static int check(const struct command_line *line)
{
	int64_t ignored = 0;
	int status = command_number(line, "max-sessions", 1, 1000000000, &ignored);

	return status == COMMAND_OK ? read_from(line, &ignored) : status;
}

static int run(struct app *app, const struct command_line *line)
{
	struct sync_result result = {.end = SYNC_COMPLETE};
	struct output out = {.result = &result, .json = command_value(line, "json") != NULL};
	struct sync_options options = {
		.max_sessions = app->config.sync_max_sessions,
		.dry_run = app->config.sync_dry_run || command_value(line, "dry-run"),
		.listener = {.context = &out, .difference = on_difference, .looked_at = looked_at,
			     .stop = interrupt_came},
	};
	int64_t started = clock_monotonic_ms(), ms;
	struct err e;
	int rc;

	command_number(line, "max-sessions", 1, 1000000000, &options.max_sessions);
	read_from(line, &options.from);
	out.dry_run = options.dry_run;
	if (command_value(line, "no-hook")) {
		free(app->config.order_hook);
		app->config.order_hook = NULL;
	}
	interrupt_catch();
	progress_begin(&out.progress, "sync", command_value(line, "quiet") != NULL);
	rc = sync_run(app, &options, &result, &e);
	progress_end(&out.progress);
	out.error = rc ? e.text : NULL;
	ms = clock_monotonic_ms() - started;
	if (out.json)
		print_summary_json(&out, ms);
	else if (result.to && (!command_value(line, "quiet") || result.counts.errors))
		print_summary(&out, ms);
	if (rc)
		command_complain("sync", "%s", e.text);
	if (!out.dry_run && !command_value(line, "no-notify") && !interrupt_came(NULL))
		notify_after_sync(app);
	return rc ? COMMAND_ERROR : say_end(&result, options.max_sessions);
}

static const struct command_option options[] = {
	{"dry-run", NULL, "print each difference field by field, write nothing", NULL},
	{"hours", "N", "look at the sessions created in the last N hours,\n"
		       "not SYNC_LOOKBACK_HOURS", NULL},
	{"since", "DAY", "look at the sessions created since then (UTC)", NULL},
	{"max-sessions", "N", "stop after N sessions; the next run continues there", NULL},
	{"no-hook", NULL, "queue no notifications, as if ORDER_HOOK were not set", NULL},
	{"no-notify", NULL, "queue notifications, and leave them to ordersnap notify", NULL},
	{"json", NULL, "print one JSON object: differences and summary", NULL},
	{"quiet", NULL, "no progress, and no summary unless there are errors", NULL},
	{NULL, NULL, NULL, NULL},
};

const struct command command_sync = {
	.name = "sync",
	.arguments = "[--dry-run] [--hours N | --since DAY] [--no-hook | --no-notify] [OPTION ...]",
	.summary = "compare Stripe's sessions with the orders, and repair differences",
	.options = options,
	.help = "Exit status: 0 everything is right now, 1 not everything, 2 wrong usage.\n",
	.needs = CONFIG_NEEDS_STORE | CONFIG_NEEDS_STRIPE,
	.check = check,
	.run = run,
};

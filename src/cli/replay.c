/* SPDX-License-Identifier: ISC */
/*
 * ordersnap replay: events once more, by their ids, out of a file, or all that
 * Stripe could not deliver.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "base/file.h"
#include "base/output.h"
#include "cli/differences.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "sync/replay.h"
#include "shop/order.h"

/* What has become of the events so far. */
struct output {
	struct progress progress;
	bool json, dry_run;
	int64_t events, processed, duplicates, ignored, failed;
};

/* What became of an event, in a word. */
static const char *verdict(const struct replayed *r)
{
	if (!r->result)
		return "failed";
	if (r->result->ignored)
		return "ignored";
	return r->result->outcome.duplicate ? "duplicate" : "processed";
}

/* Why it failed or was ignored, else what it did to the order. */
static const char *why_of(const struct replayed *r)
{
	const struct record_outcome *o;

	if (r->error)
		return r->error->text;
	if (r->result->ignored)
		return r->result->ignored;
	o = &r->result->outcome;
	if (!o->after)
		return "";
	if (!o->before)
		return "order created";
	return order_same(o->before, o->after) ? "order unchanged" : "order updated";
}

/* Counts an event, and prints what became of it:
 *     processed  evt_1  checkout.session.completed  BC-1  order created
 *     {"eventId": "evt_1", "type": "...", "status": "processed", ..., "why": "..."} */
static void on_done(void *context, const struct replayed *r)
{
	struct output *out = context;
	const struct record_outcome *o = r->result ? &r->result->outcome : NULL;
	const char *number = o ? json_string_or_null(o->marker, "orderNumber") : NULL;
	struct json_object *json;
	char text[80];

	out->events++;
	out->failed += !o;
	out->ignored += o && r->result->ignored;
	out->duplicates += o && !r->result->ignored && o->duplicate;
	out->processed += o && !r->result->ignored && !o->duplicate;
	progress_clear(&out->progress);
	if (out->json) {
		json = json_object_new_object();
		json_set_string(json, "eventId", r->id);
		json_set_string(json, "type", r->type);
		json_set_string(json, "status", verdict(r));
		if (o) {
			json_copy_member(json, "sessionId", o->marker, "sessionId");
			json_copy_member(json, "orderId", o->marker, "orderId");
			json_copy_member(json, "orderNumber", o->marker, "orderNumber");
		}
		json_set_string(json, "why", why_of(r));
		fputs(out->events == 1 ? "{\"events\": [\n" : ",\n", stdout);
		output_json(stdout, json_text(json));
		json_object_put(json);
	} else {
		output_printf(stdout, "%-9s  %s  %s%s%s  %s\n", verdict(r), r->id, r->type,
			      number ? "  " : "", number ? number : "", why_of(r));
		if (out->dry_run && o && o->after)
			difference_print_fields(o->before, o->after);
	}
	fflush(stdout);
	snprintf(text, sizeof text, "%" PRId64 " events, %" PRId64 " failed", out->events,
		 out->failed);
	progress_show(&out->progress, -1, text);
}

/* The counts; of a single event its own line says all. */
static void print_summary(const struct output *out)
{
	if (out->json) {
		fputs(out->events ? "\n],\n" : "{\"events\": [],\n", stdout);
		output_printf(stdout, "\"summary\": {\"events\": %" PRId64 ", \"processed\": %" PRId64
			      ", \"duplicates\": %" PRId64 ", \"ignored\": %" PRId64
			      ", \"failed\": %" PRId64 ", \"dryRun\": %s}}\n", out->events,
			      out->processed, out->duplicates, out->ignored, out->failed,
			      out->dry_run ? "true" : "false");
	} else if (out->events != 1) {
		output_printf(stdout, "replay%s: %" PRId64 " events: %" PRId64 " processed, %" PRId64
			      " duplicates, %" PRId64 " ignored, %" PRId64 " failed\n",
			      out->dry_run ? " (dry run, nothing was written)" : "", out->events,
			      out->processed, out->duplicates, out->ignored, out->failed);
	}
}

/* --- where the events come from -------------------------------------------------- */

/* Reads the whole file, at most REPLAY_FILE_MAX of it, and replays what is in it. */
static int replay_file(const struct replay *replay, const char *path, struct err *e)
{
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC), rc;
	const char *name = standard ? "standard input" : path;
	char chunk[65536];
	struct buf text;
	ssize_t n;

	if (fd < 0)
		return err_set(e, ERR_PAYLOAD, "can't open %s: %s", path, strerror(errno));
	buf_init(&text, REPLAY_FILE_MAX);
	while ((n = file_read_until(fd, chunk, sizeof chunk, replay->stop, replay->context)) > 0 &&
	       !text.failed)
		buf_add(&text, chunk, (size_t)n);
	if (n < 0 && errno == ECANCELED)
		rc = 0;
	else if (n < 0)
		rc = err_set(e, ERR_PAYLOAD, "can't read %s: %s", name, strerror(errno));
	else if (text.failed)
		rc = err_set(e, ERR_PAYLOAD, "%s is larger than %u MiB", name, REPLAY_FILE_MAX >> 20);
	else if (replay_text(replay, (struct span){buf_text(&text), text.len}, e))
		rc = err_prefix(e, "%s", name);
	else
		rc = 0;
	buf_free(&text);
	if (!standard)
		close(fd);
	return rc;
}

/* The events that the line names. */
static int replay_all(const struct replay *replay, const struct command_line *line, struct err *e)
{
	char **ids = line->operands;
	int rc = 0;

	if (command_value(line, "undelivered"))
		return replay_undelivered(replay, e);
	if (command_value(line, "file"))
		return replay_file(replay, command_value(line, "file"), e);
	for (; !rc && *ids && !replay->stop(replay->context); ids++)
		rc = replay_id(replay, *ids, e);
	return rc;
}

static int check(const struct command_line *line)
{
	int ways = (line->count > 0) + (command_value(line, "file") != NULL) +
		   (command_value(line, "undelivered") != NULL);

	if (ways != 1)
		return command_usage(line->command, ways ? "EVENT_ID, --file and --undelivered "
				     "exclude each other" : "missing argument: EVENT_ID, --file FILE "
				     "or --undelivered");
	return COMMAND_OK;
}

static int run(struct app *app, const struct command_line *line)
{
	struct output out = {.json = command_value(line, "json") != NULL,
			     .dry_run = command_value(line, "dry-run") != NULL};
	const struct replay replay = {
		.app = app, .again = command_value(line, "again") != NULL, .dry_run = out.dry_run,
		.context = &out, .done = on_done, .stop = interrupt_came,
	};
	struct err e;
	int rc;

	interrupt_catch();
	progress_begin(&out.progress, "replay", command_value(line, "quiet") != NULL);
	rc = replay_all(&replay, line, &e);
	progress_end(&out.progress);
	print_summary(&out);
	if (rc)
		command_complain("replay", "%s", e.text);
	else if (interrupt_came(NULL))
		command_complain("replay", "interrupted: run the same command again for the rest");
	return rc || out.failed || interrupt_came(NULL) ? COMMAND_ERROR : COMMAND_OK;
}

static const struct command_option options[] = {
	{"file", "FILE", "the events in FILE (-: standard input): one, an array,\n"
			 "a list of Stripe's API, or one a line", NULL},
	{"undelivered", NULL, "all of the last 30 days that Stripe could not deliver", NULL},
	{"again", NULL, "process it even if it was processed before", NULL},
	{"dry-run", NULL, "print what it would do field by field, write nothing", NULL},
	{"json", NULL, "print one JSON object: events and summary", NULL},
	{"quiet", NULL, "no progress", NULL},
	{NULL, NULL, NULL, NULL},
};

const struct command command_replay = {
	.name = "replay",
	.arguments = "EVENT_ID ... | --file FILE | --undelivered [OPTION ...]",
	.summary = "process events once more, from Stripe or from a file",
	.options = options,
	.operand = "EVENT_ID",
	.most = COMMAND_OPERANDS,
	.needs = CONFIG_NEEDS_STORE | CONFIG_NEEDS_STRIPE,
	.check = check,
	.run = run,
};

/* SPDX-License-Identifier: ISC */
/*
 * ordersnap notify: runs the shop's program for what is in the outbox, lists what waits,
 * and does what the owner says of what was given up.
 */
#include "cli/notify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/output.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/table.h"
#include "format/iso8601.h"
#include "record/notify.h"
#include "shop/outbox.h"
#include "store/store_pages.h"

#define READ_MS 30000
#define PAGE 100
#define NAMED 20 /* failures that a run names */

struct output {
	const char *command;      /* who complains */
	struct json_object *json; /* the array of items, or NULL */
	bool quiet, dry_run;
	bool left_told;           /* that a process was left behind: once is enough */
	int64_t failed;
};

/* --- an item ---------------------------------------------------------------------- */

/* `ID  BC-1  paid  new`, or `tried 3 times, next 2026-11-27T10:00:00Z: why`, or
 * `given up after 40 tries: why`. */
static void print_item(struct json_object *item)
{
	const char *id = json_string_or_null(item, "id");
	int64_t attempts = json_int_or(item, "attempts", 0);
	const char *number = json_string_or_null(item, "orderNumber");
	const char *error = json_string_or_null(item, "error");
	char *words = outbox_words(item), time[ISO8601_SIZE];

	output_printf(stdout, "%s  %s  %s  ", id ? id : "?", str_empty(number) ? "?" : number, words);
	if (!attempts)
		fputs("new", stdout);
	else if (outbox_is_given_up(item))
		output_printf(stdout, "given up after %" PRId64 " tries", attempts);
	else
		output_printf(stdout, "tried %" PRId64 " time%s, next %s", attempts, attempts == 1 ? "" : "s",
			      iso8601_time(outbox_due(item), time));
	output_printf(stdout, "%s%s\n", str_empty(error) ? "" : ": ", error ? error : "");
	free(words);
}

/* {"id", "orderId", "orderNumber", "events", "createdAt", "dueAt", "attempts", "state",
 * "error"} */
static void add_json(struct json_object *list, struct json_object *item, const char *state,
		     const char *error)
{
	static const char *const keys[] = {"id", "orderId", "orderNumber", "events", "createdAt",
					   "dueAt", "attempts"};
	struct json_object *entry = json_object_new_object();
	size_t i;

	for (i = 0; i < sizeof keys / sizeof *keys; i++)
		json_copy_member(entry, keys[i], item, keys[i]);
	json_set_string(entry, "state", state);
	json_set_string(entry, "error", error);
	json_object_array_add(list, entry);
}

/* --- a run ------------------------------------------------------------------------ */

/* Takes what became of one notification. A run names the first failures; --list has all. */
static void on_done(void *context, const struct notify_done *done)
{
	struct output *out = context;
	const char *id = json_string_or_null(done->item, "id");
	const char *number = json_string_or_null(done->item, "orderNumber");

	if (out->json)
		add_json(out->json, done->item, out->dry_run ? "due" : !done->error ? "told"
			 : done->given_up ? "given up" : "failed", done->error);
	else if (out->dry_run)
		print_item(done->item);
	if (done->error && out->failed++ < NAMED)
		command_complain(out->command, "%s %s: %s%s", id ? id : "?",
				 number ? number : "", done->error, done->given_up ? "; given up after seven "
				 "days: see --retry and --forget" : "");
	if (done->left && !out->left_told)
		command_complain(out->command, "ORDER_HOOK left a process behind that kept its output "
				 "open for %d seconds, and %s", NOTIFY_PROGRAM_MS / 1000,
				 done->left == CHILD_LEFT_KILLED ? "was killed"
				 : "still runs: it has left the process group, as with setsid");
	out->left_told |= done->left;
}

/* How many more failed than were named. */
static void say_unnamed(const struct output *out)
{
	if (out->failed > NAMED)
		command_complain(out->command, "%" PRId64 " more failed; ordersnap notify --list names "
				 "them", out->failed - NAMED);
}

/* Runs the program for what is due, and says what came of it. */
static int run_hook(struct app *app, const struct command_line *line, struct output *out)
{
	struct notify notify = {.dry_run = out->dry_run, .context = out, .done = on_done,
				.stop = interrupt_came};
	struct notify_counts counts = {.told = 0};
	struct json_object *all;
	struct err e;
	int rc = 0;

	if (!app->config.order_hook && !out->json) {
		if (!out->quiet)
			puts("notify: ORDER_HOOK is not set: there is nobody to tell");
		return COMMAND_OK;
	}
	command_number(line, "limit", 1, 1000000, &notify.limit);
	interrupt_catch();
	if (app->config.order_hook)
		rc = notify_run(app, &notify, &counts, &e);
	say_unnamed(out);
	if (out->json) {
		all = json_object_new_object();
		json_set(all, "notifications", json_object_get(out->json));
		json_set_int(all, out->dry_run ? "due" : "told", counts.told);
		json_set_int(all, "failed", counts.failed);
		json_set_int(all, "givenUp", counts.given_up);
		json_set_bool(all, "more", counts.more);
		output_json(stdout, json_text(all));
		fputc('\n', stdout);
		json_object_put(all);
	} else if (out->dry_run) {
		output_printf(stdout, "notify (dry run): %" PRId64 " would be told; nothing was run\n",
			      counts.told);
	} else if (!out->quiet) {
		output_printf(stdout, "notify: %" PRId64 " told, %" PRId64 " failed%s\n", counts.told,
			      counts.failed, counts.more ? "; more are due, the next run goes on" : "");
	}
	if (rc)
		command_complain("notify", "%s", e.text);
	return rc || counts.failed ? COMMAND_ERROR : COMMAND_OK;
}

void notify_after_sync(struct app *app)
{
	struct output out = {.command = "sync"};
	const struct notify notify = {.context = &out, .done = on_done, .stop = interrupt_came};
	struct notify_counts counts;
	struct err e;

	if (!app->config.order_hook)
		return;
	if (notify_run(app, &notify, &counts, &e))
		command_complain("sync", "the shop was not told of its orders: %s", e.text);
	say_unnamed(&out);
}

/* --- what waits --------------------------------------------------------------------- */

/* Prints the items whose key begins with the prefix. */
static int list_kind(struct app *app, struct output *out, const char *prefix, struct err *e)
{
	struct store_pages pages = {.pk = KEY_OUTBOX, .sk_prefix = prefix, .limit = PAGE};
	struct json_object *page;
	size_t i;
	int rc;

	while (!(rc = store_pages_next(&pages, app_store(app), deadline_in(READ_MS), &page, e)) &&
	       page) {
		for (i = 0; i < json_object_array_length(page); i++) {
			struct json_object *item = json_object_array_get_idx(page, i);
			const char *state = outbox_is_given_up(item) ? "given up"
					    : json_int_or(item, "attempts", 0) ? "waiting" : "new";

			if (out->json)
				add_json(out->json, item, state, json_string_or_null(item, "error"));
			else
				print_item(item);
		}
		json_object_put(page);
		if (command_output_failed())
			break;
	}
	store_pages_end(&pages);
	return rc;
}

/* All that waits: what was given up first, as it needs the owner. */
static int list(struct app *app, struct output *out)
{
	static const char *const prefixes[] = {KEY_OUTBOX_GIVEN_UP, KEY_OUTBOX_AGAIN,
					       KEY_OUTBOX_NEW};
	struct err e;
	size_t i;
	int rc = 0;

	for (i = 0; !rc && i < 3; i++)
		rc = list_kind(app, out, prefixes[i], &e);
	if (rc) {
		command_complain("notify", "%s", e.text);
	} else if (out->json) {
		output_json(stdout, json_text(out->json));
		fputc('\n', stdout);
	}
	return rc ? COMMAND_ERROR : COMMAND_OK;
}

/* What the owner says of one, or of all: try it again, or drop it. */
static int decide(struct app *app, enum notify_verb verb, const char *id, bool quiet)
{
	struct err e;
	int64_t n;

	if (notify_decide(app, verb, id, &n, &e)) {
		command_complain("notify", "%s", e.text);
		return COMMAND_ERROR;
	}
	if (!n && strcmp(id, "all") != 0 && strcmp(id, "waiting") != 0) {
		command_complain("notify", "there is no notification %s; ordersnap notify --list "
				 "names them", id);
		return COMMAND_ERROR;
	}
	if (!quiet)
		output_printf(stdout, "notify: %" PRId64 " %s\n", n,
			      verb == NOTIFY_RETRY ? "to be tried again" : "forgotten");
	return COMMAND_OK;
}

/* --- the options -------------------------------------------------------------------- */

static int check(const struct command_line *line)
{
	static const char *const what[] = {"dry-run", "list", "retry", "forget"};
	int64_t ignored;
	int given = 0;
	size_t i;

	for (i = 0; i < sizeof what / sizeof *what; i++)
		given += command_value(line, what[i]) != NULL;
	if (given > 1)
		return command_usage(line->command, "--dry-run, --list, --retry and --forget exclude "
				     "each other");
	return command_number(line, "limit", 1, 1000000, &ignored);
}

static int run(struct app *app, const struct command_line *line)
{
	const char *again = command_value(line, "retry"), *forget = command_value(line, "forget");
	struct output out = {
		.command = "notify",
		.quiet = command_value(line, "quiet") != NULL,
		.dry_run = command_value(line, "dry-run") != NULL,
	};
	int status;

	if (again || forget)
		return decide(app, again ? NOTIFY_RETRY : NOTIFY_FORGET, again ? again : forget,
			      out.quiet);
	table_set_locale();
	if (command_value(line, "json"))
		out.json = json_object_new_array();
	status = command_value(line, "list") ? list(app, &out) : run_hook(app, line, &out);
	json_object_put(out.json);
	return status;
}

static const struct command_option options[] = {
	{"dry-run", NULL, "print what is due; run and write nothing", NULL},
	{"limit", "N", "run the program at most N times", NULL},
	{"list", NULL, "print all that waits or was given up", NULL},
	{"retry", "ID", "try one again at once, `all` that were given up, or all that\n"
			"failed and are `waiting`", "all waiting"},
	{"forget", "ID", "drop one, `all` that were given up, or all that are `waiting`",
	 "all waiting"},
	{"json", NULL, "print JSON", NULL},
	{"quiet", NULL, "print errors only", NULL},
	{NULL, NULL, NULL, NULL},
};

const struct command command_notify = {
	.name = "notify",
	.arguments = "[--dry-run|--list|--retry ID|--forget ID] [--limit N] [--json] [--quiet]",
	.summary = "run the shop's own program for each sale, refund or dispute",
	.options = options,
	.help = "It runs ORDER_HOOK once for each notification that is due, and ends after a minute at\n"
		"most.  Exit status: 0 all delivered, 1 not all, 2 wrong usage.\n",
	.needs = CONFIG_NEEDS_STORE,
	.needs_store = true,
	.check = check,
	.run = run,
};

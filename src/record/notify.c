/* SPDX-License-Identifier: ISC */
/*
 * Working off the outbox: look, begin, run, write what came of it.
 */
#include "record/notify.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "orders/lookup.h"
#include "shop/outbox.h"
#include "store/store_pages.h"

#define STORE_MS 10000 /* for each read and write */
#define PAGE 50
#define VARIABLES 10
#define ERROR_MAX 400 /* bytes of an error that are kept */

#define PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Items of one kind, those that are due first. */
struct lane {
	struct store_pages pages;
	struct json_object *page; /* or NULL */
	size_t at;
	bool ended; /* nothing more of it is due */
	bool all;   /* all of it is due */
	int64_t used; /* milliseconds of the run */
};

struct run {
	struct app *app;
	const struct notify *notify;
	struct notify_counts *counts;
	int64_t until; /* programs are begun, base/clock.h */
};

/* --- the table ------------------------------------------------------------------ */

/* What was read becomes `next` (NULL: it goes), under its key or another one. */
static int move(struct app *app, struct json_object *read, struct json_object *next,
		struct err *e)
{
	const char *from = json_string_or_null(read, "SK"), *to = json_string_or_null(next, "SK");
	struct store_action actions[2];
	bool moves = !to || strcmp(from, to) != 0;
	size_t n = 0;

	if (moves)
		actions[n++] = (struct store_action){.verb = STORE_DELETE, .item = read,
						     .condition = STORE_VERSION,
						     .version = store_item_version(read)};
	if (to)
		actions[n++] = store_replace(next, moves ? NULL : read);
	return store_write(app_store(app), actions, n, NULL, deadline_in(STORE_MS), e);
}

/* Another run may have been there: then what is to be done is done. */
static int move_or_leave(struct app *app, struct json_object *read, struct json_object *next,
			 struct err *e)
{
	return move(app, read, next, e) == 0 || e->code == ERR_CONFLICT ? 0 : -1;
}

static void lane_begin(struct lane *lane, const char *prefix)
{
	*lane = (struct lane){.pages = {.pk = KEY_OUTBOX, .sk_prefix = prefix, .limit = PAGE}};
}

static void lane_end(struct lane *lane)
{
	json_object_put(lane->page);
	lane->page = NULL;
	store_pages_end(&lane->pages);
}

/* Behind those that are due later: those that a clock which was ahead has put off, all of which are
 * due by the right one. */
static void lane_go_on_too_late(struct lane *lane, int64_t now)
{
	int64_t used = lane->used;

	lane_end(lane);
	lane_begin(lane, KEY_OUTBOX_AGAIN);
	lane->pages.last = outbox_too_late_key(now);
	lane->all = true;
	lane->used = used;
}

/* The next item that is due by `now`, borrowed until the next call; NULL where there is
 * none. */
static int lane_next(struct lane *lane, struct store *store, int64_t now,
		     struct json_object **item, struct err *e)
{
	*item = NULL;
	if (!lane->ended && (!lane->page || lane->at == json_object_array_length(lane->page))) {
		json_object_put(lane->page);
		lane->at = 0;
		if (store_pages_next(&lane->pages, store, deadline_in(STORE_MS), &lane->page, e))
			return -1;
		lane->ended = !lane->page || json_object_array_length(lane->page) == 0;
	}
	if (lane->ended)
		return 0;
	*item = json_object_array_get_idx(lane->page, lane->at++);
	if (!lane->all && outbox_due(*item) > now) {
		*item = NULL;
		lane->ended = true;
	}
	return 0;
}

/* --- the program ---------------------------------------------------------------- */

/* NAME=value; what would end a line in a script's output is a blank. */
static char *variable(const char *name, const char *value)
{
	char *text = str_printf("%s=%s", name, value ? value : ""), *p;

	for (p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7F)
			*p = ' ';
	return text;
}

/* Runs ORDER_HOOK with the message on its standard input and the environment that
 * notify.h describes, and with nothing else of ours. */
static int run_program(struct run *r, struct json_object *begun, struct json_object *order,
		       enum child_left *left, struct err *e)
{
	static const char *const handed_on[] = {"TZ", "ORDERSNAP_CONF"};
	struct json_object *message = outbox_message(begun, order);
	char *events = outbox_words(begun);
	char *attempt = str_printf("%" PRId64, json_int_or(begun, "attempts", 1));
	char *variables[VARIABLES + 1];
	const struct child child = {
		.path = r->app->config.order_hook,
		.environment = variables,
		.input = span_of(json_text(message)),
		.limit_ms = NOTIFY_PROGRAM_MS,
	};
	size_t n = 0, i;
	int rc;

	variables[n++] = str_dup(PATH);
	variables[n++] = str_dup("LANG=C.UTF-8");
	variables[n++] = str_dup("HOME=/");
	variables[n++] = variable("NOTIFY_ID", json_string_or_null(begun, "id"));
	variables[n++] = variable("NOTIFY_EVENTS", events);
	variables[n++] = variable("NOTIFY_ORDER", json_string_or_null(begun, "orderId"));
	variables[n++] = variable("NOTIFY_NUMBER", json_string_or_null(begun, "orderNumber"));
	variables[n++] = variable("NOTIFY_ATTEMPT", attempt);
	for (i = 0; i < sizeof handed_on / sizeof *handed_on; i++)
		if (getenv(handed_on[i]))
			variables[n++] = str_printf("%s=%s", handed_on[i], getenv(handed_on[i]));
	variables[n] = NULL;

	rc = child_run(&child, left, e);

	for (i = 0; i < n; i++)
		free(variables[i]);
	free(attempt);
	free(events);
	json_object_put(message);
	return rc;
}

/* --- one item ------------------------------------------------------------------- */

/* What became of an item: a line of the log, and the word to the listener. */
static void report(struct run *r, const struct notify_done *done)
{
	const char *id = json_string_or_null(done->item, "id");
	const char *number = json_string_or_null(done->item, "orderNumber");
	int64_t attempt = json_int_or(done->item, "attempts", 0);

	if (done->error)
		log_warning(done->given_up ? "Notification given up" : "Notification failed",
			    LOG_STR("id", id), LOG_STR("orderNumber", number),
			    LOG_INT("attempt", attempt), LOG_STR("error", done->error));
	else
		log_info("Notification delivered", LOG_STR("id", id),
			 LOG_STR("orderNumber", number), LOG_INT("attempt", attempt));
	if (done->left)
		log_warning(done->left == CHILD_LEFT_KILLED ? "Hook left a process behind, which was killed"
							    : "Hook left a process behind, which still runs",
			    LOG_STR("id", id),
			    LOG_STR("orderNumber", number), LOG_STR("hook", r->app->config.order_hook));
	if (r->notify->done)
		r->notify->done(r->notify->context, done);
}

/* Writes when the item is to be tried next, or that it is given up.  A program may print
 * what is nobody's business: it is masked as in the log. */
static int write_failed(struct run *r, struct json_object *begun, const struct err *why,
			struct err *e)
{
	struct json_object *failed;
	struct notify_done done = {.item = begun};
	struct buf text;
	int rc;

	buf_init(&text, ERROR_MAX + sizeof why->text);
	log_redact(&text, why->text);
	failed = outbox_failed(begun, buf_text(&text), clock_epoch());
	done.error = buf_text(&text);
	done.given_up = outbox_is_given_up(failed);
	r->counts->failed++;
	r->counts->given_up += done.given_up;
	report(r, &done);
	rc = move_or_leave(r->app, begun, failed, e);
	json_object_put(failed);
	buf_free(&text);
	return rc;
}

static int check_program(const struct app *app, struct err *e)
{
	return child_check_file(app->config.order_hook, e) ? err_prefix(e, "ORDER_HOOK") : 0;
}

/* One try of one item.  -1 ends the run: then the store is away, or somebody could change the program. */
static int try_item(struct run *r, struct json_object *item, struct err *e)
{
	struct json_object *order = NULL, *begun = NULL;
	struct notify_done done = {.item = item};
	const char *id = json_string_or_null(item, "orderId");
	struct err why;
	int rc, failed;

	if (r->notify->dry_run) {
		r->counts->told++;
		if (r->notify->done)
			r->notify->done(r->notify->context, &done);
		return 0;
	}

	if (check_program(r->app, e)) /* it may have changed since the last one */
		return -1;

	/* Read the order.  That it is not there is the item's own fault; a store that is away
	 * ends the run. */
	failed = lookup_order(r->app, id ? id : "", deadline_in(STORE_MS), &order, &why);
	if (failed && why.code != ERR_NOT_FOUND) {
		*e = why;
		return -1;
	}

	/* Begin: the item is moved to the time of its next try before the program is run.
	 * Where another run has it, it is that one's. */
	done.item = begun = outbox_begun(item, clock_epoch());
	rc = move(r->app, item, begun, e);
	if (rc) {
		if (e->code == ERR_CONFLICT)
			rc = 0;
		goto out;
	}

	/* Run the program, and write what came of it. */
	if (!failed)
		failed = run_program(r, begun, order, &done.left, &why);
	if (failed) {
		rc = write_failed(r, begun, &why, e);
	} else {
		r->counts->told++;
		report(r, &done);
		rc = move_or_leave(r->app, begun, NULL, e);
	}
out:
	json_object_put(begun);
	json_object_put(order);
	return rc;
}

/* --- a run ---------------------------------------------------------------------- */

static bool has_time(const struct run *r)
{
	const struct notify *notify = r->notify;

	return deadline_left(r->until) && !(notify->stop && notify->stop(notify->context)) &&
	       (!notify->limit || r->counts->told + r->counts->failed < notify->limit);
}

int notify_run(struct app *app, const struct notify *notify, struct notify_counts *counts,
	       struct err *e)
{
	struct run r = {.app = app, .notify = notify, .counts = counts,
			.until = deadline_in(NOTIFY_RUN_MS)};
	struct lane lanes[2];
	int rc = 0;

	*counts = (struct notify_counts){.told = 0};
	if (!app->config.order_hook)
		return err_set(e, ERR_CONFIG, "ORDER_HOOK is not set: there is no program to run");
	if (check_program(app, e))
		return -1;

	/* The two kinds share the time, until nothing of either is due: a thousand that hang,
	 * each for eight seconds, leave half of it to what was sold just now. */
	lane_begin(&lanes[0], KEY_OUTBOX_NEW);
	lane_begin(&lanes[1], KEY_OUTBOX_AGAIN);
	lanes[0].all = true; /* a new one is due, also one of a clock that was ahead */
	while (!rc && (!lanes[0].ended || !lanes[1].ended)) {
		bool second = lanes[0].ended || (!lanes[1].ended && lanes[1].used < lanes[0].used);
		struct lane *lane = &lanes[second];
		int64_t began = clock_monotonic_ms();
		struct json_object *item;

		rc = lane_next(lane, app_store(app), clock_epoch(), &item, e);
		if (!rc && item && !has_time(&r)) {
			counts->more = true;
			break;
		}
		if (!rc && item)
			rc = try_item(&r, item, e);
		else if (!rc && !lane->all)
			lane_go_on_too_late(lane, clock_epoch());
		lane->used += clock_monotonic_ms() - began + 1;
	}
	lane_end(&lanes[0]);
	lane_end(&lanes[1]);
	return rc;
}

/* --- what the owner says -------------------------------------------------------- */

/* What the owner decides: of one, or (id NULL) of all in a lane; `n` are done. */
struct decision {
	enum notify_verb verb;
	const char *id;
	int64_t n;
};

/* Decides of the items in a lane, up to the one that it is about.  What a run has moved
 * meanwhile is that run's, and not counted. */
static int decide_lane(struct app *app, struct decision *d, const char *prefix, struct err *e)
{
	struct json_object *item, *next;
	struct lane lane;
	int rc;

	lane_begin(&lane, prefix);
	while (!(rc = lane_next(&lane, app_store(app), INT64_MAX, &item, e)) && item) {
		const char *own = json_string_or_null(item, "id");

		if (d->id && (!own || strcmp(own, d->id) != 0))
			continue;
		next = d->verb == NOTIFY_RETRY ? outbox_again(item, clock_epoch()) : NULL;
		rc = move(app, item, next, e);
		json_object_put(next);
		d->n += rc == 0;
		if (rc && e->code == ERR_CONFLICT)
			rc = 0;
		if (rc || d->id)
			break;
	}
	lane_end(&lane);
	return rc;
}

int notify_decide(struct app *app, enum notify_verb verb, const char *id, int64_t *n,
		  struct err *e)
{
	/* A new one is to be tried at once as it is. */
	static const char *const all[] = {KEY_OUTBOX_GIVEN_UP, NULL},
			  *const failed[] = {KEY_OUTBOX_AGAIN, NULL},
			  *const waiting[] = {KEY_OUTBOX_AGAIN, KEY_OUTBOX_NEW, NULL},
			  *const any[] = {KEY_OUTBOX_GIVEN_UP, KEY_OUTBOX_AGAIN, KEY_OUTBOX_NEW, NULL};
	bool is_all = strcmp(id, "all") == 0, one = !is_all && strcmp(id, "waiting") != 0;
	const char *const *prefix = is_all ? all : one ? any : verb == NOTIFY_RETRY ? failed : waiting;
	struct decision decision = {.verb = verb, .id = one ? id : NULL};
	int rc = 0;

	for (; !rc && *prefix && !(one && decision.n); prefix++)
		rc = decide_lane(app, &decision, *prefix, e);
	*n = decision.n;
	return rc;
}

/* SPDX-License-Identifier: ISC */
/*
 * The walk over the table.  The one idea: what says that a table is adopted is
 * written last, with the time at which the walk began; how far the walk is
 * stands in an item of its own, written after each page that had something to do.
 */
#include "transfer/adopt.h"

#include "base/clock.h"
#include "format/iso8601.h"
#include "shop/adoption.h"
#include "shop/keys.h"
#include "transfer/adopt_order.h"
#include "transfer/transfer.h"

#define SAVE_EVERY 50 /* pages in which there was nothing to do */

struct walk {
	struct adopt_work work;
	struct adopt_result *result;
	int64_t started;             /* epoch seconds */
	struct json_object *read[2]; /* ADOPTED and ADOPTING as they stand, or NULL */
	struct json_object *after;   /* {PK, SK} to go on behind, NULL: from the beginning */
	int64_t total;               /* items of the table, -1: not known */
	int idle;                    /* pages since the position was saved */
};

enum { ADOPTED, ADOPTING };

static const struct store_key system_keys[] = {
	[ADOPTED] = {KEY_SYSTEM, KEY_ADOPTED},
	[ADOPTING] = {KEY_SYSTEM, KEY_ADOPTING},
};

/* An order without a version is one of the Lambda functions'. */
static bool has_version(struct json_object *item)
{
	return json_object_object_get_ex(item, "version", NULL);
}

/* --- how far it is --------------------------------------------------------------- */

static const struct {
	const char *name;
	size_t offset;
} count_names[] = {
	{"items", offsetof(struct adopt_counts, items)},
	{"orders", offsetof(struct adopt_counts, orders)},
	{"adopted", offsetof(struct adopt_counts, adopted)},
	{"twice", offsetof(struct adopt_counts, twice)},
	{"merged", offsetof(struct adopt_counts, merged)},
	{"odd", offsetof(struct adopt_counts, odd)},
	{"younger", offsetof(struct adopt_counts, younger)},
};

#define COUNTS (sizeof count_names / sizeof *count_names)

static int64_t *count_of(struct adopt_counts *counts, size_t i)
{
	return (int64_t *)((char *)counts + count_names[i].offset);
}

/* Reads both items; a walk that was interrupted is gone on with.  A place that names no item, in an
 * item that somebody has edited, is none: behind it a store may find nothing to adopt. */
static int begin(struct walk *w, struct err *e)
{
	struct json_object *counts = NULL, *after;
	const char *started;
	size_t i;

	if (store_get_many(app_store(w->work.app), system_keys, 2, w->read,
			   deadline_in(TRANSFER_VERB_MS), e))
		return -1;
	w->started = clock_epoch();
	started = json_string_or_null(w->read[ADOPTING], "startedAt");
	if (w->work.request->dry_run || !started ||
	    json_get_object(w->read[ADOPTING], "after", &after) != JSON_FOUND ||
	    !json_string_or_null(after, "PK") || !json_string_or_null(after, "SK") ||
	    iso8601_parse(started, &w->started))
		return 0;
	w->after = json_object_get(after);
	w->result->resumed = true;
	json_get_object(w->read[ADOPTING], "counts", &counts);
	for (i = 0; i < COUNTS; i++)
		*count_of(&w->result->counts, i) = json_count_or_0(counts, count_names[i].name);
	return 0;
}

/* Writes how far the walk is.  Another walk that has saved its own position does the rest.
 *     SYSTEM, ADOPTING: {startedAt, after {PK, SK}, counts {items, ...}} */
static int save(struct walk *w, struct err *e)
{
	struct json_object *item = json_object_new_object(), *counts = json_object_new_object();
	struct store_action put;
	char text[ISO8601_SIZE];
	size_t i;

	for (i = 0; i < COUNTS; i++)
		json_set_int(counts, count_names[i].name, *count_of(&w->result->counts, i));
	json_set_string(item, "PK", KEY_SYSTEM);
	json_set_string(item, "SK", KEY_ADOPTING);
	json_set_string(item, "startedAt", iso8601_time(w->started, text));
	json_set(item, "after", json_object_get(w->after));
	json_set(item, "counts", counts);

	put = store_replace(item, w->read[ADOPTING]);
	if (store_write(app_store(w->work.app), &put, 1, NULL, deadline_in(TRANSFER_VERB_MS), e)) {
		json_object_put(item);
		return e->code != ERR_CONFLICT ? -1 : err_set(e, ERR_CONFLICT, "another `ordersnap "
			       "adopt` has begun meanwhile, and does the rest");
	}
	json_object_put(w->read[ADOPTING]);
	w->read[ADOPTING] = item;
	w->idle = 0;
	return 0;
}

/* The last page is done: the position goes, and ADOPTED comes, unless the functions
 * wrote meanwhile: of what they wrote behind the walk's back it knows nothing. */
static int finish(struct walk *w, struct err *e)
{
	struct store_action actions[2];
	struct json_object *adopted = NULL;
	size_t n = 0;
	int rc = 0;

	w->result->complete = w->result->counts.younger == 0;
	if (w->work.request->dry_run)
		return 0;
	if (w->result->complete) {
		adopted = adoption_item(w->started);
		actions[n++] = store_replace(adopted, w->read[ADOPTED]);
	}
	if (w->read[ADOPTING]) {
		actions[n] = store_replace(w->read[ADOPTING], w->read[ADOPTING]);
		actions[n++].verb = STORE_DELETE;
	}
	if (n)
		rc = store_write(app_store(w->work.app), actions, n, NULL,
				 deadline_in(TRANSFER_VERB_MS), e);
	if (rc && e->code == ERR_CONFLICT)
		err_set(e, ERR_CONFLICT, "another `ordersnap adopt` has ended, or an order of the functions "
			"has come, meanwhile: run this command again");
	json_object_put(adopted);
	return rc;
}

/* --- a page --------------------------------------------------------------------- */

/* Looks at orders that have a version, and begins to gather anew. */
static int check_orders(const struct walk *w, struct json_object **orders, size_t *n,
			struct err *e)
{
	int rc = *n ? adopt_check_orders(&w->work, orders, *n, e) : 0;

	*n = 0;
	return rc;
}

/* Orders of the functions are adopted one by one, ours looked at together. */
static int walk_page(struct walk *w, struct json_object *items, struct err *e)
{
	struct adopt_counts *counts = &w->result->counts;
	struct json_object *ours[ADOPT_ORDERS];
	size_t i, n = 0;
	int64_t written;

	for (i = 0; i < json_object_array_length(items); i++) {
		struct json_object *item = json_object_array_get_idx(items, i);

		counts->items++;
		if (transfer_kind_of(item) != TRANSFER_ORDER)
			continue;
		counts->orders++;
		if (has_version(item)) {
			ours[n++] = item;
			if (n == ADOPT_ORDERS && check_orders(w, ours, &n, e))
				return -1;
			continue;
		}
		if (key_order_created(json_string_or_null(item, "SK"), &written) == 0 &&
		    written >= w->started - ADOPTION_ON_ITS_WAY)
			counts->younger++;
		if (adopt_order(&w->work, item, e))
			return -1;
	}
	return check_orders(w, ours, &n, e);
}

/* One page from behind w->after on, which goes on to its end. */
static int next_page(struct walk *w, struct err *e)
{
	const struct adopt *request = w->work.request;
	const struct adopt_counts *counts = &w->result->counts;
	int64_t before = counts->adopted + counts->merged;
	struct json_object *items;
	int rc;

	if (transfer_next_page(app_store(w->work.app), &w->after, &items, e))
		return -1;
	rc = walk_page(w, items, e);
	json_object_put(items);
	if (rc || !w->after)
		return rc;
	if (request->progress)
		request->progress(request->context, counts,
				  w->total > 0 ? (int)(counts->items * 1000 / w->total) : -1);
	if (request->dry_run ||
	    (before == counts->adopted + counts->merged && ++w->idle < SAVE_EVERY))
		return 0;
	return save(w, e);
}

int adopt_table(struct app *app, const struct adopt *request, struct adopt_result *result,
		struct err *e)
{
	struct walk w = {.work = {.app = app, .request = request, .counts = &result->counts},
			 .result = result, .total = -1};
	int rc;

	*result = (struct adopt_result){.resumed = false};
	rc = begin(&w, e);
	/* How many there are is for the bar alone. */
	if (!rc && request->count)
		w.total = store_count(app_store(app), deadline_in(TRANSFER_VERB_MS));
	while (!rc) {
		rc = next_page(&w, e);
		if (rc || !w.after)
			break;
		result->stopped = request->stop && request->stop(request->context);
		if (result->stopped)
			break;
	}
	if (!rc && !result->stopped)
		rc = finish(&w, e);
	else if (!rc && !request->dry_run)
		rc = save(&w, e);
	json_object_put(w.read[ADOPTED]);
	json_object_put(w.read[ADOPTING]);
	json_object_put(w.after);
	return rc;
}

int adopt_is_complete(struct app *app, int64_t deadline, bool *complete, struct err *e)
{
	struct json_object *adopted;

	if (store_get_many(app_store(app), &system_keys[ADOPTED], 1, &adopted, deadline, e))
		return -1;
	*complete = adoption_is_complete(adopted);
	json_object_put(adopted);
	return 0;
}

struct adopting_again {
	struct app *app;
	int64_t deadline;
};

/* Writes that a walk is needed again, on what stands now. */
static int write_again(void *context, struct err *e)
{
	const struct adopting_again *a = context;
	struct json_object *stands, *item;
	struct store_action put;
	int rc;

	if (store_get_many(app_store(a->app), &system_keys[ADOPTED], 1, &stands, a->deadline, e))
		return -1;
	item = adoption_item_again(stands, clock_epoch());
	put = store_replace(item, stands);
	rc = store_write(app_store(a->app), &put, 1, NULL, a->deadline, e);
	json_object_put(item);
	json_object_put(stands);
	return rc;
}

int adopt_again(struct app *app, int64_t deadline, struct err *e)
{
	struct adopting_again a = {.app = app, .deadline = deadline};

	return store_until_written(write_again, &a, deadline, e);
}

/* --- a new store ------------------------------------------------------------------ */

/* Whether there is an order of the functions': the walk ends at the first page with one. */
static int find_theirs(struct app *app, bool *found, struct err *e)
{
	struct json_object *last = NULL, *items;
	size_t i;
	int rc;

	do {
		rc = transfer_next_page(app_store(app), &last, &items, e);
		for (i = 0; !rc && !*found && i < json_object_array_length(items); i++) {
			struct json_object *item = json_object_array_get_idx(items, i);

			*found = transfer_kind_of(item) == TRANSFER_ORDER && !has_version(item);
		}
		if (!rc)
			json_object_put(items);
	} while (!rc && last && !*found);
	json_object_put(last);
	return rc;
}

int adopt_new_store(struct app *app, bool *complete, struct err *e)
{
	struct json_object *stands, *item;
	struct store_action put;
	int64_t started = clock_epoch();
	bool theirs = false;
	int rc;

	if (store_get_many(app_store(app), &system_keys[ADOPTED], 1, &stands,
			   deadline_in(TRANSFER_VERB_MS), e))
		return -1;
	*complete = adoption_is_complete(stands);
	if (stands) {
		json_object_put(stands);
		return 0;
	}
	if (find_theirs(app, &theirs, e))
		return -1;
	*complete = !theirs;
	if (theirs)
		return 0;
	item = adoption_item(started);
	put = store_replace(item, NULL);
	rc = store_write(app_store(app), &put, 1, NULL, deadline_in(TRANSFER_VERB_MS), e);
	json_object_put(item);
	return rc && e->code == ERR_CONFLICT ? 0 : rc; /* another one wrote it */
}

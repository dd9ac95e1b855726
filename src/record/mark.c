/* SPDX-License-Identifier: ISC */
/*
 * Marking an order.  The one idea: nothing is known of the order but what was just
 * read; whoever writes meanwhile makes it begin again, at the name.
 */
#include "record/mark.h"

#include "base/clock.h"
#include "base/log.h"
#include "orders/lookup.h"
#include "record/items.h"
#include "store/store.h"

#define DEADLINE_MS 30000

struct marking {
	const char *name;
	const struct tracking *tracking;
	struct record_items items;
	struct mark_outcome *outcome;
};

/* One try: everything is read again, then decided, then written. */
static int mark_once(void *context, struct err *e)
{
	struct marking *m = context;
	const struct record_run *run = m->items.run;
	struct json_object *found = NULL, *stands;
	struct order_change change = {.now = run->now};
	int rc = lookup_order(run->app, m->name, run->deadline, &found, e);

	/* Read the order anew, and all that is written beside it: what the search found may
	 * be a copy. */
	record_items_free(&m->items);
	if (rc)
		goto out;
	if (!store_item_version(found)) {
		rc = err_set(e, ERR_BAD_REQUEST, "order %s was written by the Lambda functions: run "
			     "`ordersnap adopt` first", m->name);
		goto out;
	}
	if (item_keys_of_order(&m->items.keys, found)) {
		rc = err_set(e, ERR_BAD_REQUEST, "order %s lacks its number or its session's id: `ordersnap "
			     "sync --since DATE` of its day puts that right", m->name);
		goto out;
	}
	rc = record_items_read(&m->items, ITEM_ALL, e);
	if (rc)
		goto out;
	stands = m->items.read[ITEM_ORDER];
	if (!stands) {
		rc = err_set(e, ERR_CONFLICT, "order %s moved", m->name);
		goto out;
	}
	item_keys_leave_others(&m->items.keys, m->items.read);

	/* Decide, and write it all on the versions that were read. */
	change.order = tracking_apply(stands, m->tracking, run->now, e);
	rc = change.order ? record_items_write(&m->items, &change, e) : -1;
	if (rc)
		goto out;
	m->outcome->changed = !json_equal(json_object_object_get(stands, "tracking"),
					  json_object_object_get(change.order, "tracking"));
	m->outcome->order = json_object_get(change.order);
out:
	json_object_put(change.order);
	json_object_put(found);
	return rc;
}

int mark_order(struct app *app, const char *name, const struct tracking *tracking,
	       struct mark_outcome *outcome, struct err *e)
{
	const struct record_run run = {.app = app, .now = clock_epoch(),
				       .deadline = deadline_in(DEADLINE_MS)};
	struct marking m = {.name = name, .tracking = tracking, .outcome = outcome,
			    .items = {.run = &run}};
	int rc = tracking_check(tracking, e);

	if (!rc)
		rc = store_until_written(mark_once, &m, run.deadline, e);
	if (!rc && outcome->changed)
		log_info(tracking->shipped ? "Order marked shipped" : "Order marked unshipped",
			 LOG_STR("orderId", json_string_or_null(outcome->order, "orderId")),
			 LOG_STR("orderNumber", json_string_or_null(outcome->order, "orderNumber")));
	record_items_free(&m.items);
	return rc;
}

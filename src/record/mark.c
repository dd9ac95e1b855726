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

/* Reads the order and all that is written beside it. */
static int read_items(struct marking *m, struct err *e)
{
	struct json_object *found = NULL;
	int rc = lookup_order(m->items.app, m->name, m->items.run->deadline, &found, e);

	record_items_free(&m->items);
	if (!rc && (item_keys_of_order(&m->items.keys, found) || !store_item_version(found)))
		rc = err_set(e, ERR_BAD_REQUEST, "order %s was written by the Lambda functions: run "
			     "`ordersnap adopt` first", m->name);
	if (!rc)
		rc = record_items_read(&m->items, ITEM_ALL, e);
	if (!rc && !m->items.read[ITEM_ORDER])
		rc = err_set(e, ERR_CONFLICT, "order %s moved", m->name);
	json_object_put(found);
	return rc;
}

static int mark_once(void *context, struct err *e)
{
	struct marking *m = context;
	struct order_change change = {.now = m->items.run->now};
	struct json_object *stands;
	int rc = read_items(m, e);

	if (rc)
		return rc;
	item_keys_leave_others(&m->items.keys, m->items.read);
	stands = m->items.read[ITEM_ORDER];
	change.order = tracking_apply(stands, m->tracking, change.now, e);
	if (!change.order)
		return -1;
	rc = record_items_write(&m->items, &change, e);
	if (rc) {
		json_object_put(change.order);
		return rc;
	}
	m->outcome->changed = !json_equal(json_object_object_get(stands, "tracking"),
					  json_object_object_get(change.order, "tracking"));
	m->outcome->order = change.order;
	return 0;
}

int mark_order(struct app *app, const char *name, const struct tracking *tracking,
	       struct mark_outcome *outcome, struct err *e)
{
	const struct record_run run = {.now = clock_epoch(), .deadline = deadline_in(DEADLINE_MS)};
	struct marking m = {.name = name, .tracking = tracking, .outcome = outcome,
			    .items = {.app = app, .run = &run}};
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

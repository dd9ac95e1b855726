/* SPDX-License-Identifier: ISC */
/*
 * The owner who erases the person, whenever: from then on the order is the same sale of
 * nobody, and no event and no sync writes the person again.
 */
#include <string.h>

#include "checks.h"
#include "shop/erasure.h"
#include "transfer/erase.h"

/* How the buyer shows in objects.c: name, address, telephone. */
static const char *const person[] = {"Ann", "ann@", "nn@Example", "+1555"};

void erase_process(struct process *p)
{
	struct json_object *order = json_copy(order_find());
	enum erase_outcome outcome = ERASE_GONE;

	if (order)
		p->rc = erase_order(&p->app, order, false, &outcome, &p->err);
	world_trace("the erasure is %s", p->rc ? p->err.text : outcome == ERASE_DONE ? "done"
						: outcome == ERASE_GONE ? "of no order" : "old");
	json_object_put(order);
}

void erase_ended(const struct process *p)
{
	if (p->rc && !p->dead && !p->disturbed && p->err.code != ERR_CONFLICT)
		world_fail("an erasure fails without a reason: %s", p->err.text);
}

void check_erased(struct json_object *order)
{
	const struct table *table = &world->table;
	size_t i, k;

	if (!world->erased && !erasure_is_done(order))
		return;
	world->erased = true;
	if (!erasure_is_done(order) || erasure_moves(order))
		world_fail("the order is somebody's again: %s", json_text(order));
	for (i = 0; i < table->n; i++)
		for (k = 0; k < sizeof person / sizeof *person; k++)
			if (strstr(json_text(table->items[i]), person[k]))
				world_fail("%s is in the table again: %s", person[k],
					   json_text(table->items[i]));
}

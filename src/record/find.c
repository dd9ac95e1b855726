/* SPDX-License-Identifier: ISC */
/*
 * Finding a session's order.  The one idea: a session has one order for ever, whoever
 * asks later under whatever name.
 */
#include "record/find.h"

#include "app/numbering.h"
#include "orders/unnamed.h"
#include "shop/adoption.h"
#include "transfer/adopt.h"

/* A number that another order has grows by a letter. */
static int take_free_number(struct record_items *items, const struct session *session,
			    struct err *e)
{
	const struct numbering n = {.app = items->run->app, .session_id = session->id,
				    .deadline = items->run->deadline};
	struct json_object **pointer = &items->read[ITEM_NUMBER], *free_one;
	char *number;
	bool taken;

	if (numbering_is_taken(&n, *pointer, &taken, e))
		return -1;
	if (!taken)
		return 0;
	if (numbering_next_free(&n, items->keys.number, &number, &free_one, e))
		return -1;
	item_keys_set_number(&items->keys, number);
	json_object_put(*pointer);
	*pointer = free_one;
	return 0;
}

/* Reads the order that `pointer` names. */
static int follow(struct record_items *items, struct json_object *pointer, struct err *e)
{
	return record_items_read(items, item_keys_from_pointer(&items->keys, pointer), e);
}

/*
 * A pointer that names an order of this session wins, whatever the buyer is called
 * today.  (The Lambda functions' keys have the time of processing.)  Of pointers whose
 * order is not there the next is taken, then the key that the session itself gives; an
 * order that is nowhere is made where the first pointer says.
 */
static int follow_pointers(struct record_items *items, const struct session *session,
			   struct err *e)
{
	static const enum item_kind all[] = {ITEM_SESSION, ITEM_PAYMENT, ITEM_NUMBER};
	struct json_object *own = json_object_new_object(), *first = NULL;
	size_t i;
	int rc = 0;

	json_set_string(own, "orderPK", items->keys.pk[ITEM_ORDER]);
	json_set_string(own, "orderSK", items->keys.sk[ITEM_ORDER]);
	json_set_string(own, "userId", items->keys.user_id);
	for (i = 0; !rc && i < sizeof all / sizeof *all; i++) {
		struct json_object *pointer = items->read[all[i]];

		if (first && items->read[ITEM_ORDER])
			break;
		if (!item_keys_names(pointer, session->id))
			continue;
		if (!first)
			first = pointer;
		rc = follow(items, pointer, e);
	}
	if (!rc && first && !items->read[ITEM_ORDER])
		rc = follow(items, own, e);
	if (!rc && first && !items->read[ITEM_ORDER])
		rc = follow(items, first, e);
	json_object_put(own);
	return rc;
}

/* Searches for an order of the Lambda functions that nothing names, where there may be
 * one.  One that was written after the adoption is noted: `ordersnap check` says then
 * that adopt has to be run again. */
static int find_unnamed(struct record_items *items, const struct session *session, bool search,
			struct err *e)
{
	const struct record_run *run = items->run;
	struct json_object *adopted = items->read[ITEM_ADOPTED], *noted = items->read[ITEM_SESSION];
	const struct unnamed_search where = {
		.session = session,
		.user_pk = items->keys.pk[ITEM_ORDER],
		.created = items->keys.created,
		.now = run->now,
		.deadline = run->deadline,
	};
	bool complete = adoption_is_complete(adopted);
	bool younger = adoption_is_younger(adopted, noted), written_later;
	struct json_object *order;
	struct err ignored;
	unsigned again;

	if (!search && complete && !younger)
		return 0;
	if (unnamed_find(run->app, &where, &order, e))
		return -1;
	written_later = (order && store_item_version(order) == 0) ||
			(younger && adoption_knows_time(noted));
	if (complete && written_later && !run->dry_run)
		adopt_again(run->app, run->deadline, &ignored);
	again = item_keys_set_order(&items->keys, json_string_or_null(order, "PK"),
				    json_string_or_null(order, "SK"));
	json_object_put(order);
	return record_items_read(items, again, e);
}

bool record_may_have_order(const struct record_items *items)
{
	struct json_object *adopted = items->read[ITEM_ADOPTED], *noted = items->read[ITEM_SESSION];

	return json_string_or_null(noted, "orderPK") || !adoption_is_complete(adopted) ||
	       adoption_is_younger(adopted, noted);
}

int record_find_order(struct record_items *items, const struct session *session, bool search,
		      struct err *e)
{
	/* The number that the session's id gives may be another order's. */
	if (take_free_number(items, session, e) || follow_pointers(items, session, e))
		return -1;
	if (!items->read[ITEM_ORDER] && find_unnamed(items, session, search, e))
		return -1;

	/* The order that stands may bear another number than its session's id gives. */
	if (record_items_read(items, item_keys_from_order(&items->keys, items->read[ITEM_ORDER]), e))
		return -1;
	return take_free_number(items, session, e);
}

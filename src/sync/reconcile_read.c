/* SPDX-License-Identifier: ISC */
/*
 * Reading the table.  The one idea: a page's items are read by as few calls as the store takes.
 */
#include "sync/reconcile_read.h"

#include <string.h>

#include "app/numbering.h"
#include "base/clock.h"
#include "shop/order_items.h"
#include "sync/retry.h"

/* Items that are read by one call of the store. */
struct reading {
	struct store_key keys[STORE_MAX_ITEMS];
	struct json_object **to[STORE_MAX_ITEMS];
	size_t n;
};

/* Makes the call, again while that is worth it. */
static int read_now(struct reconcile *r, struct reading *reading, struct err *e)
{
	struct json_object *found[STORE_MAX_ITEMS] = {NULL};
	size_t i, n = reading->n;

	reading->n = 0;
	if (n && retry_get_many(reconcile_retry(r), reading->keys, n, found, e))
		return -1;
	for (i = 0; i < n; i++) {
		json_object_put(*reading->to[i]);
		*reading->to[i] = found[i];
	}
	return 0;
}

/* Reads what each candidate is to have looked up.  A payment's pointer comes right behind its
 * order, which it has a copy of: the store need not read that again. */
static int read_items(struct reconcile *r, struct candidate *list, size_t n, struct err *e)
{
	static const enum item_kind kinds[] = {ITEM_ORDER, ITEM_PAYMENT, ITEM_SESSION, ITEM_NUMBER,
					       ITEM_DAY};
	struct reading reading = {.n = 0};
	struct candidate *c;
	enum item_kind which;
	size_t k;

	for (c = list; c < list + n; c++)
		for (k = 0; k < sizeof kinds / sizeof *kinds; k++) {
			which = kinds[k];
			if (!(c->look_up >> which & 1) || !c->keys.pk[which])
				continue;
			if (reading.n == STORE_MAX_ITEMS && read_now(r, &reading, e))
				return -1;
			reading.keys[reading.n] = (struct store_key){c->keys.pk[which], c->keys.sk[which]};
			reading.to[reading.n++] = &c->items[which];
		}
	if (read_now(r, &reading, e))
		return -1;
	for (c = list; c < list + n; c++) {
		c->order = c->items[ITEM_ORDER];
		c->look_up = 0;
	}
	return 0;
}

/* An order that is not where it should be may be where its session's item says:
 * the Lambda functions put the time of processing into the key. */
static int follow_sessions(struct reconcile *r, struct candidate *list, size_t n, struct err *e)
{
	size_t i;

	for (i = 0; i < n; i++)
		list[i].look_up = list[i].skip || list[i].order ? 0 : 1u << ITEM_SESSION;
	if (read_items(r, list, n, e))
		return -1;
	for (i = 0; i < n; i++) {
		struct candidate *c = &list[i];

		if (!c->skip && !c->order && item_keys_names(c->items[ITEM_SESSION], c->session.id) &&
		    item_keys_from_pointer(&c->keys, c->items[ITEM_SESSION]))
			c->look_up = 1u << ITEM_ORDER;
	}
	return read_items(r, list, n, e);
}

int reconcile_read_orders(struct reconcile *r, struct candidate *list, size_t n, struct err *e)
{
	size_t i;

	for (i = 0; i < n; i++)
		list[i].look_up = list[i].skip ? 0 : 1u << ITEM_ORDER | 1u << ITEM_PAYMENT;
	if (read_items(r, list, n, e))
		return -1;
	return follow_sessions(r, list, n, e);
}

/* A number that another order has is no fault of this one. */
static int ignore_taken_number(struct reconcile *r, struct candidate *c, struct json_object *pointer,
			       struct err *e)
{
	struct numbering n = {.app = r->app, .session_id = c->session.id};
	struct retry retry = reconcile_retry(r);
	bool taken = false;
	int rc;

	if (!(c->astray >> ITEM_NUMBER & 1))
		return 0;
	do {
		n.deadline = deadline_in(RETRY_CALL_MS);
		rc = numbering_is_taken(&n, pointer, &taken, e);
	} while (rc && retry_again(&retry, e));
	if (taken)
		c->astray &= ~(1u << ITEM_NUMBER);
	return rc;
}

/* Takes the order's day entry if that was read already; false: it was not. */
static bool take_read_entry(struct reconcile *r, struct candidate *c)
{
	struct json_object *entry = NULL;
	const char *pk, *sk;

	json_get_object(r->read, c->session.id, &entry);
	pk = json_string_or_null(entry, "PK");
	sk = json_string_or_null(entry, "SK");
	if (!pk || !sk || strcmp(pk, c->keys.pk[ITEM_DAY]) != 0 || strcmp(sk, c->keys.sk[ITEM_DAY]) != 0)
		return false;
	json_object_put(c->items[ITEM_DAY]);
	c->items[ITEM_DAY] = json_object_get(entry);
	return true;
}

int reconcile_read_beside(struct reconcile *r, struct candidate *list, size_t n, struct err *e)
{
	int64_t now = clock_epoch();
	size_t i;

	for (i = 0; i < n; i++) {
		item_keys_from_order(&list[i].keys, list[i].order);
		if (list[i].order && take_read_entry(r, &list[i]))
			list[i].look_up = 1u << ITEM_SESSION | 1u << ITEM_NUMBER;
		else if (list[i].order)
			list[i].look_up = 1u << ITEM_SESSION | 1u << ITEM_NUMBER | 1u << ITEM_DAY;
	}
	reconcile_has_read(r, NULL);
	if (read_items(r, list, n, e))
		return -1;
	for (i = 0; i < n; i++) {
		list[i].astray = order_items_astray(&list[i].keys, list[i].items, now);
		if (ignore_taken_number(r, &list[i], list[i].items[ITEM_NUMBER], e))
			return -1;
	}
	return 0;
}

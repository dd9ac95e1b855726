/* SPDX-License-Identifier: ISC */
/*
 * Orders that have their pointers already: whether these name them, or another
 * order of the same session.  Many at once, since nearly all are in order.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "shop/adoption.h"
#include "shop/keys.h"
#include "transfer/adopt_order.h"
#include "transfer/transfer.h"

/* Whether the pointer names another order than this one. */
static bool names_another(struct json_object *pointer, struct json_object *order)
{
	const char *pk = json_string_or_null(pointer, "orderPK");
	const char *sk = json_string_or_null(pointer, "orderSK");

	return pk && sk && (strcmp(pk, json_string_or_null(order, "PK")) != 0 ||
			    strcmp(sk, json_string_or_null(order, "SK")) != 0);
}

/* The pointers of some orders. */
struct pointers {
	char *pks[2 * ADOPT_ORDERS];
	struct store_key keys[2 * ADOPT_ORDERS];
	struct json_object *found[2 * ADOPT_ORDERS];
	size_t of[2 * ADOPT_ORDERS]; /* which order's one is */
	size_t n;
};

/* Takes pk. */
static void add_pointer(struct pointers *p, char *pk, size_t order)
{
	p->pks[p->n] = pk;
	p->keys[p->n] = (struct store_key){pk, KEY_METADATA};
	p->of[p->n++] = order;
}

int adopt_check_orders(const struct adopt_work *work, struct json_object **orders, size_t n,
		       struct err *e)
{
	struct pointers pointers = {.n = 0};
	bool astray[ADOPT_ORDERS] = {false};
	size_t i;
	int rc = 0;

	for (i = 0; i < n; i++) {
		const char *session = adoption_session_id(orders[i]);
		const char *payment = json_string_or_null(orders[i], "stripePaymentIntentId");

		if (!session)
			continue;
		add_pointer(&pointers, key_session(session), i);
		if (!str_empty(payment))
			add_pointer(&pointers, key_payment(payment), i);
	}
	if (pointers.n)
		rc = store_get_many(app_store(work->app), pointers.keys, pointers.n,
				    pointers.found, deadline_in(TRANSFER_VERB_MS), e);
	for (i = 0; i < pointers.n; i++) {
		if (names_another(pointers.found[i], orders[pointers.of[i]]))
			astray[pointers.of[i]] = true;
		json_object_put(pointers.found[i]);
		free(pointers.pks[i]);
	}
	for (i = 0; !rc && i < n; i++)
		if (astray[i])
			rc = adopt_repair(work, orders[i], false, e);
	return rc;
}

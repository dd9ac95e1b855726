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

/* The pointers of some orders, each key once. */
struct pointers {
	char *pks[2 * ADOPT_ORDERS];
	struct store_key keys[2 * ADOPT_ORDERS];
	struct json_object *found[2 * ADOPT_ORDERS];
	size_t n;
};

/* Takes pk (or NULL); the index of the pointer, or SIZE_MAX. */
static size_t add_pointer(struct pointers *p, char *pk)
{
	size_t i;

	for (i = 0; pk && i < p->n; i++)
		if (strcmp(p->pks[i], pk) == 0) {
			free(pk);
			return i;
		}
	if (!pk)
		return SIZE_MAX;
	p->pks[p->n] = pk;
	p->keys[p->n] = (struct store_key){pk, KEY_METADATA};
	return p->n++;
}

int adopt_check_orders(const struct adopt_work *work, struct json_object **orders, size_t n,
		       struct err *e)
{
	struct pointers pointers = {.n = 0};
	size_t of[ADOPT_ORDERS][2], i;
	int rc = 0;

	for (i = 0; i < n; i++) {
		const char *session = adoption_session_id(orders[i]);
		const char *payment = json_string_or_null(orders[i], "stripePaymentIntentId");

		of[i][0] = add_pointer(&pointers, session ? key_session(session) : NULL);
		of[i][1] = add_pointer(&pointers, session && !str_empty(payment)
						  ? key_payment(payment) : NULL);
	}
	if (pointers.n)
		rc = store_get_many(app_store(work->app), pointers.keys, pointers.n,
				    pointers.found, deadline_in(TRANSFER_VERB_MS), e);
	for (i = 0; !rc && i < n; i++)
		if ((of[i][0] != SIZE_MAX && names_another(pointers.found[of[i][0]], orders[i])) ||
		    (of[i][1] != SIZE_MAX && names_another(pointers.found[of[i][1]], orders[i])))
			rc = adopt_repair(work, orders[i], false, e);
	for (i = 0; i < pointers.n; i++) {
		json_object_put(pointers.found[i]);
		free(pointers.pks[i]);
	}
	return rc;
}

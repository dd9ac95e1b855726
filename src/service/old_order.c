/* SPDX-License-Identifier: ISC */
/*
 * Looking for an order among its user's.
 */
#include "service/old_order.h"

#include <stdlib.h>
#include <string.h>

#include "shop/keys.h"

#define LATER 432000 /* seconds: a session is paid within a day, its event comes within three */
#define ORDERS_MAX 100

/* The order of the session in a page of orders, or NULL. */
static struct json_object *order_in(struct json_object *page, const char *session_id)
{
	size_t i;

	for (i = 0; i < json_object_array_length(page); i++) {
		struct json_object *order = json_object_array_get_idx(page, i);
		const char *id = json_string_or_null(order, "orderId");

		if (id && strcmp(id, session_id) == 0)
			return order;
	}
	return NULL;
}

int old_order_find(struct app *app, struct settle_keys *keys, const char *session_id,
		   unsigned *again, int64_t deadline, struct err *e)
{
	char *before = key_order(keys->created + LATER, "");
	struct json_object *page = NULL, *order, *named = json_object_new_object();
	int rc = store_query(app_store(app), keys->pk[SETTLE_ORDER], KEY_ORDER_PREFIX, before,
			     ORDERS_MAX, &page, deadline, e);

	if (!rc) {
		order = order_in(page, session_id);
		json_copy_member(named, "orderPK", order, "PK");
		json_copy_member(named, "orderSK", order, "SK");
		*again = settle_keys_from_session(keys, named);
	}
	json_object_put(named);
	json_object_put(page);
	free(before);
	return rc;
}

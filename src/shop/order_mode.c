/* SPDX-License-Identifier: ISC */
/*
 * Test or live.
 */
#include "shop/order_mode.h"

#include "base/str.h"

enum order_mode order_mode_of(struct json_object *order)
{
	const char *id = json_string_or_null(order, "orderId");
	bool live;

	if (json_get_bool(order, "livemode", &live) == JSON_FOUND)
		return live ? ORDER_MODE_LIVE : ORDER_MODE_TEST;
	if (id && str_starts(id, "cs_live_"))
		return ORDER_MODE_LIVE;
	return id && str_starts(id, "cs_test_") ? ORDER_MODE_TEST : ORDER_MODE_UNKNOWN;
}

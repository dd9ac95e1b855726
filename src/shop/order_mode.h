/* SPDX-License-Identifier: ISC */
/*
 * Whether an order is of test money or of real money.  The two are never added:
 * not in one sum, not in one list that a customer is shown.
 */
#ifndef ORDERSNAP_SHOP_ORDER_MODE_H
#define ORDERSNAP_SHOP_ORDER_MODE_H

#include "format/json.h"

enum order_mode { ORDER_MODE_UNKNOWN, ORDER_MODE_TEST, ORDER_MODE_LIVE };

/*
 * The order's `livemode`; where it has none (the Lambda functions wrote none) the
 * beginning of its session's id, `cs_test_` or `cs_live_`.
 * https://docs.stripe.com/api/checkout/sessions/object#checkout_session_object-livemode
 */
enum order_mode order_mode_of(struct json_object *order);

#endif

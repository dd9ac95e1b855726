/* SPDX-License-Identifier: ISC */
/*
 * What the owner says of an order's parcel: the one attribute of an order that Stripe
 * never tells.
 *
 *     "tracking": {"carrier": "DHL", "number": "00340434161094",
 *                  "url": "https://...", "status": "shipped",
 *                  "shippedAt": "2026-11-27T10:00:00Z"}
 *
 * No event touches it: order_apply_session() and order_apply_charge() begin with a
 * copy of the order that stands.  Number and url lead to where the person lives, so
 * erasing (shop/erasure.h) takes them; that the parcel went, when and by whom stays.
 */
#ifndef ORDERSNAP_SHOP_TRACKING_H
#define ORDERSNAP_SHOP_TRACKING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "format/json.h"

#define TRACKING_TEXT_MAX 200 /* code points of carrier and number */
#define TRACKING_URL_MAX 2000 /* bytes */

struct tracking {
	bool shipped;                      /* false: the mark is taken off */
	const char *carrier, *number, *url; /* NULL: not known, or as it was */
};

/* Whether the texts can stand in an order: UTF-8 without control characters, a url of
 * http or https.  0, or -1 with ERR_BAD_REQUEST and a sentence. */
int tracking_check(const struct tracking *tracking, struct err *e);

/*
 * The order with this mark, which the caller releases: a copy that says the same where
 * it had it already.  What is not given stays as it was, but a new number does away
 * with the url of the one before.  The time of the first `shipped` stays.
 * NULL with ERR_BAD_REQUEST where the person was erased and number or url would name
 * where they live.
 */
struct json_object *tracking_apply(struct json_object *order, const struct tracking *tracking,
				   int64_t now, struct err *e);

/*
 * Whether a parcel is still to be sent: the order is paid and not refunded whole, not
 * marked, and there is something to ship (an address, a shipping rate) or nobody can
 * tell: its lines or its session could not be fetched yet, or the person was erased.
 */
bool tracking_is_awaited(struct json_object *order);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Orders in a table, and what names them.
 */
#ifndef ORDERSNAP_TESTS_ORDERS_FIXTURE_H
#define ORDERSNAP_TESTS_ORDERS_FIXTURE_H

#include "outside.h"

#include "base/clock.h"
#include "base/seconds.h"
#include "shop/adoption.h"
#include "shop/keys.h"

#define SECOND 1699999000 /* of most orders; within a day that begins at */
#define MIDNIGHT (SECOND - SECOND % DAY)
#define SOON deadline_in(8000)

/* An order that stands under `pk`, with `more` members (", 'a': 1"). */
static inline void has_order(const char *pk, int64_t created, const char *id, const char *more)
{
	outside_put(json_of("{'PK':'%s','SK':'ORDER#%lld#%s','orderId':'%s','version':1%s}", pk,
			    (long long)created, id, id, more));
}

/* ... and its day's entry. */
static inline void has_entry(const char *pk, int64_t created, const char *id, const char *status)
{
	outside_put(json_of("{'PK':'%s','SK':'ORDER#%lld#%s','orderId':'%s','orderPK':'%s',"
			    "'orderSK':'ORDER#%lld#%s','status':'%s'}", keep_text(key_day(created)),
			    (long long)created, id, id, pk, (long long)created, id, status));
}

static inline void has_pointer(const char *pk, const char *order_pk, const char *order_sk, const char *id)
{
	outside_put(json_of("{'PK':'%s','SK':'METADATA','orderPK':'%s','orderSK':'%s','orderId':'%s'}", pk,
			    order_pk, order_sk, id));
}

static inline void is_adopted(void)
{
	outside_put(keep(adoption_item(1600000000)));
}

#endif

/* SPDX-License-Identifier: ISC */
/*
 * A shop over a table in memory that has what a fuzz target's input says, an item a line, as an import takes
 * them; NAME=value is a setting of it.  Its servers and its clock are fake_http.h's.  What it logs is looked at:
 * each line is one of clean text.
 */
#ifndef ORDERSNAP_TESTS_FUZZ_FAKE_SHOP_H
#define ORDERSNAP_TESTS_FUZZ_FAKE_SHOP_H

#include "../lib/table_store.h"
#include "app/app.h"

#define FAKE_SHOP_ITEMS 24 /* of the input's; there is room for what is written beside them */

struct fake_shop {
	struct app app;
	struct table table;
	struct table_store store;
};

void fake_shop_open(struct fake_shop *shop, struct span items);
void fake_shop_close(struct fake_shop *shop);

/* A failure has a text, and is one that can pass or that somebody can mend. */
void fake_shop_check(const struct err *e);

/* How many orders stand in the table. */
size_t fake_shop_orders(const struct fake_shop *shop);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * The groups of a report, in an array that is sorted by what tells them apart.
 */
#ifndef ORDERSNAP_CLI_REPORT_GROUP_H
#define ORDERSNAP_CLI_REPORT_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPORT_GROUPS 10000 /* what is more is added to one of its own, "(more products)" */

enum report_by { REPORT_ORDERS, REPORT_MONTH, REPORT_PRODUCT }; /* REPORT_ORDERS: none */

struct report_sums {
	int64_t orders, quantity;
	int64_t gross, refunded, lost, fees; /* minor units of the group's currency */
	bool overflow;                       /* too much to be counted */
};

struct report_group {
	char *name, *sku; /* `2026-11` or what the product is called; sku may be NULL */
	bool test;
	char *currency;   /* in upper case */
	struct report_sums sums;
	int64_t last;     /* the last order that was added, as struct report counts them */
};

/* What is no product. */
#define REPORT_SHIPPING "(shipping)"
#define REPORT_OTHER "(other)"
#define REPORT_MORE "(more products)"

struct report {
	enum report_by by;
	struct report_group **groups;
	size_t n, room;
	int64_t orders, test_orders; /* paid ones, so far */
};

struct report *report_new(enum report_by by);
void report_free(struct report *report);

/* What a group is called; both borrowed, sku NULL or "" where there is none.  With one,
 * the sku tells it apart: a product may be renamed. */
struct report_name {
	const char *text, *sku;
};

/* The group, made where there is none yet. */
struct report_group *report_group(struct report *report, const struct report_name *name,
				  bool test, const char *currency);

/* Adds a part of the order that report->orders counted last; where the group has one of
 * it already, the order counts once. */
void report_sums_add(struct report *report, struct report_group *group,
		     const struct report_sums *more);

/* What remains of the gross; false where it can't be counted. */
bool report_net(const struct report_sums *sums, int64_t *net);

#endif

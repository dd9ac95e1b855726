/* SPDX-License-Identifier: ISC */
/*
 * Finding a group, and adding to it.
 */
#include "cli/report_group.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

struct report *report_new(enum report_by by)
{
	struct report *r = mem_zalloc(1, sizeof *r);

	r->by = by;
	return r;
}

static void free_group(struct report_group *g)
{
	free(g->name);
	free(g->sku);
	free(g->currency);
	free(g);
}

void report_free(struct report *r)
{
	size_t i;

	if (!r)
		return;
	for (i = 0; i < r->n; i++)
		free_group(r->groups[i]);
	free(r->groups);
	free(r);
}

/* The order of the array, which is nobody's but the search's. */
static int compare(const struct report_group *a, const struct report_group *b)
{
	int rc = (a->sku != NULL) - (b->sku != NULL);

	if (!rc)
		rc = strcmp(a->sku ? a->sku : a->name, b->sku ? b->sku : b->name);
	if (!rc)
		rc = a->test - b->test;
	return rc ? rc : strcmp(a->currency, b->currency);
}

/* The place of the first group that is not before `wanted`. */
static size_t place_of(const struct report *r, const struct report_group *wanted)
{
	size_t low = 0, high = r->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(r->groups[middle], wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* One without sums. An empty SKU is none, and a currency is in upper case. */
static struct report_group *new_group(const struct report_name *name, bool test,
				      const char *currency)
{
	struct report_group *g = mem_zalloc(1, sizeof *g);

	g->name = str_dup(name->text);
	g->sku = str_empty(name->sku) ? NULL : str_dup(name->sku);
	g->test = test;
	g->currency = str_dup(currency);
	str_upper(g->currency);
	return g;
}

struct report_group *report_group(struct report *r, const struct report_name *name, bool test,
				  const char *currency)
{
	static const struct report_name more = {REPORT_MORE, NULL};
	struct report_group *g = new_group(name, test, currency);
	size_t at = place_of(r, g);

	/* It is there already, or it is one too many. */
	if (at < r->n && compare(r->groups[at], g) == 0) {
		free_group(g);
		return r->groups[at];
	}
	if (r->n >= REPORT_GROUPS && strcmp(name->text, REPORT_MORE) != 0) {
		free_group(g);
		return report_group(r, &more, test, currency);
	}

	/* It comes to its place in the order. */
	if (r->n == r->room) {
		r->room = r->room ? 2 * r->room : 64;
		r->groups = mem_realloc(r->groups, r->room * sizeof *r->groups);
	}
	memmove(r->groups + at + 1, r->groups + at, (r->n - at) * sizeof *r->groups);
	r->groups[at] = g;
	r->n++;
	return g;
}

/* Adds, and remembers where it is too much to be counted. */
static void add(struct report_sums *sums, int64_t *to, int64_t amount)
{
	sums->overflow |= __builtin_add_overflow(*to, amount, to);
}

void report_sums_add(struct report *r, struct report_group *g, const struct report_sums *more)
{
	struct report_sums *sums = &g->sums;

	sums->overflow |= more->overflow;
	if (g->last != r->orders)
		add(sums, &sums->orders, more->orders);
	g->last = r->orders;
	add(sums, &sums->quantity, more->quantity);
	add(sums, &sums->gross, more->gross);
	add(sums, &sums->refunded, more->refunded);
	add(sums, &sums->lost, more->lost);
	add(sums, &sums->fees, more->fees);
}

bool report_net(const struct report_sums *sums, int64_t *net)
{
	*net = sums->gross;
	return !sums->overflow && !__builtin_sub_overflow(*net, sums->refunded, net) &&
	       !__builtin_sub_overflow(*net, sums->lost, net) &&
	       !__builtin_sub_overflow(*net, sums->fees, net);
}

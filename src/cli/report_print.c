/* SPDX-License-Identifier: ISC */
/*
 * Groups as a table, as CSV and as JSON.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/report.h"
#include "base/output.h"
#include "cli/table.h"
#include "shop/money.h"

#define TOO_MUCH "too much"

enum cell { NAME, SKU, MODE, CURRENCY, ORDERS, QUANTITY, GROSS, REFUNDED, LOST, FEES, NET, CELLS };

static const struct table_column columns[CELLS] = {
	[NAME] = {"PRODUCT", false, 6, 0, false},
	[SKU] = {"SKU", false, 6, 2, true},
	[MODE] = {"MODE", false, 0, 0, true},
	[CURRENCY] = {"CURRENCY", false, 3, 0, false},
	[ORDERS] = {"ORDERS", true, 0, 1, false},
	[QUANTITY] = {"QUANTITY", true, 0, 5, false},
	[GROSS] = {"GROSS", true, 0, 6, false},
	[REFUNDED] = {"REFUNDED", true, 0, 7, false},
	[LOST] = {"LOST", true, 0, 4, true}, /* in disputes */
	[FEES] = {"FEES", true, 0, 3, false},
	[NET] = {"NET", true, 0, 0, false},
};

static const char *const titles[CELLS] = {
	"product", "sku", "livemode", "currency", "orders", "quantity", "gross", "refunded", "lost",
	"fees", "net",
};

/* --- the order of the groups -------------------------------------------------------- */

/* Real money before test money, then the newest month first. */
static int compare_months(const void *x, const void *y)
{
	const struct report_group *a = *(struct report_group *const *)x;
	const struct report_group *b = *(struct report_group *const *)y;
	int rc = a->test - b->test;

	if (!rc)
		rc = strcmp(b->name, a->name);
	return rc ? rc : strcmp(a->currency, b->currency);
}

/* Real money before test money, the currencies apart, what is no product ("(shipping)")
 * last, and what sold most first. */
static int compare_products(const void *x, const void *y)
{
	const struct report_group *a = *(struct report_group *const *)x;
	const struct report_group *b = *(struct report_group *const *)y;
	bool a_is_none = !a->sku && *a->name == '(', b_is_none = !b->sku && *b->name == '(';
	int rc = a->test - b->test;

	if (!rc)
		rc = strcmp(a->currency, b->currency);
	if (!rc)
		rc = a_is_none - b_is_none;
	if (!rc)
		rc = (b->sums.gross > a->sums.gross) - (b->sums.gross < a->sums.gross);
	return rc ? rc : strcmp(a->name, b->name);
}

/* --- cells -------------------------------------------------------------------------- */

/* 0 is a number here, no empty cell. */
static char *number(int64_t n)
{
	return n ? str_printf("%" PRId64, n) : str_dup("0");
}

/* An amount for people has separators, one for programs none. */
static char *amount(const struct report_group *g, int64_t n, bool people)
{
	char *text = people ? money_text(n, g->currency) : money_plain(n, g->currency);
	size_t length = strlen(text), code = strlen(g->currency);

	if (people && code && length > code + 1)
		text[length - code - 1] = '\0'; /* the currency has a column of its own */
	return text;
}

/* The cells of a group, to free_cells(). */
static void make_cells(const struct report_group *g, bool people, char *cells[CELLS])
{
	const struct report_sums *s = &g->sums;
	int64_t net;

	memset(cells, 0, CELLS * sizeof *cells);
	cells[NAME] = str_dup(g->name);
	cells[SKU] = str_dup(g->sku);
	cells[MODE] = str_dup(people ? (g->test ? "test" : "") : g->test ? "false" : "true");
	cells[CURRENCY] = str_dup(g->currency);
	cells[ORDERS] = number(s->orders);
	cells[QUANTITY] = number(s->quantity);
	if (!report_net(s, &net)) {
		cells[NET] = str_dup(TOO_MUCH);
		return;
	}
	cells[GROSS] = amount(g, s->gross, people);
	cells[REFUNDED] = amount(g, s->refunded, people);
	cells[LOST] = s->lost || !people ? amount(g, s->lost, people) : NULL;
	cells[FEES] = amount(g, s->fees, people);
	cells[NET] = amount(g, net, people);
}

static void free_cells(char *cells[CELLS])
{
	int i;

	for (i = 0; i < CELLS; i++)
		free(cells[i]);
}

/* --- formats ------------------------------------------------------------------------ */

/* A table for people: amounts with separators, the currency in its own column. */
static void print_table(const struct report *r, bool without_test)
{
	struct table_column own[CELLS];
	struct table *table;
	char *cells[CELLS];
	size_t i;

	memcpy(own, columns, sizeof columns);
	if (r->by == REPORT_MONTH)
		own[NAME] = (struct table_column){"MONTH", false, 0, 0, false};
	table = table_new(stdout, own, CELLS, table_terminal_width());
	for (i = 0; i < r->n; i++) {
		if (r->groups[i]->test && without_test)
			continue;
		make_cells(r->groups[i], true, cells);
		table_row(table, (const char *const *)cells);
		free_cells(cells);
	}
	table_end(table);
}

/* A month has no SKU. */
static bool has_cell(const struct report *r, int cell)
{
	return cell != SKU || r->by == REPORT_PRODUCT;
}

/* The same for programs, without separators; test money has rows of its own or none. */
static void print_csv(const struct report *r, const struct listing *how, bool without_test)
{
	struct csv csv;
	char *cells[CELLS];
	size_t i;
	int c;

	csv_init(&csv, stdout);
	if (how->bom)
		csv_mark(&csv);
	for (c = 0; c < CELLS; c++)
		if (has_cell(r, c))
			csv_text(&csv, c == NAME && r->by == REPORT_MONTH ? "month" : titles[c]);
	csv_end(&csv);
	for (i = 0; i < r->n; i++) {
		if (r->groups[i]->test && without_test)
			continue;
		make_cells(r->groups[i], false, cells);
		for (c = 0; c < CELLS; c++)
			if (has_cell(r, c))
				(c < ORDERS ? csv_text : csv_number)(&csv, cells[c]);
		csv_end(&csv);
		free_cells(cells);
	}
	csv_free(&csv);
}

/* {"month": "2026-11", "livemode": true, "currency": "usd", "orders": 2, ...}, amounts in
 * minor units as an order has them. */
static void print_json(const struct report *r, bool without_test)
{
	bool begun = false;
	size_t i;

	for (i = 0; i < r->n; i++) {
		const struct report_group *g = r->groups[i];
		const struct report_sums *s = &g->sums;
		struct json_object *json;
		char *currency;
		int64_t net;

		if (g->test && without_test)
			continue;
		json = json_object_new_object();
		currency = str_dup(g->currency);
		str_lower(currency);
		json_set_string(json, r->by == REPORT_MONTH ? "month" : "product", g->name);
		json_set_string(json, "sku", g->sku);
		json_set_bool(json, "livemode", !g->test);
		json_set_string(json, "currency", currency);
		json_set_int(json, "orders", s->orders);
		json_set_int(json, "quantity", s->quantity);
		if (report_net(s, &net)) {
			json_set_int(json, "gross", s->gross);
			json_set_int(json, "refunded", s->refunded);
			json_set_int(json, "lost", s->lost);
			json_set_int(json, "fees", s->fees);
			json_set_int(json, "net", net);
		}
		fputs(begun ? ",\n" : "[\n", stdout);
		output_json(stdout, json_text(json));
		begun = true;
		json_object_put(json);
		free(currency);
	}
	fputs(begun ? "\n]\n" : "[]\n", stdout);
}

void report_print(struct report *r, const struct listing *how, bool without_test)
{
	if (r->n)
		qsort(r->groups, r->n, sizeof *r->groups,
		      r->by == REPORT_MONTH ? compare_months : compare_products);
	switch (how->format) {
	case LISTING_PEOPLE:
		print_table(r, without_test);
		break;
	case LISTING_CSV:
		print_csv(r, how, without_test);
		break;
	case LISTING_JSON:
		print_json(r, without_test);
		break;
	}
}

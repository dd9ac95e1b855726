/* SPDX-License-Identifier: ISC */
/*
 * Differences between two states of an order, field by field.
 */
#include "cli/differences.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/output.h"
#include "shop/money.h"
#include "shop/order_items.h"

static const char *const kind_names[] = {
	[DIFFERENCE_MISSING] = "missing",
	[DIFFERENCE_STALE] = "stale",
	[DIFFERENCE_PENDING] = "pending",
	[DIFFERENCE_POINTERS] = "pointers",
	[DIFFERENCE_ERROR] = "error",
	[DIFFERENCE_UNKNOWN] = "unknown",
};

/* Whenever an order is written, these two differ. */
static bool is_bookkeeping(const char *key)
{
	return strcmp(key, "version") == 0 || strcmp(key, "updatedAt") == 0;
}

struct field {
	const char *key;
	struct json_object *before, *after; /* NULL: it is not there */
};

/* A walk over the fields that differ. */
struct fields {
	struct json_object *before, *after;
	struct json_walk new, old;
};

/* Begins a walk. */
static struct fields fields_of(struct json_object *before, struct json_object *after)
{
	return (struct fields){.before = before, .after = after, .new = json_walk_of(after),
			       .old = json_walk_of(before)};
}

/* Goes on to the next field: those of `after` first, then the ones that only `before`
 * has. A member that is null is not there. */
static bool next_field(struct fields *f, struct field *field)
{
	while (json_walk_next(&f->new)) {
		struct json_object *old = NULL;

		json_object_object_get_ex(f->before, f->new.key, &old);
		if (is_bookkeeping(f->new.key) || json_equal(old, f->new.value))
			continue;
		*field = (struct field){f->new.key, old, f->new.value};
		return true;
	}
	while (json_walk_next(&f->old)) {
		if (is_bookkeeping(f->old.key) || !f->old.value ||
		    json_object_object_get_ex(f->after, f->old.key, NULL))
			continue;
		*field = (struct field){f->old.key, f->old.value, NULL};
		return true;
	}
	return false;
}

/* A text as it is, everything else as JSON.  What a buyer typed must not speak to the
 * terminal, nor make a line of its own: with a control character it is JSON, too. */
static const char *text_of(struct json_object *value)
{
	const char *text, *p;

	if (!value)
		return "(none)";
	if (!json_object_is_type(value, json_type_string))
		return json_text(value);
	text = json_object_get_string(value);
	for (p = text; *p; p++)
		if ((unsigned char)*p < 0x20)
			return json_text(value);
	return text;
}

void difference_print_fields(struct json_object *before, struct json_object *after)
{
	struct fields fields = fields_of(before, after);
	struct field f;

	while (next_field(&fields, &f)) {
		if (before)
			output_printf(stdout, "    %s: %s -> %s\n", f.key, text_of(f.before),
				      text_of(f.after));
		else
			output_printf(stdout, "    %s: %s\n", f.key, text_of(f.after));
	}
}

/* What stood beside the order and was wrong, by the beginnings of its keys. */
static const struct {
	enum item_kind item;
	const char *name;
} beside_names[] = {
	{ITEM_SESSION, "SESSION#"}, {ITEM_PAYMENT, "PAYMENT#"},
	{ITEM_NUMBER, "NUMBER#"}, {ITEM_DAY, "DAY#"},
};

#define BESIDE (sizeof beside_names / sizeof *beside_names)

/* `stale    BC-1  cs_1  10.00 USD  completed  amount, items  DAY#` */
void difference_print(const struct difference *d, bool fields)
{
	const char *number = json_string_or_null(d->before, "orderNumber"), *separator = "  ";
	struct fields walk = fields_of(d->before, d->after);
	const char *now = json_string_or_null(d->after, "orderNumber");
	const char *status = json_string_or_null(d->after, "status");
	struct field f;
	char *amount;
	size_t i;

	if (d->kind == DIFFERENCE_ERROR) {
		output_printf(stdout, "error    %s  %s\n", d->session_id ? d->session_id : "?", d->error);
		return;
	}
	if (d->kind == DIFFERENCE_UNKNOWN) {
		output_printf(stdout, "unknown  %s  %s  Stripe does not know its session: is the key of "
			      "another account or sandbox?\n", number ? number : "?", d->session_id);
		return;
	}
	amount = money_text(json_int_or(d->after, "amount", 0),
			    json_string_or_null(d->after, "currency"));
	output_printf(stdout, "%-7s  %s  %s  %s  %s", kind_names[d->kind],
		      now ? now : "?", d->session_id, amount, status ? status : "?");
	free(amount);
	while (!fields && d->before && next_field(&walk, &f)) {
		output_printf(stdout, "%s%s", separator, f.key);
		separator = ", ";
	}
	for (i = 0; i < BESIDE; i++)
		if (d->astray >> beside_names[i].item & 1)
			output_printf(stdout, "  %s", beside_names[i].name);
	putchar('\n');
	if (fields)
		difference_print_fields(d->before, d->after);
}

/* {"difference": "stale", "orderId": "cs_1", "orderNumber": "BC-1",
 *  "fields": {"amount": {"before": 1, "after": 2}}, "pointers": ["DAY#"]} */
void difference_print_json(const struct difference *d, bool first)
{
	struct json_object *json = json_object_new_object(), *list = json_object_new_object();
	struct json_object *names = json_object_new_array();
	bool unknown = d->kind == DIFFERENCE_UNKNOWN;
	struct fields fields = fields_of(unknown ? NULL : d->before, d->after);
	struct field f;
	size_t i;

	json_set_string(json, "difference", kind_names[d->kind]);
	json_set_string(json, "orderId", d->session_id);
	json_copy_member(json, "orderNumber", unknown ? d->before : d->after, "orderNumber");
	json_set_string(json, "error", d->error);
	while (next_field(&fields, &f)) {
		struct json_object *pair = json_object_new_object();

		json_set(pair, "before", json_object_get(f.before));
		json_set(pair, "after", json_object_get(f.after));
		json_set(list, f.key, pair);
	}
	json_set(json, "fields", list);
	for (i = 0; i < BESIDE; i++)
		if (d->astray >> beside_names[i].item & 1)
			json_object_array_add(names, json_object_new_string(beside_names[i].name));
	if (json_object_array_length(names))
		json_set(json, "pointers", json_object_get(names));
	json_object_put(names);
	fputs(first ? "{\"differences\": [\n" : ",\n", stdout);
	output_json(stdout, json_text(json));
	json_object_put(json);
}

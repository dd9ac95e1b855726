/* SPDX-License-Identifier: ISC */
/*
 * Words for the members of an order's lists.
 */
#include "cli/order_part.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/order_text.h"
#include "shop/lines.h"
#include "shop/money.h"

#define PARTS 5
#define TEXT_MAX (512 * 1024)

/* Takes the texts, which may be NULL; the empty ones are left out. */
static char *join(const char *separator, char *parts[PARTS])
{
	struct buf text;
	int i;

	buf_init(&text, TEXT_MAX);
	for (i = 0; i < PARTS; i++) {
		if (!str_empty(parts[i]))
			buf_printf(&text, "%s%s", text.len ? separator : "", parts[i]);
		free(parts[i]);
	}
	return buf_detach(&text);
}

/* The part's text, to free; NULL where it has none. */
static char *copy_of(struct json_object *part, const char *key)
{
	return str_dup(json_string_or_null(part, key));
}

char *order_part_amount(struct json_object *part, const char *key, struct json_object *order)
{
	const char *currency = json_string_or_null(part, "currency");
	int64_t amount;

	if (json_get_int(part, key, &amount) != JSON_FOUND)
		return NULL;
	return money_text(amount, currency ? currency : json_string_or_null(order, "currency"));
}

char *order_part_line(struct json_object *line, struct json_object *order)
{
	(void)order;
	return str_printf("%" PRId64 " x %s", json_int_or(line, "quantity", 1), lines_item_name(line));
}

char *order_part_tax_id(struct json_object *id, struct json_object *order)
{
	(void)order;
	return join(" ", (char *[PARTS]){copy_of(id, "type"), copy_of(id, "value")});
}

char *order_part_custom_field(struct json_object *field, struct json_object *order)
{
	const char *label = json_string_or_null(field, "label");
	struct json_object *value = NULL;

	(void)order;
	json_object_object_get_ex(field, "value", &value);
	return join(": ", (char *[PARTS]){
		label ? str_dup(label) : copy_of(field, "key"),
		value ? str_dup(json_object_get_string(value)) : NULL});
}

char *order_part_discount(struct json_object *discount, struct json_object *order)
{
	char *name = join(", ", (char *[PARTS]){copy_of(discount, "code"), copy_of(discount, "name")});

	if (str_empty(name)) {
		free(name);
		name = copy_of(discount, json_string_or_null(discount, "couponId") ? "couponId"
										 : "promotionCodeId");
	}
	return join(": ", (char *[PARTS]){name, order_part_amount(discount, "amount", order)});
}

char *order_part_tax(struct json_object *tax, struct json_object *order)
{
	const char *rate = json_string_or_null(tax, "rate");
	char *percent = rate ? str_printf("%s%s", rate, strchr(rate, '%') ? "" : "%") : NULL;
	char *name = join(" ", (char *[PARTS]){copy_of(tax, "name"), percent});

	return join(": ", (char *[PARTS]){name, order_part_amount(tax, "amount", order)});
}

char *order_part_rate(struct json_object *rate, struct json_object *order)
{
	const char *name = json_string_or_null(rate, "name");

	return join(": ", (char *[PARTS]){name ? str_dup(name) : copy_of(rate, "id"),
					  order_part_amount(rate, "amount", order)});
}

char *order_part_returned(struct json_object *one, struct json_object *order)
{
	char *time = order_text_time(one, "createdAt");
	char *utc = time ? str_printf("%s UTC", time) : NULL;

	free(time);
	return join(", ", (char *[PARTS]){order_part_amount(one, "amount", order),
					  copy_of(one, "status"), copy_of(one, "reason"), utc,
					  copy_of(one, "id")});
}

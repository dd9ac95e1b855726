/* SPDX-License-Identifier: ISC */
/*
 * Sizes as DynamoDB counts them.
 */
#include "shop/order_size.h"

#include <string.h>

#define NUMBER_SIZE 21    /* of 38 digits */
#define CONTAINER_SIZE 3  /* of a list or map, and one for each element */

/* All of them have names and depths that Stripe and ordersnap give them: the depth is
 * bounded by JSON_MAX_DEPTH. */
size_t order_size(struct json_object *value)
{
	struct json_walk walk;
	size_t i, size = CONTAINER_SIZE;

	switch (json_object_get_type(value)) {
	case json_type_object:
		walk = json_walk_of(value);
		while (json_walk_next(&walk))
			size += strlen(walk.key) + order_size(walk.value) + 1;
		return size;
	case json_type_array:
		for (i = 0; i < json_object_array_length(value); i++)
			size += order_size(json_object_array_get_idx(value, i)) + 1;
		return size;
	case json_type_string:
		return (size_t)json_object_get_string_len(value);
	case json_type_int:
	case json_type_double:
		return NUMBER_SIZE;
	default:
		return 1;
	}
}

bool order_cut_lines(struct json_object *order)
{
	static const char *const kept[] = {
		"name", "quantity", "unitPrice", "amountTotal", "amountSubtotal", "amountDiscount",
		"amountTax", "currency",
	};
	struct json_object *items, *cut;
	size_t i, k;

	if (order_size(order) <= ORDER_SIZE_MAX || json_get_array(order, "items", &items) != JSON_FOUND)
		return false;
	cut = json_object_new_array();
	for (i = 0; i < json_object_array_length(items); i++) {
		struct json_object *item = json_object_new_object();

		for (k = 0; k < sizeof kept / sizeof *kept; k++)
			json_copy_member(item, kept[k], json_object_array_get_idx(items, i), kept[k]);
		json_object_array_add(cut, item);
	}
	json_set(order, "items", cut);
	return true;
}

/* SPDX-License-Identifier: ISC */
/*
 * Lines of a shown order.
 */
#include "cli/show_line.h"

#include <stdlib.h>

#include "base/output.h"
#include "cli/order_text.h"
#include "cli/table.h"

#define LABEL 17 /* the cells of a label with its gap */

void show_text(FILE *to, const char *label, const char *text)
{
	char *clean_label;
	int space;

	if (str_empty(text))
		return;
	clean_label = output_clean(label);
	space = LABEL - table_width(clean_label);
	output_printf(to, "%s%*s%s\n", clean_label, space > 0 ? space : 1, "", text);
	free(clean_label);
}

void show_owned(FILE *to, const char *label, char *text) /* takes text */
{
	show_text(to, label, text);
	free(text);
}

void show_member(FILE *to, const char *label, struct json_object *object, const char *key)
{
	show_text(to, label, json_string_or_null(object, key));
}

void show_time(FILE *to, const char *label, struct json_object *object, const char *key)
{
	char *time = order_text_time(object, key);

	if (time)
		show_owned(to, label, str_printf("%s UTC", time));
	free(time);
}

void show_value(FILE *to, const char *label, struct json_object *value)
{
	show_text(to, label, json_object_is_type(value, json_type_string)
				     ? json_object_get_string(value) : json_text(value));
}

void show_each(FILE *to, const char *label, struct json_object *order, const char *key,
	       order_part_text *text)
{
	struct json_object *list = NULL;
	size_t i;

	json_get_array(order, key, &list);
	for (i = 0; list && i < json_object_array_length(list); i++)
		if (json_object_is_type(json_object_array_get_idx(list, i), json_type_object))
			show_owned(to, label, text(json_object_array_get_idx(list, i), order));
}

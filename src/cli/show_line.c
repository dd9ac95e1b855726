/* SPDX-License-Identifier: ISC */
/*
 * Lines of a shown order.
 */
#include "cli/show_line.h"

#include <stdlib.h>

#include "cli/order_text.h"
#include "cli/table.h"

#define LABEL 17 /* the cells of a label with its gap */
#define LINE_MAX (512 * 1024)

void show_text(FILE *to, const char *label, const char *text)
{
	char *clean_label, *clean;
	int space;

	if (str_empty(text))
		return;
	clean_label = table_clean(label);
	clean = table_clean(text);
	space = LABEL - table_width(clean_label);
	fprintf(to, "%s%*s%s\n", clean_label, space > 0 ? space : 1, "", clean);
	free(clean);
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

void show_parts(FILE *to, const char *label, const char *separator,
		const char *const parts[SHOW_PARTS])
{
	struct buf text;
	int i;

	buf_init(&text, LINE_MAX);
	for (i = 0; i < SHOW_PARTS; i++)
		if (!str_empty(parts[i]))
			buf_printf(&text, "%s%s", text.len ? separator : "", parts[i]);
	show_text(to, label, buf_text(&text));
	buf_free(&text);
}

void show_each(FILE *to, struct json_object *order, const char *key,
	       void (*show)(FILE *to, struct json_object *member, struct json_object *order))
{
	struct json_object *list = NULL;
	size_t i;

	json_get_array(order, key, &list);
	for (i = 0; list && i < json_object_array_length(list); i++)
		if (json_object_is_type(json_object_array_get_idx(list, i), json_type_object))
			show(to, json_object_array_get_idx(list, i), order);
}

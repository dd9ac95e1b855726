/* SPDX-License-Identifier: ISC */
/*
 * Form encoding.
 */
#include "format/form.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NAME_MAX_BYTES 512

static void encode(struct buf *out, const char *text, const char *also)
{
	const unsigned char *p = (const unsigned char *)text;

	for (; *p; p++) {
		if (*p < 0x80 && (isalnum(*p) || strchr("-._~", *p) || strchr(also, *p)))
			buf_putc(out, (char)*p);
		else
			buf_printf(out, "%%%02X", *p);
	}
}

void form_encode(struct buf *out, const char *text)
{
	encode(out, text, "");
}

static void add(struct buf *out, const char *value, const char *name, va_list ap)
{
	char text[NAME_MAX_BYTES];

	if (vsnprintf(text, sizeof text, name, ap) >= (int)sizeof text) {
		out->failed = true;
		return;
	}
	if (out->len)
		buf_putc(out, '&');
	encode(out, text, "[]");
	buf_putc(out, '=');
	form_encode(out, value);
}

void form_add(struct buf *out, const char *value, const char *name, ...)
{
	va_list ap;

	va_start(ap, name);
	add(out, value, name, ap);
	va_end(ap);
}

void form_add_int(struct buf *out, int64_t value, const char *name, ...)
{
	char text[24];
	va_list ap;

	snprintf(text, sizeof text, "%" PRId64, value);
	va_start(ap, name);
	add(out, text, name, ap);
	va_end(ap);
}

static void add_value(struct buf *out, struct json_object *value, const char *name)
{
	struct json_walk walk = json_walk_of(value);
	char inner[NAME_MAX_BYTES];
	size_t i;

	if (json_object_is_type(value, json_type_object)) {
		while (json_walk_next(&walk)) {
			if (snprintf(inner, sizeof inner, *name ? "%s[%s]" : "%s%s", name,
				     walk.key) >= (int)sizeof inner)
				out->failed = true;
			else
				add_value(out, walk.value, inner);
		}
	} else if (json_object_is_type(value, json_type_array)) {
		for (i = 0; i < json_object_array_length(value); i++) {
			if (snprintf(inner, sizeof inner, "%s[%zu]", name, i) >= (int)sizeof inner)
				out->failed = true;
			else
				add_value(out, json_object_array_get_idx(value, i), inner);
		}
	} else if (value) {
		form_add(out, json_object_get_string(value), "%s", name);
	}
}

void form_add_members(struct buf *out, struct json_object *object)
{
	add_value(out, object, "");
}

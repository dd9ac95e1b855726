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

/* SPDX-License-Identifier: ISC */
/*
 * A format is taken apart into its conversions, so that text can be cleaned before it is laid out.
 */
#include "base/output.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define TEXT_MAX (16u << 20)
#define ESCAPED 6 /* bytes of an escape, which may stand for one */

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */

static bool is_blank(unsigned long c)
{
	return c == '\t' || c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029;
}

char *output_clean(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t left = text ? strlen(text) : 0;
	struct buf out;

	buf_init(&out, TEXT_MAX);
	while (left) {
		size_t n = utf8_sequence(p, left), used = n ? n : 1;
		unsigned long c = n ? utf8_code_point(p, n) : 0;

		if (is_blank(c))
			buf_putc(&out, ' ');
		else if (unicode_is_control(c))
			buf_puts(&out, replacement);
		else
			buf_add(&out, p, n);
		p += used;
		left -= used;
	}
	return buf_detach(&out);
}

void output_add_json(struct buf *out, const char *json)
{
	const unsigned char *p = (const unsigned char *)json;
	size_t left = strlen(json);

	while (left) {
		size_t n = utf8_sequence(p, left), used = n ? n : 1;
		unsigned long c = n ? utf8_code_point(p, n) : 0xFFFD;

		/* A line's end stands between members alone: in a string JSON has it escaped. */
		if (c != '\n' && (!n || unicode_is_control(c)))
			buf_printf(out, "\\u%04lx", c);
		else
			buf_add(out, p, n);
		p += used;
		left -= used;
	}
}

void output_json(FILE *to, const char *json)
{
	struct buf out;

	buf_init(&out, ESCAPED * strlen(json) + 1);
	output_add_json(&out, json);
	fwrite(out.data, 1, out.len, to);
	buf_free(&out);
}

/* One conversion of a format, "%-*s" for one. */
struct conversion {
	char flags[8];
	int width;     /* negative: flush left */
	int precision; /* -1: none */
	int longs;     /* l: 1, ll: 2, z: 3, j: 4 */
	char kind;
};

static const char *read_number(const char *p, va_list *ap, int *number)
{
	if (*p == '*') {
		*number = va_arg(*ap, int);
		return p + 1;
	}
	for (*number = 0; *p >= '0' && *p <= '9'; p++)
		*number = *number * 10 + (*p - '0');
	return p;
}

/* Reads what stands behind the '%'; gives what comes after it. */
static const char *read_conversion(const char *p, va_list *ap, struct conversion *c)
{
	size_t n = strspn(p, "-+ #0");

	*c = (struct conversion){.precision = -1};
	snprintf(c->flags, sizeof c->flags, "%.*s", (int)n, p);
	p = read_number(p + n, ap, &c->width);
	if (*p == '.')
		p = read_number(p + 1, ap, &c->precision);
	for (; *p && strchr("lzj", *p); p++)
		c->longs = *p == 'l' ? c->longs + 1 : *p == 'z' ? 3 : 4;
	c->kind = *p;
	return *p ? p + 1 : p;
}

static int print_text(FILE *to, const struct conversion *c, const char *text)
{
	size_t n = !text ? 0 : c->precision >= 0 ? strnlen(text, (size_t)c->precision) : strlen(text);
	char *part = span_dup((struct span){text, n}), *clean = output_clean(part);
	bool left = strchr(c->flags, '-') && c->width > 0;
	int printed = fprintf(to, "%*s", left ? -c->width : c->width, clean);

	free(clean);
	free(part);
	return printed;
}

static intmax_t read_integer(const struct conversion *c, va_list *ap)
{
	bool is_signed = c->kind == 'd' || c->kind == 'i';

	switch (c->longs) {
	case 1:
		return is_signed ? va_arg(*ap, long) : (intmax_t)va_arg(*ap, unsigned long);
	case 2:
		return is_signed ? va_arg(*ap, long long) : (intmax_t)va_arg(*ap, unsigned long long);
	case 3:
		return (intmax_t)va_arg(*ap, size_t);
	case 4:
		return va_arg(*ap, intmax_t);
	default:
		return is_signed ? va_arg(*ap, int) : (intmax_t)va_arg(*ap, unsigned int);
	}
}

static int print_conversion(FILE *to, const struct conversion *c, va_list *ap)
{
	char format[24];

	switch (c->kind) {
	case 's':
		return print_text(to, c, va_arg(*ap, const char *));
	case '%':
		return fputc('%', to) == EOF ? -1 : 1;
	case 'c':
		return print_text(to, c, (const char[]){(char)va_arg(*ap, int), '\0'});
	case 'f':
	case 'g':
		snprintf(format, sizeof format, "%%%s*.*%c", c->flags, c->kind);
		return fprintf(to, format, c->width, c->precision, va_arg(*ap, double));
	default:
		snprintf(format, sizeof format, "%%%s*.*j%c", c->flags, c->kind);
		return fprintf(to, format, c->width, c->precision, read_integer(c, ap));
	}
}

int output_vprintf(FILE *to, const char *format, va_list ap)
{
	struct conversion c;
	int printed = 0;
	va_list own;

	va_copy(own, ap);
	while (*format) {
		size_t n = strcspn(format, "%");

		printed += (int)fwrite(format, 1, n, to);
		format += n;
		if (!*format)
			break;
		format = read_conversion(format + 1, &own, &c);
		printed += print_conversion(to, &c, &own);
	}
	va_end(own);
	return printed;
}

int output_printf(FILE *to, const char *format, ...)
{
	va_list ap;
	int printed;

	va_start(ap, format);
	printed = output_vprintf(to, format, ap);
	va_end(ap);
	return printed;
}

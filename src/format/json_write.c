/* SPDX-License-Identifier: ISC */
/*
 * Writing JSON.  The one idea: runs of bytes that need no escape, which is nearly all
 * of every string, are added as one piece.
 */
#include "format/json_write.h"

/* What stands behind the backslash; 0: the byte needs none. */
static char short_escape(unsigned char c)
{
	switch (c) {
	case '"':
	case '\\':
		return (char)c;
	case '\b':
		return 'b';
	case '\t':
		return 't';
	case '\n':
		return 'n';
	case '\f':
		return 'f';
	case '\r':
		return 'r';
	default:
		return 0;
	}
}

/* RFC 8259, 7: quote, backslash and U+0000 to U+001F are escaped, nothing else. */
void json_write_string(struct buf *out, struct span text)
{
	size_t i, run = 0;

	buf_putc(out, '"');
	for (i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		char short_one;

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_add(out, text.p + run, i - run);
		run = i + 1;
		short_one = short_escape(c);
		if (short_one)
			buf_add(out, (const char[]){'\\', short_one}, 2);
		else
			buf_printf(out, "\\u%04x", c);
	}
	buf_add(out, text.p + run, i - run);
	buf_putc(out, '"');
}

void json_write_int(struct buf *out, int64_t number)
{
	char digits[20], *first = digits + sizeof digits;
	uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

	do {
		*--first = (char)('0' + left % 10);
		left /= 10;
	} while (left);
	if (number < 0)
		*--first = '-';
	buf_add(out, first, (size_t)(digits + sizeof digits - first));
}

/* json-c saturates what it keeps as a uint64_t: that one prints itself. */
static void write_integer(struct buf *out, struct json_object *value)
{
	int64_t number = json_object_get_int64(value);

	if (number == INT64_MAX)
		buf_puts(out, json_text(value));
	else
		json_write_int(out, number);
}

void json_write_array(struct buf *out, struct json_object *array, json_writer *write)
{
	size_t n = json_object_array_length(array), i;

	buf_putc(out, '[');
	for (i = 0; i < n; i++) {
		if (i)
			buf_putc(out, ',');
		write(out, json_object_array_get_idx(array, i));
	}
	buf_putc(out, ']');
}

void json_write_object(struct buf *out, struct json_object *object, json_writer *write)
{
	struct json_walk walk = json_walk_of(object);
	bool first = true;

	buf_putc(out, '{');
	while (json_walk_next(&walk)) {
		if (!first)
			buf_putc(out, ',');
		first = false;
		json_write_string(out, span_of(walk.key));
		buf_putc(out, ':');
		write(out, walk.value);
	}
	buf_putc(out, '}');
}

/* As deep as json_parse() lets anything be. */
void json_write(struct buf *out, struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_string:
		json_write_string(out, (struct span){json_object_get_string(value),
						     (size_t)json_object_get_string_len(value)});
		break;
	case json_type_int:
		write_integer(out, value);
		break;
	case json_type_array:
		json_write_array(out, value, json_write);
		break;
	case json_type_object:
		json_write_object(out, value, json_write);
		break;
	default:
		buf_puts(out, json_text(value)); /* a flag, null, or a number with its own text */
	}
}

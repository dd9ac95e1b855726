/* SPDX-License-Identifier: ISC */
/*
 * The byte buffer: doubling growth up to the maximum given at init.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define FIRST_CAP 64

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max};
}

void buf_free(struct buf *b)
{
	free(b->data);
	buf_init(b, b->max);
}

void buf_forget(struct buf *b)
{
	if (b->data)
		mem_wipe(b->data, b->cap);
	buf_free(b);
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->data)
		b->data[0] = '\0';
}

/* Grows by doubling. */
static void grow(struct buf *b, size_t extra)
{
	size_t cap = b->cap ? b->cap : FIRST_CAP;

	while (cap < b->len + extra + 1)
		cap *= 2;
	b->data = mem_realloc(b->data, cap);
	b->cap = cap;
}

/* Room for `extra` bytes more and the NUL behind them; beyond the maximum the buffer has
 * failed, and stays so. */
static inline int buf_reserve(struct buf *b, size_t extra)
{
	if (b->failed || extra > b->max - b->len) {
		b->failed = true;
		return -1;
	}
	if (extra >= b->cap - b->len)
		grow(b, extra);
	return 0;
}

int buf_make_room(struct buf *b, size_t n)
{
	if (buf_reserve(b, n))
		return -1;
	b->data[b->len] = '\0';
	return 0;
}

int buf_add(struct buf *b, const void *bytes, size_t n)
{
	if (buf_reserve(b, n))
		return -1;
	if (n)
		memcpy(b->data + b->len, bytes, n);
	b->len += n;
	b->data[b->len] = '\0';
	return 0;
}

int buf_puts(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

int buf_putc(struct buf *b, char c)
{
	if (buf_reserve(b, 1))
		return -1;
	b->data[b->len++] = c;
	b->data[b->len] = '\0';
	return 0;
}

/* Mostly the text fits into what there is: then it is formatted once. */
int buf_printf(struct buf *b, const char *format, ...)
{
	size_t room = b->failed || b->cap <= b->len ? 0 : b->cap - b->len;
	va_list ap, again;
	int n;

	va_start(ap, format);
	va_copy(again, ap);
	n = vsnprintf(room ? b->data + b->len : NULL, room, format, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= room || (size_t)n > b->max - b->len) {
		if (room)
			b->data[b->len] = '\0';
		if (n < 0 || buf_reserve(b, (size_t)n)) {
			b->failed = true;
			va_end(again);
			return -1;
		}
		vsnprintf(b->data + b->len, (size_t)n + 1, format, again);
	}
	va_end(again);
	b->len += (size_t)n;
	return 0;
}

const char *buf_text(const struct buf *b)
{
	return b->data ? b->data : "";
}

char *buf_detach(struct buf *b)
{
	char *s;

	buf_add(b, "", 0);
	s = b->data ? b->data : mem_zalloc(1, 1);
	b->data = NULL;
	buf_init(b, b->max);
	return s;
}

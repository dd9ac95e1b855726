/* SPDX-License-Identifier: ISC */
/*
 * A growing byte buffer with a maximum.
 *
 * The maximum is given at init; what would not fit is not added, and the
 * buffer remembers it in `failed`.  So a writer adds a dozen pieces and asks
 * once at the end.  The data is always followed by a NUL that `len` does not
 * count; bytes may be anything, NUL too.
 */
#ifndef ORDERSNAP_BASE_BUF_H
#define ORDERSNAP_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data;  /* NULL until the first byte; read it with buf_text() */
	size_t len;  /* bytes in use, without the NUL */
	size_t cap;  /* bytes allocated */
	size_t max;  /* `len` never exceeds this */
	bool failed; /* something did not fit: the content is not whole */
};

/* An empty buffer of at most `max` bytes.  Allocates nothing. */
void buf_init(struct buf *b, size_t max);

/* Gives the memory back; the buffer is then empty, with the same maximum. */
void buf_free(struct buf *b);

/* buf_free() of what may have been a secret: all of its memory is overwritten. */
void buf_forget(struct buf *b);

/* Empties the buffer, keeps its memory, clears `failed`. */
void buf_reset(struct buf *b);

/* Makes room for `n` bytes more, so that adding them moves nothing: of what is moved, a secret for
 * one, a copy stays in memory.  0, or -1 with `failed` set. */
int buf_make_room(struct buf *b, size_t n);

/* Adds bytes, a string, a byte, or formatted text.  Each returns 0, or -1
 * with `failed` set and the buffer as it was. */
int buf_add(struct buf *b, const void *bytes, size_t n);
int buf_puts(struct buf *b, const char *s);
int buf_putc(struct buf *b, char c);
int buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The content as a string, "" when empty.  Borrowed until the next change. */
const char *buf_text(const struct buf *b);

/* The content as a string of the caller's own (free() it); the buffer is
 * then empty. */
char *buf_detach(struct buf *b);

#endif

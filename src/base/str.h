/* SPDX-License-Identifier: ISC */
/*
 * Strings: the few things that the C library leaves open or does loosely.
 * All are pure; numbers are read strictly (no spaces, no sign but '-', no
 * overflow, nothing behind).
 */
#ifndef ORDERSNAP_BASE_STR_H
#define ORDERSNAP_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes with a length: what a parser looks at without copying. */
struct span {
	const char *p;
	size_t n;
};

struct span span_of(const char *s);
bool span_equals(struct span a, const char *b);
bool span_ends(struct span s, const char *suffix);

/* Without spaces, tabs, CR and LF on both ends. */
struct span span_trim(struct span s);

/* Without the byte order mark that editors on Windows begin a text with. */
struct span span_without_bom(struct span text);

/* Cuts the part before the next `separator` off `*rest` into `*part`; false
 * when nothing is left.  "a,,b" gives "a", "", "b"; "" gives "" once. */
bool span_next(struct span *rest, char separator, struct span *part);

/* Copies, free() them.  str_dup(NULL) is NULL. */
char *str_dup(const char *s);
char *span_dup(struct span s);
char *str_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A decimal integer: an optional '-', then digits to the end.  0 or -1. */
int span_to_int64(struct span s, int64_t *value);

bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);

/* NULL and "" are both empty. */
bool str_empty(const char *s);

/* ASCII letters to lower or upper case, in place. */
void str_lower(char *s);
void str_upper(char *s);

/* The number of code points of UTF-8 text, or -1 where the bytes are not
 * well-formed (RFC 3629: no overlong forms, no surrogates, up to U+10FFFF). */
long span_utf8_length(struct span s);

/* Length in bytes of the well-formed code point at `p`, 0 if there is none. */
size_t utf8_sequence(const unsigned char *p, size_t n);

/* The code point of such a sequence of n bytes. */
unsigned long utf8_code_point(const unsigned char *p, size_t n);

/* Whether a code point drives a terminal or turns a line around: C0, DEL, C1,
 * and what sets the direction of writing.
 * https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing */
bool unicode_is_control(unsigned long c);

/* Takes the beginning of a code point off the end of a text that was cut. */
void str_trim_sequence(char *text);

/* Adds `n` zero-terminated lower-case hex digits of `bytes` to `out`, which
 * holds 2 * n + 1. */
void str_hex(const unsigned char *bytes, size_t n, char *out);

/* A number with commas between thousands, 1,234,567, in `out`, which holds
 * STR_GROUPED_SIZE; returns `out`. */
#define STR_GROUPED_SIZE 32
const char *str_grouped(int64_t number, char *out);

#endif

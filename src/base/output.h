/* SPDX-License-Identifier: ISC */
/*
 * Printing for a person's screen.
 *
 * Text comes from buyers, from Stripe, or from a file, and a terminal obeys what it is shown: an
 * escape sequence, a C1 control, a character that turns the line around.  Here is the one function
 * that cleans text for a terminal, and what prints with it; a guard finds whoever prints past it.
 * What a log line shows is cleaned by base/log.h.
 */
#ifndef ORDERSNAP_BASE_OUTPUT_H
#define ORDERSNAP_BASE_OUTPUT_H

#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"

/* `text` with line ends and tabs as spaces, and with U+FFFD for each other control character, each
 * one that sets the direction of writing, and each byte that is no UTF-8.  NULL gives "".  free() it. */
char *output_clean(const char *text);

/* As fprintf(), but what stands in the place of a %s is cleaned; the format itself is printed as it
 * is.  Knows the conversions d i u x X c s g f %, with flags, width and precision.  The bytes. */
int output_printf(FILE *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
int output_vprintf(FILE *to, const char *format, va_list ap) __attribute__((format(printf, 2, 0)));

/* Prints a JSON text, or adds it to `out`: what would be cleaned is written as its escape, so that
 * whoever parses it has the same value. */
void output_json(FILE *to, const char *json);
void output_add_json(struct buf *out, const char *json);

#endif

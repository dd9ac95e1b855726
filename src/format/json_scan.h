/* SPDX-License-Identifier: ISC */
/*
 * The words of a JSON text, one after the other, by RFC 8259's grammar to the letter: for
 * json_read.c, which knows what may follow what.  Each function goes on behind what it takes;
 * where that does not stand there, it is false, and the place is where it goes wrong.
 */
#ifndef ORDERSNAP_FORMAT_JSON_SCAN_H
#define ORDERSNAP_FORMAT_JSON_SCAN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

struct json_scan {
	const unsigned char *p, *end; /* what is left of the text */
	struct buf text; /* a string that has escapes, without them */
};

static inline void json_scan_space(struct json_scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

static inline bool json_scan_take(struct json_scan *s, char c)
{
	if (s->p == s->end || *s->p != (unsigned char)c)
		return false;
	s->p++;
	return true;
}

/* `null`, `true` or `false`. */
bool json_scan_word(struct json_scan *s, const char *word);

/* A string with its quotes; its text is left in *out until the next one is taken. */
bool json_scan_string(struct json_scan *s, struct span *out);

/* -? (0 | [1-9][0-9]*) ('.' [0-9]+)? ([eE] [+-]? [0-9]+)?, and whether it has neither of the last two. */
bool json_scan_number(struct json_scan *s, struct span *out, bool *integer);

#endif

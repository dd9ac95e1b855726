/* SPDX-License-Identifier: ISC */
/*
 * Whose an order number is.  Two sessions may give one number: it is the first
 * one's, and the later one's grows by a letter.  A number's pointer keeps it from
 * others only while the order that it names is there: what names an order that
 * somebody deleted, or that a half restore did not bring back, is taken over.  Its
 * write is under the condition of the pointer's version, like every write of an
 * order's items, so that an order that comes back meanwhile is a conflict.
 */
#ifndef ORDERSNAP_APP_NUMBERING_H
#define ORDERSNAP_APP_NUMBERING_H

#include "app/app.h"

#define NUMBERING_LETTERS 26 /* that a number may grow by */

/* The keys (PK) of the numbers that grow from the one whose key is `pk`, each to free(). */
void numbering_letter_keys(const char *pk, char *pks[NUMBERING_LETTERS]);

struct numbering {
	struct app *app;
	const char *session_id; /* whose order needs a number */
	int64_t deadline;
};

/* Whether `pointer` (NUMBER#, as it was read; NULL: there is none) names an order of
 * another session that is there, be it under the key that the pointer names or
 * under another one that its own session's item names.  One read or two, but only
 * where the pointer names another session's order. */
int numbering_is_taken(const struct numbering *n, struct json_object *pointer, bool *taken,
		       struct err *e);

/* The first number that is not taken of `base` with a letter behind it (to free), and
 * its pointer as it stands (NULL, or to release). */
int numbering_next_free(const struct numbering *n, const char *base, char **number,
			struct json_object **pointer, struct err *e);

/* The number of `base` with a letter behind it whose pointer names the session's own order (to free), and
 * that pointer (to release); both are NULL where none does. */
int numbering_find_own(const struct numbering *n, const char *base, char **number,
		       struct json_object **pointer, struct err *e);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Walking a partition from its end, a page at a time, whatever its size.
 */
#ifndef ORDERSNAP_STORE_STORE_PAGES_H
#define ORDERSNAP_STORE_STORE_PAGES_H

#include "store/store.h"

struct store_pages {
	const char *pk, *sk_prefix; /* borrowed while it walks */
	size_t limit;               /* items a page */
	char *last;                 /* the SK of the last item that was given, NULL: none yet */
	bool ended;
};

/* The next page, a JSON array that the caller releases; NULL behind the last one.
 * Begin with {.pk, .sk_prefix, .limit}. */
int store_pages_next(struct store_pages *pages, struct store *store, int64_t deadline,
		     struct json_object **page, struct err *e);

/* Frees what it holds; it can begin anew then. */
void store_pages_end(struct store_pages *pages);

#endif

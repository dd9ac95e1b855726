/* SPDX-License-Identifier: ISC */
/*
 * Pages of a partition.
 */
#include "store/store_pages.h"

#include <stdlib.h>

int store_pages_next(struct store_pages *pages, struct store *store, int64_t deadline,
		     struct json_object **page, struct err *e)
{
	size_t n;

	*page = NULL;
	if (pages->ended)
		return 0;
	if (store_query(store, pages->pk, pages->sk_prefix, pages->last, pages->limit, page,
			deadline, e))
		return -1;
	n = json_object_array_length(*page);
	pages->ended = n < pages->limit;
	if (n) {
		free(pages->last);
		pages->last = str_dup(json_string_or_null(json_object_array_get_idx(*page, n - 1),
							  "SK"));
	}
	return 0;
}

void store_pages_end(struct store_pages *pages)
{
	free(pages->last);
	pages->last = NULL;
	pages->ended = false;
}

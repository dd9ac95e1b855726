/* SPDX-License-Identifier: ISC */
/*
 * Looking through a user's orders.
 */
#include "service/settle_find.h"

#include <stdlib.h>
#include <string.h>

#include "shop/keys.h"

#define PAGE 100

static const char *sk_at(struct json_object *page, size_t i)
{
	return json_string_or_null(json_object_array_get_idx(page, i), "SK");
}

static char *find_in(struct json_object *page, const char *ending)
{
	size_t i;

	for (i = 0; i < json_object_array_length(page); i++)
		if (sk_at(page, i) && str_ends(sk_at(page, i), ending))
			return str_dup(sk_at(page, i));
	return NULL;
}

/* The SK to go on before, NULL after the last page. */
static char *next_of(struct json_object *page)
{
	size_t n = json_object_array_length(page);

	return n < PAGE ? NULL : str_dup(sk_at(page, n - 1));
}

static int search(struct store *store, const char *pk, const char *ending, int64_t deadline,
		  char **sk, struct err *e)
{
	char *before = NULL, *next;
	int rc;

	do {
		struct json_object *page = NULL;

		rc = store_query(store, pk, KEY_ORDER_PREFIX, before, PAGE, &page, deadline, e);
		if (!rc)
			*sk = find_in(page, ending);
		next = rc || *sk ? NULL : next_of(page);
		json_object_put(page);
		free(before);
		before = next;
	} while (next);
	return rc;
}

int settle_find(struct app *app, const char *user_pk, const char *session_id, int64_t deadline,
		char **sk, struct err *e)
{
	char *key = key_order(0, session_id); /* ORDER#0#{id}, encoded as it stands in a key */
	int rc;

	*sk = NULL;
	rc = search(app_store(app), user_pk, key + strlen(KEY_ORDER_PREFIX "0"), deadline, sk, e);
	free(key);
	return rc;
}

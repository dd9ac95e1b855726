/* SPDX-License-Identifier: ISC */
/*
 * Looking through a user's orders.
 */
#include "orders/settle_find.h"

#include <stdlib.h>
#include <string.h>

#include "shop/keys.h"
#include "store/store_pages.h"

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

static int search(struct store *store, const char *pk, const char *ending, int64_t deadline,
		  char **sk, struct err *e)
{
	struct store_pages pages = {.pk = pk, .sk_prefix = KEY_ORDER_PREFIX, .limit = PAGE};
	struct json_object *page;
	int rc;

	while (!(rc = store_pages_next(&pages, store, deadline, &page, e)) && page) {
		*sk = find_in(page, ending);
		json_object_put(page);
		if (*sk)
			break;
	}
	store_pages_end(&pages);
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

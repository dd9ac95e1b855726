/* SPDX-License-Identifier: ISC */
/*
 * Looking through a user's orders.
 */
#include "orders/unnamed.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/seconds.h"
#include "shop/adoption.h"
#include "shop/keys.h"
#include "store/store_pages.h"

#define PAGE 100
#define NAMES 6 /* that a user may have */
/* From a session's creation to its order: it can be paid for a day, a voucher for
 * 60, and Stripe delivers for three. */
#define LONGEST (64 * DAY)

/* Takes pk, or NULL; each stands once. */
static void add_name(char **pks, size_t *n, char *pk)
{
	size_t i;

	for (i = 0; pk && i < *n; i++)
		if (strcmp(pks[i], pk) == 0) {
			free(pk);
			return;
		}
	if (pk)
		pks[(*n)++] = pk;
}

/* Walks down one user's orders from the last second in which the order can have been
 * written to the first one: times in keys have one length, so they are in order as text. */
static int search_name(struct app *app, const struct unnamed_search *s, const char *pk,
		       struct json_object **order, struct err *e)
{
	int64_t last = s->now < s->created + LONGEST ? s->now : s->created + LONGEST, written;
	struct store_pages pages = {
		.pk = pk, .sk_prefix = KEY_ORDER_PREFIX, .limit = PAGE,
		.last = str_printf(KEY_ORDER_PREFIX "%" PRId64, last + HOUR),
	};
	struct json_object *page;
	bool done = false;
	size_t i;
	int rc = 0;

	while (!done && !(rc = store_pages_next(&pages, app_store(app), s->deadline, &page, e)) &&
	       page) {
		for (i = 0; !done && i < json_object_array_length(page); i++) {
			struct json_object *one = json_object_array_get_idx(page, i);
			const char *id = adoption_session_id(one);

			if (id && strcmp(id, s->session->id) == 0)
				*order = json_object_get(one);
			done = *order ||
			       (key_order_created(json_string_or_null(one, "SK"), &written) == 0 &&
				written < s->created - HOUR);
		}
		json_object_put(page);
	}
	store_pages_end(&pages);
	return rc;
}

int unnamed_find(struct app *app, const struct unnamed_search *search,
		 struct json_object **order, struct err *e)
{
	const char *email = search->session->email;
	struct json_object *metadata = search->session->metadata;
	char *guest = user_id_from_email(email), *pks[NAMES] = {NULL};
	size_t n = 0, i;
	int rc = 0;

	/* The names that the functions would have given the user, and ours. */
	add_name(pks, &n, key_user_of_functions(json_string_or_null(metadata, "userId")));
	add_name(pks, &n, key_user_of_functions(json_string_or_null(metadata, "user_id")));
	add_name(pks, &n, key_user_of_functions(email));
	add_name(pks, &n, key_user_of_functions(guest));
	add_name(pks, &n, guest ? key_user(guest) : NULL);
	add_name(pks, &n, str_dup(search->user_pk));
	free(guest);

	*order = NULL;
	for (i = 0; i < n; i++) {
		if (!rc && !*order)
			rc = search_name(app, search, pks[i], order, e);
		free(pks[i]);
	}
	return rc;
}

/* SPDX-License-Identifier: ISC */
/*
 * Stripe's pages.  The one idea: a place in a list may be lost between two calls,
 * and that is decided here, once for all who read lists.
 */
#include "stripe/pages.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "format/form.h"

int stripe_get_page(struct stripe_client *client, struct buf *path,
		    const struct stripe_pages *pages, int64_t deadline, struct stripe_page *page,
		    struct err *e)
{
	struct json_object *list = NULL;
	int rc;

	if (pages->from)
		form_add_int(path, pages->from, "created[gte]");
	if (pages->to)
		form_add_int(path, pages->to, "created[lte]");
	if (pages->after)
		form_add(path, pages->after, "starting_after");
	if (!page) {
		if (!path->failed)
			stripe_ask_ahead(client, buf_text(path), deadline);
		return 0;
	}
	rc = stripe_get(client, path, deadline, &list, e);
	if (!rc)
		rc = stripe_page_of(list, page, e);
	json_object_put(list);
	return rc;
}

int stripe_get_list(struct stripe_client *client, const char *path,
		    const struct stripe_pages *pages, int64_t deadline, struct stripe_page *page,
		    struct err *e)
{
	struct buf whole;
	int rc;

	buf_init(&whole, STRIPE_PATH_MAX);
	buf_puts(&whole, path);
	rc = stripe_get_page(client, &whole, pages, deadline, page, e);
	buf_free(&whole);
	return rc;
}

/* A refusal with a place in the list is put down to the place: if the reason is
 * another one, the first page is refused for it as well. */
static bool place_is_lost(const struct stripe_pages *pages, const struct err *e)
{
	return pages->after && pages->anew < STRIPE_PAGES_ANEW && e->code == ERR_REFUSED &&
	       (e->upstream == 400 || e->upstream == 404);
}

/* A page that ends where it was to begin would be asked for without an end. */
static int check_goes_on(const struct stripe_pages *pages, struct stripe_page *got, struct err *e)
{
	if (!pages->after || !got->next || strcmp(pages->after, got->next) != 0)
		return 0;
	err_set(e, ERR_UNAVAILABLE, "Stripe's list does not go on behind %s", pages->after);
	json_object_put(got->data);
	return stripe_unreadable(e);
}

int stripe_pages_next(struct stripe_pages *pages, struct stripe_client *client, int64_t deadline,
		      struct json_object **page, struct err *e)
{
	struct stripe_page got = {.data = NULL};
	struct err why;
	int rc;

	*page = NULL;
	if (pages->ended)
		return 0;
	rc = pages->list(client, pages, deadline, &got, &why);
	if (rc && place_is_lost(pages, &why)) {
		log_warning("A list is read anew: Stripe does not know the place in it any more",
			    LOG_STR("after", pages->after), LOG_STR("error", why.text));
		stripe_pages_end(pages);
		pages->anew++;
		rc = pages->list(client, pages, deadline, &got, &why);
	}
	if (!rc)
		rc = check_goes_on(pages, &got, &why);
	if (rc) {
		if (e)
			*e = why;
		return -1;
	}
	free(pages->after);
	pages->after = str_dup(got.next);
	pages->ended = !got.next;
	*page = got.data;
	return 0;
}

void stripe_pages_ask_ahead(const struct stripe_pages *pages, struct stripe_client *client,
			    int64_t deadline)
{
	if (!pages->ended)
		pages->list(client, pages, deadline, NULL, NULL);
}

void stripe_pages_end(struct stripe_pages *pages)
{
	free(pages->after);
	pages->after = NULL;
}

int stripe_pages_read_all(struct stripe_pages *pages, struct stripe_client *client,
			  int64_t deadline, unsigned most, struct json_object **all, struct err *e)
{
	struct json_object *rows = json_object_new_array(), *page;
	unsigned read = 0, anew = 0;
	size_t i;
	int rc;

	while (!(rc = stripe_pages_next(pages, client, deadline, &page, e)) && page) {
		/* The rows from before the list was begun anew come again. */
		if (pages->anew > anew) {
			json_object_put(rows);
			rows = json_object_new_array();
			anew = pages->anew;
			read = 0;
		}
		for (i = 0; i < json_object_array_length(page); i++)
			json_object_array_add(rows, json_object_get(json_object_array_get_idx(page, i)));
		json_object_put(page);
		if (++read >= most && !pages->ended) {
			rc = err_set(e, ERR_UNAVAILABLE, "Stripe's list has more than %u pages", most);
			break;
		}
	}
	stripe_pages_end(pages);
	if (rc) {
		json_object_put(rows);
		return -1;
	}
	*all = rows;
	return 0;
}

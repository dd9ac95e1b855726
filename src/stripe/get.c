/* SPDX-License-Identifier: ISC */
/*
 * Getting objects and lists.
 */
#include "stripe/get.h"

#include <string.h>

#include "format/form.h"

int stripe_get(struct stripe_client *client, struct buf *path, int64_t deadline,
	       struct json_object **answer, struct err *e)
{
	struct stripe_request request = {.method = "GET", .path = buf_text(path),
					 .deadline = deadline};

	if (path->failed)
		return err_set(e, ERR_INTERNAL, "a request to Stripe is too long");
	return stripe_send(client, &request, answer, e);
}

int stripe_get_by_id(struct stripe_client *client, const char *prefix, const char *id,
		     const char *query, int64_t deadline, struct json_object **object,
		     struct err *e)
{
	struct buf path;
	int rc;

	buf_init(&path, STRIPE_PATH_MAX);
	buf_puts(&path, prefix);
	form_encode(&path, id);
	buf_puts(&path, query);
	rc = stripe_get(client, &path, deadline, object, e);
	buf_free(&path);
	return rc ? rc : stripe_check_id(object, id, e);
}

int stripe_check_id(struct json_object **object, const char *id, struct err *e)
{
	const char *told = json_string_or_null(*object, "id");

	if (!told || strcmp(told, id) == 0)
		return 0;
	err_set(e, ERR_UNAVAILABLE, "Stripe's answer is %s, not %s", told, id);
	json_object_put(*object);
	*object = NULL; /* the caller may release it, too */
	return stripe_unreadable(e);
}

int stripe_page_of(struct json_object *list, struct stripe_page *page, struct err *e)
{
	const char *object = json_string_or_null(list, "object");
	struct json_object *data;
	bool more = false;
	size_t n;

	/* Another object's data, and a page of which it is not said whether it is the last one,
	 * would be taken for all that there is. */
	if ((object && strcmp(object, "list") != 0) || json_get_array(list, "data", &data) != JSON_FOUND ||
	    json_get_bool(list, "has_more", &more) == JSON_WRONG) {
		err_set(e, ERR_UNAVAILABLE, "Stripe's answer is no list");
		return stripe_unreadable(e);
	}
	n = json_object_array_length(data);
	page->next = more && n ? json_string_or_null(json_object_array_get_idx(data, n - 1), "id")
			       : NULL;
	if (more && !page->next) {
		err_set(e, ERR_UNAVAILABLE, "Stripe's list has no next page");
		return stripe_unreadable(e);
	}
	page->data = json_object_get(data);
	return 0;
}

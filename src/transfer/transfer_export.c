/* SPDX-License-Identifier: ISC */
/*
 * Exporting.  A page at a time, so memory stays flat and writers are not in the
 * way; the last line says where to go on.
 */
#include "transfer/transfer_export.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "transfer/transfer_file.h"
#include "shop/customer.h"
#include "shop/keys.h"

struct exporter {
	struct store *store;
	const struct transfer_export *request;
	struct transfer_exported *done;
	char *user_pk; /* of request->user */
	struct customer who; /* the same, where it is an address */
	int64_t seen, total; /* items of the table; -1: not known */
	struct transfer_file file;
};

/* Counts an item that is in the output, also one that an earlier run wrote. */
static void count(void *context, struct json_object *item)
{
	struct transfer_exported *done = context;

	done->items++;
	done->kinds[transfer_kind_of(item)]++;
}

/* Whether the item names the user, an address in any spelling.  An order is under its user; what
 * belongs to it names the user, or, a payment's, has a copy of it.  The Lambda functions put an order
 * under what the buyer had typed as his address, or a part of that, which may be another one's. */
static bool is_of_user(const struct exporter *x, struct json_object *item)
{
	const char *asked = x->request->user, *pk = json_string_or_null(item, "PK");
	const char *user = json_string_or_null(item, "userId");
	struct json_object *order = item;

	json_get_object(item, "order", &order);
	if (customer_spelt_alike(&x->who, order))
		return false;
	if (pk && strcmp(pk, x->user_pk) == 0)
		return true;
	if (!x->who.email)
		return user && strcmp(user, asked) == 0;
	return (user && strcasecmp(user, asked) == 0) || customer_may_see(&x->who, order);
}

/* Whether the item is one of those asked for. */
static bool is_wanted(const struct exporter *x, struct json_object *item)
{
	const struct transfer_export *request = x->request;

	if (transfer_leaves_out(item))
		return false;
	if (request->only && !(request->only & 1u << transfer_kind_of(item)))
		return false;
	return !request->user || is_of_user(x, item);
}

/* Writes one page from behind *last on, which is replaced. */
static int export_page(struct exporter *x, struct json_object **last, struct err *e)
{
	const struct transfer_export *request = x->request;
	struct json_object *items = NULL;
	int rc = transfer_next_page(x->store, last, &items, e);
	size_t i, n = rc ? 0 : json_object_array_length(items);

	x->seen += (int64_t)n;
	for (i = 0; !rc && i < n; i++) {
		struct json_object *item = json_object_array_get_idx(items, i);

		if (!is_wanted(x, item))
			continue;
		rc = transfer_file_add(&x->file, item, e);
		if (!rc)
			count(x->done, item);
	}
	if (!rc)
		rc = transfer_file_flush(&x->file, e);
	json_object_put(items);
	if (!rc && request->progress)
		request->progress(request->context, x->done,
				  x->total > 0 ? (int)(x->seen * 1000 / x->total) : -1);
	return rc;
}

/* Opens the output, writes the table into it page by page, and closes it.  An export that
 * is not whole does not look whole. */
static int export_all(struct exporter *x, struct err *e)
{
	const struct transfer_export *request = x->request;
	struct transfer_resume resume = {.seen = count, .context = x->done};
	int rc = transfer_file_open(&x->file, request->output, request->resume ? &resume : NULL, e);
	struct json_object *last = resume.last;

	x->seen = x->done->items;
	while (!rc) {
		rc = export_page(x, &last, e);
		if (rc || !last)
			break;
		if (request->stop && request->stop(request->context))
			rc = err_set(e, ERR_UNAVAILABLE, "interrupted: the export is not whole");
	}
	if (!rc)
		rc = transfer_file_finish(&x->file, e);
	else if (x->done->items)
		transfer_file_break(&x->file);
	json_object_put(last);
	transfer_file_close(&x->file);
	return rc;
}

int transfer_export(struct app *app, const struct transfer_export *request,
		    struct transfer_exported *done, struct err *e)
{
	struct exporter x = {.store = app_store(app), .request = request, .done = done};
	int rc;

	*done = (struct transfer_exported){.items = 0};
	x.total = request->count ? store_count(x.store, deadline_in(TRANSFER_VERB_MS)) : -1;
	x.user_pk = request->user ? key_user(request->user) : NULL;
	if (request->user)
		customer_init_named(&x.who, request->user);
	rc = export_all(&x, e);
	customer_free(&x.who);
	free(x.user_pk);
	return rc;
}

/* SPDX-License-Identifier: ISC */
/*
 * Exporting.  A page at a time, so memory stays flat and writers are not in the
 * way; the last line says where to go on.
 */
#include "transfer/transfer_export.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "transfer/transfer_file.h"
#include "shop/keys.h"

struct exporter {
	struct store *store;
	const struct transfer_export *request;
	struct transfer_exported *done;
	char *user_pk; /* of request->user */
	int64_t seen, total; /* items of the table; -1: not known */
	struct transfer_file file;
};

static void count(void *context, struct json_object *item)
{
	struct transfer_exported *done = context;

	done->items++;
	done->kinds[transfer_kind_of(item)]++;
}

/* An order is under its user; what belongs to it names the user. */
static bool names_user(struct json_object *item, const char *user, const char *pk)
{
	const char *own_pk = json_string_or_null(item, "PK");
	const char *named = json_string_or_null(item, "userId");

	return (own_pk && strcmp(own_pk, pk) == 0) || (named && strcmp(named, user) == 0);
}

static bool is_wanted(const struct exporter *x, struct json_object *item)
{
	const struct transfer_export *request = x->request;

	if (transfer_leaves_out(item))
		return false;
	if (request->only && !(request->only & 1u << transfer_kind_of(item)))
		return false;
	return !request->user || names_user(item, request->user, x->user_pk);
}

static void show_progress(const struct exporter *x)
{
	if (x->request->progress)
		x->request->progress(x->request->context, x->done,
				     x->total > 0 ? (int)(x->seen * 1000 / x->total) : -1);
}

static int write_page(struct exporter *x, struct json_object *items, struct err *e)
{
	size_t n = json_object_array_length(items), i;

	x->seen += (int64_t)n;
	for (i = 0; i < n; i++) {
		struct json_object *item = json_object_array_get_idx(items, i);

		if (!is_wanted(x, item))
			continue;
		if (transfer_file_add(&x->file, item, e))
			return -1;
		count(x->done, item);
	}
	return transfer_file_flush(&x->file, e);
}

/* One page from behind *last on, which is replaced. */
static int export_page(struct exporter *x, struct json_object **last, struct err *e)
{
	struct json_object *items = NULL;
	int rc = transfer_next_page(x->store, last, &items, e);

	if (!rc)
		rc = write_page(x, items, e);
	json_object_put(items);
	if (!rc)
		show_progress(x);
	return rc;
}

static int stopped(const struct exporter *x, struct err *e)
{
	if (!x->request->stop || !x->request->stop(x->request->context))
		return 0;
	return err_set(e, ERR_UNAVAILABLE, "interrupted: the export is not whole");
}

static int export_all(struct exporter *x, struct err *e)
{
	struct transfer_resume resume = {.seen = count, .context = x->done};
	int rc = transfer_file_open(&x->file, x->request->output,
				    x->request->resume ? &resume : NULL, e);
	struct json_object *last = resume.last;

	x->seen = x->done->items;
	if (!rc)
		do
			rc = export_page(x, &last, e);
		while (!rc && last && !(rc = stopped(x, e)));
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
	rc = export_all(&x, e);
	free(x.user_pk);
	return rc;
}

/* SPDX-License-Identifier: ISC */
/*
 * All, and where that is refused, the least.
 */
#include "stripe/expand.h"

#include <string.h>

#include "format/form.h"

/* One call, made with `all` or with `least`. */
struct call {
	struct stripe_client *client;
	const char *prefix, *id;          /* of an object; */
	const struct stripe_pages *pages; /* or the list whose page is asked for */
	int64_t deadline;
	struct json_object **object;
	struct stripe_page *page;
};

/* Sends the call: for an object the expansion is the whole query, for a list it is added
 * to the one that is there. */
static int send(const struct call *call, const char *expand, struct err *e)
{
	struct buf path;
	int rc;

	buf_init(&path, STRIPE_PATH_MAX);
	buf_puts(&path, call->prefix);
	if (call->id)
		form_encode(&path, call->id);
	if (*expand)
		buf_printf(&path, "%s%s", call->id ? "?" : "&", expand);
	rc = call->pages ? stripe_get_page(call->client, &path, call->pages, call->deadline,
					   call->page, e)
			 : stripe_get(call->client, &path, call->deadline, call->object, e);
	buf_free(&path);
	return rc || !call->id ? rc : stripe_check_id(call->object, call->id, e);
}

/* Whether what was to be expanded is refused, and not the object: the key may not read it, or
 * "This property cannot be expanded (...)", if Stripe has moved one. */
static bool is_of_expansion(struct stripe_client *client, const struct err *refusal)
{
	return refusal->upstream == 403 ||
	       (refusal->upstream == 400 &&
		strstr(stripe_last_refusal(client)->message, "cannot be expanded"));
}

/* Asks for all; where all is refused, for the least, and for no more than that for a while: the
 * refusal is kept once the least has come. */
static int send_expanded(const struct call *call, const struct stripe_expansion *expansion,
			 struct err *e)
{
	struct err refusal = {.code = ERR_NONE};

	if (!stripe_expansion_refusal(call->client)) {
		if (send(call, expansion->all, &refusal) == 0)
			return 0;
		if (!is_of_expansion(call->client, &refusal)) {
			*e = refusal;
			return -1;
		}
	}
	if (send(call, expansion->least, e))
		return -1;
	if (refusal.code != ERR_NONE)
		stripe_keep_expansion_refusal(call->client, &refusal);
	return 0;
}

int stripe_get_expanded(struct stripe_client *client, const char *prefix, const char *id,
			const struct stripe_expansion *expansion, int64_t deadline,
			struct json_object **object, struct err *e)
{
	const struct call call = {.client = client, .prefix = prefix, .id = id,
				  .deadline = deadline, .object = object};

	return send_expanded(&call, expansion, e);
}

int stripe_get_page_expanded(struct stripe_client *client, const char *path,
			     const struct stripe_expansion *expansion,
			     const struct stripe_pages *pages, int64_t deadline,
			     struct stripe_page *page, struct err *e)
{
	const struct call call = {.client = client, .prefix = path, .pages = pages,
				  .deadline = deadline, .page = page};

	return send_expanded(&call, expansion, e);
}

/* SPDX-License-Identifier: ISC */
/*
 * Finding one order.
 */
#include "orders/lookup.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/numbering.h"
#include "shop/keys.h"

#define NAME_MAX_BYTES 255 /* Stripe's ids are shorter */
#define LETTERS NUMBERING_LETTERS

/* What is looked for: the order of this id, or (NULL) whichever is found. */
struct search {
	struct app *app;
	const char *id;
	int64_t deadline;
};

static bool is_order(struct json_object *order, const char *id)
{
	const char *is = json_string_or_null(order, "orderId");

	return order && (!id || (is && strcmp(is, id) == 0));
}

/* Reads what a session's item or a pointer names; *order is NULL where that is
 * nothing, or where it is not the order that is looked for. */
static int follow(const struct search *s, struct json_object *pointer, struct json_object **order,
		  struct err *e)
{
	const struct store_key key = {json_string_or_null(pointer, "orderPK"),
				      json_string_or_null(pointer, "orderSK")};

	*order = NULL;
	if (!key.pk || !key.sk)
		return 0;
	if (store_get_many(app_store(s->app), &key, 1, order, s->deadline, e))
		return -1;
	if (!is_order(*order, s->id)) {
		json_object_put(*order);
		*order = NULL;
	}
	return 0;
}

/* Frees the keys; the first pointer that leads to the order gives it. */
static int follow_first(const struct search *s, char **pks, size_t n, struct json_object **order,
			struct err *e)
{
	struct store_key keys[LETTERS + 1];
	struct json_object *items[LETTERS + 1];
	size_t i;
	int rc;

	*order = NULL;
	for (i = 0; i < n; i++)
		keys[i] = (struct store_key){pks[i], KEY_METADATA};
	rc = store_get_many(app_store(s->app), keys, n, items, s->deadline, e);
	for (i = 0; i < n; i++) {
		if (!rc && !*order)
			rc = follow(s, items[i], order, e);
		json_object_put(items[i]);
		free(pks[i]);
	}
	return rc;
}

/* --- an order's id --------------------------------------------------------------- */

/* By the session's item; else by the number, which follows from the id, but for the letter
 * of one that was taken. */
static int find_by_id(const struct search *s, struct json_object **order, struct err *e)
{
	char *pk = key_session(s->id), *number, *pks[LETTERS + 1];
	const struct store_key key = {pk, KEY_METADATA};
	struct json_object *session, *found = NULL;
	const char *status;
	int rc = store_get_many(app_store(s->app), &key, 1, &session, s->deadline, e);

	if (!rc)
		rc = follow(s, session, &found, e);
	if (!rc && !found) {
		number = order_number(s->app->config.order_number_prefix, s->id);
		pks[0] = key_number(number);
		numbering_letter_keys(pks[0], pks + 1);
		free(number);
		rc = follow_first(s, pks, LETTERS + 1, &found, e);
	}
	status = json_string_or_null(session, "status");
	if (!rc && found)
		*order = found;
	else if (!rc && status)
		rc = err_set(e, ERR_NOT_FOUND, "there is no order %s (its session is \"%s\")", s->id,
			     status);
	else if (!rc)
		rc = err_set(e, ERR_NOT_FOUND, "there is no order %s; if its session's item has expired, "
			     "its order number, its payment intent or `ordersnap orders --user` may "
			     "find it", s->id);
	json_object_put(session);
	free(pk);
	return rc;
}

/* --- other names ----------------------------------------------------------------- */

/* Takes `number`; one that is among the keys is not asked for twice. */
static void add_number(char **pks, size_t *n, char *number)
{
	char *pk = key_number(number);
	size_t i;

	free(number);
	for (i = 0; i < *n; i++)
		if (strcmp(pks[i], pk) == 0)
			break;
	if (i < *n)
		free(pk);
	else
		pks[(*n)++] = pk;
}

/* As it is configured the prefix stands in numbers, in whatever case it is typed, and all
 * behind it in upper case; or the name is a number of another prefix. */
static int find_by_number(const struct search *s, const char *name, struct json_object **order,
			  struct err *e)
{
	const char *prefix = s->app->config.order_number_prefix;
	size_t length = strlen(prefix), n = 0;
	bool has_prefix = strncasecmp(name, prefix, length) == 0 && name[length] == '-';
	char *rest = str_dup(has_prefix ? name + length + 1 : name);
	char *upper = str_dup(name), *pks[3] = {NULL};

	str_upper(rest);
	str_upper(upper);
	add_number(pks, &n, str_printf("%s-%s", prefix, rest));
	add_number(pks, &n, upper);
	add_number(pks, &n, str_dup(name));
	free(rest);
	return follow_first(s, pks, n, order, e);
}

int lookup_order(struct app *app, const char *name, int64_t deadline, struct json_object **order,
		 struct err *e)
{
	struct search search = {.app = app, .deadline = deadline};
	struct span text = span_trim(span_of(name));
	struct json_object *found = NULL;
	char *word, *pk;
	int rc;

	if (!text.n || text.n > NAME_MAX_BYTES || span_utf8_length(text) < 0)
		return err_set(e, ERR_NOT_FOUND, "there is no order \"%.40s\": that is no id and "
			       "no number", name);
	word = span_dup(text);
	if (str_starts(word, "cs_")) {
		search.id = word;
		rc = find_by_id(&search, &found, e);
	} else if (str_starts(word, "pi_")) {
		pk = key_payment(word);
		rc = follow_first(&search, &pk, 1, &found, e);
	} else {
		rc = find_by_number(&search, word, &found, e);
	}
	if (!rc && !found)
		rc = err_set(e, ERR_NOT_FOUND, "there is no order %s", word);
	if (!rc)
		*order = found;
	free(word);
	return rc;
}

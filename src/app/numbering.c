/* SPDX-License-Identifier: ISC */
/*
 * Looking up who has a number.
 */
#include "app/numbering.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "shop/adoption.h"
#include "shop/item_keys.h"
#include "shop/keys.h"

static struct store_key named_key(struct json_object *pointer)
{
	return (struct store_key){json_string_or_null(pointer, "orderPK"),
				  json_string_or_null(pointer, "orderSK")};
}

static bool is_order_of(struct json_object *order, const char *session_id)
{
	const char *id = order ? adoption_session_id(order) : NULL;

	return id && strcmp(id, session_id) == 0;
}

/* Whether the order of the session `owner` stands where `pointer`, or else where its
 * session's item says. */
static int is_there(const struct numbering *n, struct json_object *pointer, const char *owner,
		    bool *there, struct err *e)
{
	struct store *store = app_store(n->app);
	char *session_pk = key_session(owner);
	struct store_key keys[2] = {{session_pk, KEY_METADATA}, named_key(pointer)}, moved;
	struct json_object *found[2] = {NULL}, *order = NULL;
	bool has_key = keys[1].pk && keys[1].sk;
	int rc = store_get_many(store, keys, has_key ? 2 : 1, found, n->deadline, e);

	/* The order may have moved, to another key than the pointer names. */
	moved = named_key(found[0]);
	if (!rc && !is_order_of(found[1], owner) && moved.pk && moved.sk)
		rc = store_get_many(store, &moved, 1, &order, n->deadline, e);
	if (!rc)
		*there = is_order_of(found[1], owner) || is_order_of(order, owner);
	json_object_put(order);
	json_object_put(found[1]);
	json_object_put(found[0]);
	free(session_pk);
	return rc;
}

void numbering_letter_keys(const char *pk, char *pks[NUMBERING_LETTERS])
{
	int i;

	for (i = 0; i < NUMBERING_LETTERS; i++)
		pks[i] = str_printf("%s%c", pk, 'A' + i);
}

int numbering_is_taken(const struct numbering *n, struct json_object *pointer, bool *taken,
		       struct err *e)
{
	const char *owner = item_keys_owner(pointer);

	if (owner && strcmp(owner, n->session_id) != 0)
		return is_there(n, pointer, owner, taken, e);
	*taken = false;
	return 0;
}

int numbering_next_free(const struct numbering *n, const char *base, char **number,
			struct json_object **pointer, struct err *e)
{
	int letter;

	for (letter = 'A'; letter < 'A' + NUMBERING_LETTERS; letter++) {
		char *grown = str_printf("%s%c", base, letter), *pk = key_number(grown);
		const struct store_key key = {pk, KEY_METADATA};
		struct json_object *item = NULL;
		bool taken = true;
		int rc = store_get_many(app_store(n->app), &key, 1, &item, n->deadline, e);

		free(pk);
		if (!rc)
			rc = numbering_is_taken(n, item, &taken, e);
		if (!rc && !taken) {
			*number = grown;
			*pointer = item;
			return 0;
		}
		json_object_put(item);
		free(grown);
		if (rc)
			return -1;
	}
	return err_set(e, ERR_INTERNAL, "order number %s is used up", base);
}

int numbering_find_own(const struct numbering *n, const char *base, char **number,
		       struct json_object **pointer, struct err *e)
{
	struct json_object *found[NUMBERING_LETTERS];
	struct store_key keys[NUMBERING_LETTERS];
	char *base_pk = key_number(base), *pks[NUMBERING_LETTERS];
	int i, rc;

	numbering_letter_keys(base_pk, pks);
	for (i = 0; i < NUMBERING_LETTERS; i++)
		keys[i] = (struct store_key){pks[i], KEY_METADATA};
	rc = store_get_many(app_store(n->app), keys, NUMBERING_LETTERS, found, n->deadline, e);
	if (!rc) {
		*number = NULL;
		*pointer = NULL;
	}
	for (i = 0; i < NUMBERING_LETTERS; i++) {
		if (!rc && !*pointer && item_keys_names(found[i], n->session_id)) {
			*number = str_printf("%s%c", base, 'A' + i);
			*pointer = found[i];
		} else if (!rc) {
			json_object_put(found[i]);
		}
		free(pks[i]);
	}
	free(base_pk);
	return rc;
}

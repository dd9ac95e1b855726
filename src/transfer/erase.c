/* SPDX-License-Identifier: ISC */
/*
 * Read the order with its items, write them without the person.
 */
#include "transfer/erase.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/numbering.h"
#include "base/clock.h"
#include "base/log.h"
#include "shop/adoption.h"
#include "shop/customer.h"
#include "shop/erasure.h"
#include "shop/keys.h"
#include "shop/order_items.h"
#include "transfer/transfer.h"

#define ACTIONS_MAX (ORDER_ITEMS_MAX + 2)

/* What one try works with. */
struct attempt {
	struct item_keys keys;
	struct json_object *read[ITEM_KINDS]; /* as they stand, or NULL */
	struct order_item items[ORDER_ITEMS_MAX];
	size_t n;
};

static void free_attempt(struct attempt *a)
{
	size_t i;

	for (i = 0; i < ITEM_KINDS; i++)
		json_object_put(a->read[i]);
	order_items_free(a->items, a->n);
	item_keys_free(&a->keys);
}

/* The order with the names that it may lack: one that waits for its adoption has no session's, and
 * somebody may have taken its number.  The caller releases it. */
static struct json_object *name_by_session(const struct app *app, struct json_object *order)
{
	struct json_object *named = json_copy(order);
	const char *id = adoption_session_id(order);
	char *number = id ? order_number(app->config.order_number_prefix, id) : NULL;

	json_set_string(named, "stripeSessionId", id);
	if (str_empty(json_string_or_null(order, "orderNumber")))
		json_set_string(named, "orderNumber", number);
	free(number);
	return named;
}

static int set_keys(struct app *app, struct attempt *a, struct json_object *order, struct err *e)
{
	struct json_object *named = name_by_session(app, order);
	int rc = item_keys_of_order(&a->keys, named);

	json_object_put(named);
	return rc ? err_set(e, ERR_INTERNAL, "the order under %s, %s is not whole: run `ordersnap adopt`",
			    json_string_or_null(order, "PK"), json_string_or_null(order, "SK")) : 0;
}

/* The number may lead to another sale's order: this one's pointer has then a letter more. */
static int find_grown_number(struct app *app, struct attempt *a, struct err *e)
{
	const struct numbering n = {.app = app, .session_id = adoption_session_id(a->read[ITEM_ORDER]),
				    .deadline = deadline_in(TRANSFER_VERB_MS)};
	struct json_object *pointer;
	char *number;

	if (a->keys.pk[ITEM_NUMBER] || !a->read[ITEM_ORDER])
		return 0;
	if (numbering_find_own(&n, a->keys.number, &number, &pointer, e))
		return -1;
	if (number) {
		item_keys_set_number(&a->keys, number);
		json_object_put(a->read[ITEM_NUMBER]);
		a->read[ITEM_NUMBER] = pointer;
	}
	return 0;
}

/* Reads the order and what is written beside it, but for what names another one.  The
 * order as it stands says what that is: an event may have told of its payment since it
 * was found. */
static int read_items(struct app *app, struct attempt *a, struct json_object *order,
		      struct err *e)
{
	const struct store_key key = {json_string_or_null(order, "PK"),
				      json_string_or_null(order, "SK")};
	struct json_object *found[ITEM_KINDS], *stands = NULL;
	struct store_key keys[ITEM_KINDS];
	size_t at[ITEM_KINDS], i, n = 0;
	int64_t version;
	int rc = store_get_many(app_store(app), &key, 1, &stands, deadline_in(TRANSFER_VERB_MS), e);

	if (rc || !stands)
		return rc;
	version = store_item_version(stands);
	rc = set_keys(app, a, stands, e);
	json_object_put(stands);
	if (rc)
		return -1;
	for (i = 0; i < ITEM_KINDS; i++) {
		if (!a->keys.pk[i])
			continue;
		keys[n] = (struct store_key){a->keys.pk[i], a->keys.sk[i]};
		at[n++] = i;
	}
	if (store_get_many(app_store(app), keys, n, found, deadline_in(TRANSFER_VERB_MS), e))
		return -1;
	for (i = 0; i < n; i++)
		a->read[at[i]] = found[i];
	item_keys_leave_others(&a->keys, a->read);
	if (a->read[ITEM_ORDER] && store_item_version(a->read[ITEM_ORDER]) != version)
		return err_set(e, ERR_CONFLICT, "another process has written the order");
	return find_grown_number(app, a, e);
}

/* The order that stands where this one is to move: it was erased before, and a copy of it from then
 * has come back, as by `ordersnap import`.  NULL: there is none. */
static int read_erased(struct app *app, struct json_object *order, struct json_object **there,
		       struct err *e)
{
	const struct store_key key = {json_string_or_null(order, "PK"),
				      json_string_or_null(order, "SK")};

	if (store_get_many(app_store(app), &key, 1, there, deadline_in(TRANSFER_VERB_MS), e))
		return -1;
	if (erasure_is_done(*there))
		return 0;
	json_object_put(*there);
	*there = NULL;
	return 0;
}

/* Writes the order without the person and all that is derived from it.  An order that
 * moves is a new one there, of version 1, or the one that stands there already; the one that
 * stands here goes. */
static int write_erased(struct app *app, struct attempt *a, struct err *e)
{
	struct json_object *stands = a->read[ITEM_ORDER], *there = NULL, *named;
	bool moves = erasure_moves(stands);
	struct order_change change = {.keys = &a->keys, .read = a->read, .now = clock_epoch()};
	struct store_action actions[ACTIONS_MAX];
	size_t i, n = 0;
	int rc = 0;

	named = name_by_session(app, stands);
	change.order = erasure_apply(named, change.now);
	if (moves)
		rc = read_erased(app, change.order, &there, e);
	if (there) {
		json_object_put(change.order);
		change.order = json_object_get(there);
		actions[n++] = store_check(there);
	}
	if (moves) {
		actions[n] = store_replace(stands, stands);
		actions[n++].verb = STORE_DELETE;
		a->read[ITEM_ORDER] = there;
	}
	if (!rc) {
		a->n = order_items(&change, a->items);
		for (i = 0; i < a->n; i++)
			if (!a->items[i].check)
				actions[n++] = store_replace(a->items[i].item, a->items[i].read);
		rc = store_write(app_store(app), actions, n, NULL, deadline_in(TRANSFER_VERB_MS), e);
	}
	a->read[ITEM_ORDER] = stands;
	json_object_put(there);
	json_object_put(change.order);
	json_object_put(named);
	return rc;
}

struct erasing {
	struct app *app;
	struct json_object *order;
	bool dry_run;
	enum erase_outcome *outcome;
};

/* The number's pointer may still say where the order stood before it was erased. */
static bool is_erased(const struct attempt *a)
{
	struct json_object *order = a->read[ITEM_ORDER], *pointer = a->read[ITEM_NUMBER];
	const char *pk = json_string_or_null(pointer, "orderPK");

	return erasure_holds(order) && (!a->keys.pk[ITEM_NUMBER] || !pk ||
					strcmp(pk, json_string_or_null(order, "PK")) == 0);
}

/* One try: read, decide, write. Another writer between the two makes it begin again. */
static int erase_once(void *context, struct err *e)
{
	const struct erasing *x = context;
	struct attempt a = {.n = 0};
	struct json_object *stands;
	int rc = read_items(x->app, &a, x->order, e);

	stands = a.read[ITEM_ORDER];
	*x->outcome = !stands ? ERASE_GONE : is_erased(&a) ? ERASE_ALREADY : ERASE_DONE;
	if (!rc && *x->outcome == ERASE_DONE && !x->dry_run) {
		rc = write_erased(x->app, &a, e);
		if (!rc)
			log_info("Order erased",
				 LOG_STR("orderId", json_string_or_null(x->order, "orderId")),
				 LOG_STR("orderNumber", json_string_or_null(x->order, "orderNumber")));
	}
	free_attempt(&a);
	return rc;
}

int erase_order(struct app *app, struct json_object *order, bool dry_run,
		enum erase_outcome *outcome, struct err *e)
{
	struct erasing x = {.app = app, .order = order, .dry_run = dry_run, .outcome = outcome};

	return store_until_written(erase_once, &x, deadline_in(TRANSFER_VERB_MS), e);
}

/* --- what stands elsewhere ------------------------------------------------------------ */

/* Whether the item is a session of this user's without an order; an address is the same
 * in whatever case its letters are.  The Lambda functions noted the buyer's alone. */
static bool is_session_of(struct json_object *item, const char *user)
{
	const char *own = json_string_or_null(item, "userId");
	const char *email = json_string_or_null(item, "stripeCustomerEmail");

	if (transfer_kind_of(item) != TRANSFER_SESSION || json_string_or_null(item, "orderPK"))
		return false;
	if (own && strcmp(own, user) == 0)
		return true;
	return strchr(user, '@') && ((own && strcasecmp(own, user) == 0) ||
				     (email && strcasecmp(email, user) == 0));
}

/* Whether the item is an order of this address, but not under the address as it was given or in
 * lower case: those are read by their keys. */
static bool is_order_elsewhere(struct json_object *item, const struct customer *who)
{
	const char *pk = json_string_or_null(item, "PK");
	char *lower;
	bool is;

	if (!who->email || transfer_kind_of(item) != TRANSFER_ORDER || !customer_may_see(who, item))
		return false;
	lower = key_user(who->email);
	is = strcmp(pk, who->pks[0]) != 0 && strcmp(pk, lower) != 0;
	free(lower);
	return is;
}

/* Whether the item is an order under what the Lambda functions made of this user's id: whose it is
 * nothing tells. */
static bool is_order_alike(struct json_object *item, const struct customer *who, const char *alike)
{
	const char *pk = json_string_or_null(item, "PK");

	return alike && transfer_kind_of(item) == TRANSFER_ORDER && strcmp(pk, alike) == 0 &&
	       strcmp(pk, who->pks[0]) != 0 && !erasure_is_done(item);
}

/* Whether the item is a number's pointer that says of its order that it is, or stands, under this address. */
static bool is_number_of(struct json_object *item, const struct customer *who)
{
	const char *pk = json_string_or_null(item, "orderPK"), *user = json_string_or_null(item, "userId");

	if (!who->email || transfer_kind_of(item) != TRANSFER_NUMBER)
		return false;
	return (user && strcasecmp(user, who->email) == 0) || (pk && customer_has_partition(who, pk));
}

/* Gives walk->found the order of a number's pointer, if it was erased and has moved without the pointer. */
static int find_moved(struct app *app, struct erase_walk *walk, struct json_object *pointer, struct err *e)
{
	const char *id = item_keys_owner(pointer);
	char *session_pk = key_session(id ? id : "");
	struct json_object *session = NULL, *order = NULL;
	struct store_key key = {session_pk, KEY_METADATA};
	int rc = store_get_many(app_store(app), &key, 1, &session, deadline_in(TRANSFER_VERB_MS), e);

	key = (struct store_key){json_string_or_null(session, "orderPK"),
				 json_string_or_null(session, "orderSK")};
	if (!rc && key.pk && key.sk)
		rc = store_get_many(app_store(app), &key, 1, &order, deadline_in(TRANSFER_VERB_MS), e);
	if (!rc && erasure_holds(order))
		rc = walk->found(walk->context, order, e);
	json_object_put(order);
	json_object_put(session);
	free(session_pk);
	return rc;
}

/* Takes the person out of a session, which is written on what was read. */
static int erase_session(struct app *app, struct json_object *item, struct err *e)
{
	struct json_object *erased = json_copy(item);
	struct store_action action;
	int rc;

	json_object_object_del(erased, "userId");
	erasure_strip(erased);
	action = store_replace(erased, item);
	rc = store_write(app_store(app), &action, 1, NULL, deadline_in(TRANSFER_VERB_MS), e);
	json_object_put(erased);
	return rc;
}

static int erase_page(struct app *app, struct erase_walk *walk, const struct customer *who,
		      struct json_object *items, struct err *e)
{
	char *alike = who->email ? NULL : key_user_of_functions(walk->user);
	size_t i;
	int rc = 0;

	for (i = 0; !rc && i < json_object_array_length(items); i++) {
		struct json_object *item = json_object_array_get_idx(items, i);

		if (is_order_elsewhere(item, who)) {
			rc = walk->found(walk->context, item, e);
		} else if (is_session_of(item, walk->user)) {
			rc = walk->dry_run ? 0 : erase_session(app, item, e);
			walk->sessions += rc == 0;
		} else if (is_number_of(item, who)) {
			rc = find_moved(app, walk, item, e);
		} else if (is_order_alike(item, who, alike)) {
			walk->alike++;
		}
	}
	free(alike);
	return rc;
}

int erase_elsewhere(struct app *app, struct erase_walk *walk, struct err *e)
{
	struct json_object *items, *last = NULL;
	struct customer who;
	int rc;

	customer_init_named(&who, walk->user);
	do {
		rc = transfer_next_page(app_store(app), &last, &items, e);
		if (!rc) {
			rc = erase_page(app, walk, &who, items, e);
			json_object_put(items);
		}
	} while (!rc && last && !walk->stop(NULL));
	json_object_put(last);
	customer_free(&who);
	return rc;
}
